"""Export a trained model as a SavedModel, the next version in a folder that TensorFlow Serving can watch.

    python -m rwae_tf.export --run_dir=runs/sprites --export_dir=export/models/sprites
    python -m rwae_tf.export --run_dir=runs/sprites --export_dir=export/onnx/sprites --format=onnx

From Python: `rwae_tf.export("runs/sprites", "export/models/sprites")`.
"""

# The package's __init__ imports `export` from here, so that the name `rwae_tf.export` is the function whatever is
# imported later. That is why this command is a folder: `python -m` warns of a file that is imported before it runs.
# All that is not cheap is imported where it is needed.

from rwae_tf.errors import InputError
from rwae_tf.serving.assets import FORMATS, MAX_LENGTH


def export(run_dir: str, export_dir: str, max_length: int = MAX_LENGTH, format: str = "saved_model",
           length: int = 0) -> str:
    """Write the newest checkpoint of `run_dir` to `export_dir`/<next version> and return that path.

    Args:
      run_dir: a folder that `rwae_tf.train` left.
      export_dir: folder of all versions of this model; made if need be.
      max_length: of a SavedModel, frames that a request may ask `generate` for.
      format: one of `serving.assets.FORMATS`; `serving.portable` says what ONNX and LiteRT have.
      length: of LiteRT, frames of a clip; 0 takes those of training.

    Raises:
      InputError: if `run_dir` holds no trained model, `export_dir` is a file, or an option is wrong.
    """
    from rwae_tf.compat import keras_settings

    if line := keras_settings.fault():  # before Keras is imported, which may fail
        raise InputError(line)
    from rwae_tf.runs import run_dir as run_dir_lib
    from rwae_tf.serving import portable, saved_model

    run = run_dir_lib.load_run(run_dir)
    what = run.model, export_dir, run.budget, run_dir_lib.read_actions(run)
    return saved_model.export(*what, max_length) if format == "saved_model" else portable.export(*what, format, length)


def main(argv):
    """Export as `argv` says; see the module's docstring."""
    from absl import flags as absl_flags

    from rwae_tf.config import flags

    values = flags.new()
    absl_flags.DEFINE_string("run_dir", "", "Folder of a training run.", flag_values=values)
    absl_flags.DEFINE_string("export_dir", "", "Folder of all versions of this model.", flag_values=values)
    absl_flags.DEFINE_integer("max_length", MAX_LENGTH, "Maximum frames per request.", 1, 2**31 - 1, flag_values=values)
    absl_flags.DEFINE_enum("format", "saved_model", FORMATS, "What is written.", flag_values=values)
    absl_flags.DEFINE_integer("length", 0, "Frames of a LiteRT clip; 0: of training.", 0, flag_values=values)
    if not flags.parse(values, argv, __doc__):
        return 0
    flags.required(values, "run_dir", "export_dir")
    print(export(values.run_dir, values.export_dir, values.max_length, values.format, values.length))
    return 0


def cli():
    """Console script."""
    from rwae_tf import entry_point

    entry_point.run(main)
