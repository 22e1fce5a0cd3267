"""Animations, read back from their files."""

import imageio_ffmpeg
import numpy as np
import pytest
from PIL import GifImagePlugin, Image

from rwae_tf import figures
from rwae_tf.errors import InputError
from rwae_tf.figures import animation, grids

G = grids.BACKGROUND


def clips(channels, count=3, length=6, levels=256):
    """Clips [count, length, 8, 7, channels] of random colours."""
    return np.random.default_rng(0).integers(0, levels, (count, length, 8, 7, channels)).astype(np.uint8)


def read_gif(path):
    """The frames of a GIF, uint8 [T, h, w, 3]."""
    image, frames = Image.open(path), []
    for t in range(image.n_frames):
        image.seek(t)
        frames.append(np.asarray(image.convert("RGB")))
    return np.stack(frames)


def test_clips_play_side_by_side():
    # Three clips of one pixel make a table of 2 x 2 whose last cell is grey; three pixels lie between cells.
    videos = np.array([[1, 2], [3, 4], [5, 6]], np.uint8).reshape(3, 2, 1, 1, 1)
    frames = animation.animate(videos)
    assert frames.shape == (2, 5, 5, 1)
    np.testing.assert_array_equal(frames[0, ::4, ::4, 0], [[1, 3], [5, G]])
    np.testing.assert_array_equal(frames[1, ::4, ::4, 0], [[2, 4], [6, G]])


def test_a_table_of_clips_stays_as_it_is():
    table = np.arange(6, dtype=np.uint8).reshape(3, 2, 1, 1, 1, 1)
    np.testing.assert_array_equal(animation.animate(table)[0, ::4, ::4, 0], [[0, 1], [2, 3], [4, 5]])


@pytest.mark.parametrize("channels, levels", [(1, 256), (3, 6)])
def test_gif_of_few_colours_reads_back_exactly(tmp_path, channels, levels):
    # 256 greys, or 6^3 = 216 colours and the grey of the separators, fit the palette of 256.
    videos = clips(channels, levels=levels)
    figures.write(videos, str(tmp_path / "a.gif"))
    expected = np.broadcast_to(animation.animate(videos), (6, 19, 17, 3))
    np.testing.assert_array_equal(read_gif(tmp_path / "a.gif"), expected)


def test_gif_shares_a_palette_loops_and_keeps_time(tmp_path, monkeypatch):
    strategy = GifImagePlugin.LoadingStrategy.RGB_AFTER_DIFFERENT_PALETTE_ONLY
    monkeypatch.setattr(GifImagePlugin, "LOADING_STRATEGY", strategy)
    figures.write(clips(3), str(tmp_path / "a.gif"), fps=5)
    image = Image.open(tmp_path / "a.gif")
    assert (image.n_frames, image.info["loop"], image.info["duration"]) == (6, 0, 200)
    for t in range(6):
        image.seek(t)
        assert image.mode == "P"  # and not RGB, as for a frame with a palette of its own


def test_gif_of_many_colours_is_close(tmp_path):
    ramp = np.linspace(0, 1, 8 * 7 * 3).reshape(8, 7, 3)
    videos = np.stack([np.stack([ramp * (t + 1) / 6 for t in range(6)])])
    figures.write(videos, str(tmp_path / "a.gif"))
    assert np.abs(read_gif(tmp_path / "a.gif") - 255 * videos[0]).mean() < 4


@pytest.mark.parametrize("channels", [1, 3])
def test_mp4_has_even_size_and_all_frames(tmp_path, channels):
    # 2 x 2 cells of 8 x 7 pixels, three between them: 19 x 17, made even.
    figures.write(clips(channels), str(tmp_path / "a.mp4"), fps=5)
    count, seconds = imageio_ffmpeg.count_frames_and_secs(str(tmp_path / "a.mp4"))
    meta = next(imageio_ffmpeg.read_frames(str(tmp_path / "a.mp4")))
    assert (count, meta["size"], meta["fps"], round(seconds, 1)) == (6, (18, 20), 5, 1.2)
    assert meta["pix_fmt"].startswith("yuv420p") and [path.name for path in tmp_path.iterdir()] == ["a.mp4"]


def test_mp4_shows_the_clips(tmp_path):
    videos = np.zeros((1, 4, 32, 32, 3), np.uint8)
    videos[:, :, :16] = 200
    figures.write(videos, str(tmp_path / "a.mp4"))
    _, frame, *_ = imageio_ffmpeg.read_frames(str(tmp_path / "a.mp4"))
    picture = np.frombuffer(frame, np.uint8).reshape(32, 32, 3).astype(int)
    assert np.abs(picture[2:14] - 200).max() < 12 and picture[18:].max() < 12  # lossy, edges apart


def test_suffix_in_capitals(tmp_path):
    figures.write(clips(1), str(tmp_path / "a.GIF"))
    assert Image.open(tmp_path / "a.GIF").n_frames == 6


@pytest.mark.parametrize("name", ["a.webm", "gif", "a"])
def test_unknown_suffix_is_refused(tmp_path, name):
    with pytest.raises(InputError, match=f"{name}: .*.gif .mp4 .png"):
        figures.write(clips(1), str(tmp_path / name))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", [".gif", ".mp4", ".png"])
def test_bad_clips_leave_nothing(tmp_path, suffix):
    with pytest.raises(InputError):
        figures.write(np.full((2, 3, 4, 4, 3), np.nan), str(tmp_path / f"a{suffix}"))
    assert not list(tmp_path.iterdir())
