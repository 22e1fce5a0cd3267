"""Make a pretrained model of an evaluated run: weights, configuration, model card, checksums, and its judge.

    python tools/make_pretrained.py --run_dir=runs/cpu_sprites --name=sprites_32 --judge_dir=judges/sprites --data_dir=D

writes pretrained/NAME; a model of speech has no judge. Matrices are stored in float16 where that changes no number of
the results table by more than half a unit of its last digit, or as shown. Both kinds of weights are measured once, on
--compared test clips, of speech on all. Otherwise, and with --weights=float32, all is stored as it is;
with --weights=float16, matrices are narrow whatever that changes.
"""

import dataclasses
import functools
import os
import shutil
import tempfile

import numpy as np
import pretrained_card
from absl import flags as absl_flags

from rwae_tf import config as config_lib
from rwae_tf import entry_point
from rwae_tf.config import flags
from rwae_tf.errors import InputError
from rwae_tf.evaluation import comparison
from rwae_tf.runs import pretrained
from rwae_tf.utils import json_file

LICENCES = {  # data: what they are, and their licence
    "sprites": ("Sprites (Li and Mandt 2018), drawn from the art of the Liberated Pixel Cup (lpc.opengameart.org)",
                "CC BY-SA 3.0 and GNU GPL 3.0; CREDITS.md names the authors. Weights learned from the art are shared "
                "under the same terms"),
    "moving_shapes": ("Moving-Shape, drawn by this package", "Apache 2.0, as the package"),
    "sm_mnist": ("Stochastic moving MNIST, of the digits of LeCun, Cortes and Burges", "CC BY-SA 3.0"),
    "rendered_faces": ("ICT Face Model (Li et al. 2020), rendered", "MIT"),
    "librispeech": ("LibriSpeech (Panayotov et al. 2015)", "CC BY 4.0"),
}
_TABLE = {  # numbers of the results table: where in metrics.json, and half a unit of the last digit shown
    "static kept": (("static_kept", "mean"), 0.0005), "dynamic kept": (("dynamic_kept", "mean"), 0.0005),
    "equal error rate of z_c": (("eer", "content"), 0.0005), "equal error rate of z_m": (("eer", "motion"), 0.0005),
    "equal error rate of the deviations of z_m": (("eer", "motion_deviation"), 0.0005),
    "AUC of z_c": (("match", "z_c", "auc"), 0.005), "AUC of z_m": (("match", "z_m", "auc"), 0.005),
    "squared error per sequence": (("squared_error_per_sequence",), 0.05)}
_BATCH = 100


def main(argv):
    """Make what `argv` says; see the module's docstring."""
    values = flags.new()
    string = functools.partial(absl_flags.DEFINE_string, flag_values=values)
    string("run_dir", "", "Folder of an evaluated run.")
    string("name", "", "Name of the pretrained model.")
    string("judge_dir", "", "Folder of the judge that evaluated it.")
    string("data_dir", "", "Folder of the data; by default where they were in training.")
    absl_flags.DEFINE_enum("data", None, list(LICENCES), "What the data are; by default the run's dataset.",
                           flag_values=values)
    absl_flags.DEFINE_enum("weights", "auto", ["auto", "float16", "float32"], "How weights are stored.",
                           flag_values=values)
    absl_flags.DEFINE_multi_string("limit", [], "A limit for the model card beside those that the evaluation found.",
                                   flag_values=values)
    absl_flags.DEFINE_integer("compared", 1000, "Test clips on which both kinds of weights are measured.", 1,
                              flag_values=values)
    string("out_dir", "pretrained", "Folder of all pretrained models.")
    if not flags.parse(values, argv, __doc__):
        return 0
    flags.required(values, "run_dir", "name")

    from rwae_tf.runs import run_dir

    evaluation = comparison.folder_of(values.run_dir)
    metrics = json_file.read(os.path.join(evaluation, "metrics.json"), "measures", "an evaluated run")
    run = run_dir.load_run(values.run_dir)
    model = run.model
    data = values.data or model.config.data.dataset
    if data not in LICENCES:
        raise InputError(f"{values.run_dir}: data {data}, whose licence does not let their models be passed on; for "
                         f"other data say --data={'|'.join(LICENCES)}")
    check = _codes(model)  # of the run's own weights
    arrays = [np.asarray(variable) for variable in model.variables]
    half, report = _narrow(values, model, arrays)
    with tempfile.TemporaryDirectory(dir=_made(values.out_dir)) as part:
        pretrained.write_weights(part, half or arrays)
        record = _record(values, run, metrics, data, "float16" if half else "float32", report, check)
        _write_folder(part, model, values, record)
        size = pretrained.size(part)
        if size > pretrained.LARGEST:
            raise InputError(f"{values.run_dir}: {size / 1e6:.1f} MB as {record['weights']}, more than "
                             f"{pretrained.LARGEST / 1e6:.0f} MB; the repository is no place for it")
        target = os.path.join(values.out_dir, values.name)
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(part, target)
        os.chmod(target, 0o755)  # a temporary folder is its owner's alone
    print(f"{target}: {size / 1e6:.1f} MB, {record['weights']}; {record['summary']}")
    return 0


