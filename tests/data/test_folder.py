"""Users' own videos: every form of the same content, labels, splits, windows and the cache."""

import itertools
import json
import os
import re
import unicodedata
import zipfile

import films
import numpy as np
import pytest
from PIL import Image

from rwae_tf import data
from rwae_tf.data.reports import ErrorPolicy
from rwae_tf.data.video import decoding, discovery
from rwae_tf.errors import InputError
from rwae_tf.utils import cache_dir


def load(folder, split="train", **options):
    return data.load("folder", split, folder, **options)


def every_clip(clips):
    return clips.frames(np.arange(len(clips)))


# Forms.

def gifs(folder, videos):
    for number, video in enumerate(videos):
        films.write_gif(folder / f"{number}.gif", video)


def folders(folder, videos):
    for number, video in enumerate(videos):
        films.write_frames(folder / str(number), video)


def array(folder, videos):
    np.savez(folder / "all.npz", x=np.stack(videos))


def arrays_of_their_own(folder, videos):
    np.savez_compressed(folder / "all.npz", *videos)


def film(suffix):
    def write(folder, videos):
        for number, video in enumerate(videos):
            films.write_film(folder / f"{number}{suffix}", video)
    return write


FORMS = {"gif": gifs, "folders": folders, "npz": array, "npz, clip by clip": arrays_of_their_own,
         **{suffix: film(suffix) for suffix in films.FILMS}}


@pytest.fixture(scope="module")
def forms(tmp_path_factory):
    """Seven videos of 9 frames, 70x90, in every form: form -> folder. Two frames in a row are alike."""
    videos = films.noise(7, 9, 70, 90)
    videos[:, 4] = videos[:, 3]  # a GIF holds them as one that is shown twice as long
    folder = tmp_path_factory.mktemp("Fälle mit Lücken")  # spaces and accents on the way
    for name, write in FORMS.items():
        (folder / name).mkdir()
        write(folder / name, videos)
    return {name: folder / name for name in FORMS}


@pytest.mark.parametrize("split", data.SPLITS)
@pytest.mark.parametrize("grey", [False, True])
def test_every_form_gives_the_same_arrays(forms, split, grey):
    made = {name: load(path, split, length=4, validation_fraction=0.2, grey=grey) for name, path in forms.items()}
    first = made["npz"]
    # Of 7 videos a fifth, 1, is for the test, a fifth of the 6 left, 1, for validation; 9 // 4 = 2 clips each.
    assert len(first) == {"train": 10, "validation": 2, "test": 2}[split]
    assert first.spec.frame_shape == (64, 64, 1 if grey else 3) and first.spec.factors == {}
    for name, clips in made.items():
        assert clips.spec == first.spec
        np.testing.assert_array_equal(every_clip(clips), every_clip(first), err_msg=name)


def test_frames_of_64x64_stay_as_they_are(tmp_path):
    videos = films.noise(5, 9)
    gifs(tmp_path, videos)
    (test,) = every_clip(load(tmp_path, "test", length=9))
    assert any(np.array_equal(test, video) for video in videos)


def hamming(size, new_size):
    """The matrix [new_size, size] of a Hamming filter, straight from its formula."""
    scale = max(1, size / new_size)
    weights = np.zeros((new_size, size))
    for i, k in itertools.product(range(new_size), range(size)):
        distance = abs(k + 0.5 - (i + 0.5) * size / new_size) / scale
        if distance < 1:
            weights[i, k] = np.sinc(distance) * (0.54 + 0.46 * np.cos(np.pi * distance))
    return weights / weights.sum(1, keepdims=True)


