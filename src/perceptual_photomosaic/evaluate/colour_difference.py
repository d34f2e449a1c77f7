"""The ruler's own colour arithmetic: CIELAB and CIEDE2000, in double precision.

`features.colour` has the same formulas for choosing tiles, in single precision. The ruler shares no code with it, so
that a fault in one does not hide in the other; a test compares the two.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perceptual_photomosaic.threads import slices

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["LUMA", "ciede2000", "lab_from_light", "light_from_lab", "luma"]

_XYZ_OF_RGB = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
_WHITE = _XYZ_OF_RGB.sum(axis=1)  # D65, as the light of sRGB (1, 1, 1), so that greys have a = b = 0 exactly
_RGB_OF_XYZ = np.linalg.inv(_XYZ_OF_RGB)
LUMA = np.array([0.2126, 0.7152, 0.0722])
"""Weights of the sRGB values in luma (ITU-R BT.709)."""
_CHUNK = 16_384  # pixels per step: temporaries of ciede2000 then stay in the cache


def luma(srgb: NDArray[np.floating]) -> NDArray[np.float64]:
    """Weigh sRGB values, (..., 3) in [0, 1], into luma Y' in [0, 1] with the weights of ITU-R BT.709."""
    return np.asarray(srgb @ LUMA, np.float64)


def lab_from_light(light: NDArray[np.floating]) -> NDArray[np.float64]:
    """Turn linear sRGB light, (..., 3) in [0, 1], into CIELAB (L* in [0, 100], a*, b*) under D65."""
    ratio = (light @ _XYZ_OF_RGB.T) / _WHITE
    f = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def light_from_lab(lab: NDArray[np.floating]) -> NDArray[np.float64]:
    """Turn CIELAB under D65, (..., 3), into linear sRGB light, clipped to [0, 1]: the inverse of `lab_from_light`."""
    y = (lab[..., 0] + 16) / 116
    f = np.stack([y + lab[..., 1] / 500, y, y - lab[..., 2] / 200], axis=-1)
    ratio = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29))
    return np.asarray(np.clip((ratio * _WHITE) @ _RGB_OF_XYZ.T, 0.0, 1.0))


def ciede2000(lab_1: NDArray[np.floating], lab_2: NDArray[np.floating]) -> NDArray[np.float64]:
    """Measure the CIEDE2000 difference of colours pair by pair, with kL = kC = kH = 1.

    Args:
        lab_1: CIELAB colours, (..., 3).
        lab_2: The same shape.
    Returns:
        Differences, 0 for equal colours; about 1 is just noticeable. Shape (...).
    Source: Sharma, Wu, Dalal: The CIEDE2000 color-difference formula, Color Research and Application 30 (2005).
    """
    one, two = lab_1.reshape(-1, 3), lab_2.reshape(-1, 3)
    result = np.empty(len(one))
    for part in slices(len(one), _CHUNK):
        result[part] = _ciede2000(one[part].T.astype(np.float64), two[part].T.astype(np.float64))
    return result.reshape(np.shape(lab_1)[:-1])


def _ciede2000(one: NDArray[np.float64], two: NDArray[np.float64]) -> NDArray[np.float64]:
    """Follow the paper's steps on (3, n) colours; names are those of its equations."""
    (L1, a1, b1), (L2, a2, b2) = one, two
    C_bar_7 = ((np.hypot(a1, b1) + np.hypot(a2, b2)) / 2) ** 7
    G = 0.5 * (1 - np.sqrt(C_bar_7 / (C_bar_7 + 25.0**7)))
    a1, a2 = (1 + G) * a1, (1 + G) * a2
    C1, C2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = np.arctan2(b1, a1) % (2 * np.pi), np.arctan2(b2, a2) % (2 * np.pi)

    gray = C1 * C2 == 0  # no hue on one side: the difference of hues is zero, and their mean is the other's hue
    dh = h2 - h1
    dh = np.where(gray, 0.0, dh - 2 * np.pi * ((dh > np.pi) * 1.0 - (dh < -np.pi)))
    dL, dC, dH = L2 - L1, C2 - C1, 2 * np.sqrt(C1 * C2) * np.sin(dh / 2)

    h_sum = h1 + h2
    apart = np.abs(h1 - h2) > np.pi
    h_bar = np.where(apart, np.where(h_sum < 2 * np.pi, h_sum + 2 * np.pi, h_sum - 2 * np.pi), h_sum) / 2
    h_bar = np.where(gray, h_sum, h_bar)
    L_bar, C_bar = (L1 + L2) / 2, (C1 + C2) / 2

    T = (
        1
        - 0.17 * np.cos(h_bar - np.pi / 6)
        + 0.24 * np.cos(2 * h_bar)
        + 0.32 * np.cos(3 * h_bar + np.radians(6))
        - 0.20 * np.cos(4 * h_bar - np.radians(63))
    )
    d_theta = np.radians(30) * np.exp(-(((np.degrees(h_bar) - 275) / 25) ** 2))
    C_bar_7 = C_bar**7
    R_C = 2 * np.sqrt(C_bar_7 / (C_bar_7 + 25.0**7))
    S_L = 1 + 0.015 * (L_bar - 50) ** 2 / np.sqrt(20 + (L_bar - 50) ** 2)
    S_C = 1 + 0.045 * C_bar
    S_H = 1 + 0.015 * C_bar * T
    R_T = -np.sin(2 * d_theta) * R_C
    l_term, c_term, h_term = dL / S_L, dC / S_C, dH / S_H
    # R_T can take the sum below zero by a rounding error where both colours are equal.
    return np.asarray(np.sqrt(np.maximum(l_term**2 + c_term**2 + h_term**2 + R_T * c_term * h_term, 0.0)))
