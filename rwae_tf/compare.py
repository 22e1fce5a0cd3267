"""Compare evaluated runs: one table and one page of them side by side.

    python -m rwae_tf.compare runs/sprites runs/sprites_ds_vae runs/sprites_mocogan --out=comparison

Reads what `rwae_tf.evaluate` left in the folders (or metrics.json files) that are named, prints the table, and writes
it to OUT/table.md and, with the samples and swaps of each run, to OUT/report.html. Runs that differ in the seed alone
share a column: mean ± standard deviation over seeds. All must have been evaluated on the same clips.
"""

import os

from absl import flags as absl_flags

from rwae_tf import entry_point
from rwae_tf.config import flags
from rwae_tf.errors import InputError
from rwae_tf.utils import files


def main(argv):
    """Compare the runs that `argv` names; see the module's docstring."""
    values = flags.new()
    absl_flags.DEFINE_string("out", "comparison", "Folder to write to; made if need be.", flag_values=values)
    absl_flags.DEFINE_enum("split", "test", ["test", "validation"], "Which evaluations to read.", flag_values=values)
    paths = []
    if not flags.parse(values, argv, __doc__, paths):
        return 0
    if not paths:
        raise InputError("no runs: name their folders, as in python -m rwae_tf.compare runs/a runs/b")

    from rwae_tf.evaluation import comparison, comparison_page

    groups = comparison.read(paths, values.split)
    table = comparison.markdown(comparison.rows(groups))
    files.make_folder(values.out)
    written = {name: os.path.join(values.out, name) for name in ("table.md", "report.html")}
    files.write(written["table.md"], f"{table}\n".encode())
    files.write(written["report.html"], comparison_page.page(groups).encode(errors="xmlcharrefreplace"))
    print("\n".join([table, *written.values()]))
    return 0


def cli():
    """Console script."""
    entry_point.run(main)


if __name__ == "__main__":
    cli()
