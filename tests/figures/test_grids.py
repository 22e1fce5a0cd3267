"""Stills, pixel by pixel."""

import numpy as np
import pytest
from PIL import Image

from rwae_tf import figures
from rwae_tf.errors import InputError
from rwae_tf.figures import grids

G = grids.BACKGROUND


def flat(value, *lead, channels=1):
    """Clips or frames of 1x1 pixels with the given values [*lead]."""
    return np.broadcast_to(np.array(value, np.uint8).reshape(*lead, 1, 1, 1), (*lead, 1, 1, channels))


def test_floats_round_to_the_nearest_level():
    # 0.5 / 255 = 0.00196: below it level 0, above it level 1.
    x = np.array([0, 0.0019, 0.0020, 1]).reshape(1, 4, 1)
    np.testing.assert_array_equal(grids.to_uint8(x).ravel(), [0, 0, 1, 255])


def test_strip_puts_a_grey_pixel_between_frames():
    np.testing.assert_array_equal(grids.strip(flat([10, 20, 30], 3))[..., 0], [[10, G, 20, G, 30]])


def test_strip_scales_frames_and_not_the_separator():
    expected = [[10, 10, G, 20, 20]] * 2
    np.testing.assert_array_equal(grids.strip(flat([10, 20], 2), scale=2)[..., 0], expected)


def test_strip_keeps_rows_columns_and_channels():
    video = np.arange(2 * 2 * 3 * 3, dtype=np.uint8).reshape(2, 2, 3, 3)
    expected = np.concatenate([video[0], np.full((2, 1, 3), G, np.uint8), video[1]], axis=1)
    np.testing.assert_array_equal(grids.strip(video), expected)


def test_grid_has_a_row_per_clip():
    image = grids.grid(flat([[1, 2], [3, 4]], 2, 2))
    np.testing.assert_array_equal(image[..., 0], [[1, G, 2], [G, G, G], [3, G, 4]])


def test_swap_grid_has_real_clips_in_first_row_and_column():
    content, motion = flat([[1], [2]], 2, 1), flat([[3], [4]], 2, 1)
    mixed = flat([[[13], [14]], [[23], [24]]], 2, 2, 1)
    image = grids.table(grids.swap_table(content, motion, mixed))
    # Cells of one pixel, three grey ones between them; the corner is empty.
    assert image.shape == (9, 9, 1)
    np.testing.assert_array_equal(image[::4, ::4, 0], [[G, 3, 4], [1, 13, 14], [2, 23, 24]])
    between = np.ones((9, 9), bool)
    between[::4, ::4] = False
    assert (image[between] == G).all()


def test_still_shows_evenly_spaced_frames_of_long_clips():
    # One column of 40 frames: 20 are shown, every second one.
    image = grids.table(flat(np.arange(40), 1, 1, 40))
    np.testing.assert_array_equal(image[0, ::2, 0], np.arange(0, 40, 2))


def test_still_of_many_columns_keeps_three_frames():
    image = grids.table(np.zeros((1, 10, 8, 1, 1, 3), np.uint8))
    assert image.shape == (1, 10 * 5 + 9 * 3, 3)  # a cell is three pixels and two separators


@pytest.mark.parametrize("channels", [1, 3])
def test_names_stand_beside_their_rows(channels):
    image = np.random.default_rng(0).integers(0, 256, (3 * 20, 7, channels)).astype(np.uint8)
    whole = grids.labelled(image, ["anger", "", "joy"])
    np.testing.assert_array_equal(whole[:, -7:], image)
    margin = whole[:, :-7]
    dark = (margin < 128).any((1, 2))  # rows of pixels with letters
    assert (margin == margin[..., :1]).all() and (margin[:, :grids.CLIP_GAP] > 128).all()
    assert dark[:20].any() and not dark[20:40].any() and dark[40:].any()
    columns = (margin < 128).any((0, 2)).nonzero()[0]
    assert (margin[40:] < 128).any((0, 2)).nonzero()[0].max() < columns.max()  # "joy" is shorter, from the same left
    assert grids.labelled(image, ["a longer name", "", ""]).shape[1] > whole.shape[1]


def test_names_are_in_stills_alone(tmp_path):
    clips = np.zeros((2, 3, 4, 8, 8, 3), np.uint8)
    for name in ("a.png", "a.gif"):
        figures.write(clips, str(tmp_path / name), names=["one", "two"])
        figures.write(clips, str(tmp_path / ("plain_" + name)))
    widths = {path.name: Image.open(path).size for path in tmp_path.iterdir()}
    assert widths["a.gif"] == widths["plain_a.gif"] == (3 * 8 + 2 * 3, 2 * 8 + 3)
    assert widths["a.png"][0] > widths["plain_a.png"][0] and widths["a.png"][1] == widths["plain_a.png"][1]


@pytest.mark.parametrize("channels", [1, 3])
def test_png_reads_back(tmp_path, channels):
    image = np.random.default_rng(0).integers(0, 256, (5, 7, channels)).astype(np.uint8)
    grids.write_png(image, str(tmp_path / "a.png"))
    read = np.asarray(Image.open(tmp_path / "a.png"))
    np.testing.assert_array_equal(read.reshape(image.shape), image)
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_write_png_of_clips_makes_the_folder(tmp_path):
    path = tmp_path / "new" / "a.png"
    figures.write(flat([[1, 2], [3, 4]], 2, 2), str(path))
    assert Image.open(path).size == (3, 5)  # two rows of clips, three pixels apart


@pytest.mark.parametrize("clips, message", [
    (np.full((2, 3, 4, 4, 3), np.nan), "nan"),
    (np.full((2, 3, 4, 4, 3), 1.5), "1.5"),
    (np.zeros((2, 3, 4, 4, 2), np.uint8), r"\(2, 3, 4, 4, 2\)"),
    (np.zeros((0, 3, 4, 4, 3), np.uint8), "empty"),
    (np.zeros((3, 4, 4, 3), np.uint8), "5 dimensions"),
])
def test_wrong_clips_are_refused(clips, message):
    with pytest.raises(InputError, match=message):
        grids.grid(clips)


def test_swaps_that_do_not_fit_are_refused():
    clips = np.zeros((2, 3, 4, 4, 1), np.uint8)
    with pytest.raises(InputError, match="do not fit"):
        grids.swap_table(clips, clips, np.zeros((2, 1, 3, 4, 4, 1), np.uint8))
