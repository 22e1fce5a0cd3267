"""Plots of numbers, drawn by matplotlib without a screen. Arrays in, the bytes of a PNG out."""

import io
from typing import Mapping, Optional, Sequence, Tuple

import numpy as np
import numpy.typing as npt

LEGEND = 12  # classes that a legend still names
_MARKERS = "o^sDv"  # beside the colours, for those who see few of them
_PAIR = ("#0072b2", "#e69f00")  # blue and orange, safe for colour-blind readers (Okabe and Ito, 2008)
_DPI = 110


def scatter(points: np.ndarray, panels: Sequence[Tuple[str, Optional[np.ndarray], Sequence[str]]]) -> bytes:
    """Draw the same points once per panel, coloured by their classes; the bytes of a PNG.

    Args:
      points: [N, 2].
      panels: list of (title, classes, names): int [N] and the names of the classes; None and () for one colour.
        Up to `LEGEND` classes have a legend.
    """
    figure, axes = _axes(len(panels), 3, (3.6, 3.9))
    for axis, (title, classes, names) in zip(axes, panels, strict=True):
        _title(axis, title)
        axis.set(xticks=[], yticks=[])
        if classes is None:
            axis.scatter(*points.T, s=7, color=_PAIR[0], linewidths=0)
            continue
        if len(names) > LEGEND:
            axis.scatter(*points.T, s=7, c=classes, cmap="viridis", linewidths=0)
            continue
        colours = _colours(len(names))
        for k, name in enumerate(names):
            axis.scatter(*points[classes == k].T, s=7, color=colours[k], marker=_MARKERS[k % len(_MARKERS)], alpha=0.8,
                         linewidths=0, label=name)
        legend = axis.legend(loc="upper center", bbox_to_anchor=(0.5, -0.02), ncols=3, fontsize=7, markerscale=1.8,
                             frameon=False, handletextpad=0.1, columnspacing=0.8)
        for text in legend.get_texts():
            text.set_parse_math(False)
    return _png(figure)


def curves(panels: Sequence[Tuple[str, npt.ArrayLike, npt.ArrayLike, bool]]) -> bytes:
    """Draw one curve per panel; the bytes of a PNG.

    The axes may cut off the first twentieth, so that the rest is legible.

    Args:
      panels: list of (title, x, y, log): [N] each; what is not finite leaves a gap. `log` asks for a logarithmic y,
        with all of the curve; it has an effect where all y are positive.
    """
    figure, axes = _axes(len(panels), 4, (2.9, 2.1))
    for axis, (title, x, y, log) in zip(axes, panels, strict=True):
        y = np.asarray(y, np.float64)
        axis.plot(x, y, color=_PAIR[0], linewidth=1.3, marker="." if len(y) < 30 else None)
        later = y[len(y) // 20 :]
        later = later[np.isfinite(later)]
        if log and np.nanmin(y, initial=np.inf) > 0:
            axis.set_yscale("log")
        elif later.size and later.min() < later.max():
            axis.set_ylim(later.min() - 0.08 * np.ptp(later), later.max() + 0.08 * np.ptp(later))
        axis.grid(alpha=0.3)
        _title(axis, title)
        axis.set_xlabel("passes", fontsize=8)
    return _png(figure)


def bars(panels: Sequence[Tuple[str, str, Mapping[str, Sequence[float]]]]) -> bytes:
    """Draw bars side by side, for one or two series per panel; the bytes of a PNG.

    Args:
      panels: list of (title, label of x, {name of a series: values [D]}).
    """
    figure, axes = _axes(len(panels), 2, (5.8, 2.4))
    for axis, (title, label, series) in zip(axes, panels, strict=True):
        width = 0.84 / len(series)
        for k, (name, values) in enumerate(series.items()):
            axis.bar(np.arange(1, len(values) + 1) + (k - (len(series) - 1) / 2) * width, values, width,
                     color=_PAIR[k], label=name)
        axis.legend(loc="lower right", bbox_to_anchor=(1, 0.98), ncols=2, fontsize=8, frameon=False)
        axis.set_ylabel("nats", fontsize=8)
        axis.set_xlabel(label, fontsize=8)
        _title(axis, title)
    return _png(figure)


def growth(panels: Sequence[Tuple[str, str, npt.ArrayLike, npt.ArrayLike]]) -> bytes:
    """Draw cost over size on logarithmic axes, beside a line of proportional growth; the bytes of a PNG.

    Args:
      panels: list of (title, label of x, x, y): [N] each, positive. The dashed line is proportional to x and meets the
        last point: a curve above it to its left grows more slowly than x.
    """
    figure, axes = _axes(len(panels), 4, (2.9, 2.4))
    for axis, (title, label, x, y) in zip(axes, panels, strict=True):
        x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
        axis.loglog(x, y[-1] * x / x[-1], "--", color=_PAIR[1], linewidth=1, label="in proportion")
        axis.loglog(x, y, "o-", color=_PAIR[0], linewidth=1.3, markersize=4, label="measured")
        axis.set_xticks(x, [f"{value:g}" for value in x])
        axis.minorticks_off()
        axis.grid(alpha=0.3)
        axis.legend(loc="lower right", fontsize=7, frameon=False)
        axis.set_xlabel(label, fontsize=8)
        _title(axis, title)
    return _png(figure)


def heat(values: npt.ArrayLike) -> np.ndarray:
    """Colours, uint8 [..., 3], of values [...]: dark at 0 and below, bright at 1 and above."""
    from matplotlib import colormaps

    return colormaps["magma"](np.clip(values, 0, 1), bytes=True)[..., :3]


def _axes(count, across, size):
    """A figure and the axes of its `count` panels, `across` in a row, each of `size` inches."""
    from matplotlib.figure import Figure

    columns = min(count, across)
    rows = -(-count // columns)
    # No pyplot: it keeps figures and looks for a screen.
    figure = Figure(figsize=(columns * size[0], rows * size[1]), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for axis in axes[count:]:
        axis.set_axis_off()
    for axis in axes[:count]:
        axis.spines[["top", "right"]].set_visible(False)
        axis.tick_params(labelsize=8)
    return figure, axes[:count]


def _title(axis, text):
    """A title in which a dollar starts no formula."""
    axis.set_title(text, fontsize=9, loc="left", parse_math=False)


def _colours(count):
    """As many distinct colours."""
    from matplotlib import colormaps

    return colormaps["tab10" if count <= 10 else "Paired"].colors


def _png(figure):
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=_DPI)
    return file.getvalue()
