"""Orientation of pictures."""

from __future__ import annotations

from PIL import Image

from perceptual_photomosaic.reading.exif import exif_tags

__all__ = ["orientation", "upright", "upright_px"]

_ORIENTATION_TAG = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def orientation(picture: Image.Image) -> int:
    """Return the turn that makes a picture opened by Pillow upright, as an EXIF orientation, 1 to 8.

    It is 1 for a TIFF, which Pillow turns itself. XMP is not read: browsers and viewers ignore its orientation too, and
    editors leave it in pictures that they have turned.
    """
    if picture.format == "TIFF":
        return 1
    turn = exif_tags(picture).get(_ORIENTATION_TAG, 1)
    return turn if turn in _TURNS else 1


def upright(picture: Image.Image, turn: int) -> Image.Image:
    """Turn a picture upright by its orientation; an upright picture is returned unchanged."""
    return picture.transpose(_TURNS[turn]) if turn in _TURNS else picture


def upright_px(picture: Image.Image, turn: int) -> tuple[int, int]:
    """Return the (width, height) of a picture after turning it upright."""
    width, height = picture.size
    return (height, width) if turn >= 5 else (width, height)
