import collections
import math

import numpy as np
import pytest

from rwae_tf import data
from rwae_tf.data.datasets import moving_shapes

RADIUS = {"small": 6.0, "large": 11.0}
COLOUR = {"white": (1, 1, 1), "red": (1, 0, 0), "green": (0, 1, 0), "blue": (0, 0, 1), "yellow": (1, 1, 0)}
ALL = np.arange(360)  # test clips 0..359 show every combination


def named(clips, indices):
    """The labels of clips as dicts of names."""
    labels = clips.labels(indices)
    return [{f: clips.spec.factors[f][labels[f][i]] for f in labels} for i in range(len(indices))]


def centres(clips, indices, epoch=0):
    """Centres of mass [B, T, 2], (x, y), measured in the frames."""
    light = clips.frames(indices, epoch).max(-1).astype(float)
    total = light.sum((2, 3))
    middle = np.arange(64) + 0.5
    return np.stack([(light.sum(2) @ middle) / total, (light.sum(3) @ middle) / total], -1)


def displacement(motion, heading, t):
    """Where a centre is after t frames, from its start; a scalar account of the rules."""
    step = {"N": (0, -1), "S": (0, 1), "E": (1, 0), "W": (-1, 0)}
    x = sum(step[letter][0] for letter in heading) * 2 * t
    y = sum(step[letter][1] for letter in heading) * 2 * t
    if motion == "diagonal":  # 2 px along the diagonal, whose steps (1, 1) are sqrt(2) long
        return x / math.sqrt(2), y / math.sqrt(2)
    if motion == "zigzag":  # first to the right of the heading: east of north, south of east, ...
        wave = (0, 2.5, 5, 2.5, 0, -2.5, -5, -2.5)[t % 8]
        right = {"N": (1, 0), "E": (0, 1), "S": (-1, 0), "W": (0, -1)}[heading]
        return x + wave * right[0], y + wave * right[1]
    return x, y


def combinations(labels):
    return collections.Counter(tuple(sorted(row.items())) for row in labels)


