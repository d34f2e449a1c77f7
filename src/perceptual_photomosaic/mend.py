"""Repair of files with complete pixels that decoders refuse."""

from __future__ import annotations

import hashlib
import io
import re
import struct
import zlib
from typing import NamedTuple

from PIL import Image

__all__ = ["BarePng", "bare_png", "ended_jpeg"]

_EOI = b"\xff\xd9"
_SOS = 0xDA
_FRAMES = {0xC0, 0xC1, 0xC2, 0xC9, 0xCA}
_BETWEEN_SCANS = {0xC4, 0xCC, 0xDA, 0xDB, 0xDD, 0xFE, *range(0xE0, 0xF0)}
_AFTER_SCAN = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]")  # 00 is a stuffed byte, D0 to D7 are restart markers
_VIDEO = re.compile(rb"\x00\x00[\x00-\x0f][\x00-\xff]ftyp[ -~]{4}")
_TRAILER = re.compile(rb"\x00\x00[\x00-\x0f][\x00-\xff]ftyp[ -~]{4}|II\*\x00|MM\x00\*|SEFH|\x00{8,}")
_FILLERS = (b"", b"\x55" * 256, b"\xaa" * 256, bytes(range(0xE0, 0x20, -1)))
_TAIL = 16  # largest error, in bytes, of the found end of a picture
_MOST_TRIED = 8
_MOST_PIXELS = 100_000_000
_PNG_START = b"\x89PNG\r\n\x1a\n"
_COLOUR_CHUNKS = {b"cHRM": 32, b"gAMA": 4, b"sRGB": 1}  # and their lengths
_EXIF_TEXTS = b"Raw profile type exif\x00", b"Raw profile type APP1\x00"
_LARGEST_TEXT = 1 << 20
_LARGEST_PROFILE = 1 << 26


def ended_jpeg(data: bytes) -> bytes:
    """Add the missing end marker to a JPEG whose pixels are complete, and remove the data that follows them.

    Decoding shows if pixels are lacking: other bytes at the end of the file must not change the picture, because only a
    decoder that still expects pixels would use them.

    Args:
        data: Content of a JPEG file.
    Returns:
        The content, changed only if the end marker is lacking.
    """
    if data.endswith(_EOI):
        return data
    scan = _last_scan(data)
    if scan is None:
        return data
    start, end = scan
    video = _VIDEO.search(data, start, min(len(data), end + 16))
    if video is not None and video.start() <= end:  # a picture with a video behind it ends there, complete or not
        picture = data[: video.start()].removesuffix(b"\xff")
        return picture + _EOI if _is_whole(picture) else picture
    candidates = [end, *(match.start() for match in _TRAILER.finditer(data, start, end))]
    for candidate in candidates[:_MOST_TRIED]:
        picture = data[:candidate]
        if picture.endswith(b"\xff"):  # half of the end marker, or of a stuffed byte
            picture = data[: candidate + 1] if data[candidate : candidate + 1] == b"\x00" else picture[:-1]
        if _is_whole(picture) and (len(picture) - start <= _TAIL or not _is_whole(picture[:-_TAIL])):
            return picture + _EOI
    return data


def _last_scan(data: bytes) -> tuple[int, int] | None:
    """Return the start of the entropy-coded data of the last scan, and the next marker or the end of the file.

    The result is None if the end marker is in its place, if scans are lacking, and if the file is not a known JPEG.
    """
    at, lacking = 2, dict[int, set[int]]()
    while data[at : at + 1] == b"\xff" and at + 4 <= len(data):
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        body = data[at + 4 : at + 2 + int.from_bytes(data[at + 2 : at + 4])]
        at += 2 + int.from_bytes(data[at + 2 : at + 4])
        if marker in _FRAMES and len(body) >= 6 and not lacking:
            width, height = int.from_bytes(body[3:5]), int.from_bytes(body[1:3])
            if not 0 < width * height <= _MOST_PIXELS:
                return None
            lacking = {component: set(range(64)) for component in body[6::3]}
        elif marker == _SOS:
            if not body or len(body) < 4 + 2 * body[0] or not lacking:
                return None
            first, last, precision = body[1 + 2 * body[0] : 4 + 2 * body[0]]
            for component in body[1 : 1 + 2 * body[0] : 2]:
                if component in lacking and precision & 15 == 0:
                    lacking[component].difference_update(range(first, last + 1))
            found = _AFTER_SCAN.search(data, at)
            if found and data[found.end() - 1] == _EOI[1]:
                return None
            if not any(lacking.values()):
                return at, found.start() if found else len(data)
            if found is None:
                return None
            at = found.start()
        elif marker not in _BETWEEN_SCANS:
            return None
    return None


