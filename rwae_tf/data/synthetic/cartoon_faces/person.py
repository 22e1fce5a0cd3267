"""Who a cartoon face is (`Person`) and what it does (`Pose`); `face` draws both."""

from typing import NamedTuple

from rwae_tf.data.synthetic.cartoon_faces.geometry import Colour


class Person(NamedTuple):
    """What stays the same. Lengths in widths of the picture, colours in levels of 0 to 255."""

    skin: Colour
    hair: Colour
    style: str
    beard: str
    glasses: bool
    iris: Colour
    shirt: Colour
    background: Colour
    width: float  # half of the face's
    height: float  # half of the face's
    jaw: float  # 2 for an ellipse, more for a square chin
    eye: float  # half of its width
    eyes_apart: float  # from the middle to an eye
    brow: float  # thickness
    nose: float
    mouth: float  # half of its width


class Pose(NamedTuple):
    """What the face does; the defaults are neutral. Lengths in widths of the picture."""

    brow_inner: float = 0.0  # how far the inner ends of the brows rise
    brow_outer: float = 0.0
    brow_together: float = 0.0
    eye_open: float = 0.8  # 0 closed, 1 wide
    lower_lid: float = 0.1  # how far it rises, as a share of the eye
    wrinkle: float = 0.0  # of the nose, 0 to 1
    mouth_width: float = 1.0  # beside the person's own
    corners: float = 0.008  # how far the corners of the mouth rise
    upper_lip: float = 0.0  # how far it rises in the middle
    lower_lip: float = 0.0  # how far it falls in the middle
    boxy: float = 0.5  # shape of the open mouth: 1 pointed, 0.5 round, less square
    teeth: float = 0.6  # share of the open mouth
    sneer: float = 0.0  # how far one side of the upper lip rises
    blush: float = 0.0
    shift_x: float = 0.0  # of the head
    shift_y: float = 0.0
    tilt: float = 0.0  # of the head, radians
    turn: float = 0.0  # of the face to one side
    gaze: float = 0.0  # of the irises to one side
    light: float = 1.0  # of the picture
