"""TensorFlow I/O, where its compiled part loads: file systems of buckets, decoders of sound, and a resampler.

The one place that imports it. Its compiled part loads up to TensorFlow 2.17 and no further (tensorflow/io#2104).
"""

import contextlib
import functools
import math
import os

import numpy as np


@functools.cache
def loads():
    """Whether its compiled part loads, which is tried once; its file systems are then registered.

    It loads as late as an operation is asked for, so one is.
    """
    with contextlib.suppress(ImportError, NotImplementedError):
        return len(_module().resample(np.zeros(2, np.float32), 16_000, 16_000)) == 2
    return False


def decode(path):
    """The samples of an mp3 or Ogg Vorbis file.

    Returns:
      samples float32 [N, channels], the rate in Hz.

    Raises:
      ValueError: for a file that its decoders refuse.
    """
    import tensorflow as tf

    try:
        sound = _module().AudioIOTensor(os.fspath(path))
        samples = sound.to_tensor().numpy()
    except tf.errors.OpError as error:
        raise ValueError(str(error.message).splitlines()[0]) from None
    return np.float32(samples), int(sound.rate)


def resample(samples, rate, wanted):
    """`samples`, float32 [N] at `rate` Hz, at `wanted` Hz: [ceil(N wanted / rate)].

    Sample n of what the operation gives belongs to the time n rate / wanted - delay of what it is given, in samples
    of that, and there are no more than of what it is given. So zeros go before it, until the delay is a whole number
    of samples at both rates, and behind it, which push the last samples out.
    """
    count = math.ceil(len(samples) * wanted / rate)
    step = rate // math.gcd(rate, wanted)  # samples at `rate` that last as long as a whole number at `wanted`
    delay = math.ceil(_delay(rate, wanted) / step) * step
    padded = np.zeros(len(samples) + 2 * delay, np.float32)
    before = delay - _delay(rate, wanted)
    padded[before : before + len(samples)] = samples
    late = delay * wanted // rate
    return _module().resample(padded, rate, wanted).numpy()[late : late + count]


def _delay(rate, wanted):
    """Samples at `rate` by which the operation is late: half the length of its filter.

    Speex's resampler at quality 4: 64 taps, more where the rate is lowered, a multiple of 8.
    """
    taps = 64 * rate // wanted if rate > wanted else 64
    return ((taps - 1) // 8 * 8 + 8) // 2


def _module():
    import tensorflow_io

    return tensorflow_io.audio
