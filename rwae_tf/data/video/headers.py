"""What the headers of picture files say that Pillow does not, read from their bytes."""

import re
import struct

_PNG, _TIFF = b"\x89PNG\r\n\x1a\n", {b"II*\0": "<", b"MM\0*": ">"}
_HDR = {16: "PQ", 18: "HLG"}  # transfer characteristics of ITU-T H.273


def animated(path):
    """Whether a PNG, WebP or TIFF declares several frames; False for any other file."""
    try:
        with open(path, "rb") as file:
            head = file.read(32)
            if head.startswith(_PNG):
                return any(kind == b"acTL" and struct.unpack(">I", content[:4])[0] > 1
                           for kind, content in _png(file))
            if head[:4] == b"RIFF" and head[8:16] == b"WEBPVP8X":
                return bool(head[20] & 2)
            return head[:4] in _TIFF and _pages(file, _TIFF[head[:4]])
    except (OSError, struct.error, IndexError):
        return False


def deep(path):
    """Whether a PNG or PPM has 16 bits to a channel and colours or transparency, which Pillow reads as 8 bits."""
    with open(path, "rb") as file:
        head = file.read(64)
        if head.startswith(_PNG):
            depth, colours = head[24:26]
            return depth == 16 and (colours > 0 or any(kind == b"tRNS" for kind, _ in _png(file)))
    found = re.match(rb"P6\s+(?:#[^\n]*\n\s*)*\d+\s+\d+\s+(\d+)\s", head)
    return bool(found) and int(found[1]) > 255


def hdr(path):
    """The name of the HDR curve that a PNG declares; None for any other picture."""
    with open(path, "rb") as file:
        if file.read(8) != _PNG:
            return None
        codes = (content[1] for kind, content in _png(file) if kind == b"cICP" and len(content) == 4)
        return next(map(_HDR.get, codes), None)


def gif_ends(content):
    """Whether the blocks of a GIF reach its trailer, whatever comes after it."""
    try:
        place = 13 + _colours(content[10])
        while content[place] != 0x3B:
            if content[place] == 0x21:  # an extension
                place += 2
            elif content[place] == 0x2C:  # a picture
                place += 11 + _colours(content[place + 9])
            elif content[place] == 0:
                place += 1
                continue
            else:
                return False
            while content[place]:
                place += 1 + content[place]
            place += 1
    except IndexError:
        return False
    return True


def _colours(flags):
    """Bytes of the table of colours that a byte of flags declares."""
    return 3 << (1 + (flags & 7)) if flags & 0x80 else 0


def _png(file):
    """(kind, content) of the chunks of an open PNG before its pixels."""
    file.seek(8)
    while len(head := file.read(8)) == 8:
        length, kind = struct.unpack(">I4s", head)
        if kind in (b"IDAT", b"IEND"):
            return
        if length > 2**20:  # a large profile
            file.seek(length + 4, 1)
        else:
            yield kind, file.read(length)
            file.seek(4, 1)


def _pages(file, order):
    """Whether an open TIFF has a second page that is not the first one made smaller."""
    file.seek(4)
    place, pages = struct.unpack(order + "I", file.read(4))[0], 0
    while place and pages < 2:
        file.seek(place)
        entries = struct.unpack(order + "H", file.read(2))[0]
        tags = [struct.unpack(order + "HHII", file.read(12)) for _ in range(entries)]
        pages += not any(tag == 254 and (value if order == "<" or kind == 4 else value >> 16) & 1
                         for tag, kind, _, value in tags)
        place = struct.unpack(order + "I", file.read(4))[0]
    return pages > 1
