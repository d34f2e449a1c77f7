"""EXIF data of an opened picture, wherever its file keeps it."""

from __future__ import annotations

from PIL import Image

__all__ = ["exif_bytes", "exif_tags"]

_IN_TEXT = "Raw profile type exif", "Raw profile type APP1"  # hexadecimal, as ImageMagick wrote it into PNGs


def exif_bytes(picture: Image.Image) -> bytes:
    """Return the EXIF data of a picture, empty where there is none or it is broken; that of a TIFF is in its tags."""
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
    """Return the EXIF tags of a picture, without what Pillow adds from XMP; broken data gives none."""
    tags = Image.Exif()
    try:
        tags.load(exif_bytes(picture))
    except Exception:  # fails in as many ways as there are cameras
        return Image.Exif()
    return tags
