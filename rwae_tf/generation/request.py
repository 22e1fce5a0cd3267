"""What a user asks `generate` for: its flags, checked before TensorFlow is loaded."""

import functools
import os

from absl import flags as absl_flags

from rwae_tf import figures
from rwae_tf.config import flags
from rwae_tf.data.video import single
from rwae_tf.errors import InputError

# Modes of the user's own files, and the flags that name them.
OWN_FILES = {"swap": ("content", "motion"), "reconstruct": ("content",)}
ENCODED = ("swap", "reconstruct", "resample_motion")  # modes that need codes of clips
# Mode -> kind of picture that it writes by default.
MODES = {"generate": ".gif", "swap": ".png", "reconstruct": ".png", "resample_motion": ".png", "actions": ".png"}


def define():
    """Define the flags of `generate`."""
    values = flags.new()
    string = functools.partial(absl_flags.DEFINE_string, flag_values=values)
    integer = functools.partial(absl_flags.DEFINE_integer, flag_values=values)
    string("run_dir", "", "Folder of a training run.")
    absl_flags.DEFINE_enum("mode", "generate", list(MODES), "What to show.", flag_values=values)
    integer("num", 8, "Number of clips. swap: half give content and half motion (speech: all give both). "
            "actions: clips per action.", 1)
    integer("length", None, "Frames per clip. Default: 100 for generate, else that of test clips; speech: 5 times "
            "that; own files: all frames.", 1)
    string("out", "", "File to write. Default: R/figures/<mode>.gif or .png.")
    integer("seed", 0, "Seed of the first clip; the others count up. Or the seed of the choice of test clips.", 0)
    string("data_dir", "", "Folder of the data. Default: the folder used in training.")
    string("content", "", "Own file that gives the content (speech: the voice), or is reconstructed.")
    string("motion", "", "Own file that gives the motion (speech: the words).")
    return values


def names_own_files(values):
    """Whether the flags name files of the user's own."""
    return bool(values.content or values.motion)


def check(values):
    """Refuse, by InputError, flags that do not go together."""
    flags.required(values, "run_dir")
    if values.mode == "swap" and values.num < 2:
        raise InputError(f"--num={values.num}: swap needs 2 clips, one for content, one for motion")
    if names_own_files(values):
        _check_own_files(values)
    else:
        figures.check_path(default_path(values, MODES[values.mode]))


def default_path(values, suffix):
    """The file of --out, by default figures/<mode> with a `suffix` in the folder of the run."""
    return values.out or os.path.join(values.run_dir, "figures", values.mode + suffix)


def _check_own_files(values):
    """Refuse files that are missing, and flags that have no effect beside them."""
    names = OWN_FILES.get(values.mode)
    if not names:
        raise InputError(f"--mode={values.mode}: --content and --motion go with {' and '.join(OWN_FILES)}")
    for name in ("content", "motion"):
        if bool(values[name].value) != (name in names):
            wrong = "missing" if name in names else "has no effect; drop it"
            raise InputError(f"--{name}: {wrong}; --mode={values.mode} of your own files takes "
                             f"{' and '.join('--' + flag for flag in names)}")
        if values[name].value and not os.path.exists(single.file_of(values[name].value)):
            raise InputError(f"--{name}={values[name].value}: no such file or folder")
    for name in ("num", "seed", "data_dir"):
        if values[name].present:
            raise InputError(f"--{name}: has no effect on your own files; drop it")
