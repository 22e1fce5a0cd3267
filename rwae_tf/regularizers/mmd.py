"""Squared maximum mean discrepancy between batches of samples, and the one on motion codes (eqs 9, 21)."""

from typing import Any, Callable, Dict, NamedTuple, Optional, Sequence

import tensorflow as tf

from rwae_tf.config import ObjectiveConfig


def rbf(squared_distance: tf.Tensor, bandwidths: Sequence[float]) -> tf.Tensor:
    """Sum over sigma in `bandwidths` of exp(-d^2 / (2 sigma^2)) (Appendix D; Li et al. 2017)."""
    return tf.add_n([tf.exp(squared_distance * (-0.5 / sigma**2)) for sigma in bandwidths])


def imq(squared_distance: tf.Tensor, bandwidths: Sequence[float]) -> tf.Tensor:
    """Sum over sigma of the inverse multiquadric C / (C + d^2), C = 2 sigma^2.

    With this C a bandwidth means what it means for `rbf`: both kernels are 1 - d^2 / (2 sigma^2) near 0.
    """
    return tf.add_n([2 * sigma**2 / (2 * sigma**2 + squared_distance) for sigma in bandwidths])


KERNELS = {"rbf": rbf, "imq": imq}


def squared_distances(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """All |x_i - y_j|^2 of x [..., n, d] and y [..., m, d] -> [..., n, m].

    As sums of squared differences: |x|^2 + |y|^2 - 2xy would lose near pairs to rounding, all the more
    in a GPU's TF32 products, where a kernel of bandwidth 1 needs them right.
    """
    return tf.reduce_sum(tf.math.squared_difference(x[..., :, None, :], y[..., None, :, :]), axis=-1)


class Grams(NamedTuple):
    """Kernel values between samples of q and p, [..., n, m]."""

    qq: Any
    pp: Any
    qp: Any


def grams(q: tf.Tensor, p: tf.Tensor, kernel: Callable[[tf.Tensor], tf.Tensor]) -> Grams:
    """The `Grams` of samples q [..., n, d] and p [..., m, d] under `kernel`, a function of squared distances."""
    return Grams(*(kernel(squared_distances(x, y)) for x, y in ((q, q), (p, p), (q, p))))


def mmd2(k: Grams, cross_coefficient: float = 2.0, estimator: str = "unbiased", paired: int = 0) -> tf.Tensor:
    """Squared MMD between samples of q and p: a batch of estimates [...].

    The mean of k over pairs within q, plus that over pairs within p, less `cross_coefficient` times the mean over
    mixed pairs. Eq. 21 prints the coefficient as 1, a misprint: only with 2 (Gretton et al. 2007) is the
    divergence least where q = p.

    Args:
      k: `Grams` of n samples of q and m of p; n and m at least 2 unless `estimator` is "biased".
      cross_coefficient: 2, or 1 for eqs 21 and 22 to the letter.
      estimator: which pairs count.
        "unbiased": within q and within p those with i != j; across, all n m of independent samples. Samples that
        come in pairs depend on each other, so i != j holds across, too: the U-statistic of Gretton et al. (2012,
        Lemma 6). The estimate can be negative and is not clipped.
        "biased": all pairs.
        "as_printed": i != j within, all pairs across, whatever the samples. For samples that come in pairs its
        mean is about -2 k(0) / n where q = p, a reward for samples that lie apart.
      paired: 0 for independent samples. Otherwise n = m, p_i depends on samples of q in the same block of `paired`
        consecutive rows, and no pair from within one block counts.
    """
    within, across = {"unbiased": (max(paired, 1), paired), "biased": (0, 0), "as_printed": (1, 0)}[estimator]
    return (_mean_outside_blocks(k.qq, within) + _mean_outside_blocks(k.pp, within)
            - cross_coefficient * _mean_outside_blocks(k.qp, across))


def null_sd(k: Grams, block: int = 1) -> tf.Tensor:
    """Standard deviation of the unbiased estimate with i != j in all sums, where q = p; a scalar.

    The estimate is a U-statistic of h_ij = k(q_i, q_j) + k(p_i, p_j) - k(q_i, p_j) - k(p_i, q_j), whose variance is
    2 E h^2 / (n (n - 1)) where q = p (Gretton et al. 2012, section 6). E h^2 is estimated after the means of rows and
    columns are removed. They are zero where q = p; where q and p differ, this keeps the estimate near that of q = p.

    Args:
      k: `Grams` [..., n, n] whose estimates are summed over the leading axes. A sum of MMDs over time steps is an MMD
        with the sum of their kernels, so h is summed first, which includes correlations between steps.
      block: consecutive rows that belong to one clip; h is averaged over the rows of two clips.
    """
    h = k.qq + k.pp - k.qp - tf.linalg.matrix_transpose(k.qp)
    clips = tf.shape(h)[-1] // block
    h = tf.reduce_sum(tf.reshape(h, [-1, clips, block, clips, block]), 0)
    h = tf.reduce_mean(h, axis=[1, 3])
    n, outside = tf.cast(clips, h.dtype), 1 - tf.eye(clips, dtype=h.dtype)
    rows = tf.reduce_sum(h * outside, 1) / (n - 1)
    centred = (h - rows[:, None] - rows + tf.reduce_mean(rows)) * outside
    return tf.sqrt(2 * tf.reduce_sum(tf.square(centred))) / (n * (n - 1))


def motion_mmd(z_q: tf.Tensor, samples: Callable[[bool], tf.Tensor], objective: ObjectiveConfig,
               action: Optional[tf.Tensor] = None) -> Dict[str, tf.Tensor]:
    """The divergence on motion codes, or on these with the action.

    `motion_samples` of the objective says what is compared:

    - "teacher_forced", "free": z_t, by one MMD^2 per time step, summed over time;
    - "mixture": the mean of these two;
    - "pair": (z_t-1, z_t) from t = 2 on, so that the dependence on the past counts; p's pair is z_t ~ p(. | z_q's
      past) beside z_q's own z_t-1;
    - "pool_time": all B T samples, by a single MMD^2;
    - "trajectory": whole trajectories, by T times one MMD^2. Their squared distance is the mean over time, so that
      bandwidths and weight mean the same as per step.

    Args:
      z_q: samples of the posterior [B, T, D].
      samples: function (free) -> samples of the motion prior [B, T, D]: with `free` its own roll-outs, which are
        independent of z_q, else teacher-forced (given z_q's past), which come in pairs with z_q.
      objective: an ObjectiveConfig.
      action: q(a|x), probabilities [B, A]. With them the codes of every action are compared with the prior: a pair
        of clips counts, in all sums, as often as both have the same action. Shares of pairs, not their number: a batch
        in which the actions are even is not rewarded. None for all codes at once.

    Returns:
      Scalars "motion_divergence" and "motion_divergence_null_sd", its standard deviation where q = p.
    """
    kinds = ("teacher_forced", "free") if objective.motion_samples == "mixture" else (objective.motion_samples,)
    found = [_compare(kind, z_q, samples, objective, action) for kind in kinds]
    value, deviation = (tf.add_n(parts) / len(kinds) for parts in zip(*found, strict=True))
    return {"motion_divergence": value, "motion_divergence_null_sd": deviation}


def horizon_mmd(z_q: tf.Tensor, z_p: tf.Tensor, objective: ObjectiveConfig) -> Dict[str, tf.Tensor]:
    """Compare long roll-outs with codes of data: MMD^2 of every T successive frames but the first, mean over these.

    Eq. 9 compares T frames only and leaves later frames of the motion prior free. Here any T successive frames of a
    roll-out should be distributed as those of a clip, which may begin at any time. Trajectories are compared, as by
    "trajectory" of `motion_mmd`: frames one by one would let the motion jump from each to the next.

    Args:
      z_q: samples of the posterior [B, T, D].
      z_p: roll-outs of the motion prior [B, H, D], H > T.
      objective: an ObjectiveConfig.

    Returns:
      Scalars "horizon_divergence" and "horizon_divergence_null_sd", its standard deviation where q = p.
    """
    length, windows = z_q.shape[1], z_p.shape[1] - z_q.shape[1]
    p = tf.stack([z_p[:, start: start + length] for start in range(1, windows + 1)])
    [(q, p)] = _trajectory(tf.broadcast_to(z_q, tf.shape(p)), p)
    k = _motion_grams(q, p, objective)
    estimate = mmd2(k, objective.mmd_cross_coefficient, objective.mmd_estimator)
    deviation = null_sd(Grams(*map(tf.stop_gradient, k))) / windows
    return {"horizon_divergence": tf.reduce_mean(estimate), "horizon_divergence_null_sd": deviation}


def _compare(kind, z_q, samples, objective, action):
    """(estimate, its null standard deviation) of one kind of comparison."""
    free = kind in ("free", "trajectory")
    rows = z_q.shape[1] if kind == "pool_time" else 1  # of one clip among the samples
    scale = z_q.shape[1] if kind == "trajectory" else 1
    values, variances = [], []
    for q, p in _ARRANGEMENTS[kind](z_q, samples(free)):
        k = _motion_grams(q, p, objective)
        if action is not None:
            k = Grams(*(part * _agreement(action, rows) for part in k))
        paired = 0 if free and action is None else rows
        estimate = mmd2(k, objective.mmd_cross_coefficient, objective.mmd_estimator, paired)
        values.append(scale * tf.reduce_sum(estimate))
        variances.append(tf.square(scale * null_sd(Grams(*map(tf.stop_gradient, k)), rows)))
    return tf.add_n(values), tf.sqrt(tf.add_n(variances))


def _agreement(action, rows):
    """The probability of equal actions over its mean, of `action` [B, A], each of `rows` rows: [B rows, B rows]."""
    action = tf.repeat(action, rows, axis=0)
    equal = tf.matmul(action, action, transpose_b=True)
    return tf.math.divide_no_nan(equal, _mean_outside_blocks(equal, rows))  # 0 where no two clips have one action


def _motion_grams(q, p, objective):
    """`Grams` of q, p [..., n, d] with the kernel of `objective`."""
    if objective.motion_bandwidth_rule == "median":
        unit = median_distance(tf.concat([q, p], axis=-2))[..., None, None]
        q, p = q / unit, p / unit
    kernel = KERNELS[objective.motion_kernel]
    return grams(q, p, lambda d2: kernel(d2, objective.motion_bandwidths))


def _per_step(z_q, z_p):
    """[B, T, D] -> one comparison per t, T leading."""
    return [(tf.transpose(z_q, [1, 0, 2]), tf.transpose(z_p, [1, 0, 2]))]


def _pair(z_q, z_p):
    """The first step alone, then (z_t-1, z_t) with both pasts z_q's."""
    (q, p), = _per_step(z_q, z_p)
    return [(q[:1], p[:1]), (tf.concat([q[:-1], q[1:]], axis=-1), tf.concat([q[:-1], p[1:]], axis=-1))]


def _pool_time(z_q, z_p):
    """All steps as one batch."""
    size = z_q.shape[-1]
    return [(tf.reshape(z_q, [-1, size]), tf.reshape(z_p, [-1, size]))]


def _trajectory(z_q, z_p):
    """Whole trajectories [..., B, T, D], of which squared distances are means over time."""
    length, size = z_q.shape[-2:]
    flat = tf.concat([tf.shape(z_q)[:-2], [length * size]], 0)
    return [tuple(tf.reshape(z, flat) * length**-0.5 for z in (z_q, z_p))]


_ARRANGEMENTS = {"teacher_forced": _per_step, "free": _per_step, "pair": _pair, "pool_time": _pool_time,
                 "trajectory": _trajectory}


def median_distance(x: tf.Tensor) -> tf.Tensor:
    """Median distance between different samples of x [..., n, d] -> [...], the upper one of an even number.

    Without gradient, and at least 1e-6 so that one may divide by it.
    """
    n = tf.shape(x)[-2]
    d2 = squared_distances(x, x)
    ordered = tf.sort(tf.reshape(d2, tf.concat([tf.shape(d2)[:-2], [n * n]], axis=0)))
    # The n zeros of the diagonal come first, every other distance twice.
    return tf.stop_gradient(tf.maximum(tf.sqrt(ordered[..., n + n * (n - 1) // 2]), 1e-6))


def _mean_outside_blocks(k, block):
    """Mean of k [..., n, m] but for the square blocks of `block` rows along its diagonal; 0 for none."""
    if not block:
        return tf.reduce_mean(k, axis=[-2, -1])
    n = tf.shape(k)[-1]
    clips = tf.range(n) // block
    outside = tf.cast(clips[:, None] != clips, k.dtype)
    return tf.reduce_sum(k * outside, axis=[-2, -1]) / tf.reduce_sum(outside)
