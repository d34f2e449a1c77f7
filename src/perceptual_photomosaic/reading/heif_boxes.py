"""Colour information in the boxes of HEIF and AVIF files, which Pillow does not provide."""

from __future__ import annotations

from collections.abc import Iterator

__all__ = ["nclx_in"]

_Box = tuple[bytes, bytes]  # kind, content


def nclx_in(data: bytes) -> tuple[int, int] | None:
    """Read the code points of a file's primaries and transfer curve.

    Args:
        data: Content of a file.
    Returns:
        Codes of H.273, or None if the file has none, is broken or of another kind.

    Source: ISO/IEC 23008-12 (item properties), ISO/IEC 14496-12 (boxes, `colr`).
    """
    if data[4:8] != b"ftyp":
        return None
    meta = _find(_boxes(data), b"meta")[4:]
    properties = _find(_boxes(meta), b"iprp")
    offered = list(_boxes(_find(_boxes(properties), b"ipco")))
    primary = _primary(_find(_boxes(meta), b"pitm"))
    own = [offered[n - 1] for n in _numbers(_find(_boxes(properties), b"ipma"), primary) if 0 < n <= len(offered)]
    for kind, body in (*own, *offered):  # in a picture made of several items, these may have it
        if kind == b"colr" and body.startswith(b"nclx") and len(body) >= 8:
            return int.from_bytes(body[4:6]), int.from_bytes(body[6:8])
    return None


def _boxes(data: bytes) -> Iterator[_Box]:
    at = 0
    while at + 8 <= len(data):
        size, start = int.from_bytes(data[at : at + 4]), at + 8
        if size == 1:
            size, start = int.from_bytes(data[at + 8 : at + 16]), at + 16
        end = at + size if size else len(data)
        if end < start:
            return
        yield data[at + 4 : at + 8], data[start:end]
        at = end


def _find(boxes: Iterator[_Box], wanted: bytes) -> bytes:
    return next((body for kind, body in boxes if kind == wanted), b"")


def _primary(pitm: bytes) -> int:
    return int.from_bytes(pitm[4:8] if pitm[:1] > b"\x00" else pitm[4:6])


def _numbers(ipma: bytes, item: int) -> list[int]:
    """Return the numbers, from 1, of the properties of an item."""
    id_bytes = 4 if ipma[:1] > b"\x00" else 2
    wide = ipma[3:4] and ipma[3] & 1
    width, mask = (2, 0x7FFF) if wide else (1, 0x7F)
    at = 8
    while at + id_bytes < len(ipma):
        number, count = int.from_bytes(ipma[at : at + id_bytes]), ipma[at + id_bytes]
        at += id_bytes + 1
        if number == item:
            ends = range(at, at + count * width, width)
            return [int.from_bytes(ipma[start : start + width]) & mask for start in ends]
        at += count * width
    return []
