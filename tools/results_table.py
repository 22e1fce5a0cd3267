"""Tables of results in Markdown, from the metrics.json files of `python -m rwae_tf.evaluate`.

    python tools/results_table.py                                # writes the tables of docs/results.md and README.md
    python tools/results_table.py --check                        # fails where a page is out of date

They use docs/results: a row for each training in `SPEECH` and `VIDEO`, and for each of `FACTORS` the accuracy of every
factor with either code. `python -m rwae_tf.compare` compares runs of your own, with the same numbers
(`rwae_tf.evaluation.comparison`).
"""

import glob
import os

import marked_page

from rwae_tf import entry_point
from rwae_tf.errors import InputError
from rwae_tf.evaluation import comparison
from rwae_tf.utils import json_file

_ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
RESULTS = os.path.join(_ROOT, "docs", "results")
PAGE, FRONT = os.path.join(_ROOT, "docs", "results.md"), os.path.join(_ROOT, "README.md")
END = "<!-- end of table -->"
_GAN, _MMD = "R-WAE(GAN)", "R-WAE(MMD)"
_FULL, _FHVAE = "DS-VAE, full q", "FHVAE, α = 10"
VIDEO = {
    "cpu_sprites": (_MMD, (97.55, 94.17), ("sprites_swap.png", "sprites_reconstruct.png", "sprites_generate.png")),
    "cpu_sprites_gan": (_GAN, (98.00, 96.27), ("sprites_gan_swap.png", "sprites_gan_generate.png")),
    "cpu_sprites_ds_vae": ("DS-VAE, factorised q", (96.02, 91.89), ("sprites_ds_vae_swap.png",)),
    "cpu_sprites_ds_vae_full": (_FULL, (None, None), ("sprites_ds_vae_full_swap.png",)),
    "cpu_sprites_c_dsvae": ("C-DSVAE, factorised q", (None, None), ("sprites_c_dsvae_swap.png",)),
    "cpu_sprites_weak": (f"{_MMD}, nine learned actions", (None, None), ("sprites_weak_actions.png",)),
    "cpu_moving_shapes": (_MMD, (80.50, 83.60), ("moving_shapes_swap.png", "moving_shapes_generate.png")),
    "cpu_moving_shapes_ds_vae": ("DS-VAE, factorised q", (77.47, 72.45), ("moving_shapes_ds_vae_swap.png",)),
    "cpu_sm_mnist": (_MMD, (98.22, None), ("sm_mnist_swap.png", "sm_mnist_generate.png")),
    "cpu_sm_mnist_ds_vae": ("DS-VAE, factorised q", (96.69, None), ("sm_mnist_ds_vae_swap.png",)),
    "cpu_mug": (f"{_MMD}, rendered faces", (None, None), ("mug_swap.png",)),
    "cpu_mug_weak": (f"{_MMD}, rendered faces, six learned actions", (None, None), ("mug_weak_actions.png",)),
    "cpu_mug_ds_vae": ("DS-VAE, factorised q, rendered faces", (None, None), ("mug_ds_vae_swap.png",)),
    "cpu_mug_ds_vae_weak": ("DS-VAE, factorised q, rendered faces, six learned actions", (None, None),
                            ("mug_ds_vae_weak_actions.png",)),
    "cpu_mug_weak_gan": (f"{_GAN}, rendered faces, six learned actions", (None, None), ("mug_weak_gan_actions.png",)),
    "quickstart": (_MMD, (80.50, 83.60), ("quickstart_swap.png", "quickstart_generate.png")),
}
"""Name of the result and its flagfile: the method, the paper's static and dynamic accuracy in % (None: other data),
pictures."""
SPEECH = {"librispeech": _MMD, "cpu_librispeech_ds_vae": _FULL, "cpu_librispeech_fhvae": _FHVAE,
          "timit": _MMD, "cpu_timit_ds_vae": _FULL, "cpu_timit_fhvae": _FHVAE}
"""Name of the result and its flagfile: the method."""
FACTORS = ("cpu_sprites", "cpu_sprites_gan")
"""Results of the same factors that docs/results.md shows one by one, of the first seed."""


def main(argv):
    """Write the tables of the pages, or check them."""
    for path, name, made in ((PAGE, "speech", speech()), (PAGE, "video", videos()), (PAGE, "factors", factors()),
                             (FRONT, "results", front())):
        begin = f"<!-- {name}: written by tools/results_table.py -->"
        marked_page.main(argv, path, begin, END, f"\n{made}\n")


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
    drawn, of_data = (comparison.over([100 * result["consistency"][key] for result in results])
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
        comparison.worst(results, comparison.leak),
        comparison.worst(results, comparison.probe),
        _identity(results),
        _aucs(results),
        f"{comparison.over([result['squared_error_per_sequence'] for result in results])} "
        f"({baselines['mean_image']:.0f}, {baselines['first_frame']:.0f})",
        f"{results[0]['budget']['passes']:.3g}, {_minutes(results)}", ", ".join(links),
    )
    return f"| {' | '.join(cells)} |"


def _kept(name, results):
    """Static and dynamic accuracy in %, the paper's in brackets; empty where the data have no such factor."""
    return ["" if not results[0][key] else comparison.over([100 * result[key]["accuracy"] for result in results])
            + (f" ({paper:.2f})" if paper else "")
            for key, paper in zip(("static_kept", "dynamic_kept"), VIDEO[name][1], strict=True)]


def _aucs(results):
    return ", ".join(comparison.over([result["match"][code]["auc"] for result in results], 2)
                     for code in ("z_c", "z_m"))


def _minutes(results):
    return f"{results[0]['budget']['seconds'] / 60:.0f}"


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


if __name__ == "__main__":
    entry_point.run(main)
