"""Conversion of samples of any bit depth, inverted or not, to 8 bits."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image, ImageChops

__all__ = ["to_eight_bits"]

_BITS, _PHOTOMETRIC, _SAMPLE_FORMAT = 258, 262, 339  # tags of TIFF
_MIN_IS_WHITE, _UNSIGNED = 0, 1
_RARE = 1000  # one of this number of samples may be hot
_HOT = 4  # a hot sample is this number of times brighter than all others

_Samples = np.ndarray[Any, np.dtype[np.float64]]


def to_eight_bits(picture: Image.Image) -> Image.Image:
    """Convert samples of 1, 12, 16 and 32 bits to 8 bits by scaling, not by clipping; correct inverted ones.

    Args:
        picture: An opened picture in any mode.
    Returns:
        The same picture if nothing changes; else one of mode L, or LA if a grey is transparent.
    """
    mode = picture.mode
    if mode == "1":
        return picture.convert("L")
    if mode == "CMYK" and picture.format == "JPEG" and "adobe" not in picture.info:
        return ImageChops.invert(picture)  # Pillow treats every CMYK JPEG as one of Adobe's, which are inverted
    if mode not in {"I", "F"} and not mode.startswith("I;16"):
        return picture
    values, white = _values(picture)
    scaled = np.clip(values / white, 0, 1)
    if _tag(picture, _PHOTOMETRIC, 1) == _MIN_IS_WHITE:
        scaled = 1 - scaled
    grey = Image.fromarray(np.rint(scaled * 255).astype(np.uint8))
    key = picture.info.get("transparency")
    if isinstance(key, int):
        grey.putalpha(Image.fromarray(np.where(values == key, 0, 255).astype(np.uint8)))
    return grey


def _values(picture: Image.Image) -> tuple[_Samples, float]:
    """Return the samples of a grey picture, and the value of white (of black in a TIFF that is so marked)."""
    samples = np.asarray(picture)
    if picture.mode == "F":
        values = np.nan_to_num(samples.astype(np.float64), posinf=np.inf, neginf=0)
        return values, _brightest(values)
    if picture.mode != "I":
        return samples.astype(np.float64), 4095.0 if _tag(picture, _BITS, 16) == 12 else 65535.0
    unsigned = _tag(picture, _BITS, 0) == 32 and _tag(picture, _SAMPLE_FORMAT, _UNSIGNED) == _UNSIGNED
    values = (samples.view(np.uint32) if unsigned else samples).astype(np.float64)
    if values.max(initial=0) <= 65535:  # 16-bit greys of several formats arrive as 32-bit integers
        return values, 65535.0
    return values, 2.0**32 - 1 if unsigned else 2.0**31 - 1


def _brightest(values: _Samples) -> float:
    """Return the value of white in a float picture: 1 if nothing is brighter, else the brightest that is not hot."""
    finite = values[np.isfinite(values)]
    brightest = float(finite.max(initial=0))
    if brightest <= 1 or finite.size < 2:
        return max(1.0, brightest)
    rank = finite.size - 1 - max(1, finite.size // _RARE)
    usual = max(1.0, float(np.partition(finite, rank)[rank]))
    return usual if brightest > _HOT * usual else brightest


def _tag(picture: Image.Image, number: int, default: int) -> int:
    """Return the first value of a tag of a TIFF; the default for other pictures."""
    value = getattr(picture, "tag_v2", {}).get(number, default)
    return int(value[0] if isinstance(value, tuple) else value)
