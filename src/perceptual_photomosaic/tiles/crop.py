"""Crops of photos: around the centre, the most salient part or the faces, or none."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
from PIL import Image

from perceptual_photomosaic.errors import MissingExtraError
from perceptual_photomosaic.image import Box, Crop, centre, crop_size

__all__ = ["crop_named", "face_boxes"]

_ATTENTION_PX = 160  # shorter side of the picture for measuring saliency
_FACES_PX = 320  # shorter side of the picture for finding faces: finds faces of a twelfth of it
_SMALLEST_FACE = 1 / 12


def crop_named(name: str) -> tuple[Crop | None, int]:
    """Return the crop of a name and the shorter side of the picture, in pixels, that it needs (0: any).

    "none" gives no crop: the photo is shown whole.

    Raises:
        MissingExtraError: "faces" needs scikit-image, which is not installed.
    """
    if name == "attention":
        return attention, _ATTENTION_PX
    if name == "faces":
        _face_cascade()  # reports a missing package before the first photo is read
        return faces, _FACES_PX
    return None if name == "none" else centre, 0


def attention(picture: Image.Image, aspect: tuple[int, int]) -> Box:
    """Crop to the part where libvips finds the most edges, saturated colours and skin.

    Args:
        picture: An upright RGB picture.
        aspect: (width, height) of the crop, in any unit.
    Returns:
        Box in pixels.
    """
    import pyvips

    width, height = crop_size(picture.size, aspect)
    seen = pyvips.Image.new_from_array(np.asarray(picture), interpretation="srgb")
    _, found = seen.smartcrop(
        max(1, math.floor(width)),
        max(1, math.floor(height)),
        interesting="attention",
        attention_x=True,
        attention_y=True,
    )
    return _box_around(picture.size, (width, height), (found["attention_x"], found["attention_y"]))


def faces(picture: Image.Image, aspect: tuple[int, int]) -> Box:
    """Crop around the faces that scikit-image's cascade of local binary patterns finds, or around the centre.

    Args:
        picture: An upright RGB picture.
        aspect: (width, height) of the crop, in any unit.
    Returns:
        Box in pixels.
    """
    found = _found(picture)
    if not found:
        return centre(picture, aspect)
    weights = [face["width"] * face["height"] for face in found]
    x = np.average([face["c"] + face["width"] / 2 for face in found], weights=weights)
    y = np.average([face["r"] + face["height"] / 2 for face in found], weights=weights)
    return _box_around(picture.size, crop_size(picture.size, aspect), (float(x), float(y)))


def face_boxes(picture: Image.Image) -> list[Box]:
    """Find faces with scikit-image's cascade of local binary patterns.

    Args:
        picture: An upright RGB picture of any size; faces are searched at a shorter side of 320 px.
    Returns:
        Boxes in pixels.
    Raises:
        MissingExtraError: scikit-image is not installed.
    """
    scale = min(1.0, _FACES_PX / min(picture.size))
    small = picture.resize((max(1, round(picture.width * scale)), max(1, round(picture.height * scale))))
    across, down = picture.width / small.width, picture.height / small.height
    return [
        (
            face["c"] * across,
            face["r"] * down,
            (face["c"] + face["width"]) * across,
            (face["r"] + face["height"]) * down,
        )
        for face in _found(small)
    ]


def _found(picture: Image.Image) -> list[dict[str, int]]:
    cascade = _face_cascade()
    side = min(picture.size)
    smallest = max(24, round(side * _SMALLEST_FACE))
    if side < smallest:
        return []
    found: list[dict[str, int]] = cascade.detect_multi_scale(
        np.asarray(picture.convert("L")),
        scale_factor=1.2,
        step_ratio=1,
        min_size=(smallest, smallest),
        max_size=(side, side),
    )
    return found


def _box_around(size_px: tuple[int, int], box_px: tuple[float, float], middle: tuple[float, float]) -> Box:
    """Centre a box on a point, and move it inside the picture."""
    left, top = (
        min(max(point - box / 2, 0.0), size - box) for size, box, point in zip(size_px, box_px, middle, strict=True)
    )
    return left, top, left + box_px[0], top + box_px[1]


@lru_cache(maxsize=1)
def _face_cascade() -> Any:
    try:
        from skimage.data import lbp_frontal_face_cascade_filename
        from skimage.feature import Cascade
    except ImportError:
        raise MissingExtraError("cropping around faces", "faces") from None
    return Cascade(lbp_frontal_face_cascade_filename())  # type: ignore[no-untyped-call]
