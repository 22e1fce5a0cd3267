"""A cartoon face as polygons: who it is (`Person`) and what it does (`Pose`) to shapes that `pictures.draw` takes.

Points are x and y in [0, 1] of a square picture, y downwards. Shapes are listed from back to front; what would have to
be clipped, an iris by the lids, is covered by what lies before it.
"""

from typing import List, Tuple

import numpy as np

from rwae_tf.data.synthetic.cartoon_faces.geometry import (
    ALONG,
    FACE_X,
    FACE_Y,
    WHITE,
    Colour,
    between,
    ellipse,
    mix,
    shade,
    stroke,
)
from rwae_tf.data.synthetic.cartoon_faces.mouth import beard_shapes, mouth_shapes
from rwae_tf.data.synthetic.cartoon_faces.person import Person, Pose

HAIR_STYLES = ("short", "fringe", "bob", "long", "curly", "bun", "spiky", "bald")
BEARDS = ("none", "moustache", "full")
_ZOOM, _MIDDLE = 1.14, (0.5, 0.52)  # of the finished picture


def shapes(person: Person, pose: Pose) -> List[Tuple[np.ndarray, Colour]]:
    """The polygons of a face.

    Args:
      person: a `Person`.
      pose: a `Pose`.

    Returns:
      List of (float [N, 2], colour), back to front.
    """
    head = [*_hair_behind(person), *_skull(person, pose), *_hair_before(person), *_eyes(person, pose),
            *_nose(person, pose), *beard_shapes(person, pose), *mouth_shapes(person, pose), *_brows(person, pose),
            *(_glasses(person, pose) if person.glasses else ())]
    square = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], float)
    all_shapes = [(square, person.background), (ellipse(0.5, 0.42, 0.46, 0.46), shade(person.background, 1.06)),
                  *_body(person), *((_posed(points, pose), colour) for points, colour in head)]
    return [((points - 0.5) * _ZOOM + _MIDDLE, shade(colour, pose.light)) for points, colour in all_shapes]


def _posed(points, pose):
    """Points of the head, tilted about the neck and moved."""
    x, y = points[:, 0] - 0.5, points[:, 1] - 0.95
    cos, sin = np.cos(pose.tilt), np.sin(pose.tilt)
    return np.stack([0.5 + pose.shift_x + cos * x - sin * y, 0.95 + pose.shift_y + sin * x + cos * y], -1)


def _outline(person, drop=0.0, wider=1.0):
    """The outline of the face, from the left ear over the crown to the right one and along the jaw."""
    upper = ellipse(FACE_X, FACE_Y, person.width * wider, person.height * wider, np.pi, 2 * np.pi)
    lower = ellipse(FACE_X, FACE_Y, person.width * wider, person.height * wider + drop, 0, np.pi, person.jaw)
    return np.concatenate([upper, lower])


def _body(person):
    neck, dark = person.width * 0.55, shade(person.skin, 0.82)
    shoulders = ellipse(0.5, 1.12, 0.43, 0.24, np.pi, 2 * np.pi)
    collar = ellipse(0.5, 0.92, neck * 1.25, 0.07)
    throat = np.array([[0.5 - neck, 0.7], [0.5 + neck, 0.7], [0.5 + neck, 0.94], [0.5 - neck, 0.94]])
    return [(shoulders, person.shirt), (collar, shade(person.shirt, 0.8)), (throat, dark)]


def _skull(person, pose):
    ear = (person.width * 0.16, person.height * 0.18)
    found = []
    for side in (-1, 1):
        x = FACE_X + side * person.width * 1.02
        found += [(ellipse(x, FACE_Y + 0.02, *ear), shade(person.skin, 0.92)),
                  (ellipse(x, FACE_Y + 0.02, ear[0] * 0.5, ear[1] * 0.6), shade(person.skin, 0.8))]
    drop = 0.6 * pose.lower_lip
    found.append((_outline(person, drop), person.skin))
    rosy = mix(person.skin, (226, 90, 90), 0.16 + 0.22 * pose.blush)
    for side in (-1, 1):
        cheek = FACE_X + side * person.width * 0.6 + pose.turn
        found.append((ellipse(cheek, FACE_Y + 0.1 - 0.02 * pose.blush, 0.055, 0.04), rosy))
    return found


