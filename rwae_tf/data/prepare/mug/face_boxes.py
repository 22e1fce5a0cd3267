"""Where the face is: one square box per take, found on its middle frame, read from a file, or the whole frame.

A finder is a function (name of the take, its middle frame, uint8 [H, W, 3]) -> (left, top, side) in pixels, or None
where no face is seen.
"""

import csv
import hashlib
import os

from rwae_tf.errors import InputError

COLUMNS = ("take", "left", "top", "width", "height")
_CASCADE = "haarcascade_frontalface_default.xml"


def finder(crop):
    """The finder that `crop` names, and a word for it that tells apart what gives other boxes.

    Args:
      crop: "haar", "none" for frames that are cropped already, or a CSV file of boxes with the columns `COLUMNS`.
    """
    if crop == "none":
        return whole, crop
    if crop == "haar":
        return haar(), crop
    if not os.path.isfile(crop):
        raise InputError(f"--crop={crop}: no such file; give haar, none or a CSV file with {','.join(COLUMNS)}")
    return from_file(crop)


def whole(take, frame):
    """All of a square frame."""
    height, width, _ = frame.shape
    if height != width:
        raise InputError(f"{take}: frames of {width}x{height} pixels are not cropped to a square; give --crop=haar")
    return 0, 0, width


def haar():
    """A finder by OpenCV's cascade for frontal faces: the largest box it finds.

    Raises:
      InputError: without OpenCV.
    """
    try:
        import cv2
    except ImportError:
        raise InputError("--crop=haar needs OpenCV: pip install 'rwae_tf[faces]', or give --crop=none or a file of "
                         "boxes") from None
    cv2.setNumThreads(1)  # the same boxes in every run
    cascade = cv2.CascadeClassifier(os.path.join(cv2.data.haarcascades, _CASCADE))

    def find(take, frame):
        grey, smallest = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), min(frame.shape[:2]) // 6
        boxes = cascade.detectMultiScale(grey, 1.1, 5, minSize=(smallest, smallest))
        side, left, top = max(((int(w), int(x), int(y)) for x, y, w, _ in boxes), default=(0, 0, 0))
        return (left, top, side) if side else None

    return find


def from_file(path):
    """A finder by a CSV file, and its word: "boxes" with the digest of the file.

    Boxes that are no squares grow to squares around their centres, moved into the frame where they leave it.

    Raises:
      InputError: for a file that is not as `COLUMNS` says, here; for a take without a box or one outside its frame,
        where it is asked for.
    """
    boxes = {}
    try:
        with open(path, encoding="utf-8", newline="") as file:
            content = file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: {getattr(error, 'strerror', None) or 'not text'}; give a CSV file with "
                         f"{','.join(COLUMNS)}") from None
    rows = csv.DictReader(content.splitlines())
    for row in rows:
        try:
            take, *numbers = (row[column].strip() for column in COLUMNS)
            boxes[take] = tuple(map(int, numbers))
        except (KeyError, AttributeError, ValueError):
            raise InputError(f"{path}: line {rows.line_num}: expected a header {','.join(COLUMNS)} and lines of a "
                             "take's folder and four integers") from None

    def find(take, frame):
        if take not in boxes:
            raise InputError(f"{path}: no box for {take}; add one, or move the take away")
        return _square(boxes[take], frame.shape, f"{path}: the box of {take}")

    return find, f"boxes {hashlib.sha256(content.encode()).hexdigest()[:16]}"


def _square(box, shape, whose):
    """`box` (left, top, width, height) as a square (left, top, side) inside a frame of `shape`."""
    left, top, width, height = box
    if min(width, height) < 1 or left < 0 or top < 0 or left + width > shape[1] or top + height > shape[0]:
        raise InputError(f"{whose}: {width}x{height} at ({left}, {top}) is not inside its frames of "
                         f"{shape[1]}x{shape[0]} pixels")
    side = max(width, height)
    return _inside(left + (width - side) // 2, top + (height - side) // 2, side, shape)


def widened(box, margin, shape):
    """A square box, wider by the share `margin` of its side on all sides, as far as a frame of `shape` has room."""
    left, top, side = box
    extra = round(margin * side)
    return _inside(left - extra, top - extra, side + 2 * extra, shape)


def _inside(left, top, side, shape):
    """A square moved, and if need be shrunk, into a frame of `shape`."""
    side = min(side, *shape[:2])
    return min(max(0, left), shape[1] - side), min(max(0, top), shape[0] - side), side
