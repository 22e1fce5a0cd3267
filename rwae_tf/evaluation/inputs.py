"""What an evaluation works on: a run, its data, and the networks that judge its clips, all checked before the work."""

import dataclasses
import functools
from typing import Any, NamedTuple, Optional

from rwae_tf import data
from rwae_tf.config import Config
from rwae_tf.errors import InputError
from rwae_tf.judges import storage
from rwae_tf.metrics import inception
from rwae_tf.runs import data_record, run_dir
from rwae_tf.runs.run_dir import Run

BATCH = 100


class EvaluationInputs(NamedTuple):
    """What the evaluators measure, and by what.

    Attributes:
      run: the `Run`.
      config: its `Config`, with the folder that the data are read from now.
      train, test: `Clips` of the training split and of the split that is measured.
      split: the name of the latter, "test" or "validation".
      repeats: random draws that means and deviations are over.
      judge: a judge of such clips and judge_record, its judge.json, and judge_dir, its folder; None without one.
      network: an `inception.Network`; None for no FID.
      changed_data: what differs between the training clips now and those of the training, "" for nothing.
    """

    run: Run
    config: Config
    train: Any
    test: Any
    split: str
    repeats: int
    judge: Any = None
    judge_record: Any = None
    judge_dir: str = ""
    network: Optional[inception.Network] = None
    changed_data: str = ""

    @property
    def model(self):
        """The model of the run."""
        return self.run.model

    @property
    def is_speech(self):
        """Whether the clips are speech, else they are video."""
        return self.test.spec.modality == "speech"

    @property
    def encode(self):
        """Function x -> `Codes` as the model's configuration has them evaluated: means or samples."""
        if self.model.config.evaluation.evaluate_content == "mean":
            return self.model.encode
        return functools.partial(self.model.encode, sample=True, seed=self.model.config.training.seed)

    def batches(self):
        """All clips that are measured, as an iterable of {"x", "labels"}."""
        return self.test.batches(BATCH)


def load(folder, data_dir="", split="test", repeats=5, judge_dir="", inception_weights="", accept_changed_data=False):
    """Load what an evaluation works on.

    Args:
      folder: of the run.
      data_dir: folder of the data; "" for where they were in training.
      split: "test" or "validation".
      repeats: random draws that means and deviations are over.
      judge_dir: folder of a judge; "" for none.
      inception_weights: file of Keras's InceptionV3 without top; "" for none.
      accept_changed_data: whether training clips may differ from those of the training.

    Returns:
      `EvaluationInputs`.

    Raises:
      InputError: for a run, data, a judge or weights that are missing, damaged or do not fit one another.
    """
    run = run_dir.load_run(folder)
    config = run.model.config
    if data_dir:
        config = dataclasses.replace(config, data=dataclasses.replace(config.data, data_dir=data_dir))
    length = config.evaluation.test_length or config.data.length
    train, test = (data.from_config(config.data, name, length, config.training.seed) for name in ("train", split))
    changed = _changed_data(run, config, train, accept_changed_data)
    _check_modality(test, split, judge_dir=judge_dir, inception_weights=inception_weights)
    network = inception.load(inception_weights, test.spec.frame_shape) if inception_weights else None
    judge = record = None
    if judge_dir:
        judge, record = storage.load(judge_dir, dataclasses.replace(config.data, length=length), test.spec)
    return EvaluationInputs(run, config, train, test, split, repeats, judge, record, judge_dir, network, changed)


def _changed_data(run, config, train, accept):
    """What of the training clips changed since the run was made, in words; refused unless `accept`."""
    if train.spec.length != config.data.length:  # those of the record
        train = data.from_config(config.data, "train", seed=config.training.seed)
    return data_record.check(run.folder, train, config.data.data_dir, accept)


def _check_modality(test, split, **networks):
    """Refuse networks, named by their flags, that cannot measure these clips."""
    if test.spec.modality == "speech" and networks["judge_dir"]:
        raise InputError(f"--judge_dir={networks['judge_dir']}: a judge reads pictures; of speech, equal error rates "
                         "are measured without one")
    for name, path in networks.items():
        if path and len(test) < 2:
            raise InputError(f"--{name}={path}: its measures compare clips, and split={split} has {len(test)}; leave "
                             "it out, or add data")
