"""Conversion of any Pillow mode and colour profile to 8-bit sRGB."""

from __future__ import annotations

import io
from functools import lru_cache
from typing import Any

import numpy as np
from PIL import Image

from perceptual_photomosaic.reading.samples import to_eight_bits

__all__ = ["Colour", "to_srgb"]

Colour = tuple[int, int, int]

_SAME_COLOUR = 2  # largest difference, in levels, between sRGB profiles of different makers


def to_srgb(picture: Image.Image, background: Colour, profile: bytes) -> Image.Image:
    """Convert a picture to sRGB and lay it over a background.

    Args:
        picture: An opened picture in any mode; its `info` may contain a transparent colour.
        background: Colour that shows through transparent pixels.
        profile: ICC profile of its colours; empty for sRGB.
    Returns:
        A picture of mode RGB.
    """
    if picture.mode == "RGB" and not profile and "transparency" not in picture.info:
        picture.load()
        return picture
    plain, alpha = _split_alpha(to_eight_bits(picture))
    colours = _through_profile(plain, profile)
    if alpha is None:
        return colours
    return Image.composite(colours, Image.new("RGB", colours.size, background), alpha)


def _split_alpha(picture: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """Separate colours (mode L, RGB, CMYK or LAB) from opacity."""
    if picture.mode in {"RGBa", "La", "PA"} or "transparency" in picture.info:
        picture = picture.convert("LA" if picture.mode == "La" else "RGBA")
    if picture.mode == "RGBA":
        return picture.convert("RGB"), picture.getchannel("A")
    if picture.mode == "LA":
        return picture.getchannel("L"), picture.getchannel("A")
    if picture.mode not in {"L", "RGB", "CMYK", "LAB"}:
        picture = picture.convert("RGB")
    return picture, None


def _through_profile(picture: Image.Image, profile: bytes) -> Image.Image:
    """Convert to sRGB through an ICC profile; ignore a profile that is broken or for another kind of colour."""
    if picture.mode == "L" and profile[16:20] == b"RGB ":  # greys use the curve of an RGB profile
        picture = picture.convert("RGB")
    transform = _transform(profile, picture.mode) if profile or picture.mode == "LAB" else None
    if transform is not None:
        converted: Image.Image = transform.apply(picture)
        return converted
    return picture.convert("RGB")


@lru_cache(maxsize=64)
def _transform(profile: bytes, mode: str) -> Any:
    """Return the colour transform from a profile to sRGB, or None if none is needed or possible."""
    from PIL import ImageCms

    try:
        kept = ImageCms.createProfile("LAB") if mode == "LAB" else io.BytesIO(profile)
        source = ImageCms.ImageCmsProfile(kept)
        transform = ImageCms.buildTransform(
            source,
            ImageCms.createProfile("sRGB"),
            mode,
            "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
        return None if mode == "RGB" and _changes_nothing(transform) else transform
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None


def _changes_nothing(transform: Any) -> bool:
    """Tell whether a transform is that of sRGB itself, by its effect, as a profile may have any name."""
    levels = np.linspace(0, 255, 17).round().astype(np.uint8)
    colours = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(17, 17 * 17, 3)
    changed = np.asarray(transform.apply(Image.fromarray(colours)))
    return int(np.abs(changed.astype(int) - colours).max()) <= _SAME_COLOUR
