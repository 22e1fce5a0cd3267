"""Calls of the command `generate`."""

from rwae_tf import generate


def call(run, *arguments):
    assert generate.main(["generate", f"--run_dir={run}", *arguments]) == 0
