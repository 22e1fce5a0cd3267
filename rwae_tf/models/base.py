"""What every model answers: encode, decode, reconstruct, generate, swap; and its distributions q and p.

The verbs take arrays, check them and return tensors; their graph-level twins (`posterior_of`, `decode_codes`,
`generate_codes`), which a model implements, take tensors of any batch and length. Exported signatures call them.
"""

from typing import Dict, Optional, Sequence, Union

import numpy as np
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from rwae_tf import reconstruction
from rwae_tf.errors import InputError
from rwae_tf.models import checks, copies
from rwae_tf.models.compiled import CompiledVerbs
from rwae_tf.models.trainable import Trainable
from rwae_tf.types import Codes, Posterior, Prior

Array = Union[np.ndarray, tf.Tensor]


class SequenceModel(Trainable, copies.Refused, CompiledVerbs):
    """A model of sequences with a content code and motion codes.

    Args:
      config: the `Config` of the run.
      spec: the `SequenceSpec` of its data.
      policy: the `Policy` that makes its layers and its optimizers.
    """

    TITLE = "A model"  # what it is and who described it: the opening of its card

    def __init__(self, config, spec, policy, name):
        super().__init__(name=name)
        self.config, self.spec, self.policy = config, spec, policy

    # What a model implements, beside what a trainer asks of it (`Trainable`).

    def posterior_of(self, x, noise=None):
        """x [B, T, ...] -> `Posterior`, whose codes are the means, or samples made from the given noise."""
        raise NotImplementedError

    def prior_of(self, z_m=None, length=None, training=False):
        """`Prior`, with p(z_m,t | z_m,<t) of given codes or p(z_m,1:T) of trajectories of a length."""
        raise NotImplementedError

    def likelihood_of(self, codes, training=False):
        """`Codes` -> p(x|z) of clips as the networks see them."""
        raise NotImplementedError

    def decode_codes(self, codes):
        """`Codes` -> x_hat [B, T, ...]."""
        raise NotImplementedError

    def generate_codes(self, seeds, length, action=None):
        """`Codes` from the priors: row i depends on seeds[i] (int32 [B]) alone; length is a scalar."""
        raise NotImplementedError

    def encoders(self):
        """The layers that make codes of sequences; none for a model without an encoder."""
        return []

    @property
    def has_encoder(self):
        """Whether the model makes codes of sequences; one without an encoder only generates and decodes."""
        return bool(self.encoders())

    def require_encoder(self, request):
        """Refuse what needs an encoder, named `request`, for a model without one; InputError."""
        if not self.has_encoder:
            raise InputError(f"{request}: model={self.config.model.model} has no encoder; it can generate and decode")

    def method(self):
        """The model and its variant in a few words."""
        return self.config.model.model

    def encode_codes(self, x):
        """x [B, T, ...] -> `Codes`, posterior means."""
        return self.posterior_of(x).codes

    # The distributions.

    def posterior(self, x: Array, seed: Optional[int] = None) -> Posterior:
        """q of sequences, as distributions of TensorFlow Probability.

        Args:
          x: [B, T, *frame_shape], as `encode` takes it; inside a `tf.function` a tensor, which is not checked.
          seed: int, draws the codes from q; None takes their means.

        Returns:
          `Posterior`: q(z_m,t | x, z_m,<t) is given the codes of the frames before.

        Raises:
          InputError: (a ValueError) for a wrong shape, range or NaN.
        """
        self.require_encoder("posterior")
        if not tf.is_symbolic_tensor(x):
            x = checks.sequences(x, self.spec)
        if seed is None:
            return self._posterior(x)
        return self._posterior_sample(x, tf.constant([checks.seeds(seed, 1)[0], 0], tf.int32))

    def prior(self, z_m: Optional[Array] = None, length: Optional[int] = None) -> Prior:
        """p, as distributions of TensorFlow Probability.

        Args:
          z_m: [B, T, Dm], for p(z_m,t | z_m,<t) given these codes; or
          length: T, for the joint distribution of trajectories p(z_m,1:T).

        Returns:
          `Prior`.

        Raises:
          InputError: neither or both are given, or a wrong shape.
        """
        if (z_m is None) == (length is None):
            raise InputError("prior: give z_m or length, one of them")
        if length is not None:
            return self.prior_of(length=checks.count(length, "length"))
        if not tf.is_symbolic_tensor(z_m):
            z_m = checks.code(z_m, self.config.model.motion_size, 3, "z_m")
        return self.prior_of(z_m)

    def likelihood(self, codes: Codes) -> tfd.Distribution:
        """p(x|z) of sequences as the dataset has them, as a distribution of TensorFlow Probability.

        Args:
          codes: `Codes`.

        Returns:
          A distribution of batch shape [B] and event shape [T, *frame_shape]: a point for models of the squared
          error, else independent Bernoulli or normal pixels, as `--reconstruction` says.
        """
        if not tf.is_symbolic_tensor(codes.z_c):
            codes = Codes(*checks.codes(codes, self.config.model))
        return reconstruction.of_data(self.likelihood_of(codes), self.spec)

    # The five verbs.

    def encode(self, x: Array, sample: bool = False, seed: Optional[int] = None) -> Codes:
        """Codes of sequences.

        Args:
          x: [B, T, *frame_shape], values in [0, 1] for video; speech as its dataset gives it, in decibels.
          sample: draw from the posterior instead of taking its mean.
          seed: int, for `sample`; None draws a fresh one.

        Returns:
          `Codes`: z_c [B, Dc], z_m [B, T, Dm], action [B, A] or None.

        Raises:
          InputError: (a ValueError) for a wrong shape, range or NaN.
        """
        self.require_encoder("encode")
        if not sample:
            return self._encode(checks.sequences(x, self.spec))
        if seed is None:
            seed = int(np.random.SeedSequence().generate_state(1)[0] >> 1)
        return self.posterior(x, seed).codes

    def parameters(self, x: Array) -> Dict[str, Dict[str, tf.Tensor]]:
        """Means and variances of the codes' Gaussians, for measures of how a code is used.

        Args:
          x: [B, T, *frame_shape].

        Returns:
          {"z_c" and "z_m": {"mean", "variance", "prior_mean", "prior_variance"}}, each of the shape of the code;
          for z_m given the codes of the frames before, at their posterior means.
        """
        self.require_encoder("parameters")
        return self._parameters(checks.sequences(x, self.spec))

    def decode(self, codes: Codes) -> tf.Tensor:
        """`Codes` -> sequences [B, T, *frame_shape]."""
        return self._decode(Codes(*checks.codes(codes, self.config.model)))

    def reconstruct(self, x: Array) -> tf.Tensor:
        """Sequences -> their reconstructions from posterior means, same shape."""
        self.require_encoder("reconstruct")
        return self._decode(self._encode(checks.sequences(x, self.spec)))

    def generate(self, num: int = 8, length: int = 100, seed: Union[int, Sequence[int]] = 0,
                 z_c: Optional[Array] = None, z_m: Optional[Array] = None, action: Optional[Array] = None) -> tf.Tensor:
        """New sequences [num, length, *frame_shape]; what is not given is drawn from the priors.

        Args:
          num, length: rows and frames; a given code sets them instead.
          seed: `num` ints, one per row, or that of the first row, from which the others count up. A row depends on
            its own seed alone, which draws the same clip from an exported model.
          z_c: [num, Dc], z_m: [num, length, Dm], action: [num, A]; any of them None.
        """
        model = self.config.model
        z_c = None if z_c is None else checks.code(z_c, model.content_size, 2, "z_c")
        z_m = None if z_m is None else checks.code(z_m, model.motion_size, 3, "z_m")
        if action is not None:
            if not model.action_size:
                raise InputError("action: given, but this model has no actions")
            action = checks.code(action, model.action_size, 2, "action")
        checks.same_batch(z_c=z_c, z_m=z_m, action=action)
        if action is not None:
            checks.shares(action)
        given = [array for array in (z_c, z_m, action) if array is not None]
        num = len(given[0]) if given else checks.count(num, "num")
        length = checks.count(length, "length") if z_m is None else z_m.shape[1]
        drawn = self._generate(checks.seeds(seed, num), length, action)
        return self._decode(Codes(drawn.z_c if z_c is None else z_c, drawn.z_m if z_m is None else z_m, drawn.action))

    def draw(self, num: int = 8, length: int = 100, seed: Union[int, Sequence[int]] = 0) -> Codes:
        """`Codes` from the priors: z_c [num, Dc], z_m [num, length, Dm], action [num, A] or None; see `generate`."""
        num, length = checks.count(num, "num"), checks.count(length, "length")
        return self._generate(checks.seeds(seed, num), length, None)

    def swap(self, content: Array, motion: Array) -> tf.Tensor:
        """Sequences with the content of one batch and the motion (and action) of another.

        Args:
          content: [B, T, *frame_shape]; motion: [B, T', *frame_shape].

        Returns:
          [B, T', *frame_shape].
        """
        self.require_encoder("swap")
        content = checks.sequences(content, self.spec, "content")
        motion = checks.sequences(motion, self.spec, "motion")
        checks.same_batch(content=content, motion=motion)
        moving = self._encode(motion)
        return self._decode(Codes(self._encode(content).z_c, moving.z_m, moving.action))
