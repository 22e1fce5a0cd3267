"""Tables of results in Markdown, from the metrics.json files of `python -m rwae_tf.evaluate`.

    python tools/results_table.py runs/one/evaluation/metrics.json runs/two/evaluation/metrics.json
    python tools/results_table.py                                # writes the tables of docs/results.md and README.md
    python tools/results_table.py --check                        # fails where a page is out of date

The first command prints a row for each file: its measurements, and the options that differ from the first file. The
others use docs/results: a row for each training in `SPEECH` and `VIDEO`, and for each of `FACTORS` the accuracy of
every factor with either code.
"""

import dataclasses
import glob
import os
import statistics

import marked_page
from ablation import HEAD, line, summary

from rwae_tf import config as config_lib
from rwae_tf import entry_point
from rwae_tf.config import schedule
from rwae_tf.errors import InputError
from rwae_tf.utils import json_file

_ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
RESULTS = os.path.join(_ROOT, "docs", "results")
PAGE, FRONT = os.path.join(_ROOT, "docs", "results.md"), os.path.join(_ROOT, "README.md")
END = "<!-- end of table -->"
_GAN, _MMD = "R-WAE(GAN)", "R-WAE(MMD)"
VIDEO = {
    "cpu_sprites": (_MMD, (97.55, 94.17), ("sprites_swap.png", "sprites_reconstruct.png", "sprites_generate.png")),
    "cpu_sprites_gan": (_GAN, (98.00, 96.27), ("sprites_gan_swap.png", "sprites_gan_generate.png")),
    "cpu_sprites_weak": (f"{_MMD}, nine learned actions", (None, None), ("sprites_weak_actions.png",)),
    "cpu_moving_shapes": (_MMD, (80.50, 83.60), ("moving_shapes_swap.png", "moving_shapes_generate.png")),
    "cpu_sm_mnist": (_MMD, (98.22, None), ("sm_mnist_swap.png", "sm_mnist_generate.png")),
    "cpu_mug": (f"{_MMD}, rendered faces", (None, None), ("mug_swap.png",)),
    "cpu_mug_weak": (f"{_MMD}, rendered faces, six learned actions", (None, None), ("mug_weak_actions.png",)),
    "cpu_mug_weak_gan": (f"{_GAN}, rendered faces, six learned actions", (None, None), ("mug_weak_gan_actions.png",)),
    "quickstart": (_MMD, (80.50, 83.60), ("quickstart_swap.png", "quickstart_generate.png")),
}
"""Name of the result and its flagfile: the method, the paper's static and dynamic accuracy in % (None: other data),
pictures."""
SPEECH = {"timit": "sample of 16 speakers", "librispeech": "201 speakers, 50 others tested"}
"""Name of the result and its flagfile: the speakers."""
FACTORS = ("cpu_sprites", "cpu_sprites_gan")
"""Results of the same factors that docs/results.md shows one by one, of the first seed."""
_PLACES = ("data_dir", "summary_minutes", "max_minutes", "replicas")  # where and how long a run may be, not what it is


def main(argv):
    """Print the table of the files that `argv` names; without any, write or check those of the pages."""
    if argv[1:] and argv[1:] != ["--check"]:
        print(table(list(dict.fromkeys(argv[1:]))))
        return
    for path, name, made in ((PAGE, "speech", speech()), (PAGE, "video", videos()), (PAGE, "factors", factors()),
                             (FRONT, "results", front())):
        begin = f"<!-- {name}: written by tools/results_table.py -->"
        marked_page.main(argv, path, begin, END, f"\n{made}\n")


def table(paths):
    """The table of the metrics.json files `paths`, compared with the first; `InputError` for what is none."""
    found = {path: _read(path) for path in paths}
    configs = {path: config_lib.from_dict(result.get("config", {}), source=path) for path, result in found.items()}
    rows = [HEAD]
    for path, result in found.items():
        row = {**summary(result), "changes": changes(configs[paths[0]], configs[path])}
        rows.append(line(os.path.splitext(os.path.basename(path))[0], row))
    return "\n".join(rows)


