"""MMD^2 of motion codes: over time, on pairs, on trajectories, over horizons, and its gradient."""

import numpy as np
import pytest
import tensorflow as tf
from mmd_loops import loop_mmd2, normal

from rwae_tf.config import ObjectiveConfig
from rwae_tf.regularizers import mmd


def given(z_p, roll_outs=None):
    """The function that gives the prior's samples: teacher-forced z_p, or roll-outs (z_p, too, without any)."""
    return lambda free: roll_outs if free and roll_outs is not None else z_p


def motion(samples, **options):
    z_q, z_p = normal(8, 5, 3, 2), 0.5 + normal(9, 5, 3, 2)
    objective = ObjectiveConfig(motion_samples=samples, motion_bandwidths=(1.0, 3.0), **options)
    found = tf.function(lambda q, p: mmd.motion_mmd(q, given(p), objective))(z_q, z_p)
    assert float(found["motion_divergence_null_sd"]) > 0
    return z_q.numpy(), z_p.numpy(), float(found["motion_divergence"])


@pytest.mark.parametrize("samples, paired", [("teacher_forced", 1), ("free", 0)])
@pytest.mark.parametrize("kernel", ["rbf", "imq"])
def test_motion_mmd_is_summed_over_time(samples, paired, kernel):
    z_q, z_p, value = motion(samples, motion_kernel=kernel)
    expected = sum(loop_mmd2(z_q[:, t], z_p[:, t], kernel, (1.0, 3.0), paired=paired) for t in range(3))
    assert value == pytest.approx(expected, rel=1e-4)


def test_motion_mmd_on_pairs():
    z_q, z_p, value = motion("pair")
    expected = loop_mmd2(z_q[:, 0], z_p[:, 0], "rbf", (1.0, 3.0), paired=1)
    for t in (1, 2):
        pair_q = np.concatenate([z_q[:, t - 1], z_q[:, t]], -1)
        pair_p = np.concatenate([z_q[:, t - 1], z_p[:, t]], -1)
        expected += loop_mmd2(pair_q, pair_p, "rbf", (1.0, 3.0), paired=1)
    assert value == pytest.approx(expected, rel=1e-4)


def test_motion_mmd_on_all_steps_at_once_takes_no_two_samples_of_a_clip():
    z_q, z_p, value = motion("pool_time")
    expected = loop_mmd2(z_q.reshape(15, 2), z_p.reshape(15, 2), "rbf", (1.0, 3.0), paired=3)
    assert value == pytest.approx(expected, rel=1e-4)


def test_motion_mmd_on_trajectories():
    # T = 3 times one MMD^2, of vectors of 6 numbers whose squared distances are means over time.
    z_q, z_p, value = motion("trajectory")
    expected = 3 * loop_mmd2(z_q.reshape(5, 6) / np.sqrt(3), z_p.reshape(5, 6) / np.sqrt(3), "rbf", (1.0, 3.0))
    assert value == pytest.approx(expected, rel=1e-4)


def test_motion_mmd_on_a_mixture_is_the_mean_of_both():
    z_q, z_p, roll_outs = normal(8, 5, 3, 2), normal(9, 5, 3, 2), 2 * normal(10, 5, 3, 2)

    def value(samples):
        objective = ObjectiveConfig(motion_samples=samples)
        return float(mmd.motion_mmd(z_q, given(z_p, roll_outs), objective)["motion_divergence"])

    assert value("mixture") == pytest.approx((value("teacher_forced") + value("free")) / 2)
    assert abs(value("teacher_forced") - value("free")) > 0.1


def given_action(z_q, z_p, action):
    objective = ObjectiveConfig(motion_bandwidths=(1.0,), motion_samples="free")
    return mmd.motion_mmd(z_q, given(z_p), objective, action)


@pytest.mark.parametrize("samples, paired", [("free", 1), ("teacher_forced", 1), ("pool_time", 3)])
def test_motion_mmd_given_the_action_equals_a_double_loop(samples, paired):
    z_q, z_p, action = normal(8, 5, 3, 2), 0.5 + normal(9, 5, 3, 2), tf.nn.softmax(3 * normal(10, 5, 4))
    objective = ObjectiveConfig(motion_samples=samples, motion_bandwidths=(1.0, 3.0))
    found = mmd.motion_mmd(z_q, given(z_p), objective, action)["motion_divergence"]
    if samples == "pool_time":
        sets = [(np.reshape(z_q, (15, 2)), np.reshape(z_p, (15, 2)), np.repeat(action, 3, 0))]
    else:
        sets = [(z_q[:, t].numpy(), z_p[:, t].numpy(), action.numpy()) for t in range(3)]
    expected = sum(loop_mmd2(q, p, "rbf", (1.0, 3.0), paired=paired, action=a) for q, p, a in sets)
    assert float(found) == pytest.approx(expected, rel=1e-4)


