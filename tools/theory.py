"""Two statements of the paper, checked on toy problems with exact sums, with a figure for each.

    python tools/theory.py      # prints numbers, draws docs/figures/theory_identity.png and theory_mmd.png

identity  Theorem 3: KL of the aggregate posterior = mean KL - mutual information, for z_c and for z_m given earlier
          codes, summed over all values of discrete x and z
mmd       eq. 21 between Gaussians in closed form: the posterior's scale at its minimum, for the factor 2/n^2 of the
          cross term and for 1/n^2 as printed
"""

import os

import numpy as np
from absl import flags as absl_flags
from scipy import optimize

from rwae_tf import entry_point
from rwae_tf.config import flags

X, Z = 6, 4  # values of x and of each of z_c, z_1, z_2
SHARPNESS = np.linspace(0, 6, 25)
MIXTURE = (1.0, 2.0, 4.0, 8.0, 16.0)
TOYS = ((1, (1.0,)), (12, MIXTURE))  # dimensions and bandwidths
PAPER, OURS = 1.0, 2.0  # factors of the cross term
_FIGURES = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "docs", "figures")


def main(argv):
    """Compute, print and draw; see the module's docstring."""
    values = flags.new()
    absl_flags.DEFINE_string("out", _FIGURES, "Folder for the figures.", flag_values=values)
    if not flags.parse(values, argv, __doc__):
        return 0
    os.makedirs(values.out, exist_ok=True)
    rows = [identity(sharpness) for sharpness in SHARPNESS]
    for code in rows[0]:
        gap = max(abs(row[code]["aggregate"] - row[code]["mean"] + row[code]["information"]) for row in rows)
        last = rows[-1][code]
        print(f"Theorem 3, {code}: KL of the aggregate {last['aggregate']:.4f} = mean KL {last['mean']:.4f} - mutual "
              f"information {last['information']:.4f} nats; largest error of {len(rows)} posteriors {gap:.1e}")
    for d, bandwidths in TOYS:
        print(f"MMD, d = {d}, bandwidths {bandwidths}: the best posterior has "
              + ", ".join(f"{best_scale(d, bandwidths, c):.3f} times the prior's scale with factor {c:g}"
                          for c in (OURS, PAPER)))
    for name, draw in (("theory_identity.png", lambda: _draw_identity(rows)), ("theory_mmd.png", _draw_mmd)):
        path = os.path.join(values.out, name)
        draw().savefig(path, dpi=110)
        print(f"{path} ({os.path.getsize(path) / 1000:.0f} KB)")
    return 0


def posteriors(sharpness, seed=0):
    """A toy: p(x) [X], q(z_c|x) and q(z_1|x) [X, Z], q(z_2|z_1, x) [X, Z, Z], p(z_c) [Z], p(z_2|z_1) [Z, Z].

    The more `sharpness`, the nearer the posteriors are to one value of z for each x; at 0 they do not look at x.
    """
    rng = np.random.default_rng(seed)

    def softmax(*shape, scale=1.0):
        e = np.exp(scale * rng.normal(size=shape))
        return e / e.sum(-1, keepdims=True)

    return (softmax(X), softmax(X, Z, scale=sharpness), softmax(X, Z, scale=sharpness),
            softmax(X, Z, Z, scale=sharpness), softmax(Z), softmax(Z, Z))


def identity(sharpness):
    """Both sides of Theorem 3 (eq. 13), each of its three terms from its own definition.

    Returns:
      {"z_c" and "z_m": {"aggregate": KL(q(z) || p(z)), "mean": E_x KL(q(z|x) || p(z)), "information": I(x; z)}}, in
      nats; for z_m of z_2 given z_1, the mean over z_1 too.
    """
    p_x, q_c, q_1, q_2, prior_c, prior_2 = posteriors(sharpness)
    joint_c = p_x[:, None] * q_c  # [x, z_c]
    joint_m = p_x[:, None, None] * q_1[:, :, None] * q_2  # [x, z_1, z_2]
    q_12 = joint_m.sum(0)
    aggregate_2 = q_12 / q_12.sum(1, keepdims=True)  # q(z_2|z_1)
    return {
        "z_c": {"aggregate": kl(joint_c.sum(0), prior_c), "mean": float(p_x @ [kl(q, prior_c) for q in q_c]),
                "information": entropy(p_x) + entropy(joint_c.sum(0)) - entropy(joint_c)},
        "z_m": {"aggregate": float(q_12.sum(1) @ [kl(q, p) for q, p in zip(aggregate_2, prior_2, strict=True)]),
                "mean": sum(p_x[x] * q_1[x, z] * kl(q_2[x, z], prior_2[z]) for x in range(X) for z in range(Z)),
                "information": entropy(joint_m.sum(2)) + entropy(q_12) - entropy(q_12.sum(1)) - entropy(joint_m)}}


