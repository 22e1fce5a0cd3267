"""The pretrained models that ship: whole, small, those of their runs, and as good as their cards say."""

import os
import shutil
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from rwae_tf.errors import InputError
from rwae_tf.runs import pretrained

NAMES = pretrained.names()
DATA = {"sprites": "sprites_lpc", "sm_mnist": "mnist",  # dataset -> its folder or archive among the real data
        "librispeech": "speech/LibriSpeech_mini", "mug": "faces/ict_mug64.zip"}
CLIPS, POINTS = 200, 0.02
MORE_CLIPS = {"sm_mnist_32": 1000}  # of 200 clips, three quarters right, the standard error is three points
DRAWS = {"faces_32": 5}  # it has 206 test clips
HEADLINES = {"static kept": ("static_kept", "mean"), "dynamic kept": ("dynamic_kept", "mean"),
             "equal error rate of z_c": ("eer", "content")}


@pytest.fixture
def copy(tmp_path):
    """A copy of the first of them that may be damaged."""
    shutil.copytree(pretrained.find(f"pretrained/{NAMES[0]}"), tmp_path / "copy")
    return str(tmp_path / "copy")


@pytest.mark.parametrize("name", NAMES)
def test_files_are_whole_and_small(name):
    path = pretrained.find(f"pretrained/{name}")
    assert pretrained.faults(path) == []
    assert pretrained.size(path) < pretrained.LARGEST


def test_some_ship_and_all_of_them_are_small():
    assert {"faces_32", "librispeech", "moving_shapes_32", "sm_mnist_32", "sprites_32"} <= set(NAMES)
    assert sum(pretrained.size(pretrained.find(f"pretrained/{name}")) for name in NAMES) < 25e6


def test_a_judge_is_copied_with_narrow_matrices(tmp_path):
    import make_pretrained

    (tmp_path / "judge").mkdir()
    (tmp_path / "judge" / "judge.json").write_text("{}")
    wide = {"w00": np.full([2, 3], 1 / 3, np.float32), "w01": np.full([3], 1 / 3, np.float32), "w02": np.eye(2)}
    np.savez(tmp_path / "judge" / "weights.npz", **wide)
    make_pretrained.copy_judge(str(tmp_path / "judge"), str(tmp_path / "copy"))
    assert (tmp_path / "copy" / "judge.json").read_text() == "{}"
    with np.load(tmp_path / "copy" / "weights.npz") as narrow:
        assert {name: array.dtype.name for name, array in narrow.items()} == {
            "w00": "float16", "w01": "float32", "w02": "float64"}  # a ridge judge's sums are of float64
        for name, array in narrow.items():
            np.testing.assert_allclose(array, wide[name], rtol=2**-11)


@pytest.mark.parametrize("name", NAMES)
def test_the_card_says_what_is_measured_and_under_which_licence(name):
    path = pretrained.find(f"pretrained/{name}")
    record = pretrained.record(path)
    with open(os.path.join(path, pretrained.CARD), encoding="utf-8") as file:
        card = file.read()
    assert record["licence"] in card and all(
        text in " ".join(card.split()) for text in (record["summary"], *record["limits"]))
    for key, value in record["results"].items():
        assert f"| {key} | {100 * value:.1f} % |" in card or f"| {key} | {value:.2f} |" in card


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_the_codes_are_those_of_the_run(name):
    import make_pretrained

    from rwae_tf.runs import run_dir

    run = run_dir.load_run(f"pretrained/{name}")
    model = run.model
    expected = pretrained.record(pretrained.find(f"pretrained/{name}"))["probe"]
    codes = model.encode(make_pretrained.probe(model.spec))
    for code, array in (("z_c", codes.z_c[0]), ("z_m", codes.z_m[0, -1])):
        scale = max(1.0, np.abs(expected[code]).max())
        np.testing.assert_allclose(array, expected[code], rtol=0, atol=0.01 * scale)
    assert run.budget["sequences"] > 0


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_the_headline_number_is_that_of_the_card(name, shared_data, tmp_path):
    import make_pretrained

    import rwae_tf
    from rwae_tf.judges import storage

    path = pretrained.find(f"pretrained/{name}")
    model = rwae_tf.load(f"pretrained/{name}")
    data_dir = _data_dir(model.config.data.dataset, shared_data, tmp_path)
    clips, config = make_pretrained.test_clips(model, MORE_CLIPS.get(name, CLIPS), data_dir)
    judge = None
    if model.spec.modality == "video":
        judge, _ = storage.load(os.path.join(path, pretrained.JUDGE), config, clips.spec)
    measured = make_pretrained.measure_headline(model, clips, judge, DRAWS.get(name, 1))
    results = pretrained.record(path)["results"]
    compared = {name: measured[kind][number] - results[name]
                for name, (kind, number) in HEADLINES.items() if name in results}
    assert compared and all(abs(difference) < POINTS for difference in compared.values()), compared


def _data_dir(dataset, shared_data, tmp_path):
    """The folder of a dataset; faces are prepared first. Empty for one without files."""
    if dataset not in DATA:
        return ""
    path = shared_data / DATA[dataset]
    if not path.exists():
        pytest.skip(f"{path} is missing")
    if dataset != "mug":
        return str(path)
    import prepare_mug

    with zipfile.ZipFile(path) as packed:
        packed.extractall(tmp_path / "raw")
    assert prepare_mug.main(["prepare_mug", f"--raw_dir={tmp_path / 'raw' / 'subjects3'}",
                             f"--data_dir={tmp_path / 'faces'}", "--crop=none", "--stride=1"]) == 0
    return str(tmp_path / "faces")


def test_damage_is_told(copy):
    with open(os.path.join(copy, pretrained.WEIGHTS), "r+b") as file:
        file.truncate(1000)
    os.remove(os.path.join(copy, "spec.json"))
    with open(os.path.join(copy, "more.txt"), "w") as file:
        file.write("more")
    assert sorted(pretrained.faults(copy)) == [
        "more.txt: not in SHA256SUMS", "spec.json: missing", "weights.npz: changed"]
    with pytest.raises(InputError, match="weights.npz: damaged"):
        pretrained.read_weights(copy)


def test_an_unknown_name_is_told_with_the_nearest():
    with pytest.raises(InputError, match="no such pretrained model"):
        pretrained.find("pretrained/none")
    with pytest.raises(InputError, match=f"did you mean pretrained/{NAMES[0]}"):
        pretrained.find(f"pretrained/{NAMES[0][:-1]}")


def test_checksums_are_those_of_sha256sum(tmp_path):
    (tmp_path / "judge").mkdir()
    (tmp_path / "judge" / "a.txt").write_text("a")
    (tmp_path / "b.txt").write_text("b")
    pretrained.write_checksums(str(tmp_path))
    subprocess.run(["sha256sum", "--check", "--quiet", pretrained.SUMS], cwd=tmp_path, check=True)


def test_weights_are_read_back_in_their_order(tmp_path):
    arrays = [np.full([2] * (k % 3), k, np.float16 if k % 2 else np.float32) for k in range(12)]
    pretrained.write_weights(str(tmp_path), arrays)
    for written, read in zip(arrays, pretrained.read_weights(str(tmp_path)), strict=True):
        assert read.dtype == np.float32
        np.testing.assert_array_equal(written, read)


def test_the_command_lists_and_verifies():
    command = [sys.executable, "-X", "importtime", "-m", "rwae_tf.pretrained"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.count("files verified") == len(NAMES)
    assert "tensorflow" not in done.stderr
