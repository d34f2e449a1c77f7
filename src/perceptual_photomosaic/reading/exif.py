"""EXIF data of an opened picture, from any place in its file."""

from __future__ import annotations

from PIL import Image

__all__ = ["exif_bytes", "exif_tags"]

_IN_TEXT = "Raw profile type exif", "Raw profile type APP1"  # hexadecimal text that ImageMagick wrote into PNGs


def exif_bytes(picture: Image.Image) -> bytes:
    """Return the EXIF data of a picture; empty if there is none, if it is broken, and for a TIFF (see its tags)."""
    found: bytes = picture.info.get("exif") or b""
    for key in _IN_TEXT:
        text = picture.info.get(key)
        if not found and isinstance(text, str):
            try:
                found = bytes.fromhex("".join(text.split("\n")[3:]))  # after an empty line, a name and a length
            except ValueError:
                continue
    return found


def exif_tags(picture: Image.Image) -> Image.Exif:
    """Return the EXIF tags of a picture, without those that Pillow adds from XMP; empty for broken data."""
    tags = Image.Exif()
    try:
        tags.load(exif_bytes(picture))
    except Exception:  # broken EXIF data raises errors of many kinds
        return Image.Exif()
    return tags
