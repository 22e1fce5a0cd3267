"""Sprites: 1296 cartoon characters, each in 9 actions of 8 frames (Li & Mandt, 2018; Appendix D).

Composed on the fly from 25 sheets of the Liberated Pixel Cup, `body`, `bottomwear`, `topwear` and
`hair` (0.png to 5.png each) and `shoes/1.png`, laid over opaque black in this order. Only the cells of each
sheet that the actions use are kept in memory. The arrays that Li & Mandt's scripts make of the sheets,
`walk_front_frames_train.npy` and so on, are read instead where the folder, or `npy` in it, has them.
"""

import glob
import os
from typing import Dict, Tuple

import numpy as np
from PIL import Image

from rwae_tf.data.base import NATIVE_SIZE, Clips, identities, source
from rwae_tf.errors import InputError

LAYERS = {"body": range(6), "bottomwear": range(6), "topwear": range(6), "hair": range(6), "shoes": (1,)}
SHEET_COLUMNS, SHEET_ROWS = 13, 21
ROWS = {  # of a sheet, from the front, from the left, from the right
    "walk": (10, 9, 11),
    "spellcast": (2, 1, 3),
    "slash": (14, 13, 15),
}
COLUMNS = {  # of a sheet, frame by frame
    "walk": (8, 1, 2, 3, 4, 5, 6, 7),
    "spellcast": (0, 1, 2, 3, 4, 5, 4, 6),
    "slash": (0, 1, 2, 3, 4, 5, 4, 0),
}
CYCLE = 8
FACTORS = {
    "action": tuple(f"{kind}_{view}" for kind in ROWS for view in ("front", "left", "right")),
    "body": ("light", "tanned", "dark_elf", "dark_elf_2", "dark", "dark_2"),
    "bottom": ("white_pants", "golden_greaves", "red_pants", "metal_pants", "teal_pants", "formal_pants"),
    "top": ("maroon_shirt", "teal_shirt", "white_shirt", "plate", "leather", "formal_shirt"),
    "hair": ("green_messy", "blue_longknot", "blonde_messy", "white_bangs", "ruby_plain", "purple_jewfro"),
}
CHARACTERS, TRAIN_CHARACTERS = 6**4, 1000
_SOURCE = "the sheets are those of Li & Mandt (LPC art), https://github.com/YingzhenLi/Sprites"


class Dataset(Clips):
    """9000 training and 2664 test clips of other characters; default length 8.

    Validation clips are those of held-out training characters. A shorter clip is the beginning of the 8 frames, a
    longer one repeats them. Clip i shows character i mod n of the split's n; each run of n clips holds every character
    once, neighbours in different actions.
    """

    def __init__(self, split, data_dir, size, length, seed, validation_fraction):
        if data_dir is None:
            raise InputError(f"sprites needs data_dir, a folder with body/0.png ... shoes/1.png; {_SOURCE}")
        characters = split_characters()[source(split)]
        self._characters = characters[identities(len(characters), split, validation_fraction)]
        super().__init__(len(self._characters) * len(FACTORS["action"]), size, length or CYCLE, 3, FACTORS,
                         ("body", "bottom", "top", "hair"))
        self._source = _source(data_dir, source(split))

    def _actions_and_characters(self, indices):
        turn, place = np.divmod(np.asarray(indices), len(self._characters))
        return (place + turn) % len(FACTORS["action"]), self._characters[place]

    def labels(self, indices):
        actions, characters = self._actions_and_characters(indices)
        values = (actions, *attributes(characters))
        return {name: value.astype(np.int32) for name, value in zip(FACTORS, values, strict=True)}

    def frames(self, indices, epoch=0):
        frames = self._source.clips(*self._actions_and_characters(indices), min(self.spec.length, CYCLE))
        if self.spec.length > CYCLE:
            frames = frames[:, np.arange(self.spec.length) % CYCLE]
        return frames


def split_characters() -> Dict[str, np.ndarray]:
    """The character numbers of each published split, in order: the legacy NumPy permutation of seed 423."""
    order = np.random.RandomState(423).permutation(CHARACTERS)
    return {"train": order[:TRAIN_CHARACTERS], "test": order[TRAIN_CHARACTERS:]}


def attributes(characters: np.ndarray) -> Tuple[np.ndarray, ...]:
    """Body, bottom, top and hair, int [B] each, of the characters numbered int [B]."""
    return np.unravel_index(characters, (6, 6, 6, 6))


def _source(folder, split):
    """Where the clips of a split come from: `Arrays`, if the folder has any, else `Sheets`."""
    for place in (os.path.join(folder, "npy"), folder):
        if glob.glob(os.path.join(glob.escape(place), "*_frames_*.npy")):
            return Arrays(place, split)
    return Sheets(folder)


class Sheets:
    """Clips composed from the 25 sheets in a folder; InputError as of `read_cells`."""

    def __init__(self, folder):
        self._layers = [[Layer(os.path.join(folder, name, f"{k}.png")) for k in variants]
                        for name, variants in LAYERS.items()]

    def clips(self, actions, characters, length=CYCLE):
        """The first `length` frames of characters in action.

        Args:
          actions, characters: numbers, int [B], below 9 and below 1296.
          length: at most 8.

        Returns:
          uint8 [B, length, 64, 64, 3].
        """
        frames = np.zeros((len(actions), length, NATIVE_SIZE, NATIVE_SIZE, 3), np.uint8)
        worn = np.stack([*attributes(characters), np.zeros_like(characters)], -1)
        for clip, action, variants in zip(frames, actions, worn, strict=True):
            for layer, variant in zip(self._layers, variants, strict=True):
                layer[variant].draw_on(clip, action)
        return frames


