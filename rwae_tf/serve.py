"""Serve exported models over TensorFlow Serving's REST interface, with a page to play with at /.

    python -m rwae_tf.serve --model=export/models/sprites
    python -m rwae_tf.serve --model=runs/sprites --model=faces=pretrained/faces_32

A model is the folder of its versions, as `rwae_tf.export` writes it; or a run or a pretrained model, which is exported
first. For laptops and tests: it listens on the loopback interface and asks nobody for a password.
"""

import functools

from absl import flags as absl_flags

from rwae_tf import entry_point
from rwae_tf.config import flags
from rwae_tf.errors import InputError
from rwae_tf.utils import cache_dir


def _define():
    values = flags.new()
    string, several, integer, number = (functools.partial(define, flag_values=values) for define in (
        absl_flags.DEFINE_string, absl_flags.DEFINE_multi_string, absl_flags.DEFINE_integer, absl_flags.DEFINE_float))
    several("model", [], "[NAME=]FOLDER of a model; may be given several times.")
    several("label", [], "[MODEL/]LABEL=VERSION, a name for a version; may be given several times.")
    integer("num_versions", 1, "How many of the newest versions of each model are served.", 1)
    string("host", "127.0.0.1", "Address to listen on; 0.0.0.0 is open to the network.")
    integer("port", 8501, "Port to listen on; 0 takes a free one.", 0, 65535)
    number("max_body_mb", 32, "Megabytes of one request; larger ones are refused.", 0.001)
    integer("max_queue", 128, "Requests at a time; more are answered with status 503.", 1)
    integer("max_batch_size", 64, "Clips that requests which wait are joined up to; 1 joins none.", 1)
    integer("num_batch_threads", 2, "Runs of models at a time.", 1)
    number("read_timeout", 30, "Seconds within which a request must have arrived.", 0.1)
    number("timeout", 60, "Seconds within which it must be answered.", 0.1)
    number("poll_seconds", 1, "Seconds between two looks for new versions.", 0.1)
    return values


def main(argv):
    """Serve as `argv` says; see the module's docstring."""
    values = _define()
    if not flags.parse(values, argv, __doc__):
        return 0
    flags.required(values, "model")
    try:
        from rwae_tf.serving.server import app, run
    except ModuleNotFoundError as error:
        raise InputError(f"{error.name} is not installed; pip install -e '.[serve]'") from None

    folders = run.models(values.model, cache_dir.path("exports"))
    limits = app.Limits(
        max_body_bytes=round(values.max_body_mb * 2**20), max_queue=values.max_queue,
        read_seconds=values.read_timeout, answer_seconds=values.timeout, max_batch_size=values.max_batch_size,
        num_batch_threads=values.num_batch_threads, poll_seconds=values.poll_seconds)
    run.serve(folders, run.labels(values.label, folders), values.num_versions, values.host, values.port, limits)
    return 0


def cli():
    """Console script."""
    entry_point.run(main)


if __name__ == "__main__":
    cli()