@pytest.mark.parametrize("split, count", [("train", 9000), ("test", 3600)])
def test_the_360_combinations_come_equally_often(split, count):
    clips = data.load("moving_shapes", split)
    assert len(clips) == count and clips.spec.length == 16 and clips.spec.frame_shape == (64, 64, 3)
    rows = named(clips, np.arange(count))
    assert set(combinations(rows).values()) == {count // 360}
    assert len(combinations(rows)) == 3 * 2 * 5 * (4 + 4 + 4)
    paths = {(row["motion"], row["heading"]) for row in rows}
    assert paths == {(m, h) for m in ("straight", "zigzag") for h in ("N", "E", "S", "W")} | {
        ("diagonal", h) for h in ("NE", "SE", "SW", "NW")}
    assert len(combinations(named(clips, ALL))) == 360


def test_a_path_of_16_frames_fits_analytically():
    # Farthest along an axis: straight or zigzag, 15 steps of 2 px = 30 px along, 10 px across; the
    # diagonal takes 30 / sqrt(2) in each. The largest shape leaves its centre 64 - 2 * 11 = 42 px.
    clips = data.load("moving_shapes", "test")
    rows = named(clips, ALL)
    labels = clips.labels(ALL)
    radius = np.array([RADIUS[row["size"]] for row in rows])
    for corner in (0.0, np.nextafter(1, 0)):  # the extreme starts
        path = moving_shapes.paths(labels["motion"], labels["heading"], radius, 16, np.full((360, 2), corner))
        for b, row in enumerate(rows):
            for t in range(16):
                expected = path[b, 0] + displacement(row["motion"], row["heading"], t)
                np.testing.assert_allclose(path[b, t], expected, atol=1e-9)  # never reflected
        assert (path >= radius[:, None, None] - 1e-9).all()
        assert (path <= 64 - radius[:, None, None] + 1e-9).all()
        wall = np.abs(path - (radius if corner == 0 else 64 - radius)[:, None, None]).min(1)
        np.testing.assert_allclose(wall, 0, atol=1e-9)  # and all the room is used


def test_frames_show_shapes_of_the_right_area_colour_and_path():
    clips = data.load("moving_shapes", "test", seed=1)
    frames = clips.frames(ALL) / 255.0
    seen = centres(clips, ALL)
    for b, row in enumerate(named(clips, ALL)):
        r, channels = RADIUS[row["size"]], np.array(COLOUR[row["colour"]], bool)
        assert not frames[b][..., ~channels].any()
        shown = frames[b][..., channels]
        np.testing.assert_array_equal(shown, np.broadcast_to(shown[..., :1], shown.shape))
        # Closed forms: 4r^2; pi r^2, plus pi/12 for the ramp one pixel wide; 3 sqrt(3)/4 r^2. The whole
        # area in every frame: nothing is cut off by the border.
        area = {"square": 4 * r * r, "circle": math.pi * (r * r + 1 / 12),
                "triangle": 0.75 * math.sqrt(3) * r * r}[row["shape"]]
        tolerance = 0.03 if row["shape"] == "triangle" else 0.005
        np.testing.assert_allclose(shown[..., 0].sum((1, 2)), area, rtol=tolerance)
        for t in range(16):
            expected = seen[b, 0] + displacement(row["motion"], row["heading"], t)
            np.testing.assert_allclose(seen[b, t], expected, atol=0.2)


def test_shapes_have_their_extent():
    # Around the centre (32, 32) with r = 11: columns and rows that are lit.
    extents = {"circle": ((21, 43), (21, 43)), "square": ((21, 43), (21, 43)),
               # circumradius 11, apex up: 11 above, 5.5 below, 11 cos 30 = 9.53 to each side
               "triangle": ((32 - 9.53, 32 + 9.53), (21, 37.5))}
    for shape, ((left, right), (top, bottom)) in extents.items():
        label = np.array([moving_shapes.SHAPES.index(shape)])
        frame = moving_shapes.render(np.full((1, 1, 2), 32.0), np.array([11.0]), label, np.ones((1, 3), bool))
        columns, rows = (np.flatnonzero(frame[0, 0, ..., 0].max(axis) > 127) for axis in (0, 1))
        np.testing.assert_allclose([columns[0], columns[-1] + 1], [left, right], atol=1)
        np.testing.assert_allclose([rows[0], rows[-1] + 1], [top, bottom], atol=1.5)
        np.testing.assert_array_equal(frame, frame[..., ::-1, :])  # left and right alike


def test_edges_are_anti_aliased():
    square = moving_shapes.render(np.array([[[20.25, 30.0]]]), np.array([6.0]), np.array([1]), np.ones((1, 3), bool))
    # The square covers x from 14.25 to 26.25: 3/4 of column 14, 1/4 of column 26, all between.
    np.testing.assert_array_equal(square[0, 0, 30, 13:28, 0], [0, 191] + [255] * 11 + [64, 0])


@pytest.mark.parametrize("size", ["small", "large"])
def test_long_paths_are_reflected_at_the_walls(size):
    clips = data.load("moving_shapes", "test", length=100, seed=2)
    labels, rows = clips.labels(ALL), named(clips, ALL)
    chosen = np.array([b for b in ALL if rows[b]["size"] == size and rows[b]["motion"] != "zigzag"])
    r = RADIUS[size]
    draws = np.random.default_rng(0).random((len(chosen), 2))
    path = moving_shapes.paths(
        labels["motion"][chosen], labels["heading"][chosen], np.full(len(chosen), r), 100, draws)
    for b, row in zip(range(len(chosen)), (rows[b] for b in chosen), strict=True):
        position = list(path[b, 0])
        speed = list(displacement(row["motion"], row["heading"], 1))
        turns = 0
        for t in range(1, 100):
            for axis in range(2):
                position[axis] += speed[axis]
                for wall, beyond in ((r, position[axis] < r), (64 - r, position[axis] > 64 - r)):
                    if beyond:
                        position[axis], speed[axis], turns = 2 * wall - position[axis], -speed[axis], turns + 1
            np.testing.assert_allclose(path[b, t], position, atol=1e-9)
        assert turns >= 2  # 99 steps of 1.41 px or more cross a room of at most 52 px at least twice


def test_100_frames_stay_inside():
    clips = data.load("moving_shapes", "test", length=100)
    light = clips.frames(ALL[:36]).max(-1) / 255.0
    area = light.sum((2, 3))
    assert light.shape[1] == 100
    np.testing.assert_allclose(area, np.broadcast_to(area[:, :1], area.shape), rtol=0.03)  # never cut off


@pytest.mark.parametrize("validation_fraction, count", [(0.1, 900), (0.5, 4500), (0.00001, 1)])
def test_validation_clips_are_a_share_beside_the_training_clips(validation_fraction, count):
    assert len(data.load("moving_shapes", "validation", validation_fraction=validation_fraction)) == count
    train, same = (
        data.load("moving_shapes", length=2, validation_fraction=share) for share in (0.0, validation_fraction)
    )
    assert len(same) == 9000
    np.testing.assert_array_equal(train.frames(np.arange(20), 3), same.frames(np.arange(20), 3))


def test_training_starts_are_fresh_and_the_others_fixed():
    index = np.arange(12)
    train, validation, test = (
        data.load("moving_shapes", split, length=2, validation_fraction=0.1) for split in data.SPLITS
    )
    other = data.load("moving_shapes", "train", length=2, seed=1)
    starts = [centres(train, index, 0), centres(train, index, 1), centres(other, index, 0), centres(test, index),
              centres(validation, index)]
    for i, one in enumerate(starts):
        for another in starts[:i]:
            assert (np.abs(one[:, 0] - another[:, 0]).max(-1) > 0.5).mean() > 0.8
    np.testing.assert_array_equal(train.frames(index, 1), train.frames(index, 1))
