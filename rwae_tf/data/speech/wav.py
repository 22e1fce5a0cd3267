"""WAV files as all kinds of programs leave them: where the samples are, how many, and how they are coded.

The sizes in a header are often wrong. A program in a pipe, or one that was killed, leaves 0 or about 2 GB or 4 GB for
what it did not know yet: then the samples reach to the end of the file. Others count the header as samples, or leave
out the byte that makes a chunk even. The size of the whole file in the first chunk is not used where there are samples.
"""

import re
import struct
from typing import NamedTuple

from rwae_tf.errors import InputError

MARKS = (b"RIFF", b"RIFX", b"RF64", b"BW64")  # of files whose ninth byte begins "WAVE"
_PCM, _FLOAT, _ALAW, _ULAW, _EXTENSIBLE = 1, 3, 6, 7, 0xFFFE
_SUBTYPES = {(_PCM, 1): "PCM_U8", (_PCM, 2): "PCM_16", (_PCM, 3): "PCM_24", (_PCM, 4): "PCM_32", (_FLOAT, 4): "FLOAT",
             (_FLOAT, 8): "DOUBLE", (_ALAW, 1): "ALAW", (_ULAW, 1): "ULAW"}
_GSM, _MPEG = 0x31, (0x50, 0x55)
_UNKNOWN = 0x7FFF0000  # sizes from here on are those of programs that did not know it: SoX 0x7ffff000, arecord 2**31
_LOST = 64  # bytes behind the samples that are too few to ask about
_SEARCHED = 1 << 16  # bytes that are looked through for samples behind a broken chunk
_TAGS = (b"ID3", b"TAG", b"APETAGEX", b"3DI")


class Header(NamedTuple):
    """What the header of a WAV file says, mended.

    Attributes:
      coding: its number, 1 for PCM.
      subtype: soundfile's name of the coding, such as "PCM_16"; None for one that takes a decoder.
      channels, rate: as everywhere; the rate in Hz.
      endian: "LITTLE" or "BIG".
      start, length: bytes of the file that hold the samples.
      count: samples per channel by the chunk "fact", which says where the last block of a decoder ends; 0 without.
      block: samples per channel of a block of such a coding; 0 where that is not known.
    """

    coding: int
    subtype: str
    channels: int
    rate: int
    endian: str
    start: int
    length: int
    count: int
    block: int


def read_header(path, file, size):
    """The `Header` of an open WAV file of `size` bytes.

    Raises:
      InputError: for a file that is cut short, or whose header says nothing that can be relied on.
    """
    file.seek(0)
    mark = file.read(12)[:4]
    order = ">" if mark == b"RIFX" else "<"
    chunks = _chunks(file, order, size)
    if b"data" not in chunks:
        (whole,) = struct.unpack(order + "I", (mark and _at(file, 4, 4)).ljust(4, b"\0"))
        if size < whole + 8 < _UNKNOWN:
            raise InputError(f"{path}: cut short, {size} of {whole + 8} bytes; replace it")
        raise InputError(f"{path}: a WAV file without samples; replace it")
    form = _at(file, *chunks.get(b"fmt ", (0, 0)))
    if len(form) < 14:
        raise InputError(f"{path}: a WAV file that does not say how its samples are coded; replace it")
    coding, channels, rate, _, align = struct.unpack(order + "HHIIH", form[:14])
    bits = struct.unpack(order + "H", form[14:16].ljust(2, b"\0"))[0]
    block = struct.unpack(order + "H", form[18:20].ljust(2, b"\0"))[0]
    if coding == _EXTENSIBLE and len(form) >= 26:
        (coding,) = struct.unpack(order + "H", form[24:26])
    if not channels or not rate:
        raise InputError(f"{path}: a WAV file of {channels} channels and {rate} Hz; replace it")
    start, stated = chunks[b"data"]
    if mark in (b"RF64", b"BW64") and b"ds64" in chunks and stated == 2**32 - 1:
        (stated,) = struct.unpack("<Q", _at(file, chunks[b"ds64"][0] + 8, 8))
    length = _length(path, file, order, size, start, stated)
    if align and coding not in _MPEG:
        length -= length % align  # a pad, or a block cut off
    (count,) = struct.unpack(order + "I", _at(file, chunks.get(b"fact", (0, 0))[0], 4)) if b"fact" in chunks else (0,)
    subtype = _SUBTYPES.get((coding, _width(path, coding, channels, bits, align)))
    return Header(coding, subtype, channels, rate, "BIG" if order == ">" else "LITTLE", start, length, count,
                  320 if coding == _GSM else block)


