"""Users' own videos: every form of the same content, labels, splits, windows and the cache."""

import itertools

import films
import numpy as np
import pytest
from own_videos import array, arrays_of_their_own, every_clip, gifs, load
from PIL import Image

from rwae_tf import data
from rwae_tf.data.reports import ErrorPolicy
from rwae_tf.data.video import decoding, discovery


def folders(folder, videos):
    for number, video in enumerate(videos):
        films.write_frames(folder / str(number), video)


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
