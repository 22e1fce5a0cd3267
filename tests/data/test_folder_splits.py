"""Users' own videos: windows and splits."""

import itertools

import films
import numpy as np
import pytest
from own_videos import arrays_of_their_own, every_clip, faces, gifs, load

from rwae_tf import data
from rwae_tf.errors import InputError

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
