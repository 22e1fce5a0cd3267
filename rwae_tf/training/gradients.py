"""How strongly each term of the objective pulls at the encoders."""

import tensorflow as tf

from rwae_tf.noise import BatchNoise


class GradientNorms:
    """Measures, term by term, the norm of the weighted term's gradient with respect to the encoders.

    It changes nothing of the model and takes no part in the noise of training.

    Args:
      model: a `SequenceModel`; of one without encoders nothing is measured.
    """

    def __init__(self, model):
        self._model = model
        self._variables = [v for layer in model.encoders() for v in layer.trainable_variables]
        self._norm = tf.function(self._norm_of, autograph=False)

    def __call__(self, x):
        """Norms for one batch of sequences [B, T, ...].

        Returns:
          {term: norm of weight * gradient}, for the terms whose weight is not 0, but for the model's `UNMEASURED`.
        """
        if not self._variables:
            return {}
        state = [(v, v.numpy()) for v in self._model.non_trainable_variables]
        weights = {term: float(weight) for term, weight in self._model.weights_of_terms().items()
                   if float(weight) and term not in self._model.UNMEASURED}
        try:
            return {term: weight * float(self._norm(tf.constant(x), self._mask(term)))
                    for term, weight in weights.items()}
        finally:  # averages of batch norms follow what a training step sees
            for variable, value in state:
                variable.assign(value)

    def _mask(self, term):
        return tf.constant([float(name == term) for name in self._model.weights_of_terms()])

    def _norm_of(self, x, mask):
        """The gradient norm of the term that `mask` chooses: one trace serves all terms."""
        noise = BatchNoise(tf.zeros([2], tf.int32), tf.shape(x)[0])
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            for variable in self._variables:
                tape.watch(variable.value)
            terms = self._model.losses(x, noise, lambda rows: rows)
            chosen = tf.tensordot(mask, tf.stack([terms[name] for name in self._model.weights_of_terms()]), 1)
        return tf.linalg.global_norm(tape.gradient(chosen, [v.value for v in self._variables]))
