"""Tables of video clips that show what a model does; for `evaluate` and `generate`."""

import numpy as np

from rwae_tf.figures import grids

MOTIONS = 3  # beside a test clip
SIDE = 64  # frames are shown at least this large, in pixels


def choose_scale(model):
    """Choose how often a pixel of the model's frames is repeated in a picture."""
    return max(1, SIDE // model.spec.frame_shape[0])


def pair_reconstructions(model, real):
    """Make the table [N, 2, ...] of `real` clips, each beside its reconstruction."""
    return np.stack([real, model.reconstruct(real)], axis=1)


def resample_motions(model, real, seed):
    """Make the table [N, 1 + MOTIONS, ...] of `real` clips, each beside clips of its z_c with z_m from the prior."""
    z_c = np.repeat(model.encode(real).z_c, MOTIONS, axis=0)
    drawn = model.generate(z_c=z_c, length=real.shape[1], seed=seed)
    return np.concatenate([real[:, None], np.reshape(drawn, (len(real), MOTIONS, *real.shape[1:]))], axis=1)


def swap_halves(model, real):
    """Make the swap table of `real` clips: the first half gives the content, the others the motion."""
    return grids.build_swap_table(model.swap, real[: len(real) // 2], real[len(real) // 2 :])
