"""Colour spaces on numpy arrays: sRGB, linear light, OKLab, DIN99d.

Light adds up linearly, so everything that is averaged here (a cell seen from afar) is averaged in linear light and only
then turned into OKLab, where equal distances look about equally large.

Sources: IEC 61966-2-1 (sRGB); B. Ottosson, "A perceptual color space for image processing", 2020 (OKLab); G. Cui,
M. R. Luo, B. Rigg, G. Roesler and K. Witt, "Uniform colour spaces based on the DIN99 colour-difference formula", Color
Research and Application 27(4), 2002 (DIN99d).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "LUMA",
    "from_linear",
    "linear_to_din99d",
    "linear_to_luma",
    "linear_to_oklab",
    "linear_to_srgb",
    "oklab_to_linear",
    "to_linear",
    "to_oklab",
]

LUMA = (0.299, 0.587, 0.114)
"""Weights of the sRGB values in luma (Rec. 601)."""

_CODES = np.arange(256) / 255.0
_LINEAR_OF_CODE = np.where(_CODES <= 0.04045, _CODES / 12.92, ((_CODES + 0.055) / 1.055) ** 2.4).astype(np.float32)

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
_DIN_XYZ = np.array([[1.12, 0.0, -0.12], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]) @ _XYZ_OF_RGB
_DIN_XYZ_OF_RGB = (_DIN_XYZ / _DIN_XYZ.sum(axis=1, keepdims=True)).astype(np.float32)
_COS_50, _SIN_50 = np.float32(np.cos(np.radians(50.0))), np.float32(np.sin(np.radians(50.0)))
_RGB_OF_LMS = np.linalg.inv(_LMS_OF_RGB.astype(np.float64))
_LMS_OF_OKLAB = np.linalg.inv(_OKLAB_OF_LMS.astype(np.float64))


def to_linear(srgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Turn 8-bit sRGB into linear light.

    Args:
        srgb: Codes 0..255, any shape.
    Returns:
        Linear light in [0, 1], float32, the same shape.
    """
    return _LINEAR_OF_CODE[srgb]


def from_linear(linear: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Turn linear light into 8-bit sRGB, rounded to the nearest code and clipped.

    Args:
        linear: Linear light, any shape; values outside [0, 1] are clipped.
    Returns:
        Codes 0..255, uint8, the same shape.
    """
    light = np.clip(linear, 0.0, 1.0)
    srgb = np.where(light <= 0.0031308, light * 12.92, 1.055 * np.power(light, 1 / 2.4) - 0.055)
    codes: NDArray[np.uint8] = np.rint(srgb * 255.0).astype(np.uint8)
    return codes


def linear_to_oklab(linear: NDArray[np.floating]) -> NDArray[np.float32]:
    """Turn linear sRGB light into OKLab.

    Args:
        linear: Linear light in [0, 1], (..., 3).
    Returns:
        OKLab, float32, (..., 3): L in [0, 1], a and b within about +-0.4.
    Source:
        Ottosson 2020; cube roots of cone responses, clipped at 0 (no negative light).
    """
    lms = np.maximum(linear.astype(np.float32, copy=False) @ _LMS_OF_RGB.T, 0.0)
    lab: NDArray[np.float32] = np.cbrt(lms) @ _OKLAB_OF_LMS.T
    return lab


def linear_to_din99d(linear: NDArray[np.floating]) -> NDArray[np.float32]:
    """Turn linear sRGB light into DIN99d, where Euclidean distance follows CIEDE2000 closely.

    Args:
        linear: Linear light in [0, 1], (..., 3).
    Returns:
        DIN99d divided by 100, float32, (..., 3): lightness in [0, 1], the others within about +-0.5.
    Source:
        Cui et al. 2002, table 1, for D65 and kE = kCH = 1.
    """
    xyz = np.maximum(linear.astype(np.float32, copy=False) @ _DIN_XYZ_OF_RGB.T, 0.0)
    root = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    lightness = 116 * root[..., 1] - 16
    a, b = 500 * (root[..., 0] - root[..., 1]), 200 * (root[..., 1] - root[..., 2])
    turned_a = a * _COS_50 + b * _SIN_50
    turned_b = 1.14 * (b * _COS_50 - a * _SIN_50)
    chroma = np.maximum(np.hypot(turned_a, turned_b), 1e-6)
    shrink = 22.5 * np.log1p(0.06 * chroma) / chroma
    din = np.stack([325.22 * np.log1p(0.0036 * lightness), turned_a * shrink, turned_b * shrink], axis=-1)
    return (din / 100).astype(np.float32)


def linear_to_srgb(linear: NDArray[np.floating]) -> NDArray[np.float32]:
    """Turn linear light, (..., 3), into sRGB values in [0, 1], float32, (..., 3)."""
    light = np.maximum(linear.astype(np.float32, copy=False), 1e-9)
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * np.power(light, np.float32(1 / 2.4)) - 0.055)


def linear_to_luma(linear: NDArray[np.floating]) -> NDArray[np.float32]:
    """Turn linear sRGB light, (..., 3), into luma of the encoded values (Rec. 601), float32 in [0, 1], (...)."""
    luma: NDArray[np.float32] = (linear_to_srgb(linear) @ np.array([0.299, 0.587, 0.114], np.float32)).astype(
        np.float32
    )
    return luma


def oklab_to_linear(lab: NDArray[np.floating]) -> NDArray[np.float64]:
    """Turn OKLab into linear sRGB light; colours outside sRGB give values outside [0, 1].

    Args:
        lab: OKLab, (..., 3).
    Returns:
        Linear light, float64, (..., 3).
    """
    lms = (lab.astype(np.float64, copy=False) @ _LMS_OF_OKLAB.T) ** 3
    return lms @ _RGB_OF_LMS.T


def to_oklab(srgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Turn 8-bit sRGB, (..., 3), into OKLab, float32, (..., 3)."""
    return linear_to_oklab(to_linear(srgb))
