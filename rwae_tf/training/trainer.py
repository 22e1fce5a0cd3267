"""One step of any phase of any model: forward, gradients, one optimizer per update."""

import functools

import tensorflow as tf

from rwae_tf.config import schedule
from rwae_tf.noise import BatchNoise
from rwae_tf.training import distribution


class Trainer:
    """Runs the phases a model declares.

    Args:
      model: a `SequenceModel`, made in the strategy's scope.
      strategy: a `tf.distribute.Strategy`.
    """

    def __init__(self, model, strategy):
        self.model, self.strategy = model, strategy
        self.config = model.config
        self.phases = model.phases()
        self._updates = [update for phase in self.phases for update in phase.updates]
        with strategy.scope():
            self.optimizers = {update.part: self._optimizer(update) for update in self._updates}
        self._gather = distribution.gatherer(strategy.num_replicas_in_sync, self.config.objective.mmd_scope)
        self._compiled = functools.cache(self._compile)

    def variables(self, part):
        """The trainable variables of a part of the model."""
        return [v for layer in self.model.parts()[part] for v in layer.trainable_variables]

    def optimizer_variables(self):
        """What the optimizers remember: slots, counts of updates and learning rates."""
        return [variable for optimizer in self.optimizers.values() for variable in optimizer.variables]

    def _optimizer(self, update):
        training = self.config.training
        optimizer = self.model.policy.adam(
            schedule.value(getattr(training, update.learning_rate), 0.0), training.adam_beta_1, training.adam_beta_2)
        # Before the first trace: an optimizer that builds inside it works on one replica and not on two.
        optimizer.build(self.variables(update.part))
        return optimizer

    def follow_schedules(self, epoch):
        """Set what follows a schedule to its value at `epoch`, passes over the data so far with fractions."""
        training = self.config.training
        for update in self._updates:
            rate = schedule.value(getattr(training, update.learning_rate), epoch)
            self.optimizers[update.part].learning_rate.assign(rate)
        self.model.set_temperature(schedule.value(self.config.model.temperature, epoch))
        self.model.set_term_weights({term: schedule.value(getattr(self.config.objective, option), epoch)
                                     for term, option in self.model.weight_options().items()})

    def step(self, phase, x, number, extras=None):
        """One step of a phase on one global batch.

        Args:
          phase: one of `self.phases`.
          x: sequences [B, T, ...], per replica where the strategy has several.
          number: count of the step, which seeds its noise together with the run's seed.
          extras: what else of the batch the model asks for: name -> [B], see `SequenceModel.extras`.

        Returns:
          Named terms before the update, means over replicas, as scalar tensors.
        """
        seed = tf.constant([self.config.training.seed, number], tf.int32)
        return self._compiled(phase)(x, extras or {}, seed)

    def graph(self, phase, x):
        """The `tf.Graph` of one step of a phase on batches of the shape of x, traced anew."""
        seed = tf.constant([self.config.training.seed, 0], tf.int32)
        return self._compile(phase).get_concrete_function(x, {}, seed).graph

    def _compile(self, phase):
        def step(x, extras, seed):
            terms = self.strategy.run(functools.partial(self._replica_step, phase), args=(x, extras, seed))
            return {name: self.strategy.reduce("mean", term, axis=None) for name, term in terms.items()}

        return tf.function(step, reduce_retracing=True, autograph=False)

    def _replica_step(self, phase, x, extras, seed):
        replicas = self.strategy.num_replicas_in_sync
        rows = tf.shape(x)[0]
        index = tf.distribute.get_replica_context().replica_id_in_sync_group
        noise = BatchNoise(seed, rows, total=rows * replicas, offset=rows * index)
        variables = {update.part: self.variables(update.part) for update in phase.updates}
        # Only what this phase moves is watched: nothing is differentiated for frozen parts.
        with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
            for variable in sum(variables.values(), []):
                tape.watch(variable.value)
            terms = self.model.phase_losses(phase.name, x, noise, self._gather, **extras)
            # Keras sums gradients over replicas; dividing here, once, makes them means.
            losses = {update.loss: terms[update.loss] / replicas for update in phase.updates}
        gradients = self._gradients(tape, losses, phase, variables)
        # Updates wait for every term: TensorFlow's graph optimizer drops an edge by which the critic's update would
        # wait until the gradient penalty has read a bias.
        with tf.control_dependencies(list(terms.values())):
            for part, gradient in gradients.items():
                self.optimizers[part].apply(gradient, variables[part])
            if "critic" in gradients:
                self.model.after_critic_update()
        return terms

    @staticmethod
    def _gradients(tape, losses, phase, variables):
        """part -> gradients; one backward pass for all the parts that share a loss."""
        gradients = {}
        for loss in losses:
            parts = [update.part for update in phase.updates if update.loss == loss]
            flat = iter(tape.gradient(losses[loss], [v.value for part in parts for v in variables[part]],
                                      unconnected_gradients="zero"))
            gradients.update({part: [next(flat) for _ in variables[part]] for part in parts})
        return gradients
