"""Preparing MUG: which takes are found, going on after a kill, and the tool."""

import json
import os
import shutil
import zipfile

import numpy as np
import prepare_mug as tool
import pytest
from mug_frames import content, draw, prepare, takes_in
from PIL import Image

from rwae_tf import data
from rwae_tf.data import pictures
from rwae_tf.data.datasets import mug
from rwae_tf.data.prepare.mug import discovery, writer
from rwae_tf.errors import InputError


def test_every_layout_is_read_and_what_is_skipped_counted(layouts, tmp_path):
    manifest = prepare(layouts, tmp_path)
    assert manifest["counts"] == {
        "takes": 6, "frames": 8 + 6 + 6 + 7 + 6 + 5, "subjects": 4,
        "expressions": {"anger": 1, "disgust": 0, "fear": 2, "happiness": 2, "sadness": 0, "surprise": 1},
        "skipped": {"neutral": 3, "short": 1}}
    assert [(skip["name"], skip["why"]) for skip in manifest["skipped"]] == [
        ("001/anger/take001", "short"), ("001/neutral/take000", "neutral"), ("001/neutral/take001", "neutral"),
        ("002/session1/Neutral", "neutral")]
    expected = {"001/anger/take000": ("001", "anger", (1, 0), range(3, 11)),
                "002/session0/fear/take000": ("002", "fear", (2, 0), range(6)),
                "002/session1/fear/take000": ("002", "fear", (2, 1), range(6)),
                "003/003/SURPRISE/take007": ("003", "surprise", (3, 0), range(7)),
                "Zoë É/happiness": ("Zoë É", "happiness", (4, 0), range(8, 14)),
                "Zoë É/happiness/prise deux": ("Zoë É", "happiness", (4, 1), range(5))}
    found = takes_in(manifest)
    assert list(found) == list(expected)
    for name, (subject, expression, colour, numbers) in expected.items():
        take = found[name]
        assert (take["subject"], take["expression"], take["frames"]) == (subject, expression, len(numbers))
        frames = mug.frames_of(str(tmp_path), manifest["shards"][0], take)
        assert frames[:, 0, 0].tolist() == [[*colour, number] for number in numbers]
        assert (frames == frames[:, :1, :1]).all()


def test_every_other_frame(layouts, tmp_path):
    manifest = prepare(layouts / "subjects3", tmp_path, stride=2)
    assert manifest["counts"]["skipped"] == {"neutral": 3, "short": 1}
    take = takes_in(manifest)["003/003/SURPRISE/take007"]
    assert mug.frames_of(str(tmp_path), manifest["shards"][0], take)[:, 0, 0, 2].tolist() == [0, 2, 4, 6]
    assert prepare(layouts, tmp_path / "4", stride=2, length=4)["counts"]["takes"] == 2  # of 8 and 7 frames


def test_links_are_followed_and_their_circles_are_not(layouts, tmp_path):
    root = tmp_path / "subjects3"
    root.mkdir()
    (root / "001").symlink_to(layouts / "subjects3" / "001")
    draw(root / "002" / "fear" / "take000", range(4), (2, 0))
    (root / "002" / "fear" / "take000" / "up").symlink_to(root)
    assert list(takes_in(prepare(tmp_path, tmp_path / "out"))) == ["001/anger/take000", "002/fear/take000"]


@pytest.fixture
def many(tmp_path, monkeypatch):
    """7 takes, which are 4 shards of 2."""
    monkeypatch.setattr(writer, "SHARD_TAKES", 2)
    for take in range(7):
        draw(tmp_path / "raw" / f"00{take % 2}" / "anger" / f"take{take:03d}", range(4), (take, 9))
    return tmp_path / "raw"


def stop_after(frames, monkeypatch):
    """End the program as Ctrl-C does when so many frames were read: five of a take, the middle one of four twice."""
    read, left = pictures.read, [frames]

    def reading(path):
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        return read(path)
    monkeypatch.setattr(pictures, "read", reading)


@pytest.mark.parametrize("frames", [0, 3, 10, 21])  # in the first take, after a whole shard, in the third one
def test_a_preparation_that_was_killed_goes_on_to_the_same_bytes(many, tmp_path, monkeypatch, frames):
    prepare(many, tmp_path / "whole")
    shards = [f"mug-0000{k}-of-00004.tfrecord" for k in range(4)]
    assert sorted(content(tmp_path / "whole")) == ["manifest.json", *shards]
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        stop_after(frames, patch)
        prepare(many, tmp_path / "killed")
    half = content(tmp_path / "killed")
    assert "manifest.json" not in half and len(half) == frames // 10 + (frames >= 10)  # shards, and what names them
    if frames >= 10:
        with pytest.raises(InputError, match="not finished"):
            data.load("mug", "test", str(tmp_path / "killed"))
    changed = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "killed").glob("*.tfrecord")}
    prepare(many, tmp_path / "killed")
    assert content(tmp_path / "killed") == content(tmp_path / "whole")
    assert all((tmp_path / "killed" / name).stat().st_mtime_ns == time for name, time in changed.items())


