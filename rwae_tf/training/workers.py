"""The workers of one training: what they agree on, what the others do beside the chief, and how they part.

All take the same steps on their own rows of each batch, so their weights are equal at every step. The chief alone
reads and writes the folder of the run. Whatever only one of them may know (a signal, the time, a checkpoint) is agreed
on here by a sum over all workers, which each of them asks for at the same place of the program.
"""

import contextlib
import re
import zlib

import tensorflow as tf

from rwae_tf import config as config_lib
from rwae_tf.config import cluster as cluster_lib
from rwae_tf.errors import InputError
from rwae_tf.runs import data_record

_LOST = (tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.DeadlineExceededError,
         tf.errors.FailedPreconditionError, tf.errors.CancelledError)
_MAY_DIFFER = ("clip_means", "means")  # by last bits from machine to machine; the rest of a record may not


class Workers:
    """The workers of a strategy: those of TF_CONFIG, or this process alone.

    Args:
      strategy: a `tf.distribute.Strategy`.

    Attributes:
      count: how many they are.
      is_chief: whether this is the one that keeps the books.
    """

    def __init__(self, strategy):
        several = isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)
        self._strategy, cluster = strategy, cluster_lib.read() if several else None
        self.count = len(cluster.addresses) if cluster else 1
        self.is_chief = not cluster or cluster.index == 0

    def any(self, facts):
        """Whether each of some facts (a list of bool) holds for any worker."""
        if self.count == 1:
            return list(facts)
        return [bool(count) for count in self._sum(tf.constant(facts, tf.float32)).numpy()]

    def take_from_chief(self, variables):
        """Give variables (tf.Variable) the numbers that they have at the chief: a sum in which the others are 0."""
        if self.count > 1:
            for variable in variables:
                value = tf.convert_to_tensor(variable)
                variable.assign(self._sum(value if self.is_chief else tf.zeros_like(value)))

    def check_same(self, config, clips):
        """Refuse, by InputError, to train with other options or data than the chief's."""
        if self.count == 1:
            return
        options = config_lib.to_dict(config)
        options["data"]["data_dir"] = ""  # may differ
        record = {name: value for name, value in data_record.describe(clips).items() if name not in _MAY_DIFFER}
        own = zlib.crc32(repr((options, record)).encode())
        if own != int(self._sum(tf.constant(own if self.is_chief else 0, tf.int64))):
            raise InputError("this worker's options or training clips are not the chief's; start all workers with the "
                             "same flags and the same data")

    def wait_for_all(self):
        """Return when every worker has called this; afterwards each may leave.

        One that leaves may take its part of the last sum with it, so the others may meet its loss there. By then they
        know from the sum before that all have come.
        """
        self.any([False])
        try:
            self.any([False])
        except tf.errors.OpError as error:
            if not _is_loss(error):
                raise

    def _sum(self, value):
        """The sum of a tensor over all workers; of whole numbers in float64, which every kind of device can add up."""
        addends = value if value.dtype.is_floating else tf.cast(value, tf.float64)
        return tf.cast(self._strategy.reduce("sum", addends, axis=None), value.dtype)


def _is_loss(error):
    """Whether this is what a worker meets whose peer is gone."""
    return isinstance(error, _LOST) or "ollective" in str(error)


@contextlib.contextmanager
def lost_in_one_line():
    """Raise an InputError for the error that a worker meets whose peer is gone.

    TensorFlow cannot take a worker back in: all have to start again.
    """
    try:
        yield
    except tf.errors.OpError as error:
        text, cluster = str(error), cluster_lib.read()
        if cluster is None or not _is_loss(error):
            raise
        found = re.search(r"/job:(\w+)(?:/replica:\d+)?/task:(\d+)", text.partition("aborted by")[2])
        name = f" ({found[1]} {found[2]})" if found else ""
        raise InputError(f"worker {cluster.index} of {len(cluster.addresses)}: the connection to another worker{name} "
                         "is lost; start all workers again, and they go on from the newest checkpoint") from None
