"""Equal error rates against scikit-learn's roc_curve, plain loops and cases worked out by hand."""

import numpy as np
import pytest
from sklearn.metrics import roc_curve

from rwae_tf import data
from rwae_tf.errors import InputError
from rwae_tf.metrics import verification
from rwae_tf.types import Codes


def by_scikit_learn(scores, same):
    """Where the curve through roc_curve's points crosses fpr = 1 - tpr, by halving."""
    fpr, tpr, _ = roc_curve(same, scores, drop_intermediate=False)
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        # Along the curve, parametrized by fpr + tpr, which grows from 0 to 2.
        x, y = (np.interp(2 * middle, fpr + tpr, axis) for axis in (fpr, tpr))
        low, high = (middle, high) if x < 1 - y else (low, middle)
    return np.interp(2 * low, fpr + tpr, fpr)


def by_loops(scores, same):
    """The least of the greater of both rates, over all thresholds: within a step of the crossing."""
    found = []
    for threshold in [*scores, np.inf]:
        accepts = sum(s >= threshold and not m for s, m in zip(scores, same, strict=True)) / (~same).sum()
        rejects = sum(s < threshold and m for s, m in zip(scores, same, strict=True)) / same.sum()
        found.append((abs(accepts - rejects), accepts, rejects))
    _, accepts, rejects = min(found)
    return sorted((accepts, rejects))


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_rate_is_that_of_roc_curve_and_of_loops(seed, ties):
    rng = np.random.default_rng(seed)
    same = rng.random(300) < 0.2
    scores = rng.normal(size=300) + 1.5 * same
    if ties:
        scores = np.round(scores)
    rate = verification.equal_error_rate(scores, same)
    assert rate == pytest.approx(by_scikit_learn(scores, same), abs=1e-9)
    low, high = by_loops(scores, same)
    step = 1 / same.sum() if not ties else 1
    assert low - step <= rate <= high + step


@pytest.mark.parametrize("scores, same, rate", [
    ([0.9, 0.8, 0.3, 0.1], [1, 1, 0, 0], 0.0),
    ([0.9, 0.8, 0.3, 0.1], [0, 0, 1, 1], 1.0),
    # Accepting the first two: one of two strangers, one of two rejected.
    ([0.9, 0.8, 0.3, 0.1], [1, 0, 1, 0], 0.5),
    # Points (0, 1), (0, 2/3), (0, 1/3), (1/2, 1/3): from the third on upwards, met at accepts = rejects = 1/3.
    ([4, 3, 2, 1, 0], [1, 1, 0, 1, 0], 1 / 3),
    ([1, 1, 1, 1], [1, 0, 1, 0], 0.5),  # from (0, 1) straight to (1, 0)
])
def test_rate_by_hand(scores, same, rate):
    assert verification.equal_error_rate(np.array(scores, float), np.array(same, bool)) == pytest.approx(rate)


def test_chance_is_a_half():
    rng = np.random.default_rng(0)
    # 40,000 trials, a tenth of them targets: a deviation of sqrt(0.25 / 4000) = 0.8 %.
    rate = verification.equal_error_rate(rng.normal(size=40_000), rng.random(40_000) < 0.1)
    assert rate == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize("same", [[True] * 3, [False] * 3])
def test_trials_of_one_kind_are_refused(same):
    with pytest.raises(InputError, match="pairs by one speaker and pairs by two.*--utterance_seconds"):
        verification.equal_error_rate(np.arange(3.0), np.array(same))


def test_means_and_cosines_by_loops():
    rng = np.random.default_rng(1)
    values, groups = rng.normal(size=(9, 4)).astype(np.float32), np.array([0, 2, 1, 1, 0, 2, 2, 2, 1])
    found = verification.means(values, groups)
    expected = [np.mean([values[k] for k in range(9) if groups[k] == g], 0) for g in range(3)]
    np.testing.assert_allclose(found, expected, atol=1e-6)
    cosines = verification.cosines(found)
    for a in range(3):
        for b in range(3):
            inner = sum(x * y for x, y in zip(found[a], found[b], strict=True))
            norms = sum(x * x for x in found[a]) ** 0.5 * sum(x * x for x in found[b]) ** 0.5
            assert cosines[a, b] == pytest.approx(inner / norms)
    assert verification.cosines(np.array([[0.0, 0.0], [1.0, 0.0]])).tolist() == [[0, 0], [0, 1]]


def test_measure_takes_means_over_the_segments_of_an_utterance():
    """24 speakers of 8 utterances: 192 utterances and 192 * 191 / 2 = 18336 trials, as in the core test set."""
    rng = np.random.default_rng(0)
    speakers = np.repeat(np.arange(24), 16)  # two segments in each utterance
    utterances = np.arange(384) // 2
    x = rng.normal(-40, 10, (384, 5, 30)).astype(np.float32)
    who = rng.normal(size=(24, 12))

    def encode(x):
        rows = np.array([np.flatnonzero((known == one).all((1, 2)))[0] for known, one in ((data_x, row) for row in x)])
        return Codes(who[speakers[rows]] + 0.1 * x[:, 0, :12], x[:, :, :6] + 40)

    data_x = x
    batches = [{"x": x[k:k + 100]} for k in range(0, 384, 100)]
    found = verification.measure(batches, encode, utterances, speakers)
    assert (found["utterances"], found["speakers"], found["trials"]) == (192, 24, 18336)
    assert found["same_speaker"] == 24 * 8 * 7 // 2
    codes = encode(x)
    for name, values in (("content", codes.z_c), ("motion", codes.z_m.mean(1)), ("mean_log_spectrum", x.mean(1))):
        scores, same = [], []
        embeddings = (values[0::2].astype(np.float64) + values[1::2]) / 2
        embeddings = [row / np.linalg.norm(row) for row in embeddings]
        for a in range(192):
            for b in range(a + 1, 192):
                scores.append(embeddings[a] @ embeddings[b])
                same.append(speakers[2 * a] == speakers[2 * b])
        assert found[name] == pytest.approx(by_scikit_learn(np.array(scores), np.array(same)), abs=1e-6), name
    assert found["motion"] == pytest.approx(0.5, abs=0.1)  # noise


def test_baseline_on_the_timit_sample(shared_data):
    folder = shared_data / "speech" / "timit_sample"
    if not folder.is_dir():
        pytest.skip(f"no {folder}")
    clips = data.load("timit", "test", str(folder), test_fraction=0.0)
    speakers = clips.labels(np.arange(len(clips)))["speaker"]
    found = verification.measure(clips.batches(500), lambda x: Codes(x.mean(1), x), clips.utterances, speakers)
    assert (found["utterances"], found["speakers"], found["trials"]) == (128, 16, 8128)  # 128 * 127 / 2
    assert found["content"] == pytest.approx(found["mean_log_spectrum"])  # codes that are the means themselves
