"""The judge command: what it leaves, used again, refused; and the judge that a folder gives back."""

import json
import shutil

import numpy as np
import pytest

from rwae_tf import config as config_lib
from rwae_tf import data, entry_point, errors, judge, train
from rwae_tf.data import pipeline
from rwae_tf.judges import fit
from rwae_tf.judges import storage as judge_storage

LAMPS = "--dataset=lamps --size=16 --length=4 --architecture=linear --steps=60".split()
CONFIG = config_lib.DataConfig(dataset="lamps", size=16, length=4)


@pytest.fixture(scope="module")
def trained(lamps, tmp_path_factory):
    """A folder with a linear judge of lamps."""
    folder = tmp_path_factory.mktemp("judges") / "lamps"
    assert judge.main(["judge", *LAMPS, f"--judge_dir={folder}"]) == 0
    return folder


@pytest.fixture
def copied(trained, tmp_path):
    """A copy of that folder, to be changed."""
    return shutil.copytree(trained, tmp_path / "copy")


def refused(capsys, *arguments):
    """The one line with which the command ends."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        entry_point.run(judge.main, ["judge", *map(str, arguments)])
    assert ended.value.code == 1
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "ETA" not in line]
    return line


def change(folder, **values):
    """Overwrite values of judge.json."""
    path = folder / "judge.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def test_linear_judge_reads_simple_data_without_fault(trained, lamps):
    record = json.loads((trained / "judge.json").read_text())
    assert set(record["accuracy"]) == {"colour", "trend"}
    assert min(record["accuracy"].values()) >= 0.99
    assert record["test_clips"] == 90 and record["train_clips"] == 243  # a tenth of 270 held out
    assert record["architecture"] == "linear" and record["seed"] == 0 and record["data"]["dataset"] == "lamps"
    for factor, table in record["confusion"].items():
        assert np.sum(table, 1).tolist() == [30, 30, 30]  # every class of a test clip, once for each such clip
        assert np.trace(table) == 90 * record["accuracy"][factor]
        assert len(record["classes"][factor]) == 3
    assert sorted(path.name for path in trained.iterdir()) == ["judge.json", "weights.npz"]


@pytest.mark.slow
def test_training_clips_are_varied_by_the_judge_and_by_train(lamps, tmp_path, monkeypatch):
    class Seen(Exception):
        """What the batches would be varied by."""

    def stream(clips, batch_size, seed, start=0, augment=(), rounds=None, part=(0, 1)):
        raise Seen(tuple(augment))

    monkeypatch.setattr(pipeline, "batch_stream", stream)
    with pytest.raises(Seen, match="'mirror', 'light'"):
        judge.main(["judge", *LAMPS, "--augment=mirror,light", f"--judge_dir={tmp_path / 'judge'}"])
    with pytest.raises(Seen, match="'shift'"):
        train.main(["train", "--dataset=lamps", "--size=16", "--length=4", "--channels=4", "--feature_size=8",
                    "--hidden_size=8", "--augment=shift", f"--run_dir={tmp_path / 'run'}"])


def test_same_configuration_is_used_again(trained, capsys, monkeypatch):
    before = {path.name: path.read_bytes() for path in trained.iterdir()}
    monkeypatch.delattr(fit, "train_judge")
    assert judge.main(["judge", *LAMPS, f"--judge_dir={trained}"]) == 0
    assert "nothing to do" in capsys.readouterr().out
    assert {path.name: path.read_bytes() for path in trained.iterdir()} == before


@pytest.mark.parametrize("flag, says", [
    ("--seed=1", "seed (0 -> 1)"), ("--size=32", "size (16 -> 32)"), ("--steps=61", "steps (60 -> 61)"),
    ("--length=5", "length (4 -> 5)"), ("--architecture=convolutional", "architecture (linear -> convolutional)"),
])
def test_other_configuration_is_refused(trained, capsys, flag, says):
    line = refused(capsys, *LAMPS, flag, f"--judge_dir={trained}")
    assert str(trained) in line and says in line and "take another --judge_dir" in line


def test_other_data_of_the_same_name_are_refused(trained, capsys, lamps, monkeypatch):
    monkeypatch.setitem(lamps.COUNTS, "train", 180)
    assert "fingerprint" in refused(capsys, *LAMPS, f"--judge_dir={trained}")


@pytest.mark.slow
def test_same_seed_gives_the_same_judge(lamps, trained, tmp_path):
    again = tmp_path / "again"
    judge.main(["judge", *LAMPS, f"--judge_dir={again}"])
    one, two = np.load(trained / "weights.npz"), np.load(again / "weights.npz")
    assert set(one) == set(two)
    for name in one:
        np.testing.assert_array_equal(one[name], two[name])


def test_poor_judge_is_said_to_be_poor_but_kept(lamps, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(judge_storage.THRESHOLDS, "lamps", 0.9)
    dark = lambda self, indices, epoch=0: np.zeros((len(indices), 4, 64, 64, 3), np.uint8)  # noqa: E731
    monkeypatch.setattr(lamps.Dataset, "frames", dark)
    line = refused(capsys, *LAMPS, "--steps=2", f"--judge_dir={tmp_path / 'poor'}")
    assert "less than the 90 %" in line and "--architecture=convolutional" in line
    assert (tmp_path / "poor" / "judge.json").exists()


def test_data_without_labels_are_refused(lamps, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(lamps, "FACTORS", {})
    assert "no labels" in refused(capsys, *LAMPS, f"--judge_dir={tmp_path / 'none'}")
    assert "--judge_dir is missing" in refused(capsys, *LAMPS)
    assert not list(tmp_path.iterdir())


def test_folder_that_cannot_be_written_is_refused_before_the_training(lamps, tmp_path, capsys, monkeypatch):
    monkeypatch.delattr(fit, "train_judge")
    (tmp_path / "file").write_text("")
    line = refused(capsys, *LAMPS, f"--judge_dir={tmp_path / 'file' / 'judge'}")
    assert "file/judge: cannot be written (Not a directory)" in line


def test_held_out_clips_are_the_same_clips_to_a_judge(trained):
    held = config_lib.DataConfig(**{**vars(CONFIG), "validation_fraction": 0.1})
    assert judge_storage.describe(held) == judge_storage.describe(CONFIG)
    spec = data.from_config(held, "validation").spec
    assert judge_storage.load(str(trained), held, spec)[1]["data"] == judge_storage.describe(CONFIG)


@pytest.mark.slow
def test_held_out_identities_end_the_training(lamps, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(data, "from_config", lambda config, split, *rest, load=data.from_config, **named: (
        asked.append(split) or load(config, split, *rest, **named)))
    folder = tmp_path / "judge"
    assert judge.main(["judge", *LAMPS, "--validation_fraction=0.2", f"--judge_dir={folder}"]) == 0
    record = json.loads((folder / "judge.json").read_text())
    # A fifth of the 270 lamps of training is held out, and nothing else.
    assert (
        asked == ["train", "test", "validation"]
        and record["train_clips"] == 216
        and record["validation_fraction"] == 0.2
    )


# The judge in a folder.

def test_loaded_judge_answers_like_its_record(trained):
    test = data.load("lamps", "test", size=16, length=4)
    found, record = judge_storage.load(str(trained), CONFIG, test.spec)
    right = {"colour": 0, "trend": 0}
    for batch in test.batches(40):
        for factor, p in found(batch["x"]).items():
            np.testing.assert_allclose(p.sum(1), 1, rtol=1e-5)
            right[factor] += int((p.argmax(1) == batch["labels"][factor]).sum())
    assert {factor: count / 90 for factor, count in right.items()} == record["accuracy"]


def test_judges_from_before_an_option_are_of_clips_without_it(copied):
    record = json.loads((copied / "judge.json").read_text())
    change(copied, data={name: record["data"][name] for name in ("dataset", "size", "length", "num_digits")})
    spec = data.load("lamps", "test", size=16, length=4).spec
    assert judge_storage.load(str(copied), CONFIG, spec)[1]["data"] == record["data"]
    with pytest.raises(errors.InputError, match=r"split_by \(video -> subject\); .* --split_by=subject --judge_dir"):
        judge_storage.load(str(copied), config_lib.DataConfig(**{**vars(CONFIG), "split_by": "subject"}), spec)


@pytest.mark.parametrize("config, says", [
    (dict(size=32), ["size (16 -> 32)", "rwae_tf.judge --dataset=lamps --size=32 --length=4 --judge_dir=OTHER"]),
    (dict(length=8), ["length (4 -> 8)"]),
    (dict(dataset="sprites"), ["dataset (lamps -> sprites)"]),
])
def test_judge_of_other_clips_is_refused(trained, config, says):
    config = config_lib.DataConfig(**{**vars(CONFIG), **config})
    with pytest.raises(errors.InputError) as error:
        judge_storage.load(str(trained), config, None)
    for word in says:
        assert word in str(error.value)


def test_judge_below_its_threshold_is_refused(copied):
    change(copied, threshold=0.995, accuracy={"colour": 1.0, "trend": 0.9912})
    with pytest.raises(errors.InputError, match="reads trend 99.12 % of real test clips right, less than the 99.5 %"):
        judge_storage.load(str(copied), CONFIG, None)


def test_broken_folders_are_refused(copied, tmp_path):
    spec = data.load("lamps", "test", size=16, length=4).spec
    with pytest.raises(errors.InputError, match="name the folder of a judge"):
        judge_storage.load(str(tmp_path / "absent"), CONFIG, spec)
    whole = (copied / "weights.npz").read_bytes()
    for content in (b"", b"no zip", whole[: len(whole) // 2]):
        (copied / "weights.npz").write_bytes(content)
        with pytest.raises(errors.InputError, match="weights.npz: not the weights of this judge"):
            judge_storage.load(str(copied), CONFIG, spec)
    (copied / "weights.npz").write_bytes(whole)
    with pytest.raises(errors.InputError, match="weights of another network"):
        judge_storage.load(str(copied), CONFIG, spec._replace(factors={"colour": ("a", "b")}))
    (copied / "judge.json").write_text("{}")
    with pytest.raises(errors.InputError, match="judge.json: not a judge"):
        judge_storage.load(str(copied), CONFIG, spec)


def test_thresholds_are_those_that_were_set():
    def of(dataset, size):
        return judge_storage.threshold({"dataset": dataset, "size": size})

    assert (of("sprites", 64), of("sprites", 32), of("sm_mnist", 32), of("moving_shapes", 64), of("faces", 64)) == (
        0.999, 0.995, 0.99, 0.995, 0.0)


def test_a_class_of_test_clips_alone_is_named_in_training_and_in_use(tmp_path, capsys):
    for number, name in enumerate(("train/walk", "train/run", "test/walk", "test/jump")):
        (tmp_path / "data" / name).mkdir(parents=True)
        for k in range(4):
            np.save(tmp_path / "data" / name / f"{k}.npy", np.full((4, 16, 16, 1), 50 * number + k, np.uint8))
    folder = str(tmp_path / "judge")
    options = "--dataset=folder --size=16 --length=4 --architecture=linear".split()
    options += [f"--data_dir={tmp_path / 'data'}"]
    assert judge.main(["judge", *options, "--steps=2", f"--judge_dir={folder}"]) == 0
    text = f"{folder}: folder jump: of test clips alone, so the judge cannot have learned it"
    assert text in capsys.readouterr().err
    assert json.loads((tmp_path / "judge" / "judge.json").read_text())["unseen"] == {"folder": ["jump"]}
    said = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(judge_storage.progress, "say_once", said.append)
        config = config_lib.DataConfig(dataset="folder", size=16, length=4)
        judge_storage.load(folder, config, data.load("folder", "test", str(tmp_path / "data"), size=16, length=4).spec)
    assert any(text in line for line in said)
