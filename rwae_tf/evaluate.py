r"""Measure a trained model on every test sequence.

    python -m rwae_tf.evaluate --run_dir=runs/quickstart
    python -m rwae_tf.evaluate --run_dir=runs/sprites --data_dir=DATA

Leaves run_dir/evaluation/metrics.json and figures, and prints a table.
"""

import dataclasses
import os
import platform

from absl import flags as absl_flags

from rwae_tf import config as config_lib
from rwae_tf import errors, flags, json_file

_BATCH = 100
_MEAN_FROM = 10_000  # training sequences behind the mean image
_PICTURED = 6


def main(argv):
    """Evaluate as `argv` says; see the module's docstring."""
    values = flags.new()
    absl_flags.DEFINE_string("run_dir", "", "Folder of a training run.", flag_values=values)
    absl_flags.DEFINE_string("data_dir", "", "Folder of the data; by default where they were in training.",
                             flag_values=values)
    if not flags.parse(values, argv, __doc__):
        return 0
    flags.required(values, "run_dir")

    from rwae_tf import data
    from rwae_tf.training import run_dir

    model = run_dir.load(values.run_dir)
    config = model.config
    if values.data_dir:
        config = dataclasses.replace(config, data=dataclasses.replace(config.data, data_dir=values.data_dir))
    length = config.evaluation.test_length or config.data.length
    train, test = (data.from_config(config.data, split, length, config.training.seed) for split in ("train", "test"))
    result = measure(model, train, test)
    folder = os.path.join(values.run_dir, "evaluation")
    os.makedirs(folder, exist_ok=True)
    result["config"] = config_lib.to_dict(config)
    json_file.write(result, os.path.join(folder, "metrics.json"))
    pictures = draw(model, test, folder)
    _print(result, [os.path.join(folder, "metrics.json"), *pictures])
    return 0


def measure(model, train, test):
    """Numbers of a model over all of `test`: squared error per sequence beside its floors, and the budget."""
    import numpy as np

    from rwae_tf.metrics import reconstruction

    def sequences(clips):
        return (batch["x"] for batch in clips.batches(_BATCH))

    def reconstruct(x):
        if model.config.evaluation.evaluate_content == "mean":
            return model.reconstruct(x)
        return model.decode(model.encode(x, sample=True, seed=model.config.training.seed))

    chosen = np.arange(0, len(train), -(-len(train) // _MEAN_FROM))
    parts = np.array_split(chosen, -(-len(chosen) // _BATCH))
    mean = reconstruction.mean_frame(train.batch(part)["x"] for part in parts)
    found = reconstruction.squared_errors(sequences(test), reconstruct)
    return {
        "squared_error_per_sequence": float(found.mean()),
        "squared_error_std": float(found.std()),
        "floors": reconstruction.floors(lambda: sequences(test), mean),
        "test_sequences": len(found),
        "budget": {"passes": round(model.budget["sequences"] / len(train), 3), **model.budget, "hardware": hardware()},
    }


def hardware():
    """The processors at hand, in words."""
    import tensorflow as tf

    gpus = [tf.config.experimental.get_device_details(g).get("device_name", "GPU")
            for g in tf.config.list_physical_devices("GPU")]
    return ", ".join(gpus) or f"{os.cpu_count()} CPU cores ({platform.machine()}), no GPU"


def draw(model, test, folder):
    """Pictures of the verbs on test sequences; returns their paths."""
    import numpy as np

    from rwae_tf import figures, generate

    real = next(test.batches(2 * _PICTURED))["x"]
    clips = {"reconstruct.png": generate.pairs(model, real[:_PICTURED]), "swap.png": generate.swaps(model, real),
             "generate.gif": model.generate(num=2 * _PICTURED, length=4 * test.spec.length)}
    paths = [os.path.join(folder, name) for name in clips]
    for path, pictured in zip(paths, clips.values(), strict=True):
        figures.write(np.asarray(pictured), path, scale=generate.scale(model))
    return paths


def _print(result, paths):
    floors = result["floors"]
    print(f"{'squared error per sequence':36}{result['squared_error_per_sequence']:10.1f}"
          f"   over {result['test_sequences']} test sequences")
    print(f"{'  floor: mean training image':36}{floors['mean_image']:10.1f}")
    print(f"{'  floor: first frame repeated':36}{floors['first_frame']:10.1f}")
    budget = result["budget"]
    print(f"budget: {budget['passes']} passes, {budget['sequences']} sequences, {budget['seconds']:.0f} s on "
          f"{budget['hardware']}")
    for path in paths:
        print(path)


def cli():
    """Console script."""
    errors.run(main)


if __name__ == "__main__":
    cli()