def test_an_action_that_z_m_tells_is_a_divergence():
    # Two actions of four clips. In q one has the code m, the other -m; in p both have two of each, so all codes at once
    # match. With e = k(2m) = exp(-2 m^2), the mean over the 12 pairs of one action is 1 within q, (4 + 8 e) / 12 within
    # p, as 4 of them have equal codes, and (1 + e) / 2 across: 1 + (1 + 2 e) / 3 - (1 + e) = (1 - e) / 3 a frame.
    m, frames = 0.7, 3
    q, p = (tf.tile(m * tf.constant(signs)[:, None, None], [1, frames, 1])
            for signs in ([1.0, 1, 1, 1, -1, -1, -1, -1], [1.0, 1, -1, -1, 1, 1, -1, -1]))
    value = given_action(q, p, tf.one_hot([0, 0, 0, 0, 1, 1, 1, 1], 2))["motion_divergence"]
    assert float(value) == pytest.approx(frames * (1 - np.exp(-2 * m**2)) / 3, rel=1e-5)


def test_no_two_clips_of_one_action_are_no_divergence():
    value = given_action(normal(8, 3, 2, 1), normal(9, 3, 2, 1), tf.one_hot([0, 1, 2], 3))
    assert float(value["motion_divergence"]) == float(value["motion_divergence_null_sd"]) == 0


def test_an_even_action_leaves_the_mmd_of_different_rows_as_it_is():
    z_q, z_p = normal(8, 5, 3, 2), 0.5 + normal(9, 5, 3, 2)
    objective = ObjectiveConfig(motion_bandwidths=(1.0,))  # teacher-forced: no pair of one row counts
    even, alone = (mmd.motion_mmd(z_q, given(z_p), objective, action) for action in (tf.fill([5, 4], 0.25), None))
    for name, value in alone.items():
        assert float(even[name]) == pytest.approx(float(value), rel=1e-5)


def test_motion_mmd_given_the_action_is_zero_on_average_with_the_known_spread():
    # q = p and actions of one in three that do not depend on z_m.
    draws = np.random.default_rng(0)
    run = tf.function(lambda z_q, z_p, action: given_action(z_q, z_p, action))
    found = [run(*(tf.constant(draws.normal(size=(20, 2, 3)), tf.float32) for _ in range(2)),
                 tf.one_hot(draws.integers(0, 3, 20), 3)) for _ in range(400)]
    values = np.array([[float(part) for part in row.values()] for row in found])
    spread = values[:, 0].std()
    assert abs(values[:, 0].mean()) < 4 * spread / np.sqrt(400)
    assert values[:, 1].mean() == pytest.approx(spread, rel=0.15)  # the spread of 400 draws is known to 4 %


def test_horizon_mmd_compares_any_successive_frames_with_clips():
    # T = 3 and H = 5: frames 2 to 4 and 3 to 5. Squared distances are means over three frames.
    z_q, z_p = normal(8, 5, 3, 2), 0.5 + normal(9, 5, 5, 2)
    found = mmd.horizon_mmd(z_q, z_p, ObjectiveConfig(motion_bandwidths=(1.0, 3.0)))
    q, *p = (np.reshape(z, (5, 6)) / np.sqrt(3) for z in (z_q, z_p[:, 1:4], z_p[:, 2:5]))
    expected = np.mean([loop_mmd2(q, window, "rbf", (1.0, 3.0)) for window in p])
    assert float(found["horizon_divergence"]) == pytest.approx(expected, rel=1e-4)
    assert float(found["horizon_divergence_null_sd"]) > 0


def test_horizon_mmd_falls_where_roll_outs_come_back_and_move_as_the_data():
    # z_q stands still. Frames of `near` and `jumping` have the same distribution, but those of `jumping` change.
    still = normal(8, 60, 1, 2)
    z_q, near = np.repeat(still, 3, 1), np.repeat(normal(9, 60, 1, 2), 9, 1)
    value, jumping, far = (mmd.horizon_mmd(z_q, z_p, ObjectiveConfig())
                           for z_p in (near, normal(9, 60, 9, 2), 3 + near))
    assert abs(float(value["horizon_divergence"])) < 3 * float(value["horizon_divergence_null_sd"])
    assert float(jumping["horizon_divergence"]) > 5 * float(jumping["horizon_divergence_null_sd"])
    assert float(far["horizon_divergence"]) > 1


