"""What a judge tells of toy models whose codes are known: a perfect one, and ones that keep all in one code."""

import json

import numpy as np
import pytest
from toys import CLIPS, FACTORS, SPEC, Hoarder, Judge, Mover, Perfect, batches, draw, model_functions, read_trend

from rwae_tf.evaluation import judge_measures


def measured(model, repeats=2, seed=0):
    return judge_measures.measure(batches, Judge(), model_functions(model), SPEC, repeats, seed)


@pytest.fixture(scope="module")
def perfect():
    return measured(Perfect())


def test_perfect_model_keeps_all_and_leaks_nothing(perfect):
    for kept, factor in (("static_kept", "colour"), ("dynamic_kept", "trend")):
        assert perfect[kept]["accuracy"] == perfect[kept]["agreement"] == perfect[kept]["mean"] == 1.0
        assert perfect[kept]["std"] == 0.0 and set(perfect[kept]["per_factor"]) == {factor}
    # Drawn from three classes alike, for 207 clips twice: within five standard errors of a third.
    for factor, code in (("colour", "z_m"), ("trend", "z_c")):
        assert perfect["leakage"][factor]["code"] == code
        assert abs(perfect["leakage"][factor]["accuracy"] - 1 / 3) < 5 * (2 / 9 / (2 * CLIPS)) ** 0.5
    assert perfect["judge_on_real"] == {"colour": 1.0, "trend": 1.0}
    assert perfect["verdicts"] == []


def test_draws_are_as_many_as_announced():
    asked = []

    class Counted(Perfect):
        def generate(self, num, length, seed, **given):
            asked.append(num)
            return super().generate(num, length, seed, **given)

    measured(Counted(), repeats=3)
    assert len(asked) == judge_measures.count_draws(CLIPS, SPEC, repeats=3, batch=60)


def test_scores_of_samples(perfect):
    # Every p(y|v) is (0.98, 0.01, 0.01).
    expected = -0.98 * np.log(0.98) - 0.02 * np.log(0.01)
    assert perfect["inception_of"] == "trend"  # what is new in every sample
    np.testing.assert_allclose(perfect["h_y_given_v"], expected, rtol=1e-9)
    assert 1.05 < perfect["h_y"] <= np.log(3)  # three classes, nearly alike
    for factor in FACTORS:
        row = perfect["inception_per_factor"][factor]
        np.testing.assert_allclose(row["inception_score"], np.exp(row["h_y"] - row["h_y_given_v"]), rtol=1e-2)
    assert perfect["h_y_std"] > 0  # other samples in every repeat
    assert 0 <= perfect["frechet_judge"] < 0.05  # the same classes, in other numbers; features are of size 0.5
    assert perfect["fid"] is None and "--inception_weights" in perfect["fid_note"]
    assert perfect["consistency"]["mean"] == 1.0 and perfect["consistency"]["frames"] == 100


