"""Colour spaces on numpy arrays: sRGB, linear light, OKLab, DIN99d and CIELAB, and a fast CIEDE2000.

Light adds up linearly, so colours (of a cell seen from afar) are averaged in linear light. The average is then
converted to OKLab, where equal distances look about equally large.

Sources: IEC 61966-2-1 (sRGB); B. Ottosson, "A perceptual color space for image processing", 2020 (OKLab); G. Cui,
M. R. Luo, B. Rigg, G. Roesler and K. Witt, "Uniform colour spaces based on the DIN99 colour-difference formula", Color
Research and Application 27(4), 2002 (DIN99d); G. Sharma, W. Wu and E. N. Dalal, "The CIEDE2000 color-difference
formula", Color Research and Application 30(1), 2005.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "DIN99D_AS_CIEDE2000",
    "LUMA",
    "LUMA_601",
    "ciede2000",
    "from_linear",
    "linear_to_din99d",
    "linear_to_lab",
    "linear_to_luma",
    "linear_to_oklab",
    "linear_to_srgb",
    "oklab_to_linear",
    "srgb_to_linear",
    "to_linear",
    "to_oklab",
]

LUMA_601 = (0.299, 0.587, 0.114)
"""Weights of the sRGB values in luma of ITU-R BT.601, as JPEG has it."""
LUMA = (0.2126, 0.7152, 0.0722)
"""Weights of the sRGB values in luma (ITU-R BT.709)."""

DIN99D_AS_CIEDE2000 = 0.82
"""Factor from a distance in DIN99d to about CIEDE2000."""


_LMS_OF_RGB = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ],
    dtype=np.float32,
)
_OKLAB_OF_LMS = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ],
    dtype=np.float32,
)
_XYZ_OF_RGB = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
_LAB_XYZ_OF_RGB = (_XYZ_OF_RGB / _XYZ_OF_RGB.sum(axis=1, keepdims=True)).astype(np.float32)  # relative to D65
_DIN_XYZ = np.array([[1.12, 0.0, -0.12], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]) @ _XYZ_OF_RGB
_DIN_XYZ_OF_RGB = (_DIN_XYZ / _DIN_XYZ.sum(axis=1, keepdims=True)).astype(np.float32)
_NO_CHROMA = np.float32(1e-6)
_COS_50, _SIN_50 = np.float32(np.cos(np.radians(50.0))), np.float32(np.sin(np.radians(50.0)))
_COS_275, _SIN_275 = np.float32(np.cos(np.radians(275.0))), np.float32(np.sin(np.radians(275.0)))
_PER_25_DEGREES = np.float32(np.degrees(1.0) / 25) ** 2
_RGB_OF_LMS = np.linalg.inv(_LMS_OF_RGB.astype(np.float64))
_LMS_OF_OKLAB = np.linalg.inv(_OKLAB_OF_LMS.astype(np.float64))


def to_linear(srgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Convert 8-bit sRGB to linear light.

    Args:
        srgb: Codes 0..255, any shape.
    Returns:
        Linear light in [0, 1], float32, the same shape.
    """
    return _LINEAR_OF_CODE[srgb]


