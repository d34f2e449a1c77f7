"""Thumbnails as bytes in the cache: width, height, and sRGB pixels row by row."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from perceptual_photomosaic.tiles.derived import resized

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from perceptual_photomosaic.tiles.cache import Thumbnail

__all__ = ["packed", "unpacked"]

_SIZE = struct.Struct("<II")  # width and height


def packed(picture: NDArray[np.uint8]) -> bytes:
    """Convert a picture, uint8, (height, width, 3), to bytes for the cache."""
    return _SIZE.pack(picture.shape[1], picture.shape[0]) + picture.tobytes()


def unpacked(
    kept: Sequence[Thumbnail], size_px: tuple[int, int]
) -> tuple[NDArray[np.uint8], dict[int, NDArray[np.uint8]]]:
    """Convert thumbnails of the cache back to pictures.

    Args:
        kept: Thumbnails that have pixels.
        size_px: (width, height) of the result.
    Returns:
        All at that size, uint8, (N, height, width, 3); and those of another size unchanged, by their numbers.
    """
    width, height = size_px
    pictures = np.empty((len(kept), height, width, 3), np.uint8)
    small: dict[int, NDArray[np.uint8]] = {}
    for number, thumbnail in enumerate(kept):
        content = thumbnail.pixels or b""
        own_width, own_height = _SIZE.unpack_from(content)
        picture = np.frombuffer(content, np.uint8, offset=_SIZE.size).reshape(own_height, own_width, 3)
        if (own_width, own_height) != size_px:
            small[number] = picture
            picture = resized([picture], size_px)[0]
        pictures[number] = picture
    return pictures, small
