"""Which way is up."""

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
    """Return what is to be done to a picture that Pillow has opened, as an EXIF orientation, 1 to 8.

    It is 1 for a TIFF, which Pillow turns itself. XMP is not asked: browsers and viewers do not turn by it either, and
    editors leave it behind in pictures that they have turned.
    """
    if picture.format == "TIFF":
        return 1
    turn = exif_tags(picture).get(_ORIENTATION_TAG, 1)
    return turn if turn in _TURNS else 1


def upright(picture: Image.Image, turn: int) -> Image.Image:
    """Turn a picture by its orientation; one that is upright is returned as it is."""
    return picture.transpose(_TURNS[turn]) if turn in _TURNS else picture


def upright_px(picture: Image.Image, turn: int) -> tuple[int, int]:
    """Return the (width, height) that a picture has once it is turned."""
    width, height = picture.size
    return (height, width) if turn >= 5 else (width, height)
