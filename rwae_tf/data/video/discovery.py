"""Which videos a folder holds: films, animations, folders of frames and arrays, in the order of their names.

What looks like a video and is not read is counted and named, and so are pictures that a pattern leaves out. Hidden
files and the folders that systems put among a user's files are passed over in silence.
"""

import os
import re
import unicodedata
from typing import NamedTuple, Tuple

from rwae_tf.data import folder_names
from rwae_tf.data.reports import EXAMPLES
from rwae_tf.data.video import headers, npz, numbering
from rwae_tf.errors import InputError

FILMS = tuple(f".{name}" for name in (
    "mp4 m4v mov qt webm mkv avi divx mpg mpeg mpe m1v m2v mpv vob mod tod wmv asf flv f4v ts mts m2ts m2t 3gp 3g2 ogv "
    "ogm dv mxf mj2 mjpg mjpeg y4m nut rm rmvb wtv gxf amv ivf obu swf bik smk h264 264 h265 265 hevc insv").split())
PICTURES = tuple(f".{name}" for name in "png jpg jpeg jpe jfif bmp dib tif tiff webp ppm pgm pnm tga pcx".split())
ANIMATED = (".png", ".webp", ".tif", ".tiff")  # pictures that may hold several frames each
_KINDS = {**dict.fromkeys(FILMS, "film"), ".gif": "gif", ".apng": "animation", **dict.fromkeys(PICTURES, "frames"),
          ".npz": "array", ".npy": "array"}
_UNREAD = tuple(f".{name}" for name in (
    "heic heif avif jxl jp2 j2k exr hdr dng cr2 cr3 nef arw raf rw2 orf raw psd dcm nii fits braw r3d ari mlv "
    "bag m3u8 yuv av1 thm lrv mat h5 hdf5 pt pth pkl pickle tfrecord tfrecords lmdb parquet zarr arrow "
    "zip tar gz tgz bz2 xz 7z rar part crdownload").split())
_TEXTS = (".txt", ".json", ".lst", ".yaml", ".yml")
_LISTS = (".csv", ".tsv", ".xlsx", ".xls", ".ods")  # tables; labels.csv and labels.tsv in the data folder are read
_THUMBNAILS = ("thumbnails", "thumbs", "_thumbs")


class Video(NamedTuple):
    """One video, not read yet.

    Attributes:
      name: its path below the data folder without suffix, "/" between folders; "walk/3" for clip 3 of walk.npz.
      kind: "film", "gif", "animation" (a PNG, WebP or TIFF of several pictures), "frames" (a folder of pictures),
        "array" (a clip of an .npz or .npy) or "stack" (a picture of frames, top to bottom).
      files: what it is read from; for "frames" in the order in which they are shown.
      number: of the clip in an array file, from 0.
    """

    name: str
    kind: str
    files: Tuple[str, ...]
    number: int = 0

    @property
    def path(self):
        """What an error names: the file, or the folder of the frames."""
        return os.path.dirname(self.files[0]) if self.kind == "frames" else self.files[0]


def natural(text):
    """Sort key in which img_2 comes before img_10; the same however a file system writes its accents."""
    text = unicodedata.normalize("NFC", text)
    return [int(part) if k % 2 else part for k, part in enumerate(re.split("([0-9]+)", text))], text


class _Passed:
    """What is passed over: kinds of it, each with its number and the first examples."""

    def __init__(self):
        self._kinds = {}

    def note(self, kind, path):
        count, examples = self._kinds.get(kind, (0, []))
        self._kinds[kind] = count + 1, [*examples, os.path.basename(path)][:EXAMPLES]

    def __str__(self):
        return "; ".join(f"{count} {kind} passed over ({', '.join(examples)}{', ...' * (count > len(examples))})"
                         for kind, (count, examples) in sorted(self._kinds.items()))


def find(folder, bad, frame_pattern=""):
    """The videos in a folder and the folders below it, sorted by name.

    A folder that holds pictures is one video, its frames in the order of their numbers. Links are followed.

    Args:
      folder: path of the folder, or of one .npz file.
      bad: an `ErrorPolicy`.
      frame_pattern: as of `numbering.chosen`.

    Returns:
      A list of at least two `Video`s, and what was passed over, in words.

    Raises:
      InputError: for no folder, one without videos, and, unless they are skipped, for what is bad.
    """
    passed = _Passed()
    search = _Search(folder if os.path.isdir(folder) else os.path.dirname(folder), bad, frame_pattern, passed)
    if os.path.isfile(folder):
        tail = os.path.basename(folder)
        videos = list(search.of_files("", {kind_of(tail): [tail]}, named=True)) if kind_of(tail) == "array" else []
    elif os.path.isdir(folder):
        videos = list(search.walk("", ()))
    else:
        raise InputError(f"{folder}: no such folder; give --data_dir=FOLDER with videos")
    if len(videos) < 2:
        more = "; ".join(text for text in (str(passed), bad.summary(folder)) if text)
        raise InputError(f"{folder}: holds {len(videos)} videos, and 2 is the least that makes a training and a test "
                         "set; they are films (mp4 mov webm mkv avi mpg ts wmv flv 3gp ...), gif, apng, npz or npy "
                         "files, or folders of png, jpg, bmp, tif or webp pictures" + f" ({more})" * bool(more))
    return sorted(videos, key=lambda video: natural(video.name)), str(passed)


