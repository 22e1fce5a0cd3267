"""Cartoon faces in MUG's folder layout: a stand-in to try the code with where there is no licence for MUG.

People differ in skin, hair, beard, glasses, colours and the shape of face and features; each shows six expressions,
which grow from neutral to their height and stay, while the head sways, the eyes blink and the light differs.
"""

import os
from typing import Callable, List

import numpy as np

from rwae_tf.data import pictures
from rwae_tf.data.prepare.mug.discovery import EXPRESSIONS, NEUTRAL
from rwae_tf.data.synthetic.cartoon_faces.face import BEARDS, HAIR_STYLES, shapes
from rwae_tf.data.synthetic.cartoon_faces.person import Person, Pose

SKINS = ((255, 224, 196), (241, 194, 150), (224, 172, 120), (198, 134, 86), (156, 102, 62), (112, 70, 44),
         (255, 209, 178), (84, 54, 38))
HAIRS = ((44, 32, 30), (92, 58, 34), (150, 98, 48), (226, 188, 104), (176, 72, 34), (142, 142, 148), (66, 40, 60),
         (214, 208, 200))
IRISES = ((76, 50, 28), (64, 116, 150), (74, 122, 74), (112, 92, 60))
SHIRTS = ((62, 98, 150), (168, 62, 62), (70, 128, 96), (214, 170, 74), (112, 86, 146), (84, 88, 96))
BACKGROUNDS = ((166, 190, 206), (206, 196, 172), (180, 200, 172), (198, 178, 194), (176, 176, 186), (150, 178, 182))

HEIGHTS = {  # each expression at its height
    "anger": Pose(brow_inner=-0.032, brow_outer=0.012, brow_together=0.018, eye_open=0.62, lower_lid=0.32, wrinkle=0.15,
                  mouth_width=0.86, corners=-0.014, upper_lip=0.012, lower_lip=0.02, boxy=0.22, teeth=1.0, blush=1.0),
    "disgust": Pose(brow_inner=-0.02, brow_outer=-0.006, brow_together=0.01, eye_open=0.48, lower_lid=0.42, wrinkle=1.0,
                    mouth_width=0.9, corners=-0.03, upper_lip=0.01, lower_lip=0.004, sneer=0.024, boxy=0.6, teeth=0.9,
                    turn=0.012),
    "fear": Pose(brow_inner=0.04, brow_outer=0.008, brow_together=0.006, eye_open=1.0, lower_lid=0.0, mouth_width=1.12,
                 corners=-0.016, upper_lip=0.008, lower_lip=0.034, boxy=0.28, teeth=0.35, shift_y=0.01),
    "happiness": Pose(brow_inner=0.008, brow_outer=0.012, eye_open=0.68, lower_lid=0.4, mouth_width=1.28, corners=0.05,
                      upper_lip=-0.008, lower_lip=0.06, boxy=0.62, teeth=0.6, blush=0.7, shift_y=-0.006),
    "sadness": Pose(brow_inner=0.034, brow_outer=-0.022, eye_open=0.5, lower_lid=0.08, mouth_width=0.84, corners=-0.036,
                    tilt=0.05, shift_y=0.018),
    "surprise": Pose(brow_inner=0.046, brow_outer=0.05, eye_open=1.0, lower_lid=0.0, mouth_width=0.58, corners=0.0,
                     upper_lip=0.03, lower_lip=0.085, boxy=0.5, teeth=0.12, shift_y=-0.012),
    NEUTRAL: Pose(),
}


