"""Checks of what users hand to a model: rank, sizes, range, NaN. Errors name what came and what was expected."""

import numpy as np

from rwae_tf.errors import InputError
from rwae_tf.types import Codes

ROUNDING = 1e-5  # beyond 0 to 1, which resizing and averaging leave
ACTION_TOLERANCE = 0.01  # of the sum of an action: a share rounded to two decimals is one still


def _array(value, name, dtype=np.float32):
    try:
        return np.asarray(value, dtype)
    except (TypeError, ValueError):
        raise InputError(f"{name}: expected numbers, got {type(value).__name__}") from None


def _finite(array, name):
    if not np.isfinite(array).all():
        raise InputError(f"{name}: {np.count_nonzero(~np.isfinite(array))} of {array.size} values are NaN or infinite")
    return array


def sequences(x, spec, name="x"):
    """`x` as float32 [B, T, *frame_shape]; values in [0, 1] for video, to which rounding errors are cut.

    Raises:
      InputError: for a wrong rank or frame shape, no frames, values that are NaN or out of range.
    """
    given, x = x, _array(x, name)
    expected = f"[batch, length, {', '.join(map(str, spec.frame_shape))}]"
    if x.ndim != 2 + len(spec.frame_shape) or x.shape[2:] != tuple(spec.frame_shape) or 0 in x.shape:
        raise InputError(f"{name}: shape {list(x.shape)}, expected {expected}")
    _finite(x, name)
    if spec.modality == "video" and (x.min() < -ROUNDING or x.max() > 1 + ROUNDING):
        kind = "uint8 frames" if np.asarray(given).dtype == np.uint8 else "frames of 0 to 255"
        mend = f"; divide {kind} by 255" if x.min() >= 0 and 2 <= x.max() <= 255 else ""
        raise InputError(f"{name}: values from {x.min():g} to {x.max():g}, expected 0 to 1{mend}")
    return np.clip(x, 0, 1) if spec.modality == "video" and (x.min() < 0 or x.max() > 1) else x


def code(value, width, rank, name):
    """`value` as a finite float32 array of `rank` axes, the last of `width`."""
    value = _array(value, name)
    if value.ndim != rank or value.shape[-1] != width or 0 in value.shape:
        expected = ["batch", "length", str(width)] if rank == 3 else ["batch", str(width)]
        raise InputError(f"{name}: shape {list(value.shape)}, expected [{', '.join(expected)}]")
    return _finite(value, name)


def codes(given, model):
    """The codes of `given` checked against a `ModelConfig` and against each other."""
    if not isinstance(given, Codes):
        raise InputError(f"codes: expected Codes(z_c, z_m, action), got {type(given).__name__}")
    z_c = code(given.z_c, model.content_size, 2, "z_c")
    z_m = code(given.z_m, model.motion_size, 3, "z_m")
    action = None
    if model.action_size:
        if given.action is None:
            raise InputError(f"action: missing; this model has {model.action_size} actions")
        action = code(given.action, model.action_size, 2, "action")
    elif given.action is not None:
        raise InputError("action: given, but this model has no actions")
    same_batch(z_c=z_c, z_m=z_m, action=action)
    if action is not None:
        shares(action)
    return z_c, z_m, action


def shares(action):
    """Refuse actions, float [B, A], whose rows are not shares: none negative, with a sum of 1."""
    wrong = (action < 0).any(1) | (np.abs(action.sum(1) - 1) > ACTION_TOLERANCE)
    if wrong.any():
        row = int(wrong.argmax())
        raise InputError(f"action: row {row} is {np.round(action[row], 4).tolist()}, expected numbers from 0 on with a "
                         "sum of 1, such as a 1 among zeros")


def same_batch(**arrays):
    """Refuse arrays whose first axes differ."""
    sizes = {name: len(array) for name, array in arrays.items() if array is not None}
    if len(set(sizes.values())) > 1:
        raise InputError("batch sizes differ: " + ", ".join(f"{name} has {size}" for name, size in sizes.items()))


def seeds(seed, num):
    """Seeds of rows, int32 [num]: `seed` itself when it holds `num` of them; one integer is that of the first row,
    and each further row has the next integer. So `seed=5, num=2` draws what seeds 5 and 6 of an exported model draw.
    """
    array = np.asarray(seed)
    if array.dtype.kind not in "iu" or array.ndim > 1 or (array.ndim == 1 and len(array) != num):
        raise InputError(f"seed={seed!r}: expected one integer, or {num} of them, one per row")
    if array.ndim == 1:
        if array.min() < -(2**31) or array.max() >= 2**31:
            raise InputError(f"seed={seed!r}: a row's seed must be from {-(2**31)} to {2**31 - 1}")
        return array.astype(np.int32)
    if array < 0:
        raise InputError(f"seed={seed!r}: must not be negative")
    if int(array) + num > 2**31:
        raise InputError(f"seed={seed!r}: must be at most {2**31 - num}, as each of {num} rows has the next integer")
    return np.arange(int(array), int(array) + num).astype(np.int32)


def count(value, name):
    """`value` as a positive int."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
        raise InputError(f"{name}={value!r}: expected a positive integer")
    return int(value)
