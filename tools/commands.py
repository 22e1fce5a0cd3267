"""The package's commands, run one after the other by a tool."""

import subprocess
import sys

from rwae_tf.errors import InputError


def run(command, *arguments):
    """One of the package's commands, such as `run("train", "--run_dir=R")`.

    Raises:
      InputError: where it fails.
    """
    if subprocess.run([sys.executable, "-m", f"rwae_tf.{command}", *arguments]).returncode:
        raise InputError(f"rwae_tf.{command} {' '.join(arguments)}: failed, see above; run again to go on")