@pytest.mark.parametrize("height, width", [(96, 150), (200, 97), (40, 33)])
def test_the_middle_is_cut_out_and_resized(tmp_path, height, width):
    videos = np.random.default_rng(3).integers(0, 256, (2, 2, height, width, 3), np.uint8)
    array(tmp_path, videos)
    (found,) = every_clip(load(tmp_path, "test", length=2))
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = videos[:, :, top:top + side, left:left + side].astype(float)
    weights = hamming(side, 64)
    expected = np.moveaxis(weights @ np.moveaxis(square, -1, 2) @ weights.T, 2, -1)
    error = np.abs(expected - found).max((1, 2, 3, 4))
    assert error.min() <= 1.5  # Pillow rounds to grey levels after each of the two directions


def test_pictures_of_every_mode(tmp_path):
    """One frame each: grey, palette, transparent on black, 16 bits, JPEG; all frames of one colour."""
    pictures = {"grey": (Image.new("L", (64, 64), 100), (100, 100, 100)),
                "palette": (Image.new("RGB", (64, 64), (10, 20, 30)).quantize(4), (10, 20, 30)),
                "half": (Image.new("RGBA", (64, 64), (200, 100, 0, 128)), (100, 50, 0)),  # 200 * 128 / 255
                "clear": (Image.new("RGBA", (64, 64), (200, 100, 0, 0)), (0, 0, 0)),
                "deep": (Image.fromarray(np.full((64, 64), 100 * 256 + 7, np.uint16)), (100, 100, 100))}
    for name, (picture, _) in pictures.items():
        (tmp_path / name).mkdir()
        picture.save(tmp_path / name / "0.png")
    videos, _ = discovery.find(str(tmp_path), ErrorPolicy(False))
    for video in videos:
        (frame,) = decoding.Reader(3).frames(video)
        assert frame.reshape(-1, 3).max(0).tolist() == frame.reshape(-1, 3).min(0).tolist()
        assert frame[0, 0].tolist() == list(pictures[video.name][1]), video.name


def test_a_turned_photograph_is_upright(tmp_path):
    picture = np.zeros((64, 64, 3), np.uint8)
    picture[:32] = 255  # white above
    exif = Image.Exif()
    exif[0x0112] = 3  # taken upside down
    for name in "ab":
        (tmp_path / name).mkdir()
        Image.fromarray(picture).save(tmp_path / name / "0.jpg", exif=exif)
    ((frame,),) = every_clip(load(tmp_path, "test", length=1))
    assert frame[:24].max() < 30 and frame[40:].min() > 225


def test_a_gif_with_transparent_parts_shows_black_there(tmp_path):
    for name in ("a.gif", "b.gif"):
        pictures = [Image.new("P", (64, 64), 0) for _ in range(2)]
        for number, picture in enumerate(pictures):
            picture.putpalette([255, 0, 0, 0, 255, 0])
            picture.paste(1, (0, 0, 64, 10 + number))
        pictures[0].save(tmp_path / name, save_all=True, append_images=pictures[1:], transparency=0, disposal=2)
    ((first, second),) = every_clip(load(tmp_path, "test", length=2))
    assert first[0, 0].tolist() == [0, 255, 0] and first[10:].max() == 0 and second[11:].max() == 0


def test_a_frame_shown_longer_is_several_frames(tmp_path):
    video = films.noise(1, 4)[0]
    for name in ("a.gif", "b.gif"):
        films.write_gif(tmp_path / name, video, [30, 90, 40, 30])  # 1, 3, 1 (30 and 40 ms are 30 frames/s), 1
    (clip,) = every_clip(load(tmp_path, "test", length=6))
    np.testing.assert_array_equal(clip, video[[0, 1, 1, 1, 2, 3]])


# Windows; the grey level of a frame says which frame of which video it is.

def counting(lengths):
    """Videos of which frame t of video v has the grey level 20 v + t."""
    return [np.broadcast_to(np.uint8(20 * v + np.arange(count))[:, None, None, None], (count, 64, 64, 1))
            for v, count in enumerate(lengths)]


def shown(clips, indices=None, epoch=0):
    """Of every clip, which video it shows and which of its frames [B, T]."""
    frames = clips.frames(np.arange(len(clips)) if indices is None else indices, epoch)
    assert (frames == frames[:, :, :1, :1]).all()
    return frames[:, 0, 0, 0, 0] // 20, frames[:, :, 0, 0, 0] % 20


