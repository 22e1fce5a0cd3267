"""The ffmpeg that imageio-ffmpeg brings along."""

import os
import subprocess

from rwae_tf.errors import InputError


def program(path):
    """The program's path; InputError on what it is wanted for, `path`, where there is none."""
    import imageio_ffmpeg

    try:
        return imageio_ffmpeg.get_ffmpeg_exe()
    except RuntimeError as error:
        raise InputError(f"{path}: no ffmpeg to read it with ({error})") from None


def source(path):
    """The arguments that name a file to read, whatever its name looks like."""
    return ["-i", "file:" + os.path.abspath(path)]


def convert(path, arguments, data=b""):
    """What ffmpeg writes to its standard output.

    Args:
      path: what is converted, for errors.
      arguments: of ffmpeg, those of the input first.
      data: bytes for its standard input, if that is the input.

    Raises:
      ValueError: with the first line of its complaint, where it has one.
    """
    command = [program(path), "-v", "error", "-xerror", *arguments, "-"]
    done = subprocess.run(command, input=data, capture_output=True, check=False)
    if done.returncode or done.stderr:
        raise ValueError(complaint(done.stderr.decode("utf-8", "replace"), done.returncode))
    return done.stdout


def complaint(said, status):
    """The first line of what ffmpeg said, without the part of it that speaks."""
    return said.splitlines()[0].rpartition("] ")[2] if said else f"status {status}"
