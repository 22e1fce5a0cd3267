"""What a model tells a trainer: its parts, its phases and the terms of their losses."""

from rwae_tf.models import terms


class Trainable(terms.WeightedTerms):
    """Parts, phases and losses of a model; to be inherited beside what has a `config`."""

    def parts(self):
        """Part name -> its layers; each trainable weight belongs to exactly one part."""
        raise NotImplementedError

    def phases(self):
        """The algorithm as data: a tuple of `Phase`."""
        raise NotImplementedError

    def losses(self, x, noise, gather, **extras):
        """Named scalar terms of one batch, "objective" among them, from x [B, T, ...].

        Args:
          noise: a `BatchNoise` for the rows of x.
          gather: joins a tensor's rows over all replicas, with gradient.
          **extras: what `extras` chose of the batch; none where only sequences are at hand.
        """
        raise NotImplementedError

    def phase_losses(self, phase, x, noise, gather, **extras):
        """The terms that a step of the phase called `phase` needs: all of `losses`, unless a model saves some."""
        del phase
        return self.losses(x, noise, gather, **extras)

    def extras(self, batch):
        """What a training step needs of a batch beside "x": name -> [B]. Most models need nothing."""
        del batch
        return {}

    def begin_round(self, parts):
        """Prepare for a round of sequences (hierarchical sampling): (x, their places in the round), part by part."""

    def set_temperature(self, value):
        """Set the temperature of a relaxed action; nothing for a model without one."""

    def after_critic_update(self):
        """Called after each update of the part "critic"."""