def _hair_behind(person):
    w, h, dark = person.width, person.height, shade(person.hair, 0.82)
    if person.style == "long":
        return [(np.concatenate([ellipse(0.5, FACE_Y - 0.04, w * 1.28, h * 1.1, np.pi, 2 * np.pi),
                                 [[0.5 + w * 1.36, 0.93], [0.5 - w * 1.36, 0.93]]]), dark)]
    if person.style == "bob":
        return [(ellipse(0.5, FACE_Y - 0.01, w * 1.36, h * 1.12, power=2.9), dark)]
    if person.style == "bun":
        return [(ellipse(0.5, FACE_Y - h * 1.12, 0.1, 0.085), dark)]
    if person.style == "curly":
        angles = np.linspace(0.86 * np.pi, 2.14 * np.pi, 13)
        return [(ellipse(0.5 + w * 1.08 * np.cos(a), FACE_Y - 0.05 + h * np.sin(a), 0.085, 0.085), dark)
                for a in angles]
    return []


def _hair_before(person):
    """Hair over the forehead: between the crown and a hairline that the style gives."""
    w, h = person.width, person.height
    if person.style == "bald":
        return []
    hairline = {"short": 0.62, "fringe": 0.42, "bob": 0.46, "long": 0.6, "curly": 0.66, "bun": 0.66, "spiky": 0.6}
    low = FACE_Y - h * hairline[person.style]
    u = np.linspace(-1, 1, 41)
    # The ends lie on the outline, at the temples; the line between them parts, waves or is cut straight.
    temple = FACE_Y - 0.22 * h
    bend = {"fringe": 0.25, "bob": 0.3}.get(person.style, 1.0)
    y = low + (temple - low) * np.abs(u) ** (2 / bend * 1.2)
    if person.style in ("long", "short"):
        y = y - 0.05 * np.exp(-((u - 0.3) / 0.35) ** 2) + 0.03 * np.exp(-((u + 0.45) / 0.3) ** 2)
    if person.style in ("curly", "spiky"):
        y = y + (0.018 * np.cos(u * 9 * np.pi) if person.style == "curly" else 0.03 * np.abs(np.sin(u * 4 * np.pi)))
    x = 0.5 + u * w * 1.05 * np.sqrt(1 - ((temple - FACE_Y) / h) ** 2)
    crown = ellipse(0.5, FACE_Y, w * 1.06, h * 1.1, np.pi + 0.2, 2 * np.pi - 0.2)
    if person.style == "spiky":
        spikes = np.abs(np.sin(np.linspace(0, 8 * np.pi, 96)))[:, None] * 0.14 + 1
        crown = (ellipse(0.5, FACE_Y, w * 1.06, h * 1.06, np.pi + 0.2, 2 * np.pi - 0.2) - [0.5, FACE_Y])
        crown = np.stack([np.interp(np.linspace(0, 47, 96), range(48), c) for c in crown.T], -1) * spikes
        crown = crown + [0.5, FACE_Y]
    return [(between(crown, np.stack([x, y], -1)), person.hair)]


