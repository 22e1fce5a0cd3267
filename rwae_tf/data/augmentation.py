"""Random augmentations of training clips: mirror, shift, light."""

import tensorflow as tf

_SHIFT = 0.1  # of a frame's side, at most
_BRIGHTNESS, _TINT, _LIFT = (0.6, 1.3), (0.8, 1.2), 0.1


def mirror(x, seed):
    """Half of the clips [B, T, H, W, C] with left and right exchanged."""
    return tf.where(_draw(x, seed, 0.0, 1.0) < 0.5, x[..., ::-1, :], x)


def shift(x, seed):
    """Clips [B, T, H, W, C] moved by up to a tenth of their side, each in its own way; the borders go on outwards."""
    for axis, seed_of_axis in zip((2, 3), _split(seed, 2), strict=True):
        side = x.shape[axis]
        most = int(_SHIFT * side)
        offsets = tf.random.stateless_uniform([tf.shape(x)[0], 1], seed_of_axis, -most, most + 1, tf.int32)
        x = tf.gather(x, tf.clip_by_value(tf.range(side) + offsets, 0, side - 1), axis=axis, batch_dims=1)
    return x


def light(x, seed):
    """Clips [B, T, H, W, C] in [0, 1] under another light: brightness and colour, the same in all frames of a clip."""
    brightness, tint, lift = _split(seed, 3)
    gain = _draw(x, brightness, *_BRIGHTNESS) * _draw(x, tint, *_TINT, x.shape[-1])
    return tf.clip_by_value(gain * x + _draw(x, lift, -_LIFT, _LIFT), 0.0, 1.0)


KINDS = {"mirror": mirror, "shift": shift, "light": light}


def augment(x, names, seed):
    """Apply the augmentations `names` to clips [B, T, H, W, C], in order; `seed` is two integers."""
    for name, own in zip(names, _split(seed, len(names)), strict=True):
        x = KINDS[name](x, own)
    return x


def _split(seed, count):
    """`count` seeds from one."""
    return [tf.random.experimental.stateless_fold_in(seed, number) for number in range(count)]


def _draw(x, seed, low, high, channels=1):
    """Numbers between `low` and `high`, for every clip its own: [B, 1, 1, 1, channels]."""
    return tf.random.stateless_uniform([tf.shape(x)[0], 1, 1, 1, channels], seed, low, high)
