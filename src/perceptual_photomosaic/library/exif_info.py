"""Date and caption of a photo, from the EXIF data of its file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["ExifInfo", "read_exif"]

_EXIF_IFD = 0x8769
_TAKEN = (0x9003, 0x9004)  # DateTimeOriginal, DateTimeDigitized, in the EXIF directory
_CHANGED = 0x0132  # DateTime
_DESCRIPTION = 0x010E
_XP_TITLE, _XP_COMMENT = 0x9C9B, 0x9C9C  # as Windows writes them, UTF-16
_LONGEST = 500


class ExifInfo(NamedTuple):
    """Date and caption from EXIF data.

    Attributes:
        date: "2024-07-31 18:05:00", or empty.
        caption: One line, or empty.
    """

    date: str = ""
    caption: str = ""


def read_exif(picture: Image) -> ExifInfo:
    """Read date and caption; broken EXIF data counts as none.

    Args:
        picture: An opened picture; its pixels need not be loaded.
    """
    try:
        tags = picture.getexif()
        inner = tags.get_ifd(_EXIF_IFD)
        dates = [inner.get(tag) for tag in _TAKEN] + [tags.get(_CHANGED)]
        captions = [tags.get(tag) for tag in (_DESCRIPTION, _XP_TITLE, _XP_COMMENT)]
    except Exception:  # broken EXIF data raises errors of many kinds
        return ExifInfo()
    return ExifInfo(
        next((date for date in map(_date, dates) if date), ""),
        next((caption for caption in map(_caption, captions) if caption), ""),
    )


def _date(value: object) -> str:
    """Convert "2024:07:31 18:05:00" to a form that sorts and that people read; empty if it is not a date."""
    found = re.match(r"(\d{4})[:-](\d\d)[:-](\d\d)(?:[ T](\d\d:\d\d:\d\d))?", str(value or ""))
    if not found or found[1] == "0000" or not 1 <= int(found[2]) <= 12 or not 1 <= int(found[3]) <= 31:
        return ""
    return f"{found[1]}-{found[2]}-{found[3]}" + (f" {found[4]}" if found[4] else "")


def _caption(value: object) -> str:
    text = value.decode("utf-16-le", "replace") if isinstance(value, bytes) else str(value or "")
    text = "".join(c if c.isprintable() else " " for c in text.split("\x00")[0])
    return " ".join(text.split())[:_LONGEST]
