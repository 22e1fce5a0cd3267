"""FID of frames: what the network is shown, which frames, the number; and the true network, with random weights."""

import hashlib

import numpy as np
import pytest
import scipy.linalg

from rwae_tf.errors import InputError
from rwae_tf.metrics import inception

COLOURS = inception.Network(lambda pictures: pictures.mean((1, 2)), "mean colours")


def clips(seeds, length=4, lift=0.0):
    """Clips of noise [N, length, 5, 5, 3], one for each seed, no two frames of the same mean colour."""
    return np.stack([lift + (1 - lift) * np.random.default_rng(int(seed)).random((length, 5, 5, 3)) for seed in seeds])


def generate(num, length, seed):
    """Brighter clips than those of `clips`."""
    assert len(seed) == num
    return clips(seed, length, lift=0.2)


def bilinear(size, new_size):
    """The matrix [new_size, size] of linear interpolation at half-pixel centres, edges repeated."""
    weights = np.zeros((new_size, size))
    for i in range(new_size):
        position = (i + 0.5) * size / new_size - 0.5
        low = int(np.floor(position))
        for pixel, weight in ((low, low + 1 - position), (low + 1, position - low)):
            weights[i, min(max(pixel, 0), size - 1)] += weight
    return weights


# What the network is shown.

def test_pictures_are_bilinear_and_as_keras_wants_them():
    import keras

    frames = np.random.default_rng(0).random((2, 16, 12, 3), np.float32)
    large = np.einsum("ih,nhwc,jw->nijc", bilinear(16, 299), frames, bilinear(12, 299))
    found = inception.pictures(frames)
    assert found.shape == (2, 299, 299, 3) and found.dtype == np.float32
    np.testing.assert_allclose(found, keras.applications.inception_v3.preprocess_input(255 * large), atol=1e-5)


def test_black_is_minus_one_and_white_one():
    assert (inception.pictures(np.zeros((1, 8, 8, 3), np.float32)) == -1).all()
    assert (inception.pictures(np.ones((1, 8, 8, 1), np.float32)) == 1).all()


def test_grey_is_a_colour_of_three_equal_channels():
    grey = np.random.default_rng(0).random((2, 8, 8, 1), np.float32)
    np.testing.assert_array_equal(inception.pictures(grey), inception.pictures(np.concatenate([grey] * 3, -1)))


# Which frames.

@pytest.mark.parametrize("count, length, frames", [
    (3, 4, 12), (2664, 8, 10_000), (3600, 16, 10_000), (10_000, 10, 10_000), (30_000, 7, 10_000), (1000, 10, 10_000)])
def test_frames_are_evenly_spread(count, length, frames):
    clip, time = inception.choose(count, length)
    assert len(set(zip(clip.tolist(), time.tolist(), strict=True))) == len(clip) == frames
    assert (np.diff(clip) >= 0).all()
    for places, of in ((clip, count), (time, length)):  # each as often as any other, but for one
        counts = np.bincount(places, minlength=of)
        assert len(counts) == of and counts.max() - counts.min() <= 1


# The number.

def gaussians_apart(a, b):
    """|m - m'|^2 + tr(S + S' - 2 (S S')^(1/2)) of two sets of features."""
    s, t = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    return ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(s + t - 2 * scipy.linalg.sqrtm(s @ t).real)


@pytest.mark.slow
@pytest.mark.exhaustive
@pytest.mark.parametrize("limit", [10_000, 300])
def test_fid_is_the_distance_between_the_same_frames_of_both_sides(monkeypatch, limit):
    monkeypatch.setattr(inception, "FRAMES", limit)
    real, drawn, shown = clips(range(110)), [], []  # 110: the last of 100 drawn at once are few

    def remember(num, length, seed):
        drawn.append(generate(num, length, seed))
        return drawn[-1]

    def features(pictures):
        shown.append(len(pictures))
        return pictures.mean((1, 2))

    found = inception.fid(lambda: (real[k:k + 60] for k in range(0, 110, 60)), 110, 4, remember,
                          inception.Network(features, "mean colours"), repeats=2)
    count = min(limit, 440)
    assert sum(shown) == 3 * count and max(shown) <= 50
    # Of the 440 frames number i is looked at in clip i * 110 / count, at time i mod 4.
    pairs = [(i * 110 // count, i % 4) for i in range(count)]
    share = bilinear(5, 299).mean(0)  # of each of 5 pixels in the mean over 299
    real, *generated = (np.array([2 * np.einsum("h,hwc,w->c", share, one[pair], share) - 1 for pair in pairs])
                        for one in (real, np.concatenate(drawn[:2]), np.concatenate(drawn[2:])))
    expected = [gaussians_apart(real, one) for one in generated]
    np.testing.assert_allclose(found["fid"], np.mean(expected), rtol=1e-4)
    np.testing.assert_allclose(found["fid_std"], np.std(expected, ddof=1), rtol=1e-2)
    note = f"mean colours; {count} frames of each side; not comparable to numbers from other Inception ports"
    assert found["fid_note"] == note


def test_seed_decides_the_number():
    def measured(seed):
        return inception.fid(lambda: [clips(range(20))], 20, 4, generate, COLOURS, 1, seed)

    assert measured(0) == measured(0) and measured(0)["fid"] != measured(1)["fid"]
    assert measured(0)["fid_std"] == 0


def test_equal_clips_are_at_no_distance():
    def same(num, length, seed):
        return clips(range(20))

    assert inception.fid(lambda: [clips(range(20))], 20, 4, same, COLOURS, 1)["fid"] < 1e-6


# The true network.

@pytest.mark.slow
@pytest.mark.exhaustive
def test_loaded_network_has_the_weights_of_the_file(tmp_path):
    import keras

    network = keras.applications.InceptionV3(include_top=False, pooling="avg", weights=None)
    path = tmp_path / "weights.h5"
    network.save(path)  # the weights within are laid out as in the published file
    loaded = inception.load(str(path), (16, 16, 3))
    assert loaded.name.endswith(hashlib.sha256(path.read_bytes()).hexdigest()[:12])
    shown = inception.pictures(clips(range(4), 1)[:, 0])
    found = loaded.features(shown)
    assert found.shape == (4, 2048)
    np.testing.assert_allclose(found, network.predict_on_batch(shown), rtol=1e-5)
    assert found.std(0).max() > 1e-4 * found.mean()  # and it tells pictures apart

    path.write_bytes(path.read_bytes()[:10**6])
    with pytest.raises(InputError, match=r"weights.h5: no weights of Keras's InceptionV3.*truncated"):
        inception.load(str(path), (16, 16, 3))


@pytest.mark.slow
@pytest.mark.exhaustive
def test_weights_of_another_network_are_refused(tmp_path):
    import keras

    keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]).save(tmp_path / "other.h5")
    with pytest.raises(InputError, match="other.h5: no weights.*Layer count mismatch.*download inception_v3") as caught:
        inception.load(str(tmp_path / "other.h5"), (16, 16, 1))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("shape", [(200,), (16, 16, 2), (16, 16, 4)])
def test_frames_that_are_no_pictures_are_refused_first(shape):
    with pytest.raises(InputError, match="1 or 3 channels, not frames of shape") as caught:
        inception.load("absent.h5", shape)
    assert str(shape) in str(caught.value)
