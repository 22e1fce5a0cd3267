"""Train and measure variations of a flagfile on its validation split, never on test.

    python tools/ablation.py --data_dir=DATA --judge_dir=JUDGE              # every row of tools/ablation_rows.txt
    python tools/ablation.py --data_dir=DATA --judge_dir=JUDGE preset gan   # these rows alone

Measured rows are not run again, and interrupted rows resume; --runs has the runs. The numbers go to
docs/results/ablation.json and, as a table, to docs/ablation.md.
"""

import os
import shlex

import commands
import marked_page
from absl import flags as absl_flags

from rwae_tf import entry_point
from rwae_tf.config import flags
from rwae_tf.errors import InputError
from rwae_tf.utils import json_file

_HERE = os.path.dirname(os.path.abspath(__file__))
_DOCS = os.path.join(os.path.dirname(_HERE), "docs")
_BEGIN, _END = "<!-- rows: written by tools/ablation.py -->", "<!-- end of rows -->"
HEAD = ("| row | changes | error | static kept | dynamic kept | worst under z_c | worst under z_m "
        "| linear probe of z_c, of z_m | identity | AUC of z_c, z_m | nats in z_c, z_m | passes, minutes |\n"
        + "|---" * 12 + "|")


def main(argv):
    """Run the rows that `argv` names, or all; see the module's docstring."""
    values = flags.new()
    string = absl_flags.DEFINE_string
    string("base", os.path.join(_HERE, "ablation.flags"), "Flagfile that the rows change.", flag_values=values)
    string("rows", os.path.join(_HERE, "ablation_rows.txt"), "File of rows.", flag_values=values)
    string("data_dir", "", "Folder of the data.", flag_values=values)
    string("judge_dir", "", "Folder of a judge of these data.", flag_values=values)
    string("runs", "runs/ablation", "Folder for the runs.", flag_values=values)
    names = []
    if not flags.parse(values, argv, __doc__, names):
        return 0
    flags.required(values, "judge_dir")
    rows = read_rows(values.rows)
    if unknown := sorted(set(names) - set(rows)):
        raise InputError(f"{values.rows}: has no row {unknown[0]!r}; its rows: {', '.join(rows)}")
    for name in names or rows:
        record(name, rows[name], values)
    return 0


def read_rows(path):
    """Name -> list of flags, of the lines of the file `path` that are not empty and no comment."""
    with open(path, encoding="utf-8") as file:
        lines = [shlex.split(line, comments=True) for line in file]
    return {words[0]: words[1:] for words in lines if words}


def record(name, changes, values):
    """Train and measure one row, unless its result is there, and write it down."""
    path = os.path.join(_DOCS, "results", "ablation.json")
    asked = {"base": base_flags(values.base), "changes": changes}
    if asked.items() <= _known(path).get(name, {}).items():
        print(f"{name}: measured before")
        return
    run_dir = os.path.join(values.runs, name)
    print(f"{name}: {' '.join(changes) or 'as in the flagfile'}", flush=True)
    commands.run("train", f"--flagfile={values.base}", f"--data_dir={values.data_dir}", f"--run_dir={run_dir}",
                 *changes)
    commands.run("evaluate", f"--run_dir={run_dir}", f"--judge_dir={values.judge_dir}", "--split=validation",
                 "--repeats=1")
    found = json_file.read(os.path.join(run_dir, "evaluation_validation", "metrics.json"), "the measures")
    known = {**_known(path), name: {**asked, **summary(found)}}  # read again: another row may have come meanwhile
    json_file.write(known, path)
    insert(known, list(read_rows(values.rows)), asked["base"])


def base_flags(path):
    """The flags in a flagfile, in its order."""
    with open(path, encoding="utf-8") as file:
        return [line.strip() for line in file if line.startswith("--")]


def _known(path):
    """The rows measured so far."""
    return json_file.read(path, "the results") if os.path.exists(path) else {}


def summary(result):
    """What a row of the table needs of a metrics.json."""
    def per_factor(rows):
        return {factor: round(row["accuracy"], 4) for factor, row in rows.items()}

    return {
        "error": round(result["squared_error_per_sequence"], 2),
        "static_kept": per_factor(result["static_kept"]["per_factor"]),
        "dynamic_kept": per_factor((result["dynamic_kept"] or {"per_factor": {}})["per_factor"]),
        "leakage": per_factor(result["leakage"]),
        "chance": {factor: round(row["chance"], 4) for factor, row in result["leakage"].items()},
        "probes": {factor: [round(result["probes"]["linear"][row["code"]][factor][key], 4)
                            for key in ("accuracy", "chance")] for factor, row in result["leakage"].items()},
        "identity": round(result["consistency"]["last"], 4) if result["consistency"] else None,
        "auc": {code: round(row["auc"], 3) for code, row in result["match"].items()},
        "nats": {code: round(usage["information_total"], 1) for code, usage in result["usage"].items()},
        "budget": result["budget"], "split": result["split"], "clips": result["test_sequences"],
        "seed": result["config"]["training"]["seed"],
    }


def insert(known, order, base):
    """Write the rows of `known` that change the flags `base`, in this order, between the marks of docs/ablation.md."""
    rows = [line(name, known[name]) for name in order if known.get(name, {}).get("base") == base]
    marked_page.write(os.path.join(_DOCS, "ablation.md"), _BEGIN, _END, "\n".join([HEAD, *rows]))


def line(name, row):
    """One row of the table, accuracies in %; leakage is that of the factor that is furthest above chance."""
    static, dynamic = row["static_kept"], row["dynamic_kept"]
    cells = [
        name, f"`{' '.join(row['changes'])}`" if row["changes"] else "", f"{row['error']:.1f}",
        _mean(static), _mean(dynamic), _worst(row, dynamic), _worst(row, static),
        f"{_worst_probe(row, dynamic)}, {_worst_probe(row, static)}",
        "-" if row["identity"] is None else f"{100 * row['identity']:.1f}",
        f"{row['auc']['z_c']:.2f}, {row['auc']['z_m']:.2f}", f"{row['nats']['z_c']:.0f}, {row['nats']['z_m']:.0f}",
        f"{row['budget']['passes']:.0f}, {row['budget']['seconds'] / 60:.0f}",
    ]
    return "| " + " | ".join(cells) + " |"


def _mean(kept):
    """Mean accuracy over factors in %; a dash where there is none."""
    return f"{100 * sum(kept.values()) / len(kept):.1f}" if kept else "-"


def _worst(row, factors):
    """The one of `factors` that leaks most, its accuracy and (chance) in %; a dash where there is none."""
    if not factors:
        return "-"
    worst = max(factors, key=lambda factor: row["leakage"][factor] - row["chance"][factor])
    return f"{worst} {100 * row['leakage'][worst]:.1f} ({100 * row['chance'][worst]:.0f})"


def _worst_probe(row, factors):
    """The one of `factors` that a linear probe reads best from the code that should not contain it, in %."""
    if not factors:
        return "-"
    worst = max(factors, key=lambda factor: row["probes"][factor][0] - row["probes"][factor][1])
    accuracy, chance = row["probes"][worst]
    return f"{worst} {100 * accuracy:.1f} ({100 * chance:.0f})"


if __name__ == "__main__":
    entry_point.run(main)
