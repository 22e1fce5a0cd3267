"""The evaluators: each says when it applies and what it measures; their results together are metrics.json."""

import functools
import itertools
from typing import Callable, NamedTuple

import numpy as np

from rwae_tf import config as config_lib
from rwae_tf import reconstruction
from rwae_tf.errors import InputError
from rwae_tf.evaluation import action_matching, judge_measures, sample_evaluators
from rwae_tf.evaluation.inputs import BATCH
from rwae_tf.metrics import inception, interventions, match, squared_error, verification
from rwae_tf.runs import run_dir
from rwae_tf.training import distribution
from rwae_tf.utils import json_file, progress

_MEAN_FROM = 10_000  # training sequences behind the mean image


class Evaluator(NamedTuple):
    """One part of an evaluation.

    Attributes:
      name: what it measures.
      applies: function `EvaluationInputs` -> whether it can be measured.
      run: function (`EvaluationInputs`, results of the evaluators before) -> {key of metrics.json: value}.
    """

    name: str
    applies: Callable
    run: Callable


def evaluate(inputs):
    """Run all evaluators that apply.

    Args:
      inputs: `EvaluationInputs`.

    Returns:
      What metrics.json holds, fit for JSON.
    """
    result = {"split": inputs.split, "match": {}}
    for evaluator in EVALUATORS:
        if evaluator.applies(inputs):
            result.update(evaluator.run(inputs, result))
    result["verdicts"] = result.get("verdicts", []) + match.verdicts(result["match"], result["terms"])
    if inputs.changed_data:
        result["data_changed"] = inputs.changed_data
    result["config"] = config_lib.to_dict(inputs.config)
    return result


def _always(inputs):
    del inputs
    return True


def _has_encoder(inputs):
    return inputs.has_encoder


def _has_actions(inputs):
    return inputs.has_encoder and bool(inputs.model.config.model.action_size)


def _measure_reconstruction(inputs, result):
    """Squared error per sequence beside its baselines, and what the training cost.

    Errors are those of eq. 9: of speech, between normalized spectra.
    """
    del result
    model, encode, normalize = inputs.model, inputs.encode, _normalizer(inputs)
    errors = squared_error.summary(
        lambda: (normalize(batch["x"]) for batch in inputs.batches()),
        lambda x: normalize(model.decode(encode(reconstruction.restored(x, model.spec)))), _mean_frame(inputs))
    return {**errors, "budget": _budget(inputs)}


def _measure_baselines(inputs, result):
    """What `_measure_reconstruction` gives, without errors of a model that does not reconstruct."""
    del result
    normalize = _normalizer(inputs)
    baselines = squared_error.measure_baselines(
        lambda: (normalize(batch["x"]) for batch in inputs.batches()), _mean_frame(inputs))
    return {"squared_error_per_sequence": None, "squared_error_std": None, "baselines": baselines,
            "test_sequences": len(inputs.test), "budget": _budget(inputs)}


def _normalizer(inputs):
    """Clips as their dataset gives them -> as the networks see them."""
    return functools.partial(reconstruction.normalized, spec=inputs.model.spec)