def test_test_clips_are_spread_evenly(tmp_path):
    arrays_of_their_own(tmp_path, counting([20] * 5))
    videos, times = shown(load(tmp_path, "test", length=6))
    assert len(set(videos)) == 1  # a fifth of 5
    # 20 // 6 = 3 clips; the last may begin with frame 14, so they begin with 0, 7 and 14.
    np.testing.assert_array_equal(times, np.add.outer([0, 7, 14], np.arange(6)))
    _, times = shown(load(tmp_path, "test", length=12))
    np.testing.assert_array_equal(times, [np.arange(4, 16)])  # one clip, in the middle
    _, times = shown(load(tmp_path, "test", length=3, frame_step=3))
    # 20 // 9 = 2 clips of frames 0, 3, 6 after their first; the last begins with frame 13.
    np.testing.assert_array_equal(times, [[0, 3, 6], [13, 16, 19]])


def test_training_clips_begin_anywhere(tmp_path):
    arrays_of_their_own(tmp_path, counting([12, 9, 12, 9, 12]))
    clips = load(tmp_path, length=4, frame_step=2)  # spans 7 frames: 12 frames allow 6 beginnings, 9 allow 3
    begun = {}
    for epoch in range(60):
        for video, times in zip(*shown(clips, epoch=epoch), strict=True):
            np.testing.assert_array_equal(np.diff(times), [2, 2, 2])
            begun.setdefault(int(video), set()).add(int(times[0]))
    assert len(begun) == 4
    for video, starts in begun.items():
        assert starts == set(range(6 if video % 2 == 0 else 3))  # all missed by one in 60: (5/6)^60 = 2e-5 for each
    again = load(tmp_path, length=4, frame_step=2, seed=1)
    assert any((shown(again, epoch=e)[1] != shown(clips, epoch=e)[1]).any() for e in range(9))


# Splits.

def spread(tmp_path, count=20):
    arrays_of_their_own(tmp_path, [np.full((1, 64, 64, 1), v, np.uint8) for v in range(count)])
    return {split: every_clip(load(tmp_path, split, length=1, validation_fraction=0.25))[:, 0, 0, 0, 0].tolist()
            for split in data.SPLITS}


def test_splits_share_no_video_and_leave_none_out(tmp_path):
    found = spread(tmp_path)
    assert [len(found[split]) for split in data.SPLITS] == [12, 4, 4]  # 20: 4 test, a quarter of 16 validation
    assert sorted(sum(found.values(), [])) == list(range(20))


def test_splits_follow_names_not_the_disk(tmp_path):
    frames = np.full((2, 64, 64, 3), 1, np.uint8)
    for folder, order in (("a", range(12)), ("b", reversed(range(12)))):
        for number in order:
            films.write_frames(tmp_path / folder / str(number), frames * 10 * number)
    for split in ("train", "test"):
        one, other = (load(tmp_path / folder, split, length=1) for folder in "ab")
        np.testing.assert_array_equal(every_clip(one), every_clip(other))
    # 10 and 11 come after 9, not after 1.
    values = every_clip(load(tmp_path / "a", length=1))[::2, 0, 0, 0, 0].tolist()
    assert values == sorted(values)


def test_bad_videos_do_not_move_the_others(tmp_path):
    gifs(tmp_path, films.noise(10, 4))
    before = {split: every_clip(load(tmp_path, split, length=4)) for split in ("train", "test")}
    (tmp_path / "3.gif").write_bytes(b"GIF89a")
    after = {split: every_clip(load(tmp_path, split, length=4, skip_invalid=True)) for split in ("train", "test")}
    for split in before:
        kept = {clip.tobytes() for clip in after[split]}
        assert kept <= {clip.tobytes() for clip in before[split]}
    assert sum(map(len, after.values())) == 9


