"""Moving shapes: a coloured shape moving straight, in a zigzag or diagonally (Appendix I). Needs no files.

With data_dir, files in the published form are read instead (`videos.stacks`). What follows is how clips are drawn.

The frame is the square [0, 64] x [0, 64] in pixels, x to the right, y down; the centre of pixel i is at
i + 0.5. A shape of size r is the circle of radius r, the square of side 2r or the equilateral triangle of
circumradius r pointing up; each reaches at most r from its centre along x and along y.

The centre advances 2 px per frame along its heading. A zigzag adds, across the heading (first to the
right of it), a triangle wave of amplitude 5 px and period 8 frames. The start is drawn uniformly where
the whole path keeps the shape inside the frame. A path too long for the frame is reflected at the walls
along that axis; its heading is then the first one. Room for a centre is 64 - 2r, at least 42 px, and
the default 16 frames need 2 * 15 = 30 px: they are never reflected.
"""

import numpy as np

from rwae_tf.data.base import NATIVE_SIZE, Clips, Subset, clip_uniforms
from rwae_tf.data.video import strips

SHAPES = ("circle", "square", "triangle")
SIZES = {"small": 6.0, "large": 11.0}
COLOURS = {"white": (1, 1, 1), "red": (1, 0, 0), "green": (0, 1, 0), "blue": (0, 0, 1), "yellow": (1, 1, 0)}
MOTIONS = ("straight", "zigzag", "diagonal")
_D = 0.5**0.5
HEADINGS = {"N": (0, -1), "NE": (_D, -_D), "E": (1, 0), "SE": (_D, _D),
            "S": (0, 1), "SW": (-_D, _D), "W": (-1, 0), "NW": (-_D, -_D)}
FACTORS = {"shape": SHAPES, "size": tuple(SIZES), "colour": tuple(COLOURS),
           "motion": MOTIONS, "heading": tuple(HEADINGS)}
STATIC = ("shape", "size", "colour")
LENGTH = 16
SPEED, AMPLITUDE, PERIOD = 2.0, 5.0, 8
COUNTS = {"train": 9000, "test": 3600}

# (motion, heading) labels of the 12 kinds of path: straight and zigzag go N, E, S, W; diagonal the others.
PATHS = np.array([(m, h) for m in range(3) for h in range(8) if h % 2 == (m == 2)], np.int32)
COMBINATIONS = 3 * 2 * 5 * len(PATHS)
_STRIDE = 97  # coprime to 360: neighbours differ in most factors, any 360 in a row show all combinations


class Dataset(Subset):
    """The clips in the files of data_dir, or those that are drawn where it is not given; default length 16.

    Of files, `skip_invalid` leaves out, counts and names those that cannot be used.
    """

    def __init__(self, split, data_dir, size, length, seed, validation_fraction, skip_invalid=False):
        length = length or LENGTH
        if data_dir is None:
            whole = Drawn(split, size, length, seed, validation_fraction)
        else:
            whole = strips.load(
                data_dir, split, size, length, seed, validation_fraction, tuple(FACTORS), STATIC, skip_invalid
            )
        super().__init__(whole, np.arange(len(whole)))


class Drawn(Clips):
    """9000 training clips, other starts in every epoch, and 3600 fixed test clips.

    Fixed validation clips are drawn beside the training clips, which stay as they are: a share of their number.
    """

    def __init__(self, split, size, length, seed, validation_fraction):
        count = max(1, round(validation_fraction * COUNTS["train"])) if split == "validation" else COUNTS[split]
        super().__init__(count, size, length, 3, FACTORS, STATIC)
        self._split, self._seed = split, seed

    def labels(self, indices):
        rest, path = np.divmod(np.asarray(indices) * _STRIDE % COMBINATIONS, len(PATHS))
        shape, size, colour = np.unravel_index(rest, (3, 2, 5))
        motion, heading = PATHS[path].T
        values = (shape, size, colour, motion, heading)
        return {name: value.astype(np.int32) for name, value in zip(FACTORS, values, strict=True)}

    def frames(self, indices, epoch=0):
        labels = self.labels(indices)
        radius = np.array(list(SIZES.values()))[labels["size"]]
        draws = clip_uniforms(self._seed, self._split, epoch, indices, 2)
        path = paths(labels["motion"], labels["heading"], radius, self.spec.length, draws)
        return render(path, radius, labels["shape"], np.array(list(COLOURS.values()), bool)[labels["colour"]])