def mended(file, header):
    """The bytes of an open file to the end of its samples, the sizes in them mended, as any program reads them."""
    file.seek(0)
    content = bytearray(file.read(header.start + header.length))
    sizes = ">I" if header.endian == "BIG" else "<I"
    struct.pack_into(sizes, content, 4, min(len(content) - 8, 2**32 - 1))
    struct.pack_into(sizes, content, header.start - 4, min(header.length, 2**32 - 1))
    return bytes(content)


def _at(file, start, length):
    """`length` bytes of a file from `start` on, fewer where it ends."""
    file.seek(start)
    return file.read(length)


def _chunks(file, order, size):
    """{name: (first byte of its content, size that it states)} of the chunks up to the samples."""
    found, place = {}, 12
    while place + 8 <= size:
        name, length = struct.unpack(order + "4sI", _at(file, place, 8))
        if not _is_name(name):  # of a chunk whose size is wrong
            ahead = _at(file, place, _SEARCHED).find(b"data")
            if ahead < 0:
                break
            place += ahead
            continue
        found.setdefault(name, (place + 8, length))
        if name == b"data":
            break
        place += 8 + length
        if length % 2 and not _is_name(_at(file, place, 4)):  # a pad is zero, and may be missing
            place += 1
    return found


def _is_name(name):
    return bool(re.fullmatch(rb"[A-Za-z0-9_\-][A-Za-z0-9_\-. ]{3}", name))


def _length(path, file, order, size, start, stated):
    """How many bytes of samples there are."""
    rest = size - start
    if stated > rest and stated >= _UNKNOWN:
        return rest
    if not stated:
        return 0 if _is_known(file, order, start, size) else rest
    if stated > rest:
        if stated - rest > start:
            raise InputError(f"{path}: cut short, {size} of {start + stated} bytes; replace it")
        return rest  # a program that counts the header as samples
    if rest - stated > _LOST and not _is_known(file, order, start + stated, size):
        raise InputError(f"{path}: its header states {stated} bytes of samples, {rest - stated} more follow, as where "
                         "a recorder was cut off; to use all, convert it: ffmpeg -ignore_length 1 -i IN OUT.wav")
    return stated


def _is_known(file, order, place, size):
    """Whether the bytes of a file from a place on are chunks, zeros or a tag."""
    rest = _at(file, place, _SEARCHED)
    if not rest.strip(b"\0") or rest.lstrip(b"\0").startswith(_TAGS):
        return True
    for begin in (place + place % 2, place):
        while begin + 8 <= size:
            name, length = struct.unpack(order + "4sI", _at(file, begin, 8))
            if not _is_name(name) or begin + 8 + length > size:
                break
            begin += 8 + length + length % 2
        if begin > place + 1 and begin + 8 > size:
            return True
    return False


def _width(path, coding, channels, bits, align):
    """Bytes of a sample; InputError where the header contradicts itself."""
    if coding not in (_PCM, _FLOAT, _ALAW, _ULAW):
        return 0
    width = -(-bits // 8) if coding in (_PCM, _FLOAT) else 1
    if align not in (0, width * channels):
        raise InputError(f"{path}: a WAV file of {bits} bits and {channels} channels, but {align} bytes for all of "
                         "them; replace it")
    return width