def kl(q, p):
    """sum q ln (q / p), of positive arrays."""
    return float((q * np.log(q / p)).sum())


def entropy(p):
    """-sum p ln p, of a positive array."""
    return float(-(p * np.log(p)).sum())


def mmd2(s, d, bandwidths, c):
    """The mean of eq. 21 for q = N(0, s^2 I) and p = N(0, I) in d dimensions, with factor c of the cross term.

    The difference of two samples is N(0, v I), v = 2 s^2 within q, 2 within p and 1 + s^2 across, and the mean of
    exp(-|delta|^2 / (2 sigma^2)) is (1 + v / sigma^2)^(-d/2).
    """
    def mean(v):
        return sum((1 + v / sigma**2) ** (-d / 2) for sigma in bandwidths)

    return mean(2 * s**2) + mean(2.0) - c * mean(1 + s**2)


def best_scale(d, bandwidths, c):
    """The s at which `mmd2` is least."""
    return float(optimize.minimize_scalar(lambda s: mmd2(s, d, bandwidths, c), bounds=(0.1, 10), method="bounded",
                                          options={"xatol": 1e-6}).x)


def estimates(s, d, bandwidths, c, batches=40, n=100, seed=0):
    """`mmd2` from samples, by the unbiased estimator: mean over so many batches of n."""
    rng = np.random.default_rng(seed)

    def kernel(x, y):
        d2 = np.square(x[:, None] - y).sum(-1)
        return sum(np.exp(-d2 / (2 * sigma**2)) for sigma in bandwidths)

    total = 0.0
    for _ in range(batches):
        q, p = s * rng.normal(size=(n, d)), rng.normal(size=(n, d))
        within = sum(kernel(x, x).sum() - n * len(bandwidths) for x in (q, p)) / (n * (n - 1))
        total += within - c * kernel(q, p).mean()
    return total / batches


def _figure(columns, size):
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots(1, columns, squeeze=False)[0]
    for axis in axes:
        axis.spines[["top", "right"]].set_visible(False)
        axis.grid(alpha=0.3)
    return figure, axes


def _draw_identity(rows):
    """The three terms against the sharpness of the posterior; crosses are mean KL - mutual information."""
    figure, axes = _figure(2, (9, 3.4))
    for axis, code, title in zip(axes, ("z_c", "z_m"), ("content, z_c", "motion, z_2 given z_1"), strict=True):
        terms = {name: np.array([row[code][name] for row in rows]) for name in ("mean", "information", "aggregate")}
        for name, colour, label in (("mean", "#0072b2", "mean KL of q(z|x) from the prior"),
                                    ("information", "#e69f00", "mutual information of x and z"),
                                    ("aggregate", "#009e73", "KL of the aggregate")):
            axis.plot(SHARPNESS, terms[name], color=colour, label=label)
        axis.plot(SHARPNESS[::2], (terms["mean"] - terms["information"])[::2], "x", color="#222",
                  label="mean KL - mutual information")
        axis.set_title(title, fontsize=10, loc="left")
        axis.set_xlabel("sharpness of q(z|x)", fontsize=9)
        axis.set_ylabel("nats", fontsize=9)
    axes[0].legend(fontsize=8, frameon=False)
    return figure


def _draw_mmd():
    """MMD against the posterior's scale, exact and from samples, with its minimum."""
    figure, axes = _figure(2, (9, 3.4))
    scales, sampled = np.linspace(0.3, 5, 120), np.linspace(0.4, 4.8, 12)
    for axis, (d, bandwidths) in zip(axes, TOYS, strict=True):
        for c, colour, label in ((OURS, "#0072b2", "2/n²"), (PAPER, "#e69f00", "1/n², as printed")):
            best = best_scale(d, bandwidths, c)
            offset = mmd2(best, d, bandwidths, c)  # so that both minima lie at 0
            axis.plot(scales, mmd2(scales, d, bandwidths, c) - offset, color=colour,
                      label=f"{label}: least at {best:.2f}")
            axis.plot(sampled, [estimates(s, d, bandwidths, c) - offset for s in sampled], ".", color=colour)
            axis.axvline(best, color=colour, linestyle=":", linewidth=1)
        axis.set_title(f"d = {d}, bandwidths " + ", ".join(f"{b:g}" for b in bandwidths), fontsize=10, loc="left")
        axis.set_xlabel("standard deviation of the posterior, the prior's being 1", fontsize=9)
        axis.set_ylabel("MMD² above its minimum", fontsize=9)
        axis.legend(fontsize=8, frameon=False)
    return figure


if __name__ == "__main__":
    entry_point.run(main)
