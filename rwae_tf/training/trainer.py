"""One step of any phase of any model: forward, gradients, one optimizer per update."""

import functools

import tensorflow as tf

from rwae_tf.config import schedule
from rwae_tf.noise import BatchNoise
from rwae_tf.training import distribution, window


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
          Named terms before the update, means over replicas, as scalar tensors. With `skip_nonfinite_steps` also
          `window.SKIPPED` flags.
        """
        seed = tf.constant([self.config.training.seed, number], tf.int32)
        return self._compiled(phase)(x, extras or {}, seed)

    def graph(self, phase, x):
        """The `tf.Graph` of one step of a phase on batches of the shape of x, traced anew."""
        seed = tf.constant([self.config.training.seed, 0], tf.int32)
        return self._compile(phase).get_concrete_function(x, {}, seed).graph

    def _compile(self, phase):
        def step(x, extras, seed):
            if self.config.training.skip_nonfinite_steps:
                return self._step_or_skip(phase, x, extras, seed)
            return self._means(self.strategy.run(functools.partial(self._replica_step, phase), args=(x, extras, seed)))

        return tf.function(step, reduce_retracing=True, autograph=False)

    def _means(self, terms):
        return {name: self.strategy.reduce("mean", term, axis=None) for name, term in terms.items()}

    def _replica_step(self, phase, x, extras, seed):
        terms, gradients = self._replica_gradients(phase, x, extras, seed)
        self._apply(gradients, terms)
        return terms

    def _step_or_skip(self, phase, x, extras, seed):
        """A step that leaves everything as it was if a term or a gradient is not finite on any replica."""
        def replica(x, extras, seed):
            terms, gradients = self._replica_gradients(phase, x, extras, seed)
            sizes = {part: tf.linalg.global_norm(gradient) for part, gradient in gradients.items()}
            sizes[window.TERMS] = tf.reduce_sum(tf.abs(tf.stack(list(terms.values()))))
            flags = {part: tf.cast(~tf.math.is_finite(size), tf.float32) for part, size in sizes.items()}
            return terms, gradients, flags

        # Averages of batch norms move in the forward pass.
        before = [(variable.value, tf.identity(variable.value)) for variable in self.model.non_trainable_variables]
        terms, gradients, flags = self.strategy.run(replica, args=(x, extras, seed))
        flags = {part: tf.minimum(self.strategy.reduce("sum", flag, axis=None), 1.0) for part, flag in flags.items()}

        def apply():
            self.strategy.run(self._apply, args=(gradients, terms))
            return True

        def skip():
            for variable, value in before:
                variable.assign(value)
            return False

        tf.cond(tf.reduce_max(list(flags.values())) == 0.0, apply, skip)
        return self._means(terms) | {window.SKIPPED + part: flag for part, flag in flags.items()}

    def forward(self, phase, x, extras, seed):
        """One forward pass of a phase on the rows of one replica.

        Returns:
          A persistent tape, named terms, and part -> the variables that it watched.
        """
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
        return tape, terms, variables

    def _replica_gradients(self, phase, x, extras, seed):
        tape, terms, variables = self.forward(phase, x, extras, seed)
        with tape:
            # Keras sums gradients over replicas; dividing here, once, makes them means.
            losses = {update.loss: terms[update.loss] / self.strategy.num_replicas_in_sync for update in phase.updates}
        gradients = self._gradients(tape, losses, phase, variables)
        if self.config.training.clip_gradients:
            gradients = {part: self._clipped(gradient) for part, gradient in gradients.items()}
        return terms, gradients

    def _clipped(self, gradient):
        """The gradient of a part, made shorter if its norm over all replicas is above `clip_gradients`."""
        whole, limit = gradient, self.config.training.clip_gradients
        if self.strategy.num_replicas_in_sync > 1:
            whole = tf.distribute.get_replica_context().all_reduce("sum", gradient)
        scale = limit / tf.maximum(tf.linalg.global_norm(whole), limit)
        return [scale * part for part in gradient]

    def _apply(self, gradients, terms):
        # Updates wait for every term: TensorFlow's graph optimizer drops an edge by which the critic's update would
        # wait until the gradient penalty has read a bias.
        with tf.control_dependencies(list(terms.values())):
            for part, gradient in gradients.items():
                self.optimizers[part].apply(gradient, self.variables(part))
            if "critic" in gradients:
                self.model.after_critic_update()

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
