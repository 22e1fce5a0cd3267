"""List the pretrained models that ship with the package, say what each is, and verify their files.

    python -m rwae_tf.pretrained
    python -m rwae_tf.pretrained --name=sprites_32          # its model card

`rwae_tf.load("pretrained/NAME")` loads one, and every command takes --run_dir=pretrained/NAME. The exit status is 1
where a file is not as it was written.
"""

import os

from absl import flags as absl_flags

from rwae_tf import entry_point
from rwae_tf.config import flags
from rwae_tf.runs import pretrained


def main(argv):
    """List or show as `argv` says; see the module's docstring."""
    values = flags.new()
    absl_flags.DEFINE_string("name", "", "Show the model card of this one.", flag_values=values)
    if not flags.parse(values, argv, __doc__):
        return 0
    names = [values.name] if values.name else pretrained.names()
    broken = 0
    for name in names:
        path = pretrained.find(pretrained.PREFIX + name)
        record, faults = pretrained.record(path), pretrained.faults(path)
        print(f"{name:20} {pretrained.size(path) / 1e6:4.1f} MB  {'; '.join(faults) or 'files verified'}")
        print(f"{'':20} {record['summary']}")
        broken += bool(faults)
        if values.name:
            with open(os.path.join(path, pretrained.CARD), encoding="utf-8") as file:
                print(f"\n{file.read()}")
    if not names:
        print(f"{pretrained.folder()}: no pretrained models")
    return 1 if broken else 0


def cli():
    """Console script."""
    entry_point.run(main)


if __name__ == "__main__":
    cli()
