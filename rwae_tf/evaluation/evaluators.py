r"""Measure a trained model on every test sequence.

    python -m rwae_tf.evaluate --run_dir=runs/quickstart
    python -m rwae_tf.evaluate --run_dir=runs/sprites --judge_dir=judges/sprites --data_dir=DATA

Leaves run_dir/evaluation/metrics.json, figures and report.html, one page with all of it, and prints a table. What
the codes hold is measured by a judge that `rwae_tf.judge` has trained. Of a weakly supervised model it says in
run_dir/actions.json which learned category means which class. Settings are tuned with --split=validation, on
training clips that --validation_fraction kept from the training; that leaves run_dir/evaluation_validation/.
"""

import dataclasses
import functools
import itertools
import os
import shlex

from absl import flags as absl_flags

from rwae_tf import config as config_lib
from rwae_tf import entry_point
from rwae_tf.config import flags
from rwae_tf.errors import InputError
from rwae_tf.evaluation import action_matching
from rwae_tf.utils import files, json_file

_BATCH = 100
_MEAN_FROM = 10_000  # training sequences behind the mean image
_PICTURED = 6
_MAPPED = 1000  # clips on the map of the content codes


def _define():
    values = flags.new()
    string = functools.partial(absl_flags.DEFINE_string, flag_values=values)
    string("run_dir", "", "Folder of a training run.")
    string("judge_dir", "", "Folder of a judge of these data; without one, the codes are not measured.")
    string("data_dir", "", "Folder of the data; by default where they were in training.")
    string("inception_weights", "", "File of Keras's InceptionV3 without top; without it, there is no FID.")
    absl_flags.DEFINE_enum("split", "test", ["test", "validation"], "Which clips to measure on.", flag_values=values)
    absl_flags.DEFINE_integer("repeats", 5, "Random draws that means and deviations are over.", 1, flag_values=values)
    flags.define_accept_changed_data(values)
    return values


def main(argv):
    """Evaluate as `argv` says; see the module's docstring."""
    values = _define()
    if not flags.parse(values, argv, __doc__):
        return 0
    flags.required(values, "run_dir")

    from rwae_tf import data
    from rwae_tf.evaluation import console
    from rwae_tf.judges import storage as judge_storage
    from rwae_tf.metrics import inception, match
    from rwae_tf.runs import run_dir

    model = run_dir.load(values.run_dir)
    config = model.config
    if values.data_dir:
        config = dataclasses.replace(config, data=dataclasses.replace(config.data, data_dir=values.data_dir))
    length = config.evaluation.test_length or config.data.length
    train, test = (data.from_config(config.data, split, length, config.training.seed)
                   for split in ("train", values.split))
    changed = _changed_data(values, config, train)
    if test.spec.modality == "speech" and values.judge_dir:
        raise InputError(f"--judge_dir={values.judge_dir}: a judge reads pictures; of speech, equal error rates are "
                         "measured without one")
    for name in ("judge_dir", "inception_weights"):
        if values[name].value and len(test) < 2:
            raise InputError(f"--{name}={values[name].value}: its measures compare clips, and split={values.split} has "
                             f"{len(test)}; leave it out, or add data")
    judge = network = None
    if values.inception_weights:  # before the work, which is in vain with what does not fit
        network = inception.load(values.inception_weights, test.spec.frame_shape)
    if values.judge_dir:
        judge = judge_storage.load(values.judge_dir, dataclasses.replace(config.data, length=length), test.spec)
    result = {"split": values.split, **measure(model, train, test), "match": matched(model, test),
              "terms": run_dir.last_terms(values.run_dir)}
    if config.model.action_size:
        result["action"] = action_matching.matched(model, train)
        json_file.write(result["action"], run_dir.actions_path(values.run_dir))
    if judge:
        result.update(judged(model, test, *judge, values.repeats, result.get("action")))
        result["judge"]["dir"] = values.judge_dir
    if network:
        result.update(frame_fid(model, test, network, values.repeats))
    if test.spec.modality == "speech":
        result.update(verified(model, train, test))
    result["verdicts"] = result.get("verdicts", []) + match.verdicts(result["match"], result["terms"])
    if changed:
        result["data_changed"] = changed
    result["config"] = config_lib.to_dict(config)
    folder = os.path.join(values.run_dir, "evaluation" if values.split == "test" else f"evaluation_{values.split}")
    files.make_folder(folder)
    path = os.path.join(folder, "metrics.json")
    json_file.write(result, path)
    pictures = draw(model, test, folder, result.get("action"))
    command = "python -m rwae_tf.evaluate " + shlex.join(argv[1:])
    page = write_report(model, test, result, values.run_dir, command, pictures, os.path.join(folder, "report.html"))
    print("\n".join([*console.lines(result), path, *pictures, page]))
    return 0


