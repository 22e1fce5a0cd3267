"""Sprites composed by Pillow, to compare with."""

import functools

import numpy as np
from PIL import Image

# Cells of a sheet, numbered row by row, 13 to a row, frame by frame; as Li & Mandt's script cuts them.
CELLS = {
    "walk_front": (138, 131, 132, 133, 134, 135, 136, 137),
    "walk_left": (125, 118, 119, 120, 121, 122, 123, 124),
    "walk_right": (151, 144, 145, 146, 147, 148, 149, 150),
    "spellcast_front": (26, 27, 28, 29, 30, 31, 30, 32),
    "spellcast_left": (13, 14, 15, 16, 17, 18, 17, 19),
    "spellcast_right": (39, 40, 41, 42, 43, 44, 43, 45),
    "slash_front": (182, 183, 184, 185, 186, 187, 186, 182),
    "slash_left": (169, 170, 171, 172, 173, 174, 173, 169),
    "slash_right": (195, 196, 197, 198, 199, 200, 199, 195),
}


@functools.lru_cache(maxsize=4)
def pillow_sheet(folder, body, bottom, top, hair):
    """The whole sheet of one character, composed by Pillow."""
    sheet = Image.new("RGBA", (832, 1344), (0, 0, 0, 255))
    for name in (f"body/{body}", f"bottomwear/{bottom}", f"topwear/{top}", f"hair/{hair}", "shoes/1"):
        with Image.open(folder / f"{name}.png") as layer:
            sheet.alpha_composite(layer.convert("RGBA"))
    return sheet


def pillow_clip(folder, action, *worn):
    """One clip composed by Pillow, uint8 [8, 64, 64, 3]."""
    sheet = pillow_sheet(folder, *worn)
    boxes = [(64 * (k % 13), 64 * (k // 13)) for k in CELLS[action]]
    return np.stack([np.asarray(sheet.crop((x, y, x + 64, y + 64)))[..., :3] for x, y in boxes])
