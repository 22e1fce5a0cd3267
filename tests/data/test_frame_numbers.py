"""Which pictures of a folder are the frames of its video, in which order, and if one is missing, by their names."""

import random

import numpy as np
import pytest
from PIL import Image

from rwae_tf import data
from rwae_tf.data.video import numbering
from rwae_tf.errors import InputError

STAMPS = [1403636579763555584 + 50000000 * n + 128 * (n // 2) for n in range(5)]  # nanoseconds, as of a flying robot

# Names in the right order.
ORDERED = {
    "counter": [f"img_{k}.jpg" for k in range(12)],
    "counter in steps": [f"img_{k}.jpg" for k in range(0, 30, 3)],
    "one picture": ["img_7.png"],
    "decimals": [f"t{s}.png" for s in ("0.1", "0.15", "0.2", "0.25")],
    "decimals with a comma": [f"t{s}.png" for s in ("0,1", "0,25", "0,5")],
    "decimals and whole numbers": [f"t{s}.png" for s in ("0", "0.25", "0.5", "0.75", "1", "1.25")],
    "uneven decimals": [f"t{s}.png" for s in ("0.0", "0.033", "0.067", "0.1", "0.2", "1.05")],
    "seconds since 1970": [f"{s}.png" for s in ("1700000000.9", "1700000000.95", "1700000001.0", "1700000001.25")],
    "exponents": [f"t{s}.png" for s in ("1e-06", "1e-05", "5e-05", "0.0001")],
    "negative": [f"t{s}.png" for s in (-10, -9, -8, -7, -6, -5, -4, -3, -2, -1, 0, 1)],
    "negative decimals": [f"t{s}.png" for s in ("-0.5", "-0.25", "0.0", "0.25")],
    "negative alone": [f"frame_-{k:03d}.png" for k in (3, 2, 1)],
    "a dash is no minus": [f"img-{k:03d}.png" for k in (1, 2, 3)],
    "nanoseconds": [f"{stamp}.png" for stamp in STAMPS],
    "uneven seconds since 1970": [f"{1700000000 + k}.png" for k in (0, 1, 3, 7)],
    "milliseconds": [f"{t}.png" for t in (0, 33, 67, 100, 133, 200, 1000)],
    "clock": [f"2024-05-01_12-{t}.jpg" for t in ("00-58", "00-59", "01-00", "01-01", "02-30")],
    "clock and milliseconds": [f"I_20240501_{t}.jpg" for t in ("115959_958", "120000_059", "120000_700", "120001_001")],
    "seconds of a clock": [f"2024-05-01 12.00.{s:02d}.jpg" for s in (1, 5, 20, 59)],
    "a time after a date": [f"IMG_20240501_{t}.jpg" for t in ("115958", "115959", "120003", "120100")],
    "dates": [f"{day}.png" for day in ("20240130", "20240131", "20240201", "20240301")],
    "times with a unit": [f"{t}ms.png" for t in (0, 5, 17, 20)],
    "times with a name": [f"time_{t}.png" for t in (0, 0.5, 1.5, 10)],
    "times of a second": [f"{s}.png" for s in ("1305031102.1", "1305031102.15", "1305031102.3")],
    "version and counter": [f"shot.2.{k}.png" for k in range(8, 13)],
    "padded version and counter": [f"shot.v2.{k:04d}.png" for k in range(8, 13)],
    "counter and time": [f"frame_{k:04d}_t{k / 30:.3f}.jpg" for k in range(5)],
    "counter and size": [f"frame_{k}_640x480.jpg" for k in range(8, 12)],
    "counter over scenes": ["scene1_001.png", "scene1_002.png", "scene2_003.png", "scene2_004.png"],
    "suffixes of each": [f"{k:03d}.{('bmp', 'png', 'JPG', 'tif')[k % 4]}" for k in range(8)],
    "capitals": ["IMG_1.JPG", "img_2.jpg", "Img_3.jpeg"],
}


@pytest.mark.parametrize("names", ORDERED.values(), ids=ORDERED)
def test_frames_in_order(names):
    shuffled = list(names)
    random.Random(3).shuffle(shuffled)
    assert numbering.ordered(shuffled) == (names, None)


# Names, and what is wrong with them.
WRONG = {
    "gap": ([f"img_{k}.jpg" for k in (0, 1, 2, 9)], "frames are missing between img_2.jpg and img_9.jpg"),
    "gap of six digits": ([f"frame-{k:06d}.jpg" for k in (0, 1, 3)], "between frame-000001.jpg and frame-000003.jpg"),
    "gap of six digits alone": ([f"{k:06d}.jpg" for k in (0, 1, 3)], "between 000001.jpg and 000003.jpg"),
    "gap of two digits": ([f"video_1_{k:02d}.jpg" for k in (0, 1, 3)], "between video_1_01.jpg and video_1_03.jpg"),
    "gap of eight digits": ([f"{k:08d}.jpg" for k in (0, 1, 3)], "between 00000001.jpg and 00000003.jpg"),
    "gap in steps": ([f"{k}.png" for k in (0, 3, 6, 12)], "frames are missing between 6.png and 12.png"),
    "gap after a version": ([f"v2.{k:04d}.png" for k in (1, 2, 9)], "between v2.0002.png and v2.0009.png"),
    "gap in milliseconds": ([f"{k}.png" for k in (0, 40, 80, 160)], "frames are missing between 80.png and 160.png"),
    "gap of the minus": ([f"t{k}.png" for k in (-2, -1, 1)], "frames are missing between t-1.png and t1.png"),
    "twice": (["img_1.png", "img_01.png", "img_2.png"], "have the same number"),
}


@pytest.mark.parametrize("names, says", WRONG.values(), ids=WRONG)
def test_frames_with_wrong_numbers(names, says):
    _, wrong = numbering.ordered(names)
    assert says in wrong
    _, wrong = numbering.ordered(names, pattern="*")
    assert wrong is None


FRAMES = [f"{k:04d}" for k in range(4)]
# Names, the patterns of the groups that they are.
SEVERAL = {
    "colour and depth": ([f"f-{k}.{kind}" for k in FRAMES for kind in ("color.jpg", "depth.png")],
                         ["f-#.color.jpg", "f-#.depth.png"]),
    "mask": ([f"{k}{mask}.png" for k in FRAMES for mask in ("", "_mask")], ["#.png", "#_mask.png"]),
    "one name, two suffixes": ([f"{k}.{suffix}" for k in FRAMES for suffix in ("jpg", "png")], ["#.jpg", "#.png"]),
    "stereo": ([f"{side}_{k}.png" for k in FRAMES for side in ("left", "right")], ["left_#.png", "right_#.png"]),
    "cameras": ([f"cam{c}_{k}.png" for k in FRAMES for c in (1, 2)], ["cam1_#.png", "cam2_#.png"]),
    "cameras after": ([f"{k}_cam{c}.png" for k in FRAMES for c in (1, 2)], ["#_cam1.png", "#_cam2.png"]),
    "cameras with points": ([f"cam{c}.{k}.png" for k in (1, 2) for c in (1, 2)], ["cam1.#.png", "cam2.#.png"]),
    "numbers alone": ([f"{c}_{k}.png" for k in FRAMES for c in ("01", "02")], ["01_#.png", "02_#.png"]),
    "copies": ([*(f"img_{k}.jpg" for k in FRAMES), "img_0002 (1).jpg", "img_0003 - Copy.jpg", "Kopie von img_0001.jpg"],
               ["img_#.jpg", "img_0002 (1).jpg", "img_0003 - Copy.jpg", "Kopie von img_0001.jpg"]),
    "cover": ([*(f"img_{k}.jpg" for k in FRAMES), "cover.jpg"], ["img_#.jpg", "cover.jpg"]),
    "a frame between": (["img_1.png", "img_2.png", "img_2.1.png", "img_3.png"], ["img_#.png", "img_2.1.png"]),
    "names without numbers": (["cat.jpg", "dog.jpg"], ["cat.jpg", "dog.jpg"]),
    "optical flow": ([f"flow_{a}_{k}.png" for k in FRAMES for a in "xy"], ["flow_x_#.png", "flow_y_#.png"]),
}


@pytest.mark.parametrize("names, patterns", SEVERAL.values(), ids=SEVERAL)
def test_pictures_of_several_kinds_are_refused(names, patterns):
    _, wrong = numbering.ordered(names)
    assert wrong.startswith(f"pictures of {len(patterns)} kinds, ") and "--frame_pattern='*'" in wrong
    assert all(repr(pattern) in wrong for pattern in patterns)
    for pattern in patterns:  # each takes its own kind and nothing else
        frames, wrong = numbering.ordered(numbering.chosen(names, pattern), pattern)
        assert wrong is None and frames == sorted(frames) and (len(frames) == len(FRAMES) or len(names) < 9)
    assert set(numbering.chosen(names, ",".join(patterns))) == set(names)


def write(folder, names, level=lambda number: 10 * number):
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(names):
        Image.new("RGB", (64, 64), (level(number),) * 3).save(folder / name)


def test_the_pattern_chooses_the_frames(tmp_path, capsys):
    for video in "ab":
        write(tmp_path / video, [f"{k}.png" for k in range(4)])
        write(tmp_path / video, [f"{k}_mask.png" for k in range(4)], lambda number: 200)
    with pytest.raises(InputError, match="/[ab]: pictures of 2 kinds, '#.png' .4., '#_mask.png' .4.; give --frame_"):
        data.load("folder", "test", tmp_path, length=4)
    (clip,) = (clips := data.load("folder", "test", tmp_path, length=4, frame_pattern="#.png")).frames([0])
    assert len(clips) == 1 and clip[:, 0, 0, 0].tolist() == [0, 10, 20, 30]
    assert "8 pictures that are not of --frame_pattern=#.png passed over (0_mask.png, " in capsys.readouterr().err
    (clip,) = data.load("folder", "test", tmp_path, length=4, frame_pattern="#_mask.png").frames([0])
    assert clip[:, 0, 0, 0].tolist() == [200] * 4
    with pytest.raises(InputError, match="holds 0 videos.*16 pictures that are not of --frame_pattern=x"):
        data.load("folder", "test", tmp_path, length=4, frame_pattern="x")


def test_pictures_beside_videos_may_be_left_out_by_the_pattern(tmp_path):
    for number in range(2):
        np.save(tmp_path / f"{number}.npy", np.zeros((2, 64, 64, 3), np.uint8))
    write(tmp_path, ["poster.png"])
    with pytest.raises(InputError, match="pictures beside videos"):
        data.load("folder", "test", tmp_path, length=2)
    assert len(data.load("folder", "test", tmp_path, length=2, frame_pattern="#.png")) == 1


def test_folders_of_systems_are_passed_over(tmp_path, capsys):
    for video in "ab":
        write(tmp_path / video, [f"img_{k}.png" for k in range(3)])
        for system in ("@eaDir/img_0.png", "__MACOSX", ".thumbnails", "$RECYCLE.BIN", "#recycle", "lost+found"):
            write(tmp_path / video / system, ["other.png"])
        write(tmp_path / video / "Thumbnails", ["img_0.png"])
    write(tmp_path / "a", ["._img_0.png"])
    assert sum(len(data.load("folder", split, tmp_path, length=3)) for split in ("train", "test")) == 2
    assert "2 folders of thumbnails passed over" in capsys.readouterr().err


def test_other_files_are_counted_and_named(tmp_path, capsys):
    for number in range(3):
        np.save(tmp_path / f"{number}.npy", np.zeros((2, 64, 64, 3), np.uint8))
    np.save(tmp_path / "labels.npy", np.arange(3))
    for name in ("a.heic", "b.HEIC", "clip.braw", "list.csv", "notes.txt", "more.zip", "trainlist01.txt", "test.json"):
        (tmp_path / name).write_bytes(b"x")
    data.load("folder", "train", tmp_path, length=2)
    said = capsys.readouterr().err
    for line in ("2 .heic files, which are not read, passed over (a.heic, b.HEIC)", "1 .braw files", "1 .zip files",
                 "2 lists of splits, for which labels.csv has a column split, passed over (test.json, trainlist01.txt)",
                 "1 arrays that are no clips passed over (labels.npy)", "data folder passed over (list.csv)"):
        assert line in said
    assert "notes.txt" not in said
