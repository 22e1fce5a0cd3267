"""Several evaluated runs side by side: one table, means and standard deviations where runs differ in the seed alone."""

import dataclasses
import json
import os
import statistics
from typing import Any, Dict, List, NamedTuple

from rwae_tf import config as config_lib
from rwae_tf.config import fields
from rwae_tf.errors import InputError
from rwae_tf.utils import files, json_file

# Where, how long and beside what a run was trained: not what it is.
PLACES = ("data_dir", "summary_minutes", "max_minutes", "replicas", "log_every", "checkpoint_minutes")


class Group(NamedTuple):
    """Runs that differ in the seed alone.

    Attributes:
      name: of the first run's folder.
      folders: of their evaluations.
      results: what their metrics.json hold, in the order of their seeds.
      config: the `Config` of the first.
    """

    name: str
    folders: List[str]
    results: List[Dict[str, Any]]
    config: config_lib.Config


def folder_of(run_dir, split="test"):
    """The folder of what `evaluate` measures of a run on a split."""
    return os.path.join(run_dir, "evaluation" if split == "test" else f"evaluation_{split}")


def read(paths, split="test"):
    """The `Group`s of evaluated runs, in the order of their first ones.

    Args:
      paths: folders of runs, or metrics.json files.
      split: of the evaluations that folders of runs have.

    Raises:
      InputError: for what was not evaluated, another set of clips than that of the first, or one seed twice.
    """
    groups, first = {}, None
    for path in dict.fromkeys(os.path.normpath(path) if not files.is_remote(path) else path for path in paths):
        file = path if path.endswith(".json") else os.path.join(folder_of(path, split), "metrics.json")
        if not files.exists(file):
            raise InputError(f"{file}: No such file; python -m rwae_tf.evaluate --run_dir={path} makes it")
        result = json_file.read(file, "the measures", "an evaluated run")
        config = config_lib.from_dict(result.get("config", {}), source=file)
        first = first or (path, _clips(result, config))
        if _clips(result, config) != first[1]:
            raise InputError(f"{path}: measured on {_words(_clips(result, config))}, but {first[0]} on "
                             f"{_words(first[1])}; compare runs of the same clips")
        key = _without_seed(config)
        found = groups.setdefault(key, Group(_name(path), [], [], config))
        seed = config.training.seed
        if any(seed == other["config"]["training"]["seed"] for other in found.results):
            raise InputError(f"{path}: has the configuration and the seed {seed} of {found.name}; leave one out")
        found.folders.append(os.path.dirname(file))
        found.results.append(result)
    return list(groups.values())


def _clips(result, config):
    """What was measured on."""
    length = config.evaluation.test_length or config.data.length
    return config.data.dataset, config.data.size, length, result.get("split"), result.get("test_sequences")


def _words(clips):
    dataset, size, length, split, count = clips
    return f"{count} {split} clips of {dataset} at size={size}, length={length}"


def _without_seed(config):
    """`config` as text, but for what `PLACES` names and the seed."""
    values = config_lib.to_dict(config)
    return json.dumps({section: {name: value for name, value in options.items() if name not in (*PLACES, "seed")}
                       for section, options in values.items()}, sort_keys=True)


def _name(path):
    """What a run is called: its folder, or the file without its ending."""
    if path.endswith(".json"):
        whole = os.path.basename(path) == "metrics.json"
        path = os.path.dirname(os.path.dirname(path)) if whole else os.path.splitext(path)[0]
    return path if files.is_remote(path) else os.path.basename(os.path.abspath(path))


def changes(base, config):
    """The flags that make `config` of `base`, but for those that only say where and how long it runs."""
    options = [(section, field.name) for section, kind in config_lib.SECTIONS.items()
              for field in dataclasses.fields(kind) if field.name not in PLACES]
    values = {name: [getattr(getattr(c, section), name) for c in (base, config)] for section, name in options}
    return [_flag(name, new) for name, (old, new) in values.items() if old != new]


def _flag(name, value):
    """A flag as it is typed."""
    if isinstance(value, bool):
        return f"--{name}" if value else f"--no{name}"
    return f"--{name}={fields.as_text(value)}"


