"""Clips as they might have been as well: what a judge of few people learns from beside the clips that there are."""

import tensorflow as tf

_SHIFT = 0.1  # of a frame's side, at most
_BRIGHTNESS, _TINT, _LIFT = (0.6, 1.3), (0.8, 1.2), 0.1


def mirror(x):
    """Half of the clips [B, T, H, W, C] with left and right exchanged."""
    return tf.where(_draw(x, 0.0, 1.0) < 0.5, x[..., ::-1, :], x)


def shift(x):
    """Clips [B, T, H, W, C] moved by up to a tenth of their side, each in its own way; the borders go on outwards."""
    for axis in (2, 3):
        side = x.shape[axis]
        most = int(_SHIFT * side)
        offsets = tf.random.uniform([tf.shape(x)[0], 1], -most, most + 1, tf.int32)
        x = tf.gather(x, tf.clip_by_value(tf.range(side) + offsets, 0, side - 1), axis=axis, batch_dims=1)
    return x


def light(x):
    """Clips [B, T, H, W, C] in [0, 1] under another light: brightness and colour, the same in all frames of a clip."""
    gain = _draw(x, *_BRIGHTNESS) * _draw(x, *_TINT, x.shape[-1])
    return tf.clip_by_value(gain * x + _draw(x, -_LIFT, _LIFT), 0.0, 1.0)


KINDS = {"mirror": mirror, "shift": shift, "light": light}


def _draw(x, low, high, channels=1):
    """Numbers between `low` and `high`, for every clip its own: [B, 1, 1, 1, channels]."""
    return tf.random.uniform([tf.shape(x)[0], 1, 1, 1, channels], low, high)
