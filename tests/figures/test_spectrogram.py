"""Spectrograms: where time, frequency and loudness are in the picture."""

import numpy as np
import pytest

from rwae_tf import figures
from rwae_tf.errors import InputError
from rwae_tf.figures import grids, spectrogram


def test_loud_point_is_bright_where_it_belongs():
    clip = np.full((1, 10, 50), -80.0)
    clip[0, 7, 3] = 0.0  # late and low
    picture = spectrogram.painter(clip)(clip)
    # 50 values over 10 frames are drawn 2.5 times as high as wide: round(50 / 25) = 2 pixels per frame.
    assert picture.shape == (1, 1, 50, 20, 3) and picture.dtype == np.uint8
    light = picture[0, 0].astype(int).sum(-1)
    assert np.argwhere(light == light.max()).tolist() == [[46, 14], [46, 15]]  # the fourth row from below


def test_long_clips_are_a_pixel_per_frame():
    clips = np.random.default_rng(0).normal(size=(2, 3, 100, 80))
    assert spectrogram.painter(clips)(clips).shape == (2, 3, 1, 80, 100, 3)


def test_one_scale_for_all_that_is_painted():
    reference = np.linspace(-100, 0, 2000).reshape(1, 20, 100)
    paint = spectrogram.painter(reference)
    low, high = (paint(np.full((20, 100), value))[0, 0, 0].tolist() for value in (-1000.0, 1000.0))
    # Percentiles 5 and 99.5 of -100 ... 0 are -95 and -0.5: all beyond is drawn as they are.
    assert paint(np.full((20, 100), -96.0))[0, 0, 0].tolist() == low
    assert paint(np.full((20, 100), -0.4))[0, 0, 0].tolist() == high != low
    middle = paint(np.full((20, 100), -50.0))[0, 0, 0]
    assert sum(low) < middle.sum() < sum(high)


def test_matrix_of_figure_11():
    clips = np.random.default_rng(1).normal(size=(16, 20, 80))
    paint = figures.painter("speech", clips)
    mixed = np.broadcast_to(clips[:, None], (16, 16, 20, 80))
    picture = grids.table(grids.swap_table(paint(clips), paint(clips), paint(mixed)))
    # 17 cells of 80 x 40 pixels (80 / 50 = 1.6, 2 pixels per frame), 3 between: 17 * 83 - 3 and 17 * 43 - 3.
    assert picture.shape == (1408, 728, 3)
    np.testing.assert_array_equal(picture[83:163, 43:83], picture[83:163, :40])  # all of a row is its first


def test_videos_are_left_as_they_are():
    x = np.random.default_rng(0).random((2, 3, 4, 4, 3))
    np.testing.assert_array_equal(figures.painter("video", x)(x), x)


@pytest.mark.parametrize("reference", [np.zeros((0, 20, 80)), np.full((1, 2, 3), np.nan), np.zeros(4)])
def test_nothing_to_fit_colours_to(reference):
    with pytest.raises(InputError, match="a spectrogram needs finite values"):
        spectrogram.painter(reference)