def _mean_frame(inputs):
    """The mean frame of training sequences, as the networks see them."""
    train, normalize = inputs.train, _normalizer(inputs)
    chosen = np.arange(0, len(train), -(-len(train) // _MEAN_FROM))
    parts = np.array_split(chosen, -(-len(chosen) // BATCH))
    return squared_error.mean_frame(normalize(train.batch(part)["x"]) for part in parts)


def _budget(inputs):
    """What the training cost."""
    budget = inputs.run.budget
    passes = round(budget["sequences"] / len(inputs.train), 3)
    return {"passes": passes, **budget, "hardware": distribution.hardware()}


def _measure_match(inputs, result):
    """How well the codes match their priors, see `metrics.match.measure`."""
    del result
    model = inputs.model
    return {"match": interventions.measure_match(inputs.batches(), interventions.ModelFunctions.of(model),
                                                 interventions.Seeds(model.config.training.seed))}


def _read_terms(inputs, result):
    """What each term of the objective contributed at the end of the training."""
    del result
    return {"terms": run_dir.last_terms(inputs.run.folder)}


def _match_actions(inputs, result):
    """Which learned category means which class; actions.json of the run keeps it for `generate` and `export`."""
    del result
    action = action_matching.match_actions(inputs.run, inputs.train)
    json_file.write(action, run_dir.actions_path(inputs.run.folder))
    return {"action": action}


def _measure_by_judge(inputs, result):
    """What a judge reads in a model's clips, and what it is itself; see `judge_measures.measure`."""
    model, test, action = inputs.model, inputs.test, result.get("action")
    line = progress.Progress(judge_measures.count_draws(len(test), test.spec, inputs.repeats, BATCH, action))
    seed, codes = model.config.training.seed, model.config.evaluation.evaluate_content
    functions = interventions.ModelFunctions.of(model)._replace(generate=_count_calls(model.generate, line))
    measures = judge_measures.measure(inputs.batches, inputs.judge, functions, test.spec, inputs.repeats, seed, codes,
                                      action)
    line.close()
    return {**_with_judge(measures, inputs), "codes": codes}


def _measure_samples_by_judge(inputs, result):
    """What a judge reads in what a model without an encoder generates; see `sample_evaluators.measure`."""
    del result
    model, test, size = inputs.model, inputs.test, inputs.model.config.model.action_size
    line = progress.Progress(sample_evaluators.count_draws(len(test), test.spec, inputs.repeats, size))
    functions = interventions.ModelFunctions.of(model)._replace(generate=_count_calls(model.generate, line))
    measures = sample_evaluators.measure(inputs.batches, inputs.judge, functions, test.spec, inputs.repeats,
                                         model.config.training.seed, size)
    line.close()
    if "action" in measures:
        measures["action"]["iterations"] = inputs.run.budget["iterations"]
        json_file.write(measures["action"], run_dir.actions_path(inputs.run.folder))
    return _with_judge(measures, inputs)


def _count_calls(generate, line):
    """`generate`, every call of which moves a line of progress on."""
    calls = itertools.count(1)

    def counted(**given):
        line.show(next(calls), lambda: "drawing clips and judging them")
        return generate(**given)

    return counted


def _with_judge(measures, inputs):
    """`measures`, and what the judge is that read them."""
    record = inputs.judge_record
    known = {name: record[name] for name in ("architecture", "seed", "accuracy", "threshold", "classes", "test_clips")}
    measures["judge"] = {**known, "on_real": measures.pop("judge_on_real")}
    measures["judge"]["dir"] = inputs.judge_dir
    return {**measures, "repeats": inputs.repeats}


def _measure_fid(inputs, result):
    """FID of frames, see `metrics.inception.fid`."""
    del result
    test, model, network, frames_done = inputs.test, inputs.model, inputs.network, 0
    line = progress.Progress((1 + inputs.repeats) * len(inception.choose(len(test), test.spec.length)[0]))

    def features(pictures):
        nonlocal frames_done
        frames_done += len(pictures)
        line.show(frames_done, lambda: "frames through InceptionV3")
        return network.features(pictures)

    fid = inception.fid(lambda: (batch["x"] for batch in test.batches(BATCH)), len(test), test.spec.length,
                        model.generate, network._replace(features=features), inputs.repeats,
                        model.config.training.seed)
    line.close()
    return {**fid, "repeats": inputs.repeats}


def _verify_speakers(inputs, result):
    """Equal error rates of speech, see `metrics.verification.measure`; None and why without trials.

    With them, of how many of the speakers the model has also been trained on other or the same utterances.
    """
    del result
    test, train = inputs.test, inputs.train
    speakers, known = (clips.labels(np.arange(len(clips)))["speaker"] for clips in (test, train))
    try:
        rates = verification.measure(inputs.batches(), inputs.model.encode, test.utterances, speakers)
    except InputError as error:
        return {"eer": None, "eer_note": str(error)}
    return {"eer": {**rates, "speakers_trained_on": len(set(speakers.tolist()) & set(known.tolist()))}}


EVALUATORS = (
    Evaluator("squared error and budget", _has_encoder, _measure_reconstruction),
    Evaluator("baselines and budget", lambda inputs: not inputs.has_encoder, _measure_baselines),
    Evaluator("match of codes and priors", _has_encoder, _measure_match),
    Evaluator("terms of the objective", _always, _read_terms),
    Evaluator("matching of actions", _has_actions, _match_actions),
    Evaluator("what each code holds", lambda inputs: inputs.judge is not None and inputs.has_encoder,
              _measure_by_judge),
    Evaluator("what samples show", lambda inputs: inputs.judge is not None and not inputs.has_encoder,
              _measure_samples_by_judge),
    Evaluator("FID of frames", lambda inputs: inputs.network is not None, _measure_fid),
    Evaluator("speaker verification", lambda inputs: inputs.is_speech and inputs.has_encoder, _verify_speakers),
)
