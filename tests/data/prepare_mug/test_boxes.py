"""Which part of a frame is cut out: boxes of a file, and faces found."""

import hashlib
import os
import shutil
import sys
import types

import numpy as np
import pytest
from mug_frames import HEADER, prepare, takes_in
from PIL import Image

from rwae_tf.data import pictures
from rwae_tf.data.datasets import mug
from rwae_tf.errors import InputError


@pytest.fixture
def wide(tmp_path):
    """A take of 5 frames of noise, 100 wide and 80 high, and its pixels."""
    pixels = np.random.default_rng(0).integers(0, 256, (5, 80, 100, 3), dtype=np.uint8)
    folder = tmp_path / "raw" / "001" / "anger" / "take000"
    folder.mkdir(parents=True)
    for number, frame in enumerate(pixels):
        Image.fromarray(frame).save(folder / f"img_{number:04d}.png")
    return tmp_path / "raw", pixels


@pytest.mark.parametrize("box, margin, left, top, side", [
    ((20, 10, 64, 64), 0.0, 20, 10, 64),
    ((20, 10, 60, 64), 0.0, 18, 10, 64),  # grown by 4, half of it to the left
    ((20, 30, 64, 40), 0.0, 20, 16, 64),  # 18 ... 82 would leave the frame: moved up by 2
    ((40, 20, 32, 32), 0.5, 24, 4, 64),  # 16 on every side
    ((0, 40, 40, 40), 0.3, 0, 16, 64),  # 12 on every side would be -12 and 28 ... 92
])
def test_boxes_from_a_file(wide, tmp_path, box, margin, left, top, side):
    raw, pixels = wide
    (tmp_path / "boxes.csv").write_text(HEADER + "001/anger/take000," + ",".join(map(str, box)) + "\n")
    manifest = prepare(raw, tmp_path / "out", tmp_path / "boxes.csv", margin)
    (take,) = takes_in(manifest).values()
    assert take["box"] == [left, top, side]
    np.testing.assert_array_equal(mug.frames_of(str(tmp_path / "out"), manifest["shards"][0], take),
                                  pixels[:, top:top + side, left:left + side])
    assert manifest["spec"]["crop"] == f"boxes {hashlib.sha256((tmp_path / 'boxes.csv').read_bytes()).hexdigest()[:16]}"


def test_a_box_of_another_size_is_scaled():
    ramp = np.repeat(np.arange(0, 192, dtype=np.uint8)[None, :, None], 192, 0).repeat(3, -1)
    found = pictures.cut(ramp, (32, 32, 128), 64)
    # A pixel of the smaller picture is two of the ramp: their mean, 32.5 + 2 k, rounded either way.
    np.testing.assert_allclose(found[32, 2:-2, 0], 32.5 + 2 * np.arange(2, 62), atol=0.5)


class Cascade:
    """OpenCV's, as far as it is used; says what `boxes` says."""

    boxes = []

    def __init__(self, path):
        assert path == os.path.join("cascades", "haarcascade_frontalface_default.xml")

    def detectMultiScale(self, grey, *rest, minSize):  # noqa: N802
        assert grey.shape == (80, 100) and minSize == (13, 13)  # a sixth of 80
        self.seen.append(grey)
        return np.array(self.boxes, np.int32)


@pytest.fixture
def opencv(monkeypatch):
    Cascade.seen = []
    fake = types.SimpleNamespace(
        CascadeClassifier=Cascade, COLOR_RGB2GRAY=7, data=types.SimpleNamespace(haarcascades="cascades"),
        cvtColor=lambda frame, code: frame[..., 0], setNumThreads=lambda count: None)
    monkeypatch.setitem(sys.modules, "cv2", fake)
    return Cascade


def test_the_largest_face_of_the_middle_frame_is_cut_from_all(wide, opencv, tmp_path, monkeypatch):
    monkeypatch.setattr(opencv, "boxes", [(3, 3, 20, 20), (30, 8, 64, 64), (50, 2, 40, 40)])
    manifest = prepare(wide[0], tmp_path / "out", "haar")
    (grey,) = opencv.seen
    np.testing.assert_array_equal(grey, wide[1][2, ..., 0])  # frame 2 of 5
    (take,) = takes_in(manifest).values()
    np.testing.assert_array_equal(mug.frames_of(str(tmp_path / "out"), manifest["shards"][0], take),
                                  wide[1][:, 8:72, 30:94])


def test_a_take_without_a_face_is_skipped_and_counted(wide, opencv, tmp_path, monkeypatch):
    shutil.copytree(wide[0] / "001", wide[0] / "002")
    for boxes, takes, skipped in (([(30, 8, 64, 64)], 2, {}), ([], 0, {"no face": 2})):
        monkeypatch.setattr(opencv, "boxes", boxes)
        if takes:
            assert prepare(wide[0], tmp_path / "out", "haar")["counts"]["skipped"] == skipped
        else:
            with pytest.raises(InputError, match="no take left of 2: {'no face': 2}"):
                prepare(wide[0], tmp_path / "none", "haar")


def test_without_opencv_a_line_says_what_to_install(wide, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)  # importing it then fails
    with pytest.raises(InputError, match=r"--crop=haar needs OpenCV: pip install 'rwae_tf\[faces\]'.*--crop=none"):
        prepare(wide[0], tmp_path / "out", "haar")
    assert not (tmp_path / "out").exists()


def test_faces_are_found_in_the_fixture(shared_data, tmp_path):
    folder = shared_data / "faces" / "mug_layout_fixture"
    if not folder.is_dir():
        pytest.skip(f"{folder} is missing")
    pytest.importorskip("cv2", reason="needs the extra `faces`")
    manifest = prepare(folder, tmp_path, "haar", stride=2, length=10)
    assert manifest["counts"]["takes"] == 18 and manifest["counts"]["skipped"] == {"neutral": 3, "short": 1}
    for take in takes_in(manifest).values():  # heads stand in the middle of 192 x 192 pixels, faces 80 to 100 wide
        left, top, side = take["box"]
        assert 80 <= side <= 104 and abs(left + side / 2 - 96) < 8 and 72 < top + side / 2 < 96