@pytest.mark.parametrize("names", [("train", "test"), ("Train", "val", "test")])
def test_folders_called_train_and_test_decide(tmp_path, names):
    for k, (split, kind) in enumerate(itertools.product(names, ("x", "y"))):
        for number in range(3):
            films.write_gif(tmp_path / split / kind / f"{number}.gif", films.noise(1, 2, seed=10 * k + number)[0])
    test = load(tmp_path, "test", length=2)
    assert len(test) == 6 and len(load(tmp_path, length=2)) == 6 * (len(names) - 1)
    assert test.spec.factors == {"folder": ("x", "y")}
    wanted = {films.noise(1, 2, seed=10 * (2 * len(names) - 2 + k) + n).tobytes() for k in (0, 1) for n in range(3)}
    assert {clip.tobytes() for clip in every_clip(test)} == wanted


def test_a_label_can_keep_its_videos_together(tmp_path):
    faces(tmp_path)
    parts = {split: load(tmp_path, split, length=1, split_by="who", label_names="who,mood", validation_fraction=0.3)
             for split in data.SPLITS}
    assert {clips.spec.factors["mood"] for clips in parts.values()} == {("glad", "sad")}
    assert "who" not in parts["train"].spec.factors  # no judge could learn those of the test
    people = {split: set(every_clip(clips)[:, 0, 0, 0, 0] // 10) for split, clips in parts.items()}
    # Of 5 people, one is for the test; of the 4 left, round(0.3 * 4) = 1 for validation.
    assert [len(people[split]) for split in data.SPLITS] == [3, 1, 1]
    assert set.union(*people.values()) == set(range(5))
    with pytest.raises(InputError, match="split_by='whom': choose one of video, folder_1, folder_2"):
        load(tmp_path, split_by="whom")


# Labels.

def faces(folder, people=5):
    """data/pN/MOOD/take/0.png, three takes each: levels that do not vary, that do, and the video itself."""
    for who, (k, mood), take in itertools.product(range(people), enumerate(("glad", "sad")), range(3)):
        colour = np.full((1, 64, 64, 3), 10 * who + 3 * k + take, np.uint8)
        films.write_frames(folder / "data" / f"p{who}" / mood / f"take{take}", colour)


def read(clips):
    """Label names of every clip by its grey level."""
    found = clips.labels(np.arange(len(clips)))
    levels = every_clip(clips)[:, 0, 0, 0, 0].tolist()
    return {level: tuple(clips.spec.factors[name][label[i]] for name, label in found.items())
            for i, level in enumerate(levels)}


def test_levels_of_sub_folders_are_labels(tmp_path):
    faces(tmp_path)
    train, test = (load(tmp_path, split, length=1) for split in ("train", "test"))
    people = tuple(f"p{k}" for k in range(5))
    assert train.spec == test.spec
    assert train.spec.factors == {"folder_1": people, "folder_2": ("glad", "sad")}
    assert train.spec.static == ("folder_1", "folder_2")
    found = {**read(train), **read(test)}
    assert len(found) == 30
    for level, labels in found.items():
        assert labels == (f"p{level // 10}", ("glad", "sad")[level % 10 // 3])
    named = load(tmp_path, length=1, label_names="who, mood", motion_labels="mood")
    assert list(named.spec.factors) == ["who", "mood"] and named.spec.static == ("who",)
    with pytest.raises(InputError, match="label_names='who': 1 names for 2 levels.*p0 ..., glad ..."):
        load(tmp_path, label_names="who")
    with pytest.raises(InputError, match="motion_labels='moods': no label 'moods'; the labels are folder_1, folder_2"):
        load(tmp_path, motion_labels="moods")


def test_what_does_not_repeat_is_no_label(tmp_path):
    for number in range(4):  # every video in a folder of its own, and one deeper
        films.write_gif(tmp_path / f"person {number}" / "film.gif", films.noise(1, 2, seed=number)[0])
    assert load(tmp_path, length=2).spec.factors == {}
    films.write_gif(tmp_path / "person 1" / "more" / "film.gif", films.noise(1, 2, seed=9)[0])
    assert load(tmp_path, length=2).spec.factors == {}


def table(folder, text, encoding="utf-8"):
    (folder / "labels.csv").write_bytes(text.encode(encoding))


@pytest.mark.parametrize("mark, encoding", [(",", "utf-8"), (";", "utf-8-sig"), ("\t", "utf-8")])
def test_labels_of_a_table(tmp_path, mark, encoding):
    names = ["Zoë läuft", "b/walk 10", "b/walk 2", "c"]
    for number, name in enumerate(names):
        films.write_gif(tmp_path / f"{name}.gif", np.full((1, 64, 64, 3), number, np.uint8))
    rows = [("file", "age", "kind", "Split"), ("c", "10", "cat", "train"),
            (unicodedata.normalize("NFD", names[0]) + ".gif", "9", "dog", "test"),  # as macOS writes it
            ("./b/walk 2.gif", "9", "cat", "validation"), ("b\\walk 10", "10", "cat", "TRAIN")]
    table(tmp_path, "\r\n".join(mark.join(row) for row in rows) + "\r\n\r\n", encoding)
    train, test = (load(tmp_path, split, length=1) for split in ("train", "test"))
    assert train.spec.factors == {"age": ("9", "10"), "kind": ("cat", "dog")}
    assert read(test) == {0: ("9", "dog")}
    assert read(train) == {1: ("10", "cat"), 2: ("9", "cat"), 3: ("10", "cat")}
    assert list(load(tmp_path, length=1, label_names="kind").spec.factors) == ["kind"]
    with pytest.raises(InputError, match="label_names='kind,sex'.*no label 'sex'; it has age, kind"):
        load(tmp_path, label_names="kind,sex")


def test_labels_of_an_array(tmp_path):
    x = np.arange(8, dtype=np.uint8)[:, None, None, None, None] + np.zeros((8, 2, 64, 64, 1), np.uint8)
    np.savez(tmp_path / "all.npz", x=x, kind=np.array(["a", "b"] * 4), number=np.arange(8) // 4)
    train, test = (load(tmp_path / "all.npz", split, length=2) for split in ("train", "test"))
    found = {**read(train), **read(test)}
    assert found == {level: ("ab"[level % 2], str(level // 4)) for level in range(8)}
    assert train.spec.frame_shape == (64, 64, 3)


def test_arrays_called_train_and_test_decide(tmp_path):
    for name, level in (("train", 0), ("test", 100)):
        np.savez(tmp_path / f"{name}.npz", x=level + np.zeros((3, 2, 64, 64, 1), np.uint8), kind=np.arange(3) % 2)
    for split, level in (("train", 0), ("test", 100)):
        clips = load(tmp_path, split, length=2)
        assert len(clips) == 3 and (every_clip(clips) == level).all()
        assert clips.labels(np.arange(3))["kind"].tolist() == [0, 1, 0]


def test_faces_as_a_strangers_folder(shared_data, tmp_path):
    """Three of the subjects, 2 takes of 6 expressions each, 20 frames of 64x64."""
    path = shared_data / "faces" / "ict_mug64.zip"
    if not path.is_file():
        pytest.skip(f"no faces: {path} is missing")
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path, [name for name in archive.namelist() if re.match("subjects3/00[1-3]/", name)])
    train, test = (load(tmp_path, split, label_names="who,mood", motion_labels="mood") for split in ("train", "test"))
    # 36 videos, a fifth of them, 7, for the test; 20 // 8 = 2 clips each.
    assert len(train) == 58 and len(test) == 14
    moods = ("anger", "disgust", "fear", "happiness", "sadness", "surprise")
    assert train.spec.factors == {"who": ("001", "002", "003"), "mood": moods} and train.spec.static == ("who",)
    labels = test.labels(np.arange(14))
    for number in range(0, 14, 2):  # the first clip of a test video begins with its first frame
        who, mood = train.spec.factors["who"][labels["who"][number]], moods[labels["mood"][number]]
        takes = [tmp_path / "subjects3" / who / mood / f"take00{k}" / "img_0000.jpg" for k in range(2)]
        assert any(np.array_equal(np.asarray(Image.open(take)), test.frames([number])[0, 0]) for take in takes)


# The cache.

def no_reading(*_):
    raise AssertionError("decoded again")


def test_decoded_once_and_mapped_into_memory(tmp_path, monkeypatch, capsys):
    gifs(tmp_path, films.noise(5, 4))
    clips = load(tmp_path, length=2)
    assert isinstance(clips._frames, np.memmap)
    assert "5 videos, 20 frames, decoded in " in capsys.readouterr().err
    monkeypatch.setattr(decoding.Reader, "frames", no_reading)
    for split, length in (("train", 2), ("test", 4)):  # whatever is cut from it
        load(tmp_path, split, length=length)
    moved = tmp_path.rename(tmp_path.with_name("moved"))
    np.testing.assert_array_equal(every_clip(load(moved, length=2)), every_clip(clips))
    assert capsys.readouterr().err == f"{moved}: videos: 4 train, 1 test; dealt at random\n"
    os.utime(moved / "2.gif", (1, 1))
    with pytest.raises(AssertionError, match="decoded again"):
        load(moved)
    with pytest.raises(AssertionError, match="decoded again"):
        load(moved, grey=True)


@pytest.fixture
def place(tmp_path, monkeypatch):
    """An empty folder for decoded frames."""
    monkeypatch.setenv("RWAE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_interrupted_decoding_leaves_nothing(tmp_path, place, monkeypatch):
    gifs(tmp_path / "videos", films.noise(5, 4))
    frames, calls = decoding.Reader.frames, itertools.count()

    def interrupted(self, video):
        if next(calls) == 3:
            raise KeyboardInterrupt
        return frames(self, video)

    monkeypatch.setattr(decoding.Reader, "frames", interrupted)
    with pytest.raises(KeyboardInterrupt):
        load(tmp_path / "videos", length=4)
    assert list(place.iterdir()) == []
    assert len(load(tmp_path / "videos", length=4)) == 4


@pytest.mark.parametrize("name, damage", [
    ("frames.npy", lambda path: path.write_bytes(path.read_bytes()[:-1])), ("frames.npy", os.remove),
    ("frames.npy", lambda path: path.write_bytes(b"")), ("videos.json", lambda path: path.write_text('{"videos": [')),
])
def test_damaged_cache_is_made_anew(tmp_path, place, name, damage):
    gifs(tmp_path / "videos", films.noise(5, 4))
    before = every_clip(load(tmp_path / "videos", length=4))
    (kept,) = place.iterdir()
    damage(kept / name)
    np.testing.assert_array_equal(every_clip(load(tmp_path / "videos", length=4)), before)
    assert [path.name for path in place.iterdir()] == [kept.name]
    assert len(json.loads((kept / "videos.json").read_text())["videos"]) == 5


def test_what_killed_processes_left_is_swept_a_day_later(tmp_path, place):
    for name, age in (("old.part", 2 * 86400), ("new.part", 60), ("old", 2 * 86400)):
        (place / name).mkdir(parents=True)
        os.utime(place / name, (os.stat(place).st_mtime - age,) * 2)
    gifs(tmp_path / "videos", films.noise(2, 2))
    load(tmp_path / "videos", length=2)
    assert {"new.part", "old"} == {path.name for path in place.iterdir()} & {"old.part", "new.part", "old"}


def test_where_decoded_frames_lie(monkeypatch):
    for name in ("RWAE_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    assert cache_dir.path() == os.path.expanduser("~/.cache/rwae_tf")
    monkeypatch.setenv("XDG_CACHE_HOME", "/x")
    assert cache_dir.path() == "/x/rwae_tf"
    monkeypatch.setenv("RWAE_CACHE", "/y")
    assert cache_dir.path() == "/y"