def paths(motion: np.ndarray, heading: np.ndarray, radius: np.ndarray, length: int, draws: np.ndarray) -> np.ndarray:
    """Centres of the shapes, in pixels.

    Args:
      motion, heading: labels, int [B].
      radius: r, float [B].
      length: number of frames T.
      draws: float [B, 2] in [0, 1): where the start lies, in x and y, within what is allowed.

    Returns:
      float [B, T, 2], (x, y) within r of no wall.
    """
    time = np.arange(length)
    along = np.array(list(HEADINGS.values()))[heading]
    across = np.stack([-along[:, 1], along[:, 0]], -1)
    phase = time / PERIOD
    wave = AMPLITUDE * (1 - 4 * np.abs((phase + 0.25) % 1 - 0.5))
    zigzag = (motion == MOTIONS.index("zigzag"))[:, None, None] * wave[:, None]
    moved = SPEED * time[:, None] * along[:, None] + zigzag * across[:, None]
    low, high = radius[:, None], NATIVE_SIZE - radius[:, None]
    first, last = low - moved.min(1), high - moved.max(1)
    fits = first <= last
    start = np.where(fits, first + draws * (last - first), low + draws * (high - low))
    room = (high - low)[:, None]
    offset = (start[:, None] + moved - low[:, None]) % (2 * room)
    return low[:, None] + np.minimum(offset, 2 * room - offset)


def render(path: np.ndarray, radius: np.ndarray, shape: np.ndarray, colour: np.ndarray) -> np.ndarray:
    """Anti-aliased frames of shapes on black.

    Args:
      path: centres, float [B, T, 2].
      radius: r, float [B].
      shape: labels, int [B].
      colour: which channels shine, bool [B, 3].

    Returns:
      uint8 [B, T, 64, 64, 3].
    """
    clips, length = path.shape[:2]
    side = int(2 * max(SIZES.values())) + 4
    corner = np.floor(path - side / 2).astype(int) + 1  # the patch of side^2 pixels around each centre
    offset = (corner[..., None] + np.arange(side) + 0.5 - path[..., None]).astype(np.float32)
    frames = np.zeros((clips, length, NATIVE_SIZE, NATIVE_SIZE, 3), np.uint8)
    border = side // 2 + 1
    for b in range(clips):
        patch = coverage(SHAPES[shape[b]], offset[b, :, 0, None, :], offset[b, :, 1, :, None], radius[b])
        patch = np.floor(255 * patch + np.float32(0.5)).astype(np.uint8)
        grey = np.zeros((length, NATIVE_SIZE + 2 * border, NATIVE_SIZE + 2 * border), np.uint8)
        for t, (x, y) in enumerate(corner[b] + border):
            grey[t, y:y + side, x:x + side] = patch[t]
        inside = grey[:, border:-border, border:-border]
        for c in np.flatnonzero(colour[b]):
            frames[b, ..., c] = inside
    return frames


def coverage(shape: str, dx: np.ndarray, dy: np.ndarray, radius: float) -> np.ndarray:
    """The part of each pixel that a shape covers, in [0, 1].

    Exact for the square; for circle and triangle a ramp one pixel wide across the edge.

    Args:
      shape: one of SHAPES.
      dx, dy: offsets of pixel centres from the shape's centre, broadcast together.
      radius: r.
    """
    if shape == "square":
        return np.clip(radius + 0.5 - np.abs(dx), 0, 1) * np.clip(radius + 0.5 - np.abs(dy), 0, 1)
    if shape == "circle":
        outside = np.sqrt(dx * dx + dy * dy) - radius
    else:
        outside = np.maximum(dy, 3**0.5 / 2 * np.abs(dx) - dy / 2) - radius / 2
    return np.clip(0.5 - outside, 0, 1)
