"""Checks of requests inside the graph of an exported model, so that every server and loader makes them.

A request that fails one is answered with one line that says what came and what was expected: by TensorFlow Serving
with status 400 (INVALID_ARGUMENT). They change no number. `Assert` is used as a plain operation: `tf.debugging.Assert`
would put a conditional around it, which converters to other formats do not take.
"""

import functools

import tensorflow as tf

from rwae_tf.models.checks import ACTION_TOLERANCE, ROUNDING

MOST_DECIBELS = 1000.0  # of speech, up or down; digital silence is -400, the loudest sine about 50


def shapes(tensors, specs):
    """`tensors` whose shapes are those of `specs`: TensorFlow checks them nowhere else when a graph is run."""
    return [tf.ensure_shape(tensor, spec.shape, name=f"shape_of_{spec.name}")
            for tensor, spec in zip(tensors, specs, strict=True)]


def values(tensors, specs, modality, max_length):
    """`tensors` once their values are checked.

    Args:
      tensors: of the right shapes.
      specs: their TensorSpecs, whose names say what is checked: clips, codes, `action`, `seed` or `length`.
      modality: of the clips, "video" or "speech".
      max_length: frames that may be asked for.
    """
    kinds = {"z_c": _finite, "z_m": _finite, "action": _shares, "seed": _not_empty,
             "length": functools.partial(_within, least=1, most=max_length, mend=" frames (the export's --max_length)")}
    kinds.update(dict.fromkeys(("video", "content", "motion", "speech"), _video if modality == "video" else _speech))
    checked = [kinds[spec.name](tensor, spec.name) for tensor, spec in zip(tensors, specs, strict=True)]
    if len(checked) == 1:
        return checked
    rows = [tf.shape(tensor)[0] for tensor in checked]
    words = [part for spec, count in zip(specs, rows, strict=True) for part in (f"; {spec.name} has ", count)]
    with refused(tf.reduce_all(tf.equal(rows, rows[0])), "first dimensions differ", *words):
        return [tf.identity(tensor) for tensor in checked]


def finite_output(clips, name):
    """`clips`, unless codes as large as no encoder gives them have made them overflow."""
    finite = tf.reduce_all(tf.math.is_finite(clips))
    with refused(finite, f"{name}: overflow; the codes hold numbers far too large"):
        return tf.identity(clips)


def refused(condition, *words):
    """Run the operations of this context if `condition` holds; else fail with `words`, texts and tensors."""
    text = tf.strings.join([word if isinstance(word, str) else tf.strings.as_string(word, shortest=_is_float(word))
                            for word in words])
    return tf.control_dependencies([tf.raw_ops.Assert(condition=condition, data=[text])])


def _is_float(tensor):
    return tensor.dtype.is_floating


def _not_empty(x, name):
    with refused(tf.size(x) > 0, f"{name}: empty; give one clip of one frame at least"):
        return tf.identity(x)


def _finite(x, name):
    x = _not_empty(x, name)
    wrong = tf.reduce_sum(tf.cast(~tf.math.is_finite(x), tf.int32))
    with refused(wrong == 0, f"{name}: ", wrong, " of ", tf.size(x), " values are NaN or infinite"):
        return tf.identity(x)


def _within(x, name, least, most, mend="", beyond=0):
    x = _not_empty(x, name)
    low, high = tf.reduce_min(x), tf.reduce_max(x)
    fits, expected = (low >= least - beyond) & (high <= most + beyond), f", expected {least} to {most}{mend}"
    with refused(fits, f"{name}: values from ", low, " to ", high, expected):
        return tf.identity(x)


def _video(x, name):
    x = _within(_finite(x, name), name, 0, 1, "; divide uint8 frames by 255", ROUNDING)
    return tf.clip_by_value(x, 0.0, 1.0)


def _speech(x, name):
    return _within(_finite(x, name), name, -MOST_DECIBELS, MOST_DECIBELS, " decibels")


def _shares(x, name):
    x = _finite(x, name)
    low, sums = tf.reduce_min(x), tf.reduce_sum(x, axis=1)
    smallest, largest = tf.reduce_min(sums), tf.reduce_max(sums)
    fits = (low >= 0) & (smallest >= 1 - ACTION_TOLERANCE) & (largest <= 1 + ACTION_TOLERANCE)
    with refused(fits, f"{name}: numbers from ", low, ", with sums from ", smallest, " to ", largest,
                 "; expected numbers from 0 on with a sum of 1 in every row, such as a 1 among zeros"):
        return tf.identity(x)
