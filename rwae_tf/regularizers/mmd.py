"""Squared maximum mean discrepancy between batches of samples, and the one on motion codes (eqs 9, 21)."""

import tensorflow as tf


def rbf(squared_distance, bandwidths):
    """Sum over sigma in `bandwidths` of exp(-d^2 / (2 sigma^2)) (Appendix D; Li et al. 2017)."""
    return tf.add_n([tf.exp(squared_distance * (-0.5 / sigma**2)) for sigma in bandwidths])


def imq(squared_distance, bandwidths):
    """Sum over sigma of the inverse multiquadric C / (C + d^2), C = 2 sigma^2.

    With this C a bandwidth means what it means for `rbf`: both kernels are 1 - d^2 / (2 sigma^2) near 0.
    """
    return tf.add_n([2 * sigma**2 / (2 * sigma**2 + squared_distance) for sigma in bandwidths])


KERNELS = {"rbf": rbf, "imq": imq}


def squared_distances(x, y):
    """All |x_i - y_j|^2 of x [..., n, d] and y [..., m, d] -> [..., n, m].

    As sums of squared differences: |x|^2 + |y|^2 - 2xy would lose near pairs to rounding, all the more
    in a GPU's TF32 products, where a kernel of bandwidth 1 needs them right.
    """
    return tf.reduce_sum(tf.math.squared_difference(x[..., :, None, :], y[..., None, :, :]), axis=-1)


def mmd2(q, p, kernel, cross_coefficient=2.0, estimator="unbiased"):
    """Squared MMD between samples q [..., n, d] and p [..., m, d]: a batch of estimates [...].

    The mean of k over the pairs of q, plus that over the pairs of p, less `cross_coefficient` times the
    mean over all n m mixed pairs. Eq. 21 prints the coefficient as 1, a misprint: only with 2 (Gretton
    et al. 2007) is the divergence least where q = p.

    Args:
      q, p: samples; n and m at least 2 for "unbiased".
      kernel: a function of squared distances.
      cross_coefficient: 2, or 1 for eqs 21 and 22 to the letter.
      estimator: "unbiased", over i != j within q and within p, which can be negative and is left so;
        or "biased", over all pairs.
    """
    within = {"unbiased": _mean_of_others, "biased": _mean}[estimator]
    cross = _mean(kernel(squared_distances(q, p)))
    return (within(kernel(squared_distances(q, q))) + within(kernel(squared_distances(p, p)))
            - cross_coefficient * cross)


def motion_mmd(z_q, z_p, objective):
    """The divergence on motion codes: MMD^2 per time step, summed over time; a scalar.

    Args:
      z_q: samples of the posterior [B, T, D].
      z_p: samples of the motion prior [B, T, D]: given z_q's past (teacher-forced), or its own roll-outs.
      objective: an ObjectiveConfig. `motion_samples` "teacher_forced" and "free" compare z_t alone,
        "pair" compares (z_t-1, z_t) from t = 2 on, so that the dependence on the past counts (p's pair is
        z_t ~ p(. | z_q's past) beside z_q's own z_t-1), "pool_time" all B T samples in a single MMD^2.
    """
    return tf.add_n([tf.reduce_sum(_motion_mmd2(q, p, objective))
                     for q, p in _COMPARISONS[objective.motion_samples](z_q, z_p)])


def _motion_mmd2(q, p, objective):
    """MMD^2 per leading index of q, p [..., n, d] with the kernel of `objective`."""
    if objective.motion_bandwidth_rule == "median":
        unit = median_distance(tf.concat([q, p], axis=-2))[..., None, None]
        q, p = q / unit, p / unit
    kernel = KERNELS[objective.motion_kernel]
    return mmd2(q, p, lambda d2: kernel(d2, objective.motion_bandwidths),
                objective.mmd_cross_coefficient, objective.mmd_estimator)


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


_COMPARISONS = {"teacher_forced": _per_step, "free": _per_step, "pair": _pair, "pool_time": _pool_time}


def median_distance(x):
    """Median distance between different samples of x [..., n, d] -> [...], the upper one of an even number.

    Without gradient, and at least 1e-6 so that one may divide by it.
    """
    n = tf.shape(x)[-2]
    d2 = squared_distances(x, x)
    ordered = tf.sort(tf.reshape(d2, tf.concat([tf.shape(d2)[:-2], [n * n]], axis=0)))
    # The n zeros of the diagonal come first, every other distance twice.
    return tf.stop_gradient(tf.maximum(tf.sqrt(ordered[..., n + n * (n - 1) // 2]), 1e-6))


def _mean(k):
    return tf.reduce_mean(k, axis=[-2, -1])


def _mean_of_others(k):
    """Mean over i != j of k [..., n, n]."""
    n = tf.cast(tf.shape(k)[-1], k.dtype)
    return (tf.reduce_sum(k, axis=[-2, -1]) - tf.linalg.trace(k)) / (n * (n - 1))
