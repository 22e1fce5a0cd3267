"""A table of trainings, from the metrics.json files that `python -m rwae_tf.evaluate` left of them.

    python tools/results_table.py docs/results/cpu_sprites.json docs/results/cpu_sprites_*.json

One row for each file, in Markdown: what was measured, and the options in which its configuration differs from
that of the first file.
"""

import dataclasses
import os

from ablation import HEAD, line, summary

from rwae_tf import config as config_lib
from rwae_tf import errors, json_file
from rwae_tf.errors import InputError

_PLACES = ("data_dir", "summary_minutes", "max_minutes", "replicas")  # where and how long a run may be, not what it is


def main(argv):
    """Print the table of the files that `argv` names."""
    if len(argv) < 2:
        raise InputError("no files: name those of evaluate, such as docs/results/*.json")
    print(table(list(dict.fromkeys(argv[1:]))))


def table(paths):
    """The table of the metrics.json files `paths`, compared with the first; `InputError` for what is none."""
    found = {path: json_file.read(path, "the measures", "an evaluated run") for path in paths}
    configs = {path: config_lib.from_dict(result.get("config", {}), source=path) for path, result in found.items()}
    rows = [HEAD]
    for path, result in found.items():
        if not result.get("static_kept"):
            raise InputError(f"{path}: measured without a judge; run evaluate with --judge_dir")
        row = {**summary(result), "changes": changes(configs[paths[0]], configs[path])}
        rows.append(line(os.path.splitext(os.path.basename(path))[0], row))
    return "\n".join(rows)


def changes(base, config):
    """The flags that make `config` of `base`, but for those that only say where and how long it runs."""
    fields = [(section, field.name) for section, kind in config_lib.SECTIONS.items()
              for field in dataclasses.fields(kind) if field.name not in _PLACES]
    if not config.objective.kl_change_epochs:  # what comes later never comes
        fields = [field for field in fields if not field[1].startswith("later_")]
    values = {name: [getattr(getattr(c, section), name) for c in (base, config)] for section, name in fields}
    return [_flag(name, new) for name, (old, new) in values.items() if old != new]


def _flag(name, value):
    """A flag as it is typed."""
    if isinstance(value, bool):
        return f"--{name}" if value else f"--no{name}"
    return f"--{name}=" + (",".join(f"{number:g}" for number in value) if isinstance(value, tuple) else f"{value}")


if __name__ == "__main__":
    errors.run(main)
