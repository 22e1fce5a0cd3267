"""What the names of folders mean: which are those of splits, and which a system puts among a user's files.

A split is called train, val, valid, validation, dev, eval or test, in any case, alone or with a word such as set, data
or videos: `Train`, `trainset`, `test_data`, `val2017`.
"""

import re

WORDS = {
    **dict.fromkeys(("train", "training", "trn", "trainval"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "validate", "dev", "devel", "development"), "validation"),
    **dict.fromkeys(("eval", "evaluation"), "eval"),
    **dict.fromkeys(("test", "testing", "tst", "holdout", "heldout"), "test"),
}
_WORD = "(" + "|".join(sorted(WORDS, key=len, reverse=True)) + ")"
_BESIDE = "(?:set|sets|split|list|data|dataset|part|partition|fold|videos?|clips?|frames?|images?|sequences?)?"
_NAME = re.compile(rf"[0-9]*[-_. ]*{_WORD}[-_. ]*{_BESIDE}[-_. ]*[0-9]*[ab]?")
_SYSTEM = ("@eadir", "@recycle", "#recycle", "@recently-snapshot", "#snapshot", "$recycle.bin", "recycler",
           "system volume information", "lost+found", "network trash folder", "temporary items")


def named(text):
    """The split that a name stands for, "train", "validation", "eval" or "test"; None for another name."""
    found = _NAME.fullmatch(plain(text))
    return found and WORDS[found[1]]


def within(text):
    """The split whose word a longer name contains as its only one; None where there is none, or several."""
    words = {WORDS[word] for word in re.split("[^a-z]+", plain(text)) if word in WORDS}
    return words.pop() if len(words) == 1 else named(text)


def plain(text):
    """A name in lower case, with _ before the capitals of words in one: trainSet."""
    return re.sub("(?<=[a-z])(?=[A-Z])", "_", text).lower().strip()


def is_system(name):
    """Whether a folder is hidden, or one that a system made."""
    return name.startswith((".", "__MACOSX")) or name.lower() in _SYSTEM
