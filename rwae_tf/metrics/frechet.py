"""Frechet distance between two sets of features (Heusel et al., 2017)."""

import numpy as np
import numpy.typing as npt

from rwae_tf.errors import InputError


def frechet(real: npt.ArrayLike, generated: npt.ArrayLike) -> float:
    """Compute the distance of the Gaussians with the features' means and covariances.

    |m - m'|^2 + tr(S + S' - 2 (S S')^(1/2)), with unbiased covariances. Few samples bias it upwards, so
    compare numbers from equally many clips only. On Inception-v3 pool features it is the FID, which does not
    compare with the distance on a judge's features.

    Args:
      real: features [N, D]; their scale should be about one (variances under 1e-10 count as none).
      generated: features [M, D].

    Returns:
      float, 0 or more.

    Raises:
      InputError: arrays of other shapes, fewer than two rows, or values that are not finite.
    """
    real, generated = np.asarray(real, np.float64), np.asarray(generated, np.float64)
    if real.ndim != 2 or generated.ndim != 2 or real.shape[1] != generated.shape[1]:
        raise InputError(f"Frechet distance: features of shapes {real.shape} and {generated.shape}; "
                         "give [clips, features] with as many features each")
    if min(len(real), len(generated)) < 2:
        raise InputError("Frechet distance: fewer than two clips have no covariance; give more clips")
    if not (np.isfinite(real).all() and np.isfinite(generated).all()):
        raise InputError("Frechet distance: features that are not finite; look for NaN in the clips")
    from rwae_tf.compat import tfgan  # loads TensorFlow

    return max(0.0, float(tfgan.frechet_distance(real, generated)))  # equal sets come out at about -1e-13
