"""What an evaluation leaves in the folder of its run: metrics.json, pictures and report.html."""

import os

import numpy as np

from rwae_tf import figures
from rwae_tf.evaluation import action_matching, clip_figures, comparison, report, speech_figures
from rwae_tf.evaluation.inputs import BATCH
from rwae_tf.figures import grids
from rwae_tf.metrics import collapse, embedding
from rwae_tf.models import voice_conversion
from rwae_tf.runs import run_dir
from rwae_tf.utils import files, json_file

_PICTURED = 6
_MAPPED = 1000  # clips on the map of the content codes


def write(inputs, result, command):
    """Write all files of an evaluation.

    Args:
      inputs: `EvaluationInputs`.
      result: what `evaluators.evaluate` measured.
      command: what was called, for the page.

    Returns:
      Paths: of metrics.json, of the pictures and of the page.
    """
    folder = comparison.folder_of(inputs.run.folder, inputs.split)
    files.make_folder(folder)
    path = os.path.join(folder, "metrics.json")
    json_file.write(result, path)
    write_pictures = _write_speech if inputs.is_speech else _write_clips
    pictures = write_pictures(inputs, folder, result.get("action"))
    return [path, *pictures, _write_page(inputs, result, command, pictures, os.path.join(folder, "report.html"))]


def _write_clips(inputs, folder, action):
    """Write pictures of the verbs on test clips and, with a matching of actions, of actions; returns their paths."""
    model, test = inputs.model, inputs.test
    real = next(test.batches(2 * _PICTURED))["x"]
    both = np.resize(real, (max(2, len(real)), *real.shape[1:]))  # a single clip is shown with its own motion
    drawn = model.generate(num=2 * _PICTURED, length=4 * test.spec.length)
    clips = {"generate.png": drawn[:_PICTURED, : grids.FRAMES_ACROSS], "generate.gif": drawn}
    if inputs.has_encoder:
        clips |= {"reconstruct.png": clip_figures.pair_reconstructions(model, real[:_PICTURED]),
                  "swap.png": clip_figures.swap_halves(model, both)}
    paths, scale = [os.path.join(folder, name) for name in clips], clip_figures.choose_scale(model)
    for path, pictured in zip(paths, clips.values(), strict=True):
        figures.write(np.asarray(pictured), path, scale=scale)
    if action:
        table, names = action_matching.draw_table(model, _PICTURED, test.spec.length, model.config.training.seed,
                                                  action)
        paths += [os.path.join(folder, "actions.png")]
        figures.write(table, paths[-1], scale=scale, names=names)
    return paths


def _write_speech(inputs, folder, action):
    """Write spectrograms and sound of the verbs on test utterances; returns their paths."""
    del action
    model, test = inputs.model, inputs.test

    def choose_utterances(segments, num):
        rows = voice_conversion.find_loudest_stretches(test, segments * test.spec.length)
        chosen = np.linspace(0, len(rows) - 1, min(num, len(rows))).astype(int)
        return voice_conversion.join_segments(test, rows[chosen])

    longest = int(np.bincount(test.utterances).max())
    short = choose_utterances(1, speech_figures.FIG_11_CLIPS)
    long = choose_utterances(min(speech_figures.SEGMENTS, longest), _PICTURED)
    drawn = {"reconstruct.png": speech_figures.draw_reconstructions(model, long),
             "swap.png": (speech_figures.draw_swap_table(model, short), speech_figures.draw_swaps(model, long)[1]),
             "generate.png": speech_figures.draw_samples(model, _PICTURED, long.shape[1], seed=0)}
    return [path for name, (pictures, clips) in drawn.items()
            for path in speech_figures.write(model, pictures, clips, os.path.join(folder, name))]


def _write_page(inputs, result, command, pictures, path):
    """Write the page of an evaluation, with the `pictures` of these paths in it, to `path`, which it returns."""
    test, folder = inputs.test, inputs.run.folder
    chosen, points = np.linspace(0, len(test) - 1, min(_MAPPED, len(test))).astype(int), None
    if inputs.has_encoder:
        encode, parts = inputs.encode, np.array_split(chosen, -(-len(chosen) // BATCH))
        codes = np.concatenate([encode(test.batch(part)["x"]).z_c for part in parts])
        points = embedding.tsne(codes, inputs.model.config.training.seed)
    report.write(path, report.page(
        folder, command, result, collapse.summarize_contents(result) if result.get("usage") else None,
        {os.path.basename(name): files.read(name) for name in pictures}, points, test.labels(chosen), test.spec,
        run_dir.read_log(run_dir.metrics_path(folder))))
    return path
