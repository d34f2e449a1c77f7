"""Colour space of a picture: the ICC profile in its file, or a profile made from other data in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from perceptual_photomosaic.mend import bare_png
from perceptual_photomosaic.reading.exif import exif_bytes, exif_tags
from perceptual_photomosaic.reading.heif_boxes import nclx_in
from perceptual_photomosaic.reading.icc import ADOBE_RGB, D65, Curve, Primaries, rgb_profile

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["code_points", "profile_of"]

_BT709 = Primaries(D65, (0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
_SMPTE_C = Primaries(D65, (0.630, 0.340), (0.310, 0.595), (0.155, 0.070))
# Code points of ITU-T H.273, tables 2 and 3. The camera curves (1, 6, 14, 15) are meant for a display with a curve
# near that of sRGB, so they are treated as sRGB, and so is an unspecified curve.
_PRIMARIES = {
    1: _BT709,
    2: _BT709,
    4: Primaries((0.310, 0.316), (0.67, 0.33), (0.21, 0.71), (0.14, 0.08)),
    5: Primaries(D65, (0.64, 0.33), (0.29, 0.60), (0.15, 0.06)),
    6: _SMPTE_C,
    7: _SMPTE_C,
    9: Primaries(D65, (0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    11: Primaries((0.314, 0.351), (0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
    12: Primaries(D65, (0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
    22: Primaries(D65, (0.630, 0.340), (0.295, 0.605), (0.155, 0.077)),
}
_CURVES: dict[int, Curve] = {
    1: "srgb",
    2: "srgb",
    4: 2.2,
    5: 2.8,
    6: "srgb",
    8: 1.0,
    13: "srgb",
    14: "srgb",
    15: "srgb",
    16: "pq",
    17: 2.6,
    18: "hlg",
}
_SRGB_GAMMA = 0.45455  # the gamma that PNG encoders write for sRGB
_SAME_GAMMA, _SAME_CHROMATICITY = 0.05, 0.005
_INTEROPERABILITY, _INDEX = 0xA005, 1
_EXIF_IFD, _COLOUR_SPACE, _IS_SRGB = 0x8769, 0xA001, 1


def profile_of(picture: Image, codes: tuple[int, int] | None = None) -> bytes:
    """Return the ICC profile that describes the samples of a picture.

    In a PNG the code points come first, then the profile, sRGB, gamma and chromaticities (PNG, third edition, section
    4.3). In other files the profile comes first, then code points, then the EXIF note of cameras set to Adobe RGB.

    Args:
        picture: An opened picture.
        codes: Code points of H.273, for primaries and transfer curve.
    Returns:
        The profile; empty for sRGB.
    """
    info = picture.info
    said = _by_codes(codes) if codes else b""
    if picture.format == "PNG" and codes:
        return said
    embedded: bytes = info.get("icc_profile") or b""
    if embedded or said or codes:
        return embedded or said
    if "srgb" in info:
        return b""
    if "gamma" in info or "chromaticity" in info:
        return _by_gamma(info.get("gamma"), info.get("chromaticity"))
    return rgb_profile(*ADOBE_RGB) if _is_adobe_rgb(picture) else b""


def code_points(picture: Image) -> tuple[int, int] | None:
    """Read the code points of primaries and transfer curve from the file of an opened picture.

    Returns:
        Codes of H.273; None if there are none, or the file is closed and has no known name.
    """
    if picture.format == "PNG":
        return bare_png(_file_of(picture)).codes
    return nclx_in(_file_of(picture)) if picture.format in {"AVIF", "HEIF"} else None


def _file_of(picture: Image) -> bytes:
    try:
        if name := getattr(picture, "filename", ""):
            return Path(name).read_bytes()
        file = picture.fp  # type: ignore[attr-defined]
        place = file.tell()
        file.seek(0)
        data: bytes = file.read()
        file.seek(place)
    except (AttributeError, OSError, ValueError):
        return b""
    return data


def _by_codes(codes: tuple[int, int]) -> bytes:
    primaries, curve = _PRIMARIES.get(codes[0]), _CURVES.get(codes[1])
    return rgb_profile(primaries, curve) if primaries and curve else b""


def _by_gamma(gamma: float | None, chromaticity: tuple[float, ...] | None) -> bytes:
    """Return the profile of a PNG's chunks gAMA and cHRM; a missing chunk counts as sRGB."""
    primaries = _BT709
    if chromaticity:
        white_x, white_y, red_x, red_y, green_x, green_y, blue_x, blue_y = chromaticity
        primaries = Primaries((white_x, white_y), (red_x, red_y), (green_x, green_y), (blue_x, blue_y))
    of_srgb = np.abs(np.subtract(primaries, _BT709)).max() < _SAME_CHROMATICITY
    if not gamma or (of_srgb and abs(gamma / _SRGB_GAMMA - 1) < _SAME_GAMMA):
        curve: Curve = "srgb"
    else:
        curve = 1 / gamma
    try:
        return rgb_profile(primaries, curve)
    except ValueError:
        return b""


def _is_adobe_rgb(picture: Image) -> bool:
    """Tell whether EXIF data names the optional colour space of cameras, which is Adobe RGB.

    Source: DCF 2.0 (interoperability index R03).
    """
    if b"R03" not in exif_bytes(picture):
        return False
    tags = exif_tags(picture)
    try:
        index = tags.get_ifd(_INTEROPERABILITY).get(_INDEX, "")
        space = tags.get_ifd(_EXIF_IFD).get(_COLOUR_SPACE)
    except Exception:  # broken EXIF data raises errors of many kinds, and does not affect the pixels
        return False
    text = index.decode("ascii", "replace") if isinstance(index, bytes) else str(index)
    return text.strip("\x00 ") == "R03" and space != _IS_SRGB
