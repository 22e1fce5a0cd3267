"""The mouth of a cartoon face and the beard around it, as polygons; see `face`."""

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
from rwae_tf.data.synthetic.cartoon_faces.person import Person, Pose

DARK, TONGUE = (70, 20, 28), (214, 96, 104)


def mouth_lines(person: Person, pose: Pose) -> Tuple[np.ndarray, np.ndarray]:
    """The inner edges of the lips, upper and lower, float [25, 2] each."""
    width = person.mouth * pose.mouth_width
    x = FACE_X + pose.turn + width * ALONG
    base = FACE_Y + 0.19 - pose.corners * (ALONG**2 - 0.3)
    arch = np.maximum(0, 1 - ALONG**2) ** pose.boxy
    sneer = pose.sneer * np.exp(-((ALONG - 0.4) / 0.42) ** 2)
    upper = np.stack([x, base - pose.upper_lip * arch - sneer], -1)
    return upper, np.stack([x, base + pose.lower_lip * arch], -1)


def mouth_shapes(person: Person, pose: Pose) -> List[Tuple[np.ndarray, Colour]]:
    """The lips, and what is seen between them: polygons (float [N, 2], colour) from back to front."""
    upper, lower = mouth_lines(person, pose)
    lip = mix(shade(person.skin, 0.88), (176, 48, 60), 0.5)
    bow = np.maximum(0, 1 - ALONG**2) ** 0.6 * (1 - 0.28 * np.exp(-(ALONG / 0.16) ** 2))  # the dent in the upper lip
    over = upper - np.stack([0 * ALONG, 0.016 * bow + 0.002], -1)
    under = lower + np.stack([0 * ALONG, 0.022 * np.maximum(0, 1 - ALONG**2) ** 0.6 + 0.002], -1)
    found = [(between(over, upper), shade(lip, 0.92)), (between(lower, under), lip)]
    gap = lower[:, 1] - upper[:, 1]
    if gap.max() < 0.012:
        return [*found, (stroke((upper + lower) / 2, 0.007), DARK)]
    rise = 0.4 * np.maximum(0, gap - 0.03) * np.maximum(0, 1 - 1.6 * ALONG**2)
    tongue = np.stack([lower[:, 0], lower[:, 1] - rise], -1)
    bite = np.stack([upper[:, 0], upper[:, 1] + np.minimum(gap, pose.teeth * min(gap.max(), 0.055))], -1)
    return [*found, (between(upper, lower), DARK), (between(tongue, lower), TONGUE), (between(upper, bite), WHITE)]


def beard_shapes(person: Person, pose: Pose) -> List[Tuple[np.ndarray, Colour]]:
    """The beard, if the person has one: polygons (float [N, 2], colour) from back to front."""
    colour = shade(person.hair, 0.9)
    upper, lower = mouth_lines(person, pose)
    over = np.stack([FACE_X + pose.turn + 1.15 * (upper[:, 0] - FACE_X - pose.turn),
                     upper[:, 1] - 0.016 - 0.035 * np.maximum(0, 1 - ALONG**2) ** 0.35], -1)
    if person.beard == "moustache":
        return [(between(over, upper - [0, 0.008]), colour)]
    if person.beard == "full":
        angles = np.linspace(0.06 * np.pi, 0.94 * np.pi, 48)
        jaw = ellipse(FACE_X, FACE_Y, person.width * 1.01, person.height * 1.05 + 0.6 * pose.lower_lip, angles[0],
                       angles[-1], person.jaw)
        return [(np.concatenate([jaw, over]), colour)]
    return []
