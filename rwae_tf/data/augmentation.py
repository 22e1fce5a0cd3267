"""Random augmentations of training clips: mirror, shift, light.

Of a batch that is split in `part` = (i, n), the i-th of n equal parts of its rows, each row is augmented as in the
whole batch: the random numbers of all rows are drawn, and those of the part cut out.
"""

import tensorflow as tf

WHOLE = (0, 1)
_SHIFT = 0.1  # of a frame's side, at most
_BRIGHTNESS, _TINT, _LIFT = (0.6, 1.3), (0.8, 1.2), 0.1


def mirror(x, seed, part=WHOLE):
    """Half of the clips [B, T, H, W, C] with left and right exchanged."""
    return tf.where(_draw(x, seed, part, 0.0, 1.0) < 0.5, x[..., ::-1, :], x)


def shift(x, seed, part=WHOLE):
    """Clips [B, T, H, W, C] moved by up to a tenth of their side, each in its own way; the borders go on outwards."""
    for axis, seed_of_axis in zip((2, 3), _split(seed, 2), strict=True):
        side = x.shape[axis]
        most = int(_SHIFT * side)
        offsets = _uniform(x, seed_of_axis, part, [1], -most, most + 1, tf.int32)
        x = tf.gather(x, tf.clip_by_value(tf.range(side) + offsets, 0, side - 1), axis=axis, batch_dims=1)
    return x


def light(x, seed, part=WHOLE):
    """Clips [B, T, H, W, C] in [0, 1] under another light: brightness and colour, the same in all frames of a clip."""
    brightness, tint, lift = _split(seed, 3)
    gain = _draw(x, brightness, part, *_BRIGHTNESS) * _draw(x, tint, part, *_TINT, x.shape[-1])
    return tf.clip_by_value(gain * x + _draw(x, lift, part, -_LIFT, _LIFT), 0.0, 1.0)


KINDS = {"mirror": mirror, "shift": shift, "light": light}


def augment(x, names, seed, part=WHOLE):
    """Apply the augmentations `names` to clips [B, T, H, W, C], in order; `seed` is two integers."""
    for name, own in zip(names, _split(seed, len(names)), strict=True):
        x = KINDS[name](x, own, part)
    return x


def _split(seed, count):
    """`count` seeds from one."""
    return [tf.random.experimental.stateless_fold_in(seed, number) for number in range(count)]


def _draw(x, seed, part, low, high, channels=1):
    """Numbers between `low` and `high`, for every clip its own: [B, 1, 1, 1, channels]."""
    return _uniform(x, seed, part, [1, 1, 1, channels], low, high, tf.float32)


def _uniform(x, seed, part, shape, low, high, kind):
    """Uniform numbers [B, *shape] for the clips of a part."""
    (index, parts), rows = part, tf.shape(x)[0]
    everything = tf.random.stateless_uniform([rows * parts, *shape], seed, low, high, kind)
    return everything[rows * index:rows * (index + 1)]
