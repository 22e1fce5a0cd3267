"""Plots read back as pictures: their colours, and what matplotlib was given to draw."""

import io

import numpy as np
import pytest
from matplotlib import figure
from PIL import Image

from rwae_tf.figures import plots

BLUE, ORANGE = (0x00, 0x72, 0xB2), (0xE6, 0x9F, 0x00)


@pytest.fixture
def drawn(monkeypatch):
    """The figures saved during the test."""
    found, save = [], figure.Figure.savefig

    def savefig(self, *args, **kwargs):
        found.append(self)
        save(self, *args, **kwargs)

    monkeypatch.setattr(figure.Figure, "savefig", savefig)
    return found


def pixels(png):
    """The colours [h, w, 3] of a PNG."""
    assert png.startswith(b"\x89PNG")
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def count(png, colour):
    return int((pixels(png) == np.array(colour, np.uint8)).all(-1).sum())


def panels(shown):
    """The axes of a figure that show something."""
    return [axis for axis in shown.axes if axis.axison]


def test_scatter_gives_each_class_its_points_colour_and_name(drawn):
    points = np.arange(12.0).reshape(6, 2)
    classes = np.array([0, 1, 2, 0, 1, 0])
    plots.scatter(points, [("one", classes, ("a", "b $x$", "c")), ("two", 1 - classes % 2, ("even", "odd"))])
    one, two = panels(drawn[0])
    assert one.get_title(loc="left") == "one" and two.get_title(loc="left") == "two"
    for k, shown in enumerate(one.collections):
        np.testing.assert_array_equal(shown.get_offsets(), points[classes == k])
    assert len({tuple(shown.get_facecolor()[0]) for shown in one.collections}) == 3
    assert len({shown.get_paths()[0].vertices.tobytes() for shown in one.collections}) == 3  # and markers
    assert [text.get_text() for text in one.get_legend().get_texts()] == ["a", "b $x$", "c"]


def test_scatter_of_twelve_classes_is_named_and_of_thirteen_is_not(drawn):
    classes = np.arange(26) % 13
    points = np.random.default_rng(0).normal(size=(26, 2))
    plots.scatter(points, [("12", classes % 12, [str(k) for k in range(12)]),
                           ("13", classes, [str(k) for k in range(13)])])
    twelve, thirteen = panels(drawn[0])
    assert len(twelve.get_legend().get_texts()) == 12
    assert len({tuple(shown.get_facecolor()[0]) for shown in twelve.collections}) == 12
    assert thirteen.get_legend() is None
    np.testing.assert_array_equal(thirteen.collections[0].get_array(), classes)


def test_scatter_without_classes_is_of_one_colour(drawn):
    png = plots.scatter(np.eye(2), [("plain", None, ())])
    (axis,) = panels(drawn[0])
    assert len(axis.collections) == 1 and axis.get_legend() is None and count(png, BLUE) > 0


@pytest.mark.parametrize("log, values, scale", [(True, [9, 3, 1], "log"), (True, [9, 0, 1], "linear"),
                                                (False, [9, 3, 1], "linear"), (True, [np.nan] * 3, "log")])
def test_curves_are_logarithmic_where_that_can_be(drawn, log, values, scale):
    plots.curves([("error", [1, 2, 3], values, log)])
    (axis,) = panels(drawn[0])
    assert axis.get_yscale() == scale
    np.testing.assert_array_equal(axis.lines[0].get_ydata(), values)
    np.testing.assert_array_equal(axis.lines[0].get_xdata(), [1, 2, 3])


def test_leap_of_the_beginning_does_not_flatten_the_rest(drawn):
    # 40 rows: a twentieth is the first two, which are 1000; the others go from 0 to 1.
    y = np.concatenate([[1000, 1000], np.linspace(0, 1, 38)])
    plots.curves([("kl", np.arange(40), y, False), ("flat", np.arange(40), np.ones(40), False)])
    assert panels(drawn[0])[0].get_ylim() == pytest.approx((-0.08, 1.08))


def test_nine_curves_take_three_rows_of_four_panels(drawn):
    plots.curves([(str(k), [0, 1], [0, 1], False) for k in range(9)])
    assert len(panels(drawn[0])) == 9 and len(drawn[0].axes) == 12


def test_bars_are_as_high_as_their_values(drawn):
    png = plots.bars([("z_c", "dimension", {"KL": [3.0, 1.0], "information": [2.0, 0.5]})])
    (axis,) = panels(drawn[0])
    assert [bar.get_height() for bar in axis.patches] == [3.0, 1.0, 2.0, 0.5]
    centres = [bar.get_x() + bar.get_width() / 2 for bar in axis.patches]
    # Two bars of 0.42 on either side of 1 and of 2.
    np.testing.assert_allclose(centres, [0.79, 1.79, 1.21, 2.21])
    assert [text.get_text() for text in axis.get_legend().get_texts()] == ["KL", "information"]
    # Blue bars have an area of 4 in these units and orange ones of 2.5; legends and edges are small beside them.
    assert count(png, BLUE) / count(png, ORANGE) == pytest.approx(1.6, rel=0.05)


def test_pictures_need_no_screen_and_are_the_same_every_time(monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    one, two = (plots.curves([("a", [0, 1], [1, 2], False)]) for _ in range(2))
    assert one == two