def _read(path):
    """The measures in the file `path`, a judge's among them."""
    result = json_file.read(path, "the measures", "an evaluated run")
    if not result.get("static_kept"):
        raise InputError(f"{path}: measured without a judge; run evaluate with --judge_dir")
    return result


def speech(folder=RESULTS):
    """The table of the trainings on speech; `folder` holds the results."""
    rows = ["| flagfile | trials | z_c | z_m | standard deviations of z_m | mean log spectrum "
            "| squared error (mean frame) | passes, minutes | |", "|---" * 9 + "|"]
    rows += [_speech(name, json_file.read(os.path.join(folder, f"{name}.json"), "the measures"))
             for name in _measured(folder, SPEECH)]
    return "\n".join(rows)


def _measured(folder, names):
    """Those of `names` that have a result: the others have not been trained with the current objective."""
    return [name for name in names if os.path.exists(os.path.join(folder, f"{name}.json"))]


def _flagfile(name):
    """The link to a result's flagfile: those for two cores lie in a folder of their own."""
    path = f"tools/{name.replace('cpu_', 'cpu/', 1)}.flags"
    return f"[`{path}`](../{path})"


def _speech(name, result):
    """A training's row: equal error rates."""
    rates, budget = result["eer"], result["budget"]
    cells = (
        f"{_flagfile(name)}, {SPEECH[name]}", f"{rates['trials']:,}",
        *(f"{100 * rates[kind]:.1f}" for kind in ("content", "motion", "motion_deviation", "mean_log_spectrum")),
        f"{result['squared_error_per_sequence']:.0f} ({result['baselines']['mean_image']:.0f})",
        f"{budget['passes']:.3g}, {budget['seconds'] / 60:.0f}", f"[JSON](results/{name}.json)",
    )
    return f"| {' | '.join(cells)} |"


def videos(folder=RESULTS):
    """The table of the trainings on videos; `folder` holds the results."""
    found = {name: _seeds(folder, name) for name in _measured(folder, VIDEO)}
    rows = ["| flagfile | seeds | static kept, % | dynamic kept, % | worst leak (decoder), % "
            "| worst leak (linear probe), % | identity after 100 frames, % | AUC of z_c, of roll-outs "
            "| squared error (mean image, first frame) | passes, minutes | |", "|---" * 11 + "|"]
    return "\n".join([*rows, *(_training(name, results) for name, results in found.items())])