class Arrays:
    """Clips out of the published arrays of one split: frames / 256 as float32 [N, 8, 64, 64, 3].

    Raises:
      InputError: for an array that is missing, of another shape, or not of the published characters.
    """

    def __init__(self, folder, split):
        characters = split_characters()[split]
        self._row = np.zeros(CHARACTERS, int)
        self._row[characters] = np.arange(len(characters))
        self._paths, self._arrays = [], []
        for action in FACTORS["action"]:
            stem = os.path.join(folder, action.replace("spellcast", "spellcard"))
            path = f"{stem}_attributes_{split}.npy"
            one_hot = _read_array(path, (len(characters), CYCLE, 4, 6))
            if not np.array_equal(one_hot[:, 0].argmax(-1).T, attributes(characters)):
                raise InputError(f"{path}: these are not the characters of the published split")
            self._paths.append(f"{stem}_frames_{split}.npy")
            shape = (len(characters), CYCLE, NATIVE_SIZE, NATIVE_SIZE, 3)
            self._arrays.append(_read_array(self._paths[-1], shape))
            self._check(action=-1, row=0)  # of the others when they are read

    def clips(self, actions, characters, length=CYCLE):
        """As `Sheets.clips`; InputError for values outside [0, 1)."""
        frames = np.zeros((len(actions), length, NATIVE_SIZE, NATIVE_SIZE, 3), np.uint8)
        for clip, action, row in zip(frames, actions, self._row[characters], strict=True):
            clip[...] = np.rint(self._check(action, row)[:length] * 256)
        return frames

    def _check(self, action, row):
        """The sequence in a row of an array, if its values may be frames."""
        values = self._arrays[action][row]
        if not (values.min() >= 0 and values.max() < 1):  # a NaN fails both
            raise InputError(f"{self._paths[action]}: sequence {row} has values outside [0, 1); the published arrays "
                             "hold grey levels / 256")
        return values


def _read_array(path, shape):
    """The array of numbers in the file `path`, mapped into memory; InputError if it is missing or unfit."""
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; {_SOURCE} has the scripts that make it") from None
    except (OSError, ValueError, EOFError) as error:
        raise InputError(f"{path}: not a readable npy ({error})") from None
    if array.shape != shape or array.dtype.kind != "f":
        raise InputError(f"{path}: must be float {list(shape)}, not {array.dtype} {list(array.shape)}")
    return array


class Layer:
    """One sheet, ready to be laid over clips.

    Nearly all pixels are opaque or empty, which two bitwise operations lay over a whole clip at once; the
    few translucent ones are blended one by one.
    """

    def __init__(self, path):
        cells = read_cells(path)
        alpha = cells[..., 3:]
        self._colour = np.where(alpha == 255, cells[..., :3], np.uint8(0))
        self._keep = np.repeat(np.where(alpha == 255, np.uint8(0), np.uint8(255)), 3, -1)
        self._translucent = []
        for action in cells:
            where = np.nonzero((action[..., 3] > 0) & (action[..., 3] < 255))
            self._translucent.append((where, action[where].astype(np.uint32)))

    def draw_on(self, clip, action):
        """Lay the layer in action number `action` over `clip`, uint8 [T, 64, 64, 3], in place."""
        length = len(clip)
        where, pixels = self._translucent[action]
        shown = where[0] < length
        where = tuple(index[shown] for index in where)
        colour, alpha = pixels[shown, :3], pixels[shown, 3:]
        blended = (colour * alpha + clip[where] * (255 - alpha) + 127) // 255
        np.bitwise_and(clip, self._keep[action, :length], out=clip)
        np.bitwise_or(clip, self._colour[action, :length], out=clip)
        clip[where] = blended


def read_cells(path: str) -> np.ndarray:
    """The cells of a sheet that the actions show, uint8 RGBA [9, 8, 64, 64, 4].

    Raises:
      InputError: if the sheet is missing, unreadable or of another size.
    """
    size = (SHEET_COLUMNS * NATIVE_SIZE, SHEET_ROWS * NATIVE_SIZE)
    try:
        with Image.open(path) as image:
            if image.size != size:
                raise InputError(f"{path}: the sheet must have {size[0]}x{size[1]} pixels, "
                                 f"not {image.size[0]}x{image.size[1]}; {_SOURCE}")
            pixels = np.asarray(image.convert("RGBA"))
    except FileNotFoundError:
        raise InputError(f"{path}: no such sheet; {_SOURCE}") from None
    except (OSError, SyntaxError) as error:
        raise InputError(f"{path}: not a readable PNG ({error}); {_SOURCE}") from None
    cells = pixels.reshape(SHEET_ROWS, NATIVE_SIZE, SHEET_COLUMNS, NATIVE_SIZE, 4).swapaxes(1, 2)
    return np.stack([cells[row, list(COLUMNS[kind])] for kind, rows in ROWS.items() for row in rows])