def _is_whole(picture: bytes) -> bool:
    """Tell whether the pixels of a JPEG without its end marker are independent of the data that follows."""
    seen = set()
    for filler in _FILLERS:
        try:
            with Image.open(io.BytesIO(picture + filler + _EOI), formats=["JPEG"]) as opened:
                seen.add(hashlib.blake2b(opened.tobytes()).digest())
        except (OSError, SyntaxError, ValueError):
            return False
        if len(seen) > 1:
            return False
    return True


class BarePng(NamedTuple):
    """A PNG with its pixels and the data needed to show them, and nothing else.

    Attributes:
        data: Content of the file.
        profile: The colour profile taken from it; empty if there is none, or a broken one.
        codes: Code points of H.273 for primaries and transfer curve, taken from its chunk cICP.
    """

    data: bytes
    profile: bytes = b""
    codes: tuple[int, int] | None = None


def bare_png(data: bytes) -> BarePng:
    """Remove the chunks of a PNG that do not affect its pixels, so that a broken one is no reason to refuse the file.

    Texts, dates, later frames and other chunks beside the picture are removed, broken or not; so are broken colours and
    orientation.

    Args:
        data: Content of a file; other files than PNG are returned unchanged.
    """
    if not data.startswith(_PNG_START):
        return BarePng(data)
    profile, codes, seen_pixels, changed = b"", None, False, False
    view = memoryview(data)
    kept = [view[:8]]
    at = 8
    while at + 8 <= len(data):
        kind, end = data[at + 4 : at + 8], at + 12 + int.from_bytes(data[at : at + 4])
        beside = kind.isalpha() and kind[:1].islower()
        if kind == b"tRNS" and (body := _transparent(data[24], data[25], data[at + 8 : end - 4])) is not None:
            kept.append(memoryview(_chunk(kind, body)))
            changed, at = True, end
            continue
        if end > len(data) and not (beside and seen_pixels):
            break  # the decoder reports the missing data
        if beside and not _is_needed(kind, data[at + 8 : end - 4], data[end - 4 : end]):
            changed = True
            if kind == b"iCCP" and not profile:
                profile = _profile_in(data[at + 8 : end - 4])
            elif kind == b"cICP" and end == at + 16 and _is_sound(kind, data[at + 8 : end - 4], data[end - 4 : end]):
                codes = data[at + 8], data[at + 9]
        else:
            kept.append(view[at:end])
        seen_pixels = seen_pixels or kind == b"IDAT"
        at = end
    if not changed:
        return BarePng(data)
    return BarePng(b"".join([*kept, view[at:]]), profile, codes)


def _is_needed(kind: bytes, body: bytes, checksum: bytes) -> bool:
    """Tell whether a chunk that is not critical affects the pixels."""
    if kind == b"tRNS":
        return True
    stated = kind == b"eXIf" or _COLOUR_CHUNKS.get(kind) == len(body)
    as_text = kind in {b"tEXt", b"zTXt"} and body.startswith(_EXIF_TEXTS) and _is_short(kind, body)
    return (stated or as_text) and _is_sound(kind, body, checksum)


def _transparent(depth: int, kind: int, body: bytes) -> bytes | None:
    """Return the transparent colour in 8 bits, as Pillow converts grey of 2 or 4 bits and colours of 16; else None."""
    if kind == 0 and depth in {2, 4} and len(body) == 2:
        return bytes((0, body[1] * (255 // (2**depth - 1)) & 255))
    if kind == 2 and depth == 16 and len(body) == 6:
        return bytes((0, body[0], 0, body[2], 0, body[4]))
    return None


def _chunk(kind: bytes, body: bytes) -> bytes:
    content = kind + body
    return struct.pack(">I", len(body)) + content + struct.pack(">I", zlib.crc32(content))


def _is_sound(kind: bytes, body: bytes, checksum: bytes) -> bool:
    return zlib.crc32(kind + body) == int.from_bytes(checksum)


def _is_short(kind: bytes, body: bytes) -> bool:
    """Tell whether a text is complete, and short enough for Pillow."""
    if kind == b"tEXt":
        return len(body) <= _LARGEST_TEXT
    return len(_inflated(body, _LARGEST_TEXT)) > 0


def _profile_in(body: bytes) -> bytes:
    """Return the profile in a chunk iCCP; empty if it is broken."""
    return _inflated(body, _LARGEST_PROFILE)


def _inflated(body: bytes, most: int) -> bytes:
    """Return the unpacked data behind a chunk's name; empty if it is broken or longer than `most`."""
    unpacker = zlib.decompressobj()
    try:
        unpacked = unpacker.decompress(body[body.index(b"\x00") + 2 :], most)
    except (ValueError, zlib.error):
        return b""
    return unpacked if unpacker.eof else b""