def test_a_finished_preparation_is_left_alone_and_a_damaged_one_mended(many, tmp_path):
    prepare(many, tmp_path / "out")
    before = content(tmp_path / "out")
    first, second = (tmp_path / "out" / f"mug-0000{k}-of-00004.tfrecord" for k in range(2))
    first.write_bytes(before[first.name][:-1])
    second_time = second.stat().st_mtime_ns
    planned = writer.plan(str(many), "none", stride=1, length=3)
    assert writer.write(planned, str(tmp_path / "out"))[1] == 3  # of 4 were as they should be
    assert content(tmp_path / "out") == before and second.stat().st_mtime_ns == second_time
    assert writer.write(planned, str(tmp_path / "out"))[1] == 4


def test_bytes_do_not_depend_on_where_the_data_lie(many, tmp_path):
    (many / "000" / "anger" / "take000" / "img_0001.png").write_bytes(b"")  # with a message that names a path
    moved = shutil.copytree(many, tmp_path / "moved")
    for raw, out in ((many, "out"), (moved, "other")):
        prepare(raw, tmp_path / out, skip_invalid=True)
    assert content(tmp_path / "out") == content(tmp_path / "other")


# The tool, and real data.


def test_the_tool_says_what_it_found_and_draws_a_sheet(layouts, tmp_path, capsys):
    tool.main(["prepare_mug.py", f"--raw_dir={layouts}", f"--data_dir={tmp_path}", "--crop=none", "--length=3"])
    said = capsys.readouterr().out
    for words in ("6 takes to read", "6, of 4 subjects", "3 neutral, 1 short", "5 for training, 1 for test"):
        assert words in said
    assert (tmp_path / "contact_sheet.png").stat().st_size < 200_000
    with Image.open(tmp_path / "contact_sheet.png") as sheet:  # 6 rows of 4 subjects with 2 frames, 64 pixels each
        assert sheet.size == (4 * (2 * 65 - 1 + 3) - 3, 6 * (64 + 3) - 3)


@pytest.mark.parametrize("arguments, says", [
    ([], "--raw_dir is missing"), (["--raw_dir=x"], "--data_dir is missing"),
    (["--stride=0"], "--stride=0: expected an integer, at least 1"), (["--raw=x"], "did you mean --raw_dir"),
])
def test_the_tool_refuses_flags_in_one_line(arguments, says):
    with pytest.raises(InputError, match=says) as caught:
        tool.main(["prepare_mug.py", *arguments])
    assert "\n" not in str(caught.value)


def test_counts_on_the_fixture_of_all_layouts(shared_data, tmp_path):
    folder = shared_data / "faces" / "mug_layout_fixture"
    if not folder.is_dir():
        pytest.skip(f"{folder} is missing")
    takes, skipped = discovery.find(str(folder), stride=2, length=10)
    # 3 subjects x 6 expressions of 24 frames; a neutral take each, and one take of a single frame.
    assert len(takes) == 18 and {len(take.frames) for take in takes} == {12}
    assert discovery.counted(skipped) == "3 neutral, 1 short"
    fear = next(take for take in takes if take.name == "001/fear/take000")
    assert [os.path.basename(path) for path in fear.frames[:2]] == ["img_0003.jpg", "img_0005.jpg"]


def test_rendered_faces_are_read_as_they_are(shared_data, tmp_path):
    path = shared_data / "faces" / "ict_mug64.zip"
    if not path.is_file():
        pytest.skip(f"{path} is missing")
    with zipfile.ZipFile(path) as packed:
        frames = [name for name in packed.namelist() if name.endswith(".jpg")]
        assert len(frames) == 86 * 6 * 2 * 20
        few = [name for name in frames if name.startswith("subjects3/086/")]
        packed.extractall(tmp_path, few)
    manifest = prepare(tmp_path, tmp_path / "out", length=10)
    assert (manifest["counts"]["takes"], manifest["counts"]["frames"], len(few)) == (12, 240, 240)
    take = takes_in(manifest)["086/fear/take001"]
    with Image.open(tmp_path / "subjects3" / "086" / "fear" / "take001" / "img_0013.jpg") as image:
        expected = np.asarray(image)
    np.testing.assert_array_equal(mug.frames_of(str(tmp_path / "out"), manifest["shards"][0], take)[13], expected)


def test_manifest_holds_nothing_of_the_machine(sound, tmp_path):
    manifest = json.dumps(prepare(sound, tmp_path))
    assert str(tmp_path) not in manifest and str(sound) not in manifest and "MUG" in manifest
