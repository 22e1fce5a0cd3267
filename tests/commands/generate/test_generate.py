"""The command `generate`: what its pictures show, checked against the model and the data."""

import os
import subprocess
import sys

import numpy as np
import pytest
from generating import call
from PIL import Image

import rwae_tf
from rwae_tf import data, errors, generate
from rwae_tf.evaluation import clip_figures


def test_generate_writes_a_gif_of_the_models_clips(run, written, capsys):
    call(run, "--num=3", "--length=5", "--seed=2")
    [(clips, path, scale)] = written
    assert path == os.path.join(run, "figures", "generate.gif") and scale == 4  # 16 pixels shown as 64
    np.testing.assert_array_equal(clips, rwae_tf.load(run).generate(num=3, length=5, seed=2))
    assert capsys.readouterr().out.startswith(f"{path} (")
    assert Image.open(path).size == (2 * 64 + 3, 2 * 64 + 3)


@pytest.mark.slow
def test_generate_is_100_frames_long_by_default(run, written, tmp_path):
    call(run, "--num=1", f"--out={tmp_path}/a.png")
    assert written[0][0].shape == (1, 100, 16, 16, 3)


@pytest.mark.slow
def test_reconstruct_pairs_test_clips_with_their_reconstructions(run, written):
    call(run, "--mode=reconstruct", "--num=3")
    [(clips, path, _)] = written
    assert path.endswith("reconstruct.png") and clips.shape == (3, 2, 4, 16, 16, 3)
    np.testing.assert_array_equal(clips[:, 1], rwae_tf.load(run).reconstruct(clips[:, 0]))
    test = next(data.load("moving_shapes", "test", size=16, length=4).batches(3600))["x"]
    assert all((test == clip).all(axis=(1, 2, 3, 4)).any() for clip in clips[:, 0])


@pytest.mark.slow
def test_motions_are_those_of_the_prior_under_the_content_of_test_clips(run, written):
    call(run, "--mode=resample_motion", "--num=2", "--seed=4")
    [(clips, path, _)] = written
    assert path.endswith("resample_motion.png") and clips.shape == (2, 1 + clip_figures.MOTIONS, 4, 16, 16, 3)
    test = next(data.load("moving_shapes", "test", size=16, length=4).batches(3600))["x"]
    assert all((test == clip).all(axis=(1, 2, 3, 4)).any() for clip in clips[:, 0])
    model = rwae_tf.load(run)
    z_c = model.encode(clips[:, 0]).z_c
    alone = model.generate(z_c=np.repeat(z_c, clip_figures.MOTIONS, axis=0), length=4, seed=4)
    np.testing.assert_array_equal(clips[:, 1:].reshape(alone.shape), alone)
    # Row by row: the content is that of the clip to the left, and no two motions are the same.
    z_m = model.encode(alone).z_m
    assert len({row.tobytes() for row in np.asarray(z_m)}) == len(alone)


def test_swap_has_content_in_rows_and_motion_in_columns(run, written):
    call(run, "--mode=swap", "--num=5", "--length=6")
    [(table, path, _)] = written
    assert path.endswith("swap.png") and table.shape == (3, 4, 6, 16, 16, 3)  # 2 contents, 3 motions
    content, motion = table[1:, 0] / np.float32(255), table[0, 1:] / np.float32(255)
    model = rwae_tf.load(run)
    for row in range(2):
        for column in range(3):
            mixed = model.swap(content=content[row:row + 1], motion=motion[column:column + 1])[0]
            # The model saw the clips before they were rounded to 256 levels.
            np.testing.assert_allclose(table[1 + row, 1 + column], 255 * mixed, rtol=0, atol=1)


def test_seed_chooses_the_test_clips(run, written):
    for seed in (0, 0, 1):
        call(run, "--mode=reconstruct", "--num=2", f"--seed={seed}")
    first, again, other = (clips for clips, *_ in written)
    assert (first == again).all() and not (first == other).all()


@pytest.mark.parametrize("name, frames", [("a.gif", 3), ("a.mp4", 3), ("new/folder/a.png", 1)])
def test_out_picks_the_kind(run, tmp_path, name, frames):
    call(run, "--num=1", "--length=3", f"--out={tmp_path / name}")
    if name.endswith("mp4"):
        import imageio_ffmpeg

        assert imageio_ffmpeg.count_frames_and_secs(str(tmp_path / name))[0] == frames
    else:
        assert getattr(Image.open(tmp_path / name), "n_frames", 1) == frames


@pytest.mark.parametrize("arguments, message", [
    (["--mode=dream"], "dream"),
    (["--num=0"], "num"),
    (["--mode=swap", "--num=1"], "--num=1: swap needs 2"),
    (["--length=-1"], "length"),
    (["--out=a.avi"], "a.avi: .*.gif .mp4 .png"),
    (["--frames=3"], "frames"),
    (["--mode=reconstruct", "--num=3601"], "the test split of moving_shapes has 3600 clips"),
])
def test_wrong_flags(run, arguments, message):
    with pytest.raises(errors.InputError, match=message):
        generate.main(["generate", f"--run_dir={run}", *arguments])


def test_help_does_without_tensorflow():
    script = """
import sys
from rwae_tf import generate
from rwae_tf.export import main
assert generate.main(["generate", "--help"]) == 0 and main(["export", "--help"]) == 0
assert not {"tensorflow", "keras"} & set(sys.modules)
"""
    ran = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert "--num" in ran.stdout and "--export_dir" in ran.stdout