def _changed_data(values, config, train):
    """What of the training clips changed since the run was made, in words; refused unless the flag accepts it."""
    from rwae_tf import data
    from rwae_tf.runs import data_record

    if train.spec.length != config.data.length:  # those of the record
        train = data.from_config(config.data, "train", seed=config.training.seed)
    return data_record.check(values.run_dir, train, config.data.data_dir, values.accept_changed_data)


def _encoder(model):
    """x -> `Codes` as the model's configuration has them evaluated: means or samples."""
    if model.config.evaluation.evaluate_content == "mean":
        return model.encode
    return functools.partial(model.encode, sample=True, seed=model.config.training.seed)


def measure(model, train, test):
    """Numbers of a model over all of `test`: squared error per sequence beside its baselines, and the budget.

    Errors are those of eq. 9: of speech, between normalized spectra.
    """
    import numpy as np

    from rwae_tf import reconstruction as scale
    from rwae_tf.metrics import squared_error
    from rwae_tf.training import distribution

    encode, normalized = _encoder(model), functools.partial(scale.normalized, spec=model.spec)
    chosen = np.arange(0, len(train), -(-len(train) // _MEAN_FROM))
    parts = np.array_split(chosen, -(-len(chosen) // _BATCH))
    mean = squared_error.mean_frame(normalized(train.batch(part)["x"]) for part in parts)
    found = squared_error.summary(
        lambda: (normalized(batch["x"]) for batch in test.batches(_BATCH)),
        lambda x: normalized(model.decode(encode(scale.restored(x, model.spec)))), mean)
    passes = round(model.budget["sequences"] / len(train), 3)
    return {**found, "budget": {"passes": passes, **model.budget, "hardware": distribution.hardware()}}


def _verbs(model, generate):
    from rwae_tf.metrics import interventions

    return interventions.Verbs(
        model.encode, functools.partial(model.encode, sample=True), model.parameters, model.decode, generate, model.draw
    )


def matched(model, test):
    """How well the codes of `test` match their priors, see `metrics.match.measure`."""
    from rwae_tf.metrics import interventions

    return interventions.matched(test.batches(_BATCH), _verbs(model, model.generate),
                            interventions.Seeds(model.config.training.seed))


def judged(model, test, judge, record, repeats, action=None):
    """What a judge tells of a model over all of `test`, and what it is itself; see `metrics.evaluation.measure`."""
    from rwae_tf.evaluation import evaluators
    from rwae_tf.utils import progress

    line = progress.Progress(evaluators.draws(len(test), test.spec, repeats, _BATCH, action))
    calls = itertools.count(1)

    def generate(**given):
        line.show(next(calls), lambda: "drawing clips and judging them")
        return model.generate(**given)

    verbs = _verbs(model, generate)
    seed, codes = model.config.training.seed, model.config.evaluation.evaluate_content
    result = evaluators.measure(lambda: test.batches(_BATCH), judge, verbs, test.spec, repeats, seed, codes, action)
    line.close()
    known = {name: record[name] for name in ("architecture", "seed", "accuracy", "threshold", "classes", "test_clips")}
    result["judge"] = {**known, "on_real": result.pop("judge_on_real")}
    return {**result, "repeats": repeats, "codes": codes}


def verified(model, train, test):
    """Equal error rates of speech over all of `test`, see `metrics.verification.measure`; None and why without trials.

    With them, of how many of the speakers the model has also been trained on other or the same utterances.
    """
    import numpy as np

    from rwae_tf.metrics import verification

    speakers, known = (clips.labels(np.arange(len(clips)))["speaker"] for clips in (test, train))
    try:
        found = verification.measure(test.batches(_BATCH), model.encode, test.utterances, speakers)
    except InputError as error:
        return {"eer": None, "eer_note": str(error)}
    return {"eer": {**found, "speakers_trained_on": len(set(speakers.tolist()) & set(known.tolist()))}}


def frame_fid(model, test, network, repeats):
    """FID of frames over `test`, with `network`, an `inception.Network`; see `metrics.inception.fid`."""
    from rwae_tf.metrics import inception
    from rwae_tf.utils import progress

    length, done = test.spec.length, 0
    line = progress.Progress((1 + repeats) * len(inception.choose(len(test), length)[0]))

    def features(pictures):
        nonlocal done
        done += len(pictures)
        line.show(done, lambda: "frames through InceptionV3")
        return network.features(pictures)

    found = inception.fid(lambda: (batch["x"] for batch in test.batches(_BATCH)), len(test), length, model.generate,
                          network._replace(features=features), repeats, model.config.training.seed)
    line.close()
    return {**found, "repeats": repeats}


def draw(model, test, folder, action=None):
    """Pictures of the verbs on test sequences and, with the result of `acting.matched`, of actions; their paths."""
    import numpy as np

    from rwae_tf import figures, generate

    if test.spec.modality == "speech":
        return _draw_speech(model, test, folder)
    real = next(test.batches(2 * _PICTURED))["x"]
    both = np.resize(real, (max(2, len(real)), *real.shape[1:]))  # a single clip is shown with its own motion
    drawn = model.generate(num=2 * _PICTURED, length=4 * test.spec.length)
    clips = {"reconstruct.png": generate.pairs(model, real[:_PICTURED]), "swap.png": generate.swaps(model, both),
             "generate.png": drawn[:_PICTURED, : figures.grids.FRAMES_ACROSS], "generate.gif": drawn}
    paths = [os.path.join(folder, name) for name in clips]
    for path, pictured in zip(paths, clips.values(), strict=True):
        figures.write(np.asarray(pictured), path, scale=generate.scale(model))
    if action:
        table, names = action_matching.table(model, _PICTURED, test.spec.length, model.config.training.seed, action)
        paths += [os.path.join(folder, "actions.png")]
        figures.write(table, paths[-1], scale=generate.scale(model), names=names)
    return paths


def _draw_speech(model, test, folder):
    """Spectrograms and sound of the verbs on test utterances; returns their paths."""
    import numpy as np

    from rwae_tf import spoken

    def spread(segments, num):
        rows = spoken.stretches(test, segments * test.spec.length)
        return spoken.joined(test, rows[np.linspace(0, len(rows) - 1, min(num, len(rows))).astype(int)])

    longest = int(np.bincount(test.utterances).max())
    short, long = spread(1, spoken.MATRIX), spread(min(spoken.SEGMENTS, longest), _PICTURED)
    shown = {"reconstruct.png": spoken.reconstruct(model, long),
             "swap.png": (spoken.matrix(model, short), spoken.swap(model, long)[1]),
             "generate.png": spoken.generate(model, _PICTURED, long.shape[1], seed=0)}
    return [path for name, (pictures, clips) in shown.items()
            for path in spoken.write(model, pictures, clips, os.path.join(folder, name))]


def write_report(model, test, result, run_dir, command, pictures, path):
    """Write the page of an evaluation, with the `pictures` of these paths in it, to `path`, which it returns."""
    import numpy as np

    from rwae_tf.evaluation import report
    from rwae_tf.metrics import collapse, embedding
    from rwae_tf.runs import run_dir as run_dir_lib

    encode, chosen = _encoder(model), np.linspace(0, len(test) - 1, min(_MAPPED, len(test))).astype(int)
    parts = np.array_split(chosen, -(-len(chosen) // _BATCH))
    codes = np.concatenate([encode(test.batch(part)["x"]).z_c for part in parts])
    report.write(path, report.page(
        run_dir, command, result, collapse.holds(result) if "judge" in result else None,
        {os.path.basename(name): files.read(name) for name in pictures},
        embedding.tsne(codes, model.config.training.seed), test.labels(chosen), test.spec,
        run_dir_lib.read_log(run_dir_lib.metrics_path(run_dir))))
    return path


def cli():
    """Console script."""
    entry_point.run(main)


if __name__ == "__main__":
    cli()