def below(folder, bad):
    """The videos in a folder and the folders below it, a list without an order, however few."""
    return list(_Search(folder, bad, "", _Passed()).walk("", ()))


def _suffix(name):
    return os.path.splitext(name)[1].lower()


def kind_of(name):
    """The kind of video that a file belongs to, by its name; None for other files."""
    return None if name.startswith(".") else _KINDS.get(_suffix(name))


class _Search:
    """A search for videos below a root.

    Args:
      root: path of the data folder.
      bad, frame_pattern: as of `find`.
      passed: a `_Passed`.
    """

    def __init__(self, root, bad, frame_pattern, passed):
        self._root, self._bad, self._pattern, self._passed = root, bad, frame_pattern, passed

    def walk(self, below, above):
        """The videos in the folder `below` the root; `above` are the real paths of the folders on the way."""
        path = os.path.join(self._root, below) if below else self._root
        real = os.path.realpath(path)
        if real in above:
            self._bad.note(f"{path}: a link to a folder that it lies in")
            return
        try:
            with os.scandir(path) as entries:
                names = {entry.name: entry.is_dir() for entry in sorted(entries, key=lambda entry: entry.name)}
        except OSError as error:
            self._bad.note(f"{path}: cannot be listed ({error.strerror})")
            return
        files = {}
        for name, is_folder in names.items():
            if is_folder and name.lower() in _THUMBNAILS:
                self._passed.note("folders of thumbnails", os.path.join(below, name))
            elif is_folder and not folder_names.is_system(name):
                yield from self.walk(os.path.join(below, name), (*above, real))
            elif not is_folder and kind_of(name):
                files.setdefault(kind_of(name), []).append(name)
            elif not is_folder and not name.startswith("."):
                self._pass_over(below, name)
        yield from self.of_files(below, files)

    def _pass_over(self, below, name):
        """Count a file that looks as if it held videos or labels."""
        if _suffix(name) in _UNREAD:
            self._passed.note(f"{_suffix(name)} files, which are not read,", name)
        elif _suffix(name) in _LISTS and (below or not re.fullmatch(r"labels\.[ct]sv", name.lower())):
            self._passed.note("tables other than labels.csv or labels.tsv in the data folder", name)
        elif _suffix(name) in _TEXTS and folder_names.within(os.path.splitext(name)[0]):
            self._passed.note("lists of splits, for which labels.csv has a column split,", name)

    def of_files(self, below, files, named=False):
        """The videos that the files {kind: names} of one folder are; `named` where the user named the one file."""
        path = os.path.join(self._root, below) if below else self._root
        stem = below.replace(os.sep, "/")
        pictures = files.pop("frames", [])
        frames = numbering.chosen(pictures, self._pattern)
        for name in sorted(set(pictures) - set(frames)):
            self._passed.note(f"pictures that are not of --frame_pattern={self._pattern}", name)
        animated = self._animated(path, frames)
        if animated:
            files = {**files, "animation": files.get("animation", []) + animated}
            frames = [name for name in frames if name not in animated]
        for kind, names in files.items():
            for name in names:
                full, called = os.path.join(path, name), f"{stem}/{os.path.splitext(name)[0]}".lstrip("/")
                if kind != "array":
                    yield Video(called, kind, (full,))
                else:
                    yield from self._clips(full, called, named)
        if frames:
            frames, wrong = numbering.ordered(frames, self._pattern)
            if files:
                wrong = "pictures beside videos; which of them is meant"
            if wrong:
                self._bad.note(f"{path}: {wrong}")
            else:
                called = stem or os.path.basename(self._root)
                yield Video(called, "frames", tuple(os.path.join(path, name) for name in frames))

    def _animated(self, path, names):
        """Those of the pictures that hold several frames, each a video.

        To look into all files of a long video would take long, so where the first and the last are still, all are.
        """
        names = sorted((name for name in names if _suffix(name) in ANIMATED), key=natural)
        if not any(headers.animated(os.path.join(path, name)) for name in {*names[:1], *names[-1:]}):
            return []
        return [name for name in names if headers.animated(os.path.join(path, name))]

    def _clips(self, path, called, named):
        """The clips of an array file."""
        try:
            count = npz.count(path)
        except npz.NoClips as error:
            if named:
                raise
            self._passed.note("arrays that are no clips", str(error).split(":")[0])
            return
        except InputError as error:
            self._bad.note(str(error))
            return
        if count == 1 and _suffix(path) == ".npy":
            yield Video(called, "array", (path,))
        else:
            yield from (Video(f"{called}/{number}", "array", (path,), number) for number in range(count))