def _eyes(person, pose):
    found = []
    for side in (-1, 1):
        x, y, w = FACE_X + side * person.eyes_apart + pose.turn, FACE_Y - 0.03, person.eye
        h = w * 0.78
        iris = x + 0.3 * w * pose.gaze
        found += [(ellipse(x, y, w, h), WHITE), (ellipse(iris, y, w * 0.55, w * 0.55), person.iris),
                  (ellipse(iris, y, w * 0.28, w * 0.28), (24, 20, 22)),
                  (ellipse(iris - 0.2 * w, y - 0.22 * w, w * 0.13, w * 0.13), WHITE)]
        arch = np.sqrt(1 - 0.96 * ALONG**2)
        upper = np.stack([x + 1.06 * w * ALONG, y + h * (1 - 2 * pose.eye_open) * arch], -1)
        lower = np.stack([x + 1.06 * w * ALONG, y + h * (1 - 1.6 * pose.lower_lid) * arch], -1)
        lower[:, 1] = np.maximum(lower[:, 1], upper[:, 1])
        over, under = (np.stack([x + 1.06 * w * ALONG, y + s * 1.12 * h * arch + s * 0.004], -1) for s in (-1, 1))
        found += [(between(over, upper), shade(person.skin, 0.93)), (between(lower, under), person.skin),
                  (stroke(upper, 0.013), shade(person.hair, 0.35)), (stroke(lower, 0.005), shade(person.skin, 0.7))]
    return found


def _brows(person, pose):
    found = []
    for side in (-1, 1):
        x, y = FACE_X + pose.turn, FACE_Y - 0.03 - person.eye * 1.05
        inner = (x + side * (person.eyes_apart - 0.95 * person.eye - pose.brow_together), y - pose.brow_inner)
        outer = (x + side * (person.eyes_apart + 1.15 * person.eye), y + 0.012 - pose.brow_outer)
        u = (ALONG + 1) / 2
        line = np.stack([inner[0] + (outer[0] - inner[0]) * u,
                         inner[1] + (outer[1] - inner[1]) * u - 0.02 * np.sin(np.pi * u)], -1)
        colour = shade(person.hair, 0.7) if person.style != "bald" else shade(person.skin, 0.45)
        found.append((stroke(line, person.brow * (1 - 0.55 * u)), colour))
    if pose.brow_together > 0.004:  # the furrow between them
        for side in (-1, 1):
            line = np.array([[0.5 + side * 0.014 + pose.turn, y - 0.012], [0.5 + side * 0.01 + pose.turn, y + 0.03]])
            found.append((stroke(line, 0.35 * pose.brow_together), shade(person.skin, 0.72)))
    return found


def _nose(person, pose):
    x, y, n = FACE_X + 1.4 * pose.turn, FACE_Y + 0.085 - 0.014 * pose.wrinkle, person.nose
    dark = shade(person.skin, 0.76)
    bridge = np.array([[x - 0.3 * n, y - 1.5 * n], [x + 0.25 * n, y - 1.5 * n], [x + n, y], [x - n, y]])
    found = [(bridge, shade(person.skin, 0.95)), (ellipse(x, y, n, 0.6 * n), shade(person.skin, 0.95))]
    for side in (-1, 1):
        found.append((ellipse(x + side * 0.55 * n, y + 0.22 * n, 0.24 * n, 0.15 * n), dark))
        if pose.wrinkle > 0.05:
            for k in (0, 1):  # beside the bridge
                line = np.array([[x + side * 0.35 * n, y - (1.5 + 0.6 * k) * n],
                                 [x + side * (0.35 + 0.9 * pose.wrinkle) * n, y - (1.15 + 0.6 * k) * n]])
                found.append((stroke(line, 0.01), dark))
            fold = np.array([[x + side * 1.2 * n, y - 0.2 * n], [x + side * (1.9 * n), y + 0.9 * n]])
            found.append((stroke(fold, 0.01 * pose.wrinkle), dark))
    return found


def _glasses(person, pose):
    found, frame = [], (40, 36, 44)
    y, r = FACE_Y - 0.03, person.eye * 1.35
    for side in (-1, 1):
        x = FACE_X + side * person.eyes_apart + pose.turn
        found.append((stroke(ellipse(x, y, r, r * 0.92), 0.011), frame))
        temple = np.array([[x + side * r, y - 0.01], [FACE_X + side * person.width, y - 0.025]])
        found.append((stroke(temple, 0.011), frame))
    bridge = np.array([[FACE_X + pose.turn + side * (person.eyes_apart - r), y - 0.005] for side in (-1, 1)])
    return [*found, (stroke(bridge, 0.011), frame)]