def test_a_prior_that_foresees_far_apart_codes_is_not_rewarded():
    # Teacher-forced, row j of z_p depends on row j of z_q. Where the prior foresees every code, z_p = z_q, and all
    # codes are far apart, the pairs i != j are 0 in all sums, so the estimate is 0. As printed, n of the n^2 mixed
    # pairs are k(0) = 2, the number of bandwidths: -2 / n^2 * n * 2 = -4 / n for each of the T steps.
    n, steps = 6, 3
    z_q = tf.tile(1000.0 * tf.range(n, dtype=tf.float32)[:, None, None], [1, steps, 2])

    def value(z_p, estimator):
        objective = ObjectiveConfig(motion_bandwidths=(1.0, 3.0), mmd_estimator=estimator)
        return float(mmd.motion_mmd(z_q, given(z_p), objective)["motion_divergence"])

    assert value(z_q, "unbiased") == value(z_q + 500.0, "unbiased") == value(z_q + 500.0, "as_printed") == 0
    assert value(z_q, "as_printed") == pytest.approx(-4 / n * steps)


def test_motion_mmd_options_reach_the_estimator():
    z_q, z_p, value = motion("teacher_forced", mmd_estimator="biased", mmd_cross_coefficient=1.0)
    expected = sum(loop_mmd2(z_q[:, t], z_p[:, t], "rbf", (1.0, 3.0), 1.0, "biased") for t in range(3))
    assert value == pytest.approx(expected, rel=1e-4)


def test_median_rule_measures_in_median_distances():
    z_q, z_p, value = motion("teacher_forced", motion_bandwidth_rule="median")
    expected = 0
    for t in range(3):
        pooled = np.concatenate([z_q[:, t], z_p[:, t]])
        # 10 samples have 45 pairs, so the median is one of the distances.
        median = np.median([np.linalg.norm(pooled[i] - pooled[j]) for i in range(10) for j in range(i)])
        assert float(mmd.median_distance(tf.constant(pooled))) == pytest.approx(median, rel=1e-5)
        expected += loop_mmd2(z_q[:, t], z_p[:, t], "rbf", (median, 3 * median), paired=1)
    assert value == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("rule", ["fixed", "median"])
@pytest.mark.parametrize("kernel", ["rbf", "imq"])
def test_gradient_is_that_of_finite_differences_at_a_constant_bandwidth(rule, kernel):
    z_q, z_p = tf.cast(normal(8, 5, 3, 2), tf.float64), tf.cast(normal(9, 5, 3, 2), tf.float64)
    direction = tf.cast(normal(10, 5, 3, 2), tf.float64)
    objective = ObjectiveConfig(motion_bandwidth_rule=rule, motion_kernel=kernel, motion_bandwidths=(0.7,))
    with tf.GradientTape() as tape:
        tape.watch(z_q)
        value = mmd.motion_mmd(z_q, given(z_p), objective)["motion_divergence"]
    slope = float(tf.reduce_sum(tape.gradient(value, z_q) * direction))

    # The bandwidths that the rule found, held fixed, one per step.
    medians = [1.0] * 3
    if rule == "median":
        medians = [float(mmd.median_distance(tf.concat([z_q[:, t], z_p[:, t]], 0))) for t in range(3)]

    def moved(step):
        z = (z_q + step * direction).numpy()
        return sum(loop_mmd2(z[:, t], z_p.numpy()[:, t], kernel, (0.7 * medians[t],), paired=1) for t in range(3))

    assert slope == pytest.approx((moved(1e-5) - moved(-1e-5)) / 2e-5, rel=1e-6)


@pytest.mark.parametrize("rule", ["fixed", "median"])
def test_collapsed_and_far_samples_have_finite_values_and_gradients(rule):
    objective = ObjectiveConfig(motion_bandwidth_rule=rule)
    zeros, far, near = tf.zeros([4, 2, 3]), 1e6 * normal(11, 4, 2, 3), normal(12, 4, 2, 3)
    for z_q, z_p in ((zeros, zeros), (far, near)):
        with tf.GradientTape() as tape:
            tape.watch(z_q)
            value = mmd.motion_mmd(z_q, given(z_p), objective)["motion_divergence"]
        assert np.isfinite(float(value)) and np.isfinite(tape.gradient(value, z_q)).all()