def test_identity_of_drawn_contents_and_of_those_of_clips():
    # Drawn contents lose their colour by the last frame, those of clips keep it.
    class Fading(Perfect):
        def generate(self, num, length, seed, z_c=None, **given):
            first = np.array(super().generate(num, length, seed, z_c=z_c, **given))
            if z_c is not None or length < judge_measures.LONG:
                return first
            other = super().generate(num, length, seed, z_c=np.roll(self.encode(first).z_c, 1, axis=1))
            return np.concatenate([first[:, :length // 2], other[:, length // 2:]], 1)

    found = measured(Fading(), repeats=1)["consistency"]
    assert found["last"] == 0.0 and found["last_of_data"] == found["last_of_samples"] == 1.0


def test_identity_of_posterior_samples_has_the_motions_of_their_means():
    # The codes that are sampled are those of another colour, so that "last_of_samples" is told from "last_of_data".
    asked = []

    class Watched(Perfect):
        def generate(self, num, length, seed, z_c=None, **given):
            if z_c is not None and length == judge_measures.LONG:
                asked.append((np.array(z_c), np.array(seed)))
            return super().generate(num, length, seed, z_c=z_c, **given)

    model = Watched()
    functions = model_functions(model)._replace(sample=lambda x, seed: model.encode(x)._replace(
        z_c=np.roll(model.encode(x).z_c, 1, axis=1)))
    judge_measures.measure(batches, Judge(), functions, SPEC, repeats=1)
    means, samples = asked[:judge_measures.LONG_PARTS], asked[judge_measures.LONG_PARTS:]
    assert len(means) == len(samples)
    for (mean, seed), (sample, same) in zip(means, samples, strict=True):
        np.testing.assert_array_equal(np.roll(mean, 1, axis=1), sample)
        np.testing.assert_array_equal(seed, same)


def test_probes_find_each_factor_in_its_code(perfect):
    linear = perfect["probes"]["linear"]
    assert linear["z_c"]["colour"]["accuracy"] == linear["z_m"]["trend"]["accuracy"] == 1.0
    assert linear["z_c"]["trend"]["accuracy"] < 0.55 and linear["z_m"]["colour"]["accuracy"] < 0.55
    assert perfect["probes"]["dci"]["disentanglement"] > 0.9


def test_everything_is_there_and_fit_for_json(perfect):
    assert set(json.loads(json.dumps(perfect))) == {
        "static_kept", "dynamic_kept", "leakage", "judge_on_real", "with_sample", "inception_score",
        "inception_score_std", "h_y_given_v", "h_y_given_v_std", "h_y", "h_y_std", "inception_of",
        "inception_per_factor", "frechet_judge", "frechet_judge_std", "fid", "fid_note", "consistency",
        "probes", "usage", "influence", "swaps", "verdicts"}


def test_everything_in_the_content_is_seen():
    found = measured(Hoarder())
    assert found["static_kept"]["mean"] == 1.0
    assert found["leakage"]["trend"]["accuracy"] == 1.0  # the motion follows z_c
    assert found["dynamic_kept"]["mean"] < 0.5
    assert found["influence"] == {"z_c": 1.0, "z_m": 0.0}
    said = " | ".join(found["verdicts"])
    assert "z_m is dead" in said and "z_c leaks: trend 100 %" in said


def test_everything_in_the_motion_is_seen():
    found = measured(Mover())
    assert found["dynamic_kept"]["mean"] == 1.0 and found["leakage"]["colour"]["accuracy"] == 1.0
    assert found["static_kept"]["mean"] < 0.5
    said = " | ".join(found["verdicts"])
    assert "z_c is dead" in said and "z_m leaks: colour 100 %" in said


def test_seed_decides_every_number():
    one, two, other = measured(Perfect(), 1), measured(Perfect(), 1), measured(Perfect(), 1, seed=1)
    assert json.dumps(one) == json.dumps(two)
    assert one["inception_per_factor"] != other["inception_per_factor"] and one["leakage"] != other["leakage"]


def test_clips_are_encoded_once_for_all_repeats():
    calls = []

    class Counted(Perfect):
        def encode(self, x):
            calls.append(len(x))
            return super().encode(x)

    model = Counted()
    counted = model_functions(model)._replace(sample=lambda x, seed: Perfect().encode(x),
                                              parameters=Perfect().parameters)
    judge_measures.measure(batches, Judge(), counted, SPEC, repeats=3)
    assert sum(calls) == 2 * CLIPS  # once for the codes themselves, once for all exchanges


def test_means_and_samples_are_measured_and_named():
    # Samples that have lost the colour: the means keep it.
    def sample(x, seed):
        codes = Perfect().encode(x)
        return codes._replace(z_c=np.eye(3)[np.random.default_rng(seed).integers(0, 3, len(x))])

    sampling = model_functions(Perfect())._replace(sample=sample)
    means = judge_measures.measure(batches, Judge(), sampling, SPEC, 1)
    samples = judge_measures.measure(batches, Judge(), sampling, SPEC, 1, codes="sample")
    assert means["static_kept"]["mean"] == samples["with_mean"]["static_kept"]["mean"] == 1.0
    assert means["with_sample"]["static_kept"]["mean"] < 0.5 and samples["static_kept"]["mean"] < 0.5
    assert means["with_sample"]["dynamic_kept"]["mean"] == samples["dynamic_kept"]["mean"] == 1.0
    assert means["verdicts"] == [] and samples["verdicts"] == ["z_c is dead: no factor follows it"]


def test_actions_go_with_the_motion():
    seen = []

    class Acting(Perfect):
        def encode(self, x):
            codes = super().encode(x)
            return codes._replace(action=np.eye(3)[read_trend(x)])

        def decode(self, codes):
            np.testing.assert_array_equal(codes.action.argmax(1), read_trend(draw(np.ones((len(codes.z_m), 3)),
                                                                                  codes.z_m)))
            return super().decode(codes)

        def generate(self, num, length, seed, z_c=None, z_m=None, action=None):
            seen.append((z_m is None, action is None))
            return Perfect().generate(num, length, seed, z_c, z_m)

    found = measured(Acting(), 1)
    assert found["static_kept"]["mean"] == 1.0 and set(seen) == {(True, True), (False, False)}