def from_linear(linear: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Convert linear light to 8-bit sRGB, rounded to the nearest code and clipped.

    Args:
        linear: Linear light, any shape; values outside [0, 1] are clipped.
    Returns:
        Codes 0..255, uint8, the same shape.
    """
    light = np.clip(linear, 0.0, 1.0)
    codes: NDArray[np.uint8] = np.rint(_encoded(light) * 255.0).astype(np.uint8)
    return codes


def linear_to_oklab(linear: NDArray[np.floating]) -> NDArray[np.float32]:
    """Convert linear sRGB light to OKLab.

    Args:
        linear: Linear light in [0, 1], (..., 3).
    Returns:
        OKLab, float32, (..., 3): L in [0, 1], a and b within about +-0.4.
    Source:
        Ottosson 2020; cone responses are clipped at 0 before the cube root.
    """
    lms = np.maximum(linear.astype(np.float32, copy=False) @ _LMS_OF_RGB.T, 0.0)
    lab: NDArray[np.float32] = np.cbrt(lms) @ _OKLAB_OF_LMS.T
    return lab


def linear_to_din99d(linear: NDArray[np.floating]) -> NDArray[np.float32]:
    """Convert linear sRGB light to DIN99d, where Euclidean distance is close to CIEDE2000.

    Args:
        linear: Linear light in [0, 1], (..., 3).
    Returns:
        DIN99d divided by 100, float32, (..., 3): lightness in [0, 1], the others within about +-0.5.
    Source:
        Cui et al. 2002, table 1, for D65 and kE = kCH = 1.
    """
    xyz = np.maximum(linear.astype(np.float32, copy=False) @ _DIN_XYZ_OF_RGB.T, 0.0)
    lightness, a, b = _lab_of_xyz(xyz)
    turned_a = a * _COS_50 + b * _SIN_50
    turned_b = 1.14 * (b * _COS_50 - a * _SIN_50)
    chroma = np.maximum(np.hypot(turned_a, turned_b), 1e-6)
    shrink = 22.5 * np.log1p(0.06 * chroma) / chroma
    din = np.stack([325.22 * np.log1p(0.0036 * lightness), turned_a * shrink, turned_b * shrink], axis=-1)
    return (din / 100).astype(np.float32)


def linear_to_lab(linear: NDArray[np.floating]) -> NDArray[np.float32]:
    """Convert linear sRGB light, (..., 3) in [0, 1], to CIELAB under D65, float32, (..., 3): L* in [0, 100], a*, b*."""
    xyz = np.maximum(linear.astype(np.float32, copy=False) @ _LAB_XYZ_OF_RGB.T, 0.0)
    return np.stack(_lab_of_xyz(xyz), axis=-1)


def ciede2000(one: NDArray[np.float32], other: NDArray[np.float32], *, axis: int = -1) -> NDArray[np.float32]:
    """Compute the CIEDE2000 difference of colours, in float32 and without an arc tangent.

    Hues are unit vectors; their mean and the cosines of its multiples are computed from these. Opposite hues have no
    mean; one of them is used then.

    Args:
        one: CIELAB colours, (..., 3).
        other: CIELAB colours of a shape that broadcasts with `one`.
        axis: The axis of L*, a* and b*; it is faster if it is not the last.
    Returns:
        Differences, float32, without that axis, within about 0.002 of `evaluate.colour.ciede2000`, which is in float64.
    Source:
        Sharma, Wu and Dalal 2005; variables have the names of its equations.
    """
    L1, a1, b1 = np.moveaxis(one, axis, 0)
    L2, a2, b2 = np.moveaxis(other, axis, 0)
    g = 1.5 - 0.5 * _saturated(0.5 * (_length(a1, b1) + _length(a2, b2)))
    a1, a2 = g * a1, g * a2
    C1, C2 = _length(a1, b1), _length(a2, b2)
    C, dC = 0.5 * (C1 + C2), C2 - C1
    dH_squared = np.maximum(np.square(a2 - a1) + np.square(b2 - b1) - np.square(dC), 0)
    dH = np.copysign(np.sqrt(dH_squared), a1 * b2 - a2 * b1)
    n1, n2 = 1 / np.maximum(C1, _NO_CHROMA), 1 / np.maximum(C2, _NO_CHROMA)
    cos, sin = a1 * n1 + a2 * n2, b1 * n1 + b2 * n2
    unit = 1 / np.maximum(_length(cos, sin), _NO_CHROMA)
    cos, sin = cos * unit, sin * unit
    cos_2, sin_2 = cos * cos - sin * sin, 2 * sin * cos
    T = 1 + 0.24 * cos_2
    for size, phase, c, s in (
        (-0.17, -30, cos, sin),
        (0.32, 6, cos_2 * cos - sin_2 * sin, sin_2 * cos + cos_2 * sin),
        (-0.20, -63, cos_2 * cos_2 - sin_2 * sin_2, 2 * sin_2 * cos_2),
    ):
        T += float(size * np.cos(np.radians(phase))) * c
        T -= float(size * np.sin(np.radians(phase))) * s
    off_grey = np.square(0.5 * (L1 + L2) - 50)
    turn = float(np.radians(60)) * np.exp(-_squared_angle(_COS_275 * cos + _SIN_275 * sin) * _PER_25_DEGREES)
    l_term = (L2 - L1) / (1 + 0.015 * off_grey / np.sqrt(20 + off_grey))
    c_term, h_term = dC / (1 + 0.045 * C), dH / (1 + 0.015 * C * T)
    twist = -2 * _saturated(C) * np.sin(turn) * c_term * h_term
    squared = np.square(l_term) + np.square(c_term) + np.square(h_term) + twist
    difference: NDArray[np.float32] = np.sqrt(np.maximum(squared, 0))
    return difference


def linear_to_srgb(linear: NDArray[np.floating]) -> NDArray[np.float32]:
    """Convert linear light, (..., 3), to sRGB values in [0, 1], float32, (..., 3)."""
    light = np.maximum(linear.astype(np.float32, copy=False), 1e-9)
    return _encoded(light)


def _encoded(light: NDArray[Any]) -> NDArray[Any]:
    """Apply the transfer curve of sRGB (IEC 61966-2-1) to linear light of at least 0, in its own precision."""
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * np.power(light, 1 / 2.4) - 0.055)


def srgb_to_linear(srgb: NDArray[np.floating]) -> NDArray[np.float32]:
    """Convert sRGB values in [0, 1] to linear light, float32."""
    return np.where(srgb <= 0.04045, srgb / 12.92, ((np.maximum(srgb, 0) + 0.055) / 1.055) ** 2.4).astype(np.float32)


_LINEAR_OF_CODE = srgb_to_linear(np.arange(256) / 255.0)


def linear_to_luma(linear: NDArray[np.floating]) -> NDArray[np.float32]:
    """Convert linear sRGB light, (..., 3), to luma of the sRGB values (BT.709), float32 in [0, 1], (...)."""
    luma: NDArray[np.float32] = linear_to_srgb(linear) @ np.array(LUMA, np.float32)
    return luma


def oklab_to_linear(lab: NDArray[np.floating]) -> NDArray[np.float64]:
    """Convert OKLab to linear sRGB light; colours outside sRGB give values outside [0, 1].

    Args:
        lab: OKLab, (..., 3).
    Returns:
        Linear light, float64, (..., 3).
    """
    lms = (lab.astype(np.float64, copy=False) @ _LMS_OF_OKLAB.T) ** 3
    return lms @ _RGB_OF_LMS.T


def to_oklab(srgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Convert 8-bit sRGB, (..., 3), to OKLab, float32, (..., 3)."""
    return linear_to_oklab(to_linear(srgb))


def _lab_of_xyz(xyz: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Convert XYZ relative to white, (..., 3), to L*, a* and b* of CIELAB."""
    root = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    x, y, z = (root[..., channel] for channel in range(3))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _length(x: NDArray[np.float32], y: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return sqrt(x^2 + y^2), without care for overflow; `np.hypot` takes ten times as long."""
    length: NDArray[np.float32] = np.sqrt(x * x + y * y)
    return length


def _squared_angle(cos: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return the square of an angle, in radians, by a series in 1 - cos: to 1e-4 for angles up to 60 degrees."""
    u = 1 - cos
    return u * (2 + u * (1 / 3 + u * (4 / 45 + u * (1 / 35 + u * (16 / 1575)))))


def _saturated(chroma: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return sqrt(C^7 / (C^7 + 25^7)) of CIEDE2000: 0 for greys, near 1 for strong colours."""
    square = chroma * chroma
    seventh = square * square * square * chroma
    saturated: NDArray[np.floating] = np.sqrt(seventh / (seventh + float(25**7)))
    return saturated