def front(folder=RESULTS):
    """The short table of README.md: what a reader asks first of each training on videos."""
    rows = ["| preset | method | seeds | static kept, % | dynamic kept, % | AUC of z_c, roll-outs | minutes |",
            "|---" * 7 + "|"]
    for name in _measured(folder, VIDEO):
        results = _seeds(folder, name)
        preset = name.replace("cpu_", "cpu/", 1)
        cells = (f"[`{preset}`](tools/{preset}.flags)", VIDEO[name][0], str(len(results)), *_kept(name, results),
                 _aucs(results), _minutes(results))
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def factors(folder=RESULTS):
    """The table of what either code keeps of every factor, in the first seed of the trainings in `FACTORS`."""
    found = {name: _seeds(folder, name)[0] for name in _measured(folder, FACTORS)}
    kept = next(iter(found.values()))
    names = [*kept["static_kept"]["per_factor"], *kept["dynamic_kept"]["per_factor"]]
    rows = [f"| | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    rows += [row for name, result in found.items() for row in _factors(VIDEO[name][0], result, names)]
    chances = [f"{100 / len(kept['judge']['classes'][factor]):.0f}" for factor in names]
    return "\n".join([*rows, f"| chance | {' | '.join(chances)} |"])


def _seeds(folder, name):
    """The measures of all seeds of a training: those in NAME.json, and in NAME_seed1.json and so on."""
    others = sorted(glob.glob(os.path.join(glob.escape(folder), f"{name}_seed*.json")))
    return [_read(path) for path in (os.path.join(folder, f"{name}.json"), *others)]


def _identity(results):
    """Identity after 100 frames of drawn contents and, in brackets, of those of test clips."""
    if not results[0]["consistency"]:
        return ""
    drawn, of_data = (_over([100 * result["consistency"][key] for result in results])
                      for key in ("last", "last_of_data"))
    return f"{drawn} ({of_data})"


def _training(name, results):
    """A training's row: means over its seeds, ± their standard deviation where there are several."""
    method, _, pictures = VIDEO[name]
    baselines = results[0]["baselines"]
    links = [f"[JSON](results/{name}.json)"]
    links += [f"[{os.path.splitext(file)[0].split('_')[-1]}](figures/{file})" for file in pictures]
    cells = (
        f"{_flagfile(name)}, {method}", str(len(results)), *_kept(name, results),
        _worst(results, lambda result, factor: result["leakage"][factor]),
        _worst(results, lambda result, factor: _probe(result, factor)),
        _identity(results),
        _aucs(results),
        f"{_over([result['squared_error_per_sequence'] for result in results])} "
        f"({baselines['mean_image']:.0f}, {baselines['first_frame']:.0f})",
        f"{results[0]['budget']['passes']:.3g}, {_minutes(results)}", ", ".join(links),
    )
    return f"| {' | '.join(cells)} |"


def _kept(name, results):
    """Static and dynamic accuracy in %, the paper's in brackets; empty where the data have no such factor."""
    return ["" if not results[0][key] else _over([100 * result[key]["accuracy"] for result in results])
            + (f" ({paper:.2f})" if paper else "")
            for key, paper in zip(("static_kept", "dynamic_kept"), VIDEO[name][1], strict=True)]


def _aucs(results):
    return ", ".join(_over([result["match"][code]["auc"] for result in results], 2) for code in ("z_c", "z_m"))


def _minutes(results):
    return f"{results[0]['budget']['seconds'] / 60:.0f}"


def _probe(result, factor):
    """The linear probe of a factor from the code that should not contain it."""
    return result["probes"]["linear"][result["leakage"][factor]["code"]][factor]


def _worst(results, row):
    """The factor furthest above chance on average over seeds, with the code it is read from, and its chance."""
    def excess(factor):
        return sum(row(result, factor)["accuracy"] - row(result, factor)["chance"] for result in results)

    factor = max(results[0]["leakage"], key=excess)
    rows = [row(result, factor) for result in results]
    return (f"{factor} from {results[0]['leakage'][factor]['code']} {_over([100 * r['accuracy'] for r in rows])} "
            f"({100 * rows[0]['chance']:.1f})")


def _over(values, digits=1):
    """The mean of `values`, ± their standard deviation where there are several."""
    text = f"{sum(values) / len(values):.{digits}f}"
    return text if len(values) == 1 else f"{text} ± {statistics.stdev(values):.{digits}f}"


def _factors(method, result, names):
    """Two rows of a training: z_c of a clip and z_m drawn, and the other way round; leakage in italics."""
    for first, code, drawn in (("static_kept", "z_c", "z_m"), ("dynamic_kept", "z_m", "z_c")):
        cells = []
        for name in names:
            kept = result[first]["per_factor"].get(name)
            row = kept or result["leakage"][name]
            shown = f"{_percent(row)} ± {100 * row['accuracy_std']:.1f}"
            cells.append(shown if kept else f"*{shown}*")
        yield f"| {method}, {code} kept, {drawn} drawn | {' | '.join(cells)} |"


def _percent(row):
    return f"{100 * row['accuracy']:.1f}"


def changes(base, config):
    """The flags that make `config` of `base`, but for those that only say where and how long it runs."""
    fields = [(section, field.name) for section, kind in config_lib.SECTIONS.items()
              for field in dataclasses.fields(kind) if field.name not in _PLACES]
    values = {name: [getattr(getattr(c, section), name) for c in (base, config)] for section, name in fields}
    return [_flag(name, new) for name, (old, new) in values.items() if old != new]


def _flag(name, value):
    """A flag as typed on the command line."""
    if isinstance(value, bool):
        return f"--{name}" if value else f"--no{name}"
    return f"--{name}=" + (",".join(map(_part, value)) if isinstance(value, tuple) else f"{value}")


def _part(value):
    """A name, a number or a point of a schedule, of several."""
    return value if isinstance(value, str) else schedule.as_text((value,) if isinstance(value, tuple) else value)


if __name__ == "__main__":
    entry_point.run(main)
