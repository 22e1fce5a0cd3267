"""Whole folders from this machine to a bucket and back."""

import contextlib
import os

from rwae_tf.utils import atomic_write, buckets, files


def upload_folder(local, path, last=()):
    """Copy what is in the folder `local` to the folder `path` of a bucket, the names in `last` after all others.

    Raises:
      OSError: that says why not; what was copied is removed again.
    """
    names = [os.path.relpath(os.path.join(folder, name), local)
             for folder, _, entries in os.walk(local) for name in entries]
    try:
        for name in sorted(names, key=lambda name: (name in last, name)):
            buckets.upload(os.path.join(local, name), os.path.join(path, name))
    except OSError:
        with contextlib.suppress(OSError):
            files.remove_folder(path)
        raise


def download_folder(path, local):
    """Make the folder `local` hold what is under `path` of a bucket, and nothing else.

    Files of the same size and time of change are not fetched again.

    Args:
      path: folder of a bucket.
      local: folder on this machine; made if need be.

    Yields:
      (files done, files in all, name) after each file.
    """
    root, kept = path.rstrip("/") + "/", set()
    with buckets.os_errors(path):
        objects = [os.path.join(folder, name)
                   for folder, _, names in buckets.gfile(path).walk(path) for name in names if name]
    for done, remote in enumerate(objects, 1):
        there = os.path.join(local, *remote.removeprefix(root).strip("/").split("/"))
        _fetch(remote, there)
        kept.add(there)
        yield done, len(objects), os.path.relpath(there, local)
    for folder, _, names in os.walk(local):
        for name in names:
            if os.path.join(folder, name) not in kept:
                os.remove(os.path.join(folder, name))


def _fetch(remote, there):
    """Copy a file of a bucket to the path `there`, unless it is there already."""
    with buckets.os_errors(remote):
        about = buckets.gfile(remote).stat(remote)
    if os.path.exists(there):
        known = os.stat(there)
        if (known.st_size, known.st_mtime_ns) == (about.length, about.mtime_nsec):
            return
    os.makedirs(os.path.dirname(there), exist_ok=True)
    with atomic_write.stage(there) as part, buckets.os_errors(remote):
        buckets.gfile(remote).copy(remote, part, overwrite=True)
    os.utime(there, ns=(about.mtime_nsec, about.mtime_nsec))