def _made(folder):
    os.makedirs(folder, exist_ok=True)
    return folder


def _narrow(values, model, arrays):
    """Matrices in float16, and what that changes in words; None for the first where it changes too much."""
    if values.weights == "float32":
        return None, "stored as trained"
    half = [_half(array) for array in arrays]
    if not values.judge_dir and model.spec.modality == "video":
        raise InputError("both kinds of weights are measured; give the --judge_dir that does, or --weights=float32")
    before = _measured(values, model)
    for variable, array in zip(model.variables, half, strict=True):
        variable.assign(array.astype(np.float32) if array.dtype == np.float16 else array)
    after = _measured(values, model)
    report = "; ".join(f"{name} {before[name]:.4f}, {after[name]:.4f}" for name in before)
    print(f"float32, float16: {report}")
    fits = values.weights == "float16" or all(_same(before[name], after[name], _TABLE[name][1]) for name in before)
    clips = "all" if model.spec.modality == "speech" else f"up to {values.compared}"
    return (half if fits else None), f"on {clips} test clips with float32 and float16 matrices: {report}"


def _half(array):
    """A matrix of floats in float16; what else there is as it is."""
    return array.astype(np.float16) if array.ndim >= 2 and array.dtype == np.float32 else array


def _same(before, after, half_unit):
    """Whether two numbers differ by half a unit of the last digit shown at most, or are shown alike."""
    return abs(after - before) <= half_unit or round(before / half_unit / 2) == round(after / half_unit / 2)


def test_clips(model, count, data_dir=""):
    """`count` test clips of the data of a model, evenly spread over them, and their `DataConfig`.

    Of speech, all of them, because speakers are verified by whole utterances.
    """
    from rwae_tf import data
    from rwae_tf.data.base import Subset

    config = model.config.data
    config = dataclasses.replace(config, data_dir=data_dir or config.data_dir,
                                 length=model.config.evaluation.test_length or config.length)
    clips = data.from_config(config, "test", config.length, model.config.training.seed)
    if model.spec.modality == "speech":
        return clips, config
    return Subset(clips, np.linspace(0, len(clips) - 1, min(count, len(clips))).astype(int)), config


def measure(model, clips, judge=None):
    """Some of what `rwae_tf.evaluate` measures, once, with its names; the judge is that of a model of videos."""
    from rwae_tf.metrics import interventions, squared_error
    from rwae_tf.reconstruction import normalized, restored

    spec = model.spec
    errors = squared_error.squared_errors(
        (normalized(batch["x"], spec) for batch in clips.batches(_BATCH)),
        lambda x: normalized(model.reconstruct(restored(x, spec)), spec))
    match = interventions.measure_match(clips.batches(_BATCH), interventions.ModelFunctions.of(model),
                                        interventions.Seeds(0))
    return {**measure_headline(model, clips, judge), "match": match, "squared_error_per_sequence": errors.mean()}


