"""Folders of users' own videos, in several forms, and their clips."""

import itertools

import films
import numpy as np

from rwae_tf import data


def load(folder, split="train", **options):
    return data.load("folder", split, folder, **options)


def every_clip(clips):
    return clips.frames(np.arange(len(clips)))


def gifs(folder, videos):
    for number, video in enumerate(videos):
        films.write_gif(folder / f"{number}.gif", video)


def array(folder, videos):
    np.savez(folder / "all.npz", x=np.stack(videos))


def arrays_of_their_own(folder, videos):
    np.savez_compressed(folder / "all.npz", *videos)


def faces(folder, people=5):
    """data/pN/MOOD/take/0.png, three takes each: levels that do not vary, that do, and the video itself."""
    for who, (k, mood), take in itertools.product(range(people), enumerate(("glad", "sad")), range(3)):
        colour = np.full((1, 64, 64, 3), 10 * who + 3 * k + take, np.uint8)
        films.write_frames(folder / "data" / f"p{who}" / mood / f"take{take}", colour)
