"""Users' own videos: a folder of films, animations, folders of frames or arrays, with or without labels.

Films are what ffmpeg reads, animations GIFs and PNG, WebP or TIFF files of several pictures. A folder of pictures is
one video, its frames in the order of their numbers (`video.numbering`). An .npz or .npy, which data_dir may also name
itself, holds sequences as `video.npz` says. Which files are taken is told in `video.discovery`, how frames become
64x64 in `video.decoding`, where labels come from in `video.labels`, how videos are split in `video.splits`, how clips
are cut in `video.windows`, where decoded frames are kept in `video.cache`.
"""

import os

from rwae_tf.data.base import check_step
from rwae_tf.data.reports import ErrorPolicy
from rwae_tf.data.video import cache, labels, levels
from rwae_tf.data.video.discovery import find
from rwae_tf.data.video.splits import CHOICES
from rwae_tf.data.video.windows import Windows, long_enough
from rwae_tf.errors import InputError
from rwae_tf.utils import progress

LENGTH = 8


class Dataset(Windows):
    """The videos in a folder; default length 8. Validation clips are of held-out training videos or classes.

    Beyond the arguments common to all datasets:

    Args:
      frame_step: frames of the video to one frame of a clip.
      split_by: "video", or the label whose classes are dealt whole, so that test shows none that was trained on; it
        is then no factor.
      label_names: names, separated by commas, of the levels of sub-folders from the top, or of the columns to use.
      motion_labels: labels, separated by commas, that belong to the motion; the others belong to the content.
      grey: one channel instead of three.
      splits: "auto", where names such as train and test decide and unclear ones are refused; "named", where what lies
        outside of these is left out; "random", where they mean nothing.
      frame_pattern: which pictures of a folder are the frames of its video: * for any text, # for a number.
      sample_range: "LOW,HIGH", the values of 16-bit pictures that become black and white; empty for 0,65535.
      skip_invalid: leave out, count and name what cannot be used instead of ending at the first of it.
    """

    def __init__(
        self,
        split,
        data_dir,
        size,
        length,
        seed,
        validation_fraction,
        frame_step=1,
        split_by="video",
        label_names="",
        motion_labels="",
        grey=False,
        skip_invalid=False,
        splits="auto",
        frame_pattern="",
        sample_range="",
    ):
        if data_dir is None:
            raise InputError("folder needs data_dir, a folder of videos (mp4, webm, gif, folders of png or jpg), or an "
                             ".npz of sequences")
        check_step(frame_step)
        data_dir, bad, length = os.fspath(data_dir), ErrorPolicy(skip_invalid), length or LENGTH
        _check_splits(splits)
        videos, passed = find(data_dir, bad, frame_pattern)
        known = labels.read(data_dir, videos, label_names, bad, splits)
        chosen, factors = known.split_indices(split, split_by, validation_fraction), known.factors(split_by)
        moving = _among(motion_labels, factors)
        store = cache.load(videos, 1 if grey else 3, bad, levels.parse(sample_range))
        good = long_enough(videos, store, length, frame_step, bad)
        chosen = chosen[good[chosen]]
        if store.made:
            progress.say_once(f"{data_dir}: {store.made}; labels: {_described(factors, moving)}")
        if bad.summary(data_dir):
            progress.say_once(bad.summary(data_dir))
        if passed:
            progress.say_once(f"{data_dir}: {passed}")
        progress.say_once(f"{data_dir}: {_describe_splits(known, good, split_by, validation_fraction)}")
        for line in _unseen(known, good, factors, split_by):
            progress.say_once(f"{data_dir}: {line}")
        if not len(chosen):
            raise InputError(f"{data_dir}: no video is left for split={split} of {len(videos)} in all")
        static = tuple(name for name in factors if name not in moving)
        super().__init__(store, chosen, known.numbers(factors), split, size, length, seed, factors, static, frame_step)


def _check_splits(splits):
    if splits not in CHOICES:
        raise InputError(f"splits={splits!r}: choose one of {', '.join(CHOICES)}")


def _describe_splits(known, good, split_by, validation_fraction):
    """How many videos each split has and what decides, in words."""
    names = ("train", "validation", "test") if validation_fraction else ("train", "test")
    counts = [f"{good[known.split_indices(name, split_by, validation_fraction)].sum()} {name}" for name in names]
    how = known.said or ("dealt at random" if split_by == "video" else f"classes of {split_by} dealt at random")
    return f"videos: {', '.join(counts)}; {how}"


def _unseen(known, good, factors, split_by):
    """A line for each label that has classes in test alone."""
    train, test = (good[known.split_indices(name, split_by, 0)] for name in ("train", "test"))
    train, test = (known.split_indices(name, split_by, 0)[keep] for name, keep in (("train", train), ("test", test)))
    for name, numbers in known.numbers(factors).items():
        unseen = sorted(set(numbers[test].tolist()) - set(numbers[train].tolist()))
        if unseen:
            classes = ", ".join(factors[name][number] for number in unseen)
            yield (f"label {name}: no training video of {classes}, only test videos; no judge can learn "
                   f"{'it' if len(unseen) == 1 else 'them'}: add some, or leave the label out by --label_names")


def _among(names, factors):
    """The names in `motion_labels`; InputError for one that is no factor."""
    names = [name.strip() for name in names.split(",") if name.strip()]
    unknown = [name for name in names if name not in factors]
    if unknown:
        raise InputError(f"motion_labels={','.join(names)!r}: no label {unknown[0]!r}; the labels are "
                         f"{', '.join(factors) or 'none'}")
    return names


def _described(factors, moving):
    """The labels in words."""
    return ", ".join(f"{name} ({len(classes)} classes, {'motion' if name in moving else 'content'})"
                     for name, classes in factors.items()) or "none"