def person(seed: int, number: int) -> Person:
    """The person with that number: no two of a few dozen have skin, hair and style in common.

    Args:
      seed: of everybody.
      number: from 0.

    Returns:
      A `Person`.
    """
    rng = np.random.default_rng((seed, number))
    first = np.random.default_rng(seed).integers(8, size=3)
    style = HAIR_STYLES[(number + first[0]) % 8]
    skin = SKINS[(3 * number + number // 8 + first[1]) % 8]
    hair = HAIRS[(5 * number + number // 8 + first[2]) % 8]
    bearded = style in ("short", "spiky", "bald", "fringe") and rng.random() < 0.6
    pick = {name: values[rng.integers(len(values))] for name, values in
            {"iris": IRISES, "shirt": SHIRTS, "background": BACKGROUNDS}.items()}
    return Person(
        skin=skin, hair=hair, style=style, beard=BEARDS[1 + rng.integers(2)] if bearded else "none",
        glasses=bool(rng.random() < 0.25), **pick, width=rng.uniform(0.25, 0.3), height=rng.uniform(0.335, 0.375),
        jaw=rng.uniform(1.75, 2.6), eye=rng.uniform(0.05, 0.068), eyes_apart=rng.uniform(0.105, 0.128),
        brow=rng.uniform(0.014, 0.03), nose=rng.uniform(0.03, 0.048), mouth=rng.uniform(0.085, 0.115))


def poses(expression: str, frames: int, rng: np.random.Generator) -> List[Pose]:
    """The poses of one take.

    Args:
      expression: a key of `HEIGHTS`.
      frames: how many, at least 1.
      rng: NumPy generator, which makes each take another.

    Returns:
      List of `Pose`.
    """
    neutral, height = np.array(Pose()), np.array(HEIGHTS[expression])
    begin, rise, peak = rng.uniform(0.02, 0.12), rng.uniform(0.35, 0.5), rng.uniform(0.8, 1.05)
    blink, phases, sway = rng.uniform(0.1, 0.95), rng.uniform(0, 2 * np.pi, 3), rng.uniform(0.4, 1, 3)
    light, gaze = rng.uniform(0.92, 1.05), rng.uniform(-0.5, 0.5)
    found = []
    for time in (np.arange(frames) + 0.5) / frames:
        grown = np.clip((time - begin) / rise, 0, 1)
        pose = Pose(*(neutral + peak * grown**2 * (3 - 2 * grown) * (height - neutral)).tolist())
        x, y, tilt = sway * np.sin(2 * np.pi * time * np.array([0.6, 0.9, 0.5]) + phases)
        shut = max(0, 1 - abs(time - blink) * 12)
        found.append(pose._replace(
            eye_open=min(1, pose.eye_open) * (1 - 0.9 * shut), shift_x=pose.shift_x + 0.01 * x,
            shift_y=pose.shift_y + 0.006 * y, tilt=pose.tilt + 0.03 * tilt, turn=pose.turn + 0.01 * x,
            gaze=gaze, light=light))
    return found


def take(seed: int, number: int, expression: str, repeat: int, frames: int, size: int) -> np.ndarray:
    """The frames of one take, uint8 [frames, size, size, 3]; the same for the same arguments."""
    kind = [*EXPRESSIONS, NEUTRAL].index(expression)
    rng = np.random.default_rng((seed, number, kind, repeat))
    who = person(seed, number)
    return np.stack([pictures.draw(shapes(who, pose), size) for pose in poses(expression, frames, rng)])


def heights(seed: int, subjects: int, size: int) -> np.ndarray:
    """Every person, neutral and with each expression at its height: uint8 [subjects, 7, size, size, 3]."""
    return np.stack([[pictures.draw(shapes(person(seed, number), HEIGHTS[name]), size)
                      for name in (NEUTRAL, *EXPRESSIONS)] for number in range(subjects)])


def write(out_dir: str, subjects: int, takes: int, frames: int, size: int, seed: int,
          report: Callable[[int, Callable[..., str]], None] = lambda done, describe: None) -> None:
    """Write `subjects3/NNN/EXPRESSION/takeNNN/img_NNNN.jpg`, every take of every expression.

    Args:
      out_dir: folder to write to; made if missing. A frame that is there is written again, the same.
      subjects, takes, frames: how many; takes of an expression, frames of a take.
      size: height and width of the frames in pixels.
      seed: of everything.
      report: function (takes done, describe) for progress; describe() gives the text.
    """
    done = 0
    for number in range(subjects):
        for expression in EXPRESSIONS:
            for repeat in range(takes):
                name = f"{number + 1:03d}/{expression}/take{repeat:03d}"
                report(done, lambda name=name: name)
                folder = os.path.join(out_dir, "subjects3", name)
                os.makedirs(folder, exist_ok=True)
                for k, frame in enumerate(take(seed, number, expression, repeat, frames, size)):
                    pictures.write_jpeg(frame, os.path.join(folder, f"img_{k:04d}.jpg"))
                done += 1