def over(values, digits=1):
    """The mean of `values`, ± their standard deviation where there are several."""
    text = f"{sum(values) / len(values):.{digits}f}"
    return text if len(values) == 1 else f"{text} ± {statistics.stdev(values):.{digits}f}"


def worst(results, row):
    """The factor furthest above chance on average over seeds, with the code it is read from, and its chance.

    Args:
      results: of one group, with a judge's measures.
      row: function (result, factor) -> {"accuracy", "chance"}.
    """
    def excess(factor):
        return sum(row(result, factor)["accuracy"] - row(result, factor)["chance"] for result in results)

    factor = max(results[0]["leakage"], key=excess)
    rows = [row(result, factor) for result in results]
    return (f"{factor} from {results[0]['leakage'][factor]['code']} {over([100 * r['accuracy'] for r in rows])} "
            f"({100 * rows[0]['chance']:.1f})")


def leak(result, factor):
    """How a factor follows the code that it does not belong to, in decoded clips."""
    return result["leakage"][factor]


def probe(result, factor):
    """The linear probe of a factor from the code that should not contain it."""
    return result["probes"]["linear"][result["leakage"][factor]["code"]][factor]


def _leaks(results):
    return worst(results, leak) if all(result.get("leakage") for result in results) else ""


def _probes(results):
    known = all(result.get("leakage") and result.get("probes") for result in results)
    return worst(results, probe) if known else ""


def _number(path, digits=1, factor=1):
    """A function of results that gives the mean of one of their numbers, such as "match.z_c.auc"."""
    def text(results):
        values = [_at(result, path.split(".")) for result in results]
        return "" if None in values else over([factor * value for value in values], digits)

    return text


def _at(value, keys):
    """What a result has at a place, None where there is nothing."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


ROWS = {
    "squared error per sequence": _number("squared_error_per_sequence"),
    "static kept, %": _number("static_kept.accuracy", factor=100),
    "dynamic kept, %": _number("dynamic_kept.accuracy", factor=100),
    "worst leak (decoder), % (chance)": _leaks,
    "worst leak (linear probe), % (chance)": _probes,
    "identity of long clips, %": _number("consistency.last", factor=100),
    "AUC of z_c (0.5: matches its prior)": _number("match.z_c.auc", 2),
    "AUC of roll-outs": _number("match.z_m.auc", 2),
    "inception score": _number("inception_score", 2),
    "H(y|v), nats": _number("h_y_given_v", 3),
    "H(y), nats": _number("h_y", 3),
    "Fréchet distance, judge's features": _number("frechet_judge", 2),
    "FID of frames": _number("fid", 2),
    "action, clips of z_m and a of a test clip, %": _number("action.swap.accuracy", factor=100),
    "action, clips of a asked for, %": _number("action.conditional.accuracy", factor=100),
    "equal error rate of z_c, %": _number("eer.content", 2, 100),
    "equal error rate of z_m, %": _number("eer.motion", 2, 100),
    "passes": _number("budget.passes"),
    "minutes": lambda results: over([result["budget"]["seconds"] / 60 for result in results], 0),
}
"""The title of a row, and a function of the results of a group that gives its cell, empty for none."""


def rows(groups):
    """The table: a list of rows of text, of which the first names the groups. A measure that no group has is left out.

    Args:
      groups: a result of `read`.
    """
    base = groups[0].config
    head = ["", *(group.name for group in groups)]
    seeds = ["seeds", *(str(len(group.results)) for group in groups)]
    settings = ["settings beside the first", *(" ".join(_settings(base, group.config)) for group in groups)]
    measures = [[title, *(cell(group.results) for group in groups)] for title, cell in ROWS.items()]
    return [head, ["model", *(group.config.model.model for group in groups)], seeds, settings,
            *([title, *(cell or "-" for cell in cells)] for title, *cells in measures if any(cells))]


def _settings(base, config):
    """What differs from the first group, but for the seed."""
    return [flag for flag in changes(base, config) if not flag.startswith("--seed=")]


def markdown(table):
    """Rows of text as a table in Markdown."""
    lines = [f"| {' | '.join(cell.replace('|', '∣') for cell in row)} |" for row in table]
    return "\n".join([lines[0], "|---" * len(table[0]) + "|", *lines[1:]])
