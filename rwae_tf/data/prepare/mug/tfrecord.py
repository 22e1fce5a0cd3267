"""Files of tf.train.Examples, and where in them the bytes lie. Writing needs TensorFlow, which is imported then."""

import contextlib

from rwae_tf.utils import atomic_write

_HEAD, _FOOT = 8 + 4, 4  # length and its checksum before a record, its own checksum after it


@contextlib.contextmanager
def writer(path):
    """A `Writer` of the file `path`, which is there in the end if all goes well."""
    from tensorflow import io, train

    with atomic_write.stage(path) as part, io.TFRecordWriter(part) as file:
        yield Writer(file, train)


class Writer:
    """Adds records to a file.

    Attributes:
      bytes: written so far.
    """

    def __init__(self, file, train):
        self._file, self._train, self.bytes = file, train, 0

    def add(self, features, sought):
        """Write one record.

        Args:
          features: name -> bytes, or a sequence of integers.
          sought: name of a feature of bytes.

        Returns:
          Offset of the bytes of `sought` in the file.
        """
        train, made = self._train, {}
        for name, value in features.items():
            if isinstance(value, bytes):
                made[name] = train.Feature(bytes_list=train.BytesList(value=[value]))
            else:
                made[name] = train.Feature(int64_list=train.Int64List(value=value))
        record = train.Example(features=train.Features(feature=made)).SerializeToString(deterministic=True)
        self._file.write(record)
        offset = self.bytes + _HEAD + record.index(features[sought])
        self.bytes += _HEAD + len(record) + _FOOT
        return offset
