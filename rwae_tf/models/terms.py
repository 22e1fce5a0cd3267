"""The terms of an objective and their weights, which may follow schedules."""

import tensorflow as tf

from rwae_tf.config import schedule


class WeightedTerms:
    """Weights of the terms of a model's objective; to be inherited beside what has a `config`."""

    FIXED = {"reconstruction": 1.0}  # terms whose weight is no option
    UNMEASURED = ()  # terms whose gradient on the encoders says nothing about codes, or needs more than sequences

    def weight_options(self):
        """Term name -> the field of `ObjectiveConfig` with its weight in the objective, which may follow a schedule."""
        raise NotImplementedError

    def make_term_weights(self):
        """Make the variable of the weights; to be called once, by the constructor."""
        # No Keras weight: it follows the schedule, and no checkpoint holds it.
        self._term_weights = tf.Variable(
            [schedule.value(getattr(self.config.objective, option), 0.0) for option in self.weight_options().values()],
            trainable=False, name="term_weights")

    def set_term_weights(self, weights):
        """Set weights of terms, numbers by the names of `weight_options`."""
        self._term_weights.assign([weights[term] for term in self.weight_options()])

    def weights_of_terms(self):
        """Term name -> its weight in the objective now, a number or a scalar tensor."""
        weights = dict(zip(self.weight_options(), tf.unstack(self._term_weights), strict=True))
        return {**self.FIXED, **weights}

    def weights_as_numbers(self):
        """Term name -> its weight now, a float of the seven digits that float32 has."""
        return {term: round(float(weight), 7) for term, weight in self.weights_of_terms().items()}

    def objective(self, terms):
        """The weighted sum of `terms`."""
        return tf.add_n([weight * terms[name] for name, weight in self.weights_of_terms().items()])


def weight_penalty(layers):
    """Half the sum of squares of all trainable weights of `layers`: what Adam's weight decay in PyTorch descends on."""
    return tf.add_n([tf.nn.l2_loss(weight.value) for layer in layers for weight in layer.trainable_variables])