def measure_headline(model, clips, judge=None, repeats=1):
    """Of `measure`, what is kept when the other code is redrawn (so many times), or the equal error rates of speech."""
    from rwae_tf.metrics import interventions, verification

    if model.spec.modality == "speech":
        speakers = clips.labels(np.arange(len(clips)))["speaker"]
        return {"eer": verification.measure(clips.batches(_BATCH), model.encode, clips.utterances, speakers)}
    return interventions.measure_kept(clips.batches(_BATCH), judge, interventions.ModelFunctions.of(model),
                                      model.encode, model.spec, repeats, interventions.Seeds(0))


def _measured(values, model):
    """The numbers of the results table, on some of the test clips."""
    from rwae_tf.judges import storage

    clips, config = test_clips(model, values.compared, values.data_dir)
    judge = storage.load(values.judge_dir, config, clips.spec)[0] if values.judge_dir else None
    result = measure(model, clips, judge)
    return {name: _lookup(result, path) for name, (path, _) in _TABLE.items()
            if _lookup(result, path) is not None}


def _lookup(result, path):
    for name in path:
        result = (result or {}).get(name)
    return result


def probe(spec):
    """The clip whose codes tell whether a model is the one that was trained, [1, T, *frame_shape]."""
    return np.random.default_rng(0).random((1, spec.length, *spec.frame_shape)).astype(np.float32)


def _codes(model):
    codes = model.encode(probe(model.spec))
    return {"z_c": np.asarray(codes.z_c)[0].tolist(), "z_m": np.asarray(codes.z_m)[0, -1].tolist()}


def _record(values, run, metrics, data, weights, report, check):
    """What model.json says."""
    model = run.model
    what, licence = LICENCES[data]
    results = {key: _lookup(metrics, path) for key, (path, _) in _TABLE.items()}
    results = {key: value for key, value in results.items() if value is not None}
    shown = ", ".join(f"{key} {100 * value:.1f} %" for key, value in results.items() if "kept" in key or "rate" in key)
    frame = "×".join(map(str, model.spec.frame_shape))
    subject = what.split(",")[0].split(" (")[0]
    return {"name": values.name, "summary": f"{model.method()}, trained on {subject}, frames {frame}: {shown}",
            "data": what, "licence": licence, "weights": weights, "weights_check": report,
            "budget": {**run.budget, **metrics.get("budget", {})}, "results": results,
            "judge": _lookup(metrics, ("judge", "accuracy")), "limits": pretrained_card.limits(metrics) + values.limit,
            "probe": check}


def _write_folder(folder, model, values, record):
    config = dataclasses.replace(model.config, data=dataclasses.replace(model.config.data, data_dir=""))
    config_lib.save(config, os.path.join(folder, "config.json"))
    json_file.write(model.spec._asdict(), os.path.join(folder, "spec.json"))
    json_file.write(record, os.path.join(folder, pretrained.RECORD))
    with open(os.path.join(folder, pretrained.CARD), "w", encoding="utf-8") as file:
        file.write(pretrained_card.card(model, record))
    actions = os.path.join(values.run_dir, "actions.json")
    if os.path.exists(actions):
        shutil.copy(actions, folder)
    if values.judge_dir:
        copy_judge(values.judge_dir, os.path.join(folder, pretrained.JUDGE))
    pretrained.write_checksums(folder)


def copy_judge(judge_dir, folder):
    """Copy a judge to a new folder, its matrices in float16: its answers hardly change, its size halves."""
    from rwae_tf.judges import storage

    os.mkdir(folder)
    shutil.copy(storage.record_path(judge_dir), storage.record_path(folder))
    with np.load(storage.weights_path(judge_dir)) as weights:
        np.savez_compressed(storage.weights_path(folder), **{name: _half(array) for name, array in weights.items()})


if __name__ == "__main__":
    entry_point.run(main)
