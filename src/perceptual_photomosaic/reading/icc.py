"""ICC profiles made from primaries and a transfer curve, so that all colours get the same conversion."""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import Any, Literal, NamedTuple

import numpy as np

from perceptual_photomosaic.features.colour import srgb_to_linear

__all__ = ["ADOBE_RGB", "D65", "Curve", "Primaries", "rgb_profile"]

Curve = float | Literal["srgb", "pq", "hlg"]
"""The transfer curve from samples to light: a power, or the name of a curve."""


class Primaries(NamedTuple):
    """Chromaticities (x, y) of white and the three primaries, CIE 1931."""

    white: tuple[float, float]
    red: tuple[float, float]
    green: tuple[float, float]
    blue: tuple[float, float]


D65 = 0.3127, 0.3290
ADOBE_RGB = Primaries(D65, (0.64, 0.33), (0.21, 0.71), (0.15, 0.06)), 563 / 256
"""Source: Adobe RGB (1998) Color Image Encoding, section 4."""

_Matrix = np.ndarray[Any, np.dtype[np.float64]]
_D50 = np.array([0.9642, 1.0, 0.8249])  # white point of ICC profiles
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
_SAMPLES = 4096
_WHITE_NITS = 203  # luminance in HDR pictures that becomes white: ITU-R BT.2408, section 2.2


@lru_cache(maxsize=64)
def rgb_profile(primaries: Primaries, curve: Curve) -> bytes:
    """Make an ICC profile of version 2.

    Args:
        primaries: Chromaticities of white and the primaries.
        curve: The transfer curve; colours brighter than white become white.
    Returns:
        The profile's bytes.
    Raises:
        ValueError: No colours have these primaries.
    """
    columns = _to_d50(primaries).T
    tags = [
        (b"wtpt", _xyz(_D50)),
        *((name, _xyz(column)) for name, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), columns, strict=True)),
        *((name, _curve(curve)) for name in (b"rTRC", b"gTRC", b"bTRC")),
    ]
    bodies = list(dict.fromkeys(body for _, body in tags))  # the three curves are stored once
    starts, end = {}, 128 + 4 + 12 * len(tags)
    for body in bodies:
        starts[body], end = end, end + len(body)
    table = b"".join(struct.pack(">4sII", name, starts[body], len(body)) for name, body in tags)
    head = struct.pack(">I4sI4s4s4s12s4s", end, b"", 0x0240_0000, b"mntr", b"RGB ", b"XYZ ", b"", b"acsp")
    head = head.ljust(68, b"\x00") + _fixed(_D50)
    return head.ljust(128, b"\x00") + struct.pack(">I", len(tags)) + table + b"".join(bodies)


def _to_d50(primaries: Primaries) -> _Matrix:
    """Return the matrix from linear RGB to XYZ under D50.

    Source: Lindbloom, "RGB/XYZ Matrices" and "Chromatic Adaptation" (Bradford).
    """
    if any(y <= 0 for _, y in primaries):
        raise ValueError("a primary without luminance")
    white, *corners = (np.array([x / y, 1.0, (1 - x - y) / y]) for x, y in primaries)
    try:
        matrix = np.stack(corners, axis=1)
        matrix = matrix * np.linalg.solve(matrix, white)
        cones = np.diag((_BRADFORD @ _D50) / (_BRADFORD @ white))
    except np.linalg.LinAlgError:
        raise ValueError("primaries on one line") from None
    adapted: _Matrix = np.linalg.solve(_BRADFORD, cones @ _BRADFORD @ matrix)
    if not np.isfinite(adapted).all() or np.abs(adapted).max() > 100:
        raise ValueError("primaries that nearly lie on one line")
    return adapted


def _curve(curve: Curve) -> bytes:
    light = np.clip(_light(np.linspace(0, 1, _SAMPLES), curve), 0, 1)
    return struct.pack(">4sII", b"curv", 0, _SAMPLES) + np.rint(light * 65535).astype(">u2").tobytes()


def _light(v: _Matrix, curve: Curve) -> _Matrix:
    """Return the light of samples, 1 for white.

    Source: IEC 61966-2-1 (sRGB), SMPTE ST 2084 (PQ), ITU-R BT.2100 (HLG; its system gamma is applied to each channel).
    """
    if curve == "srgb":
        return srgb_to_linear(v).astype(np.float64)
    if curve == "pq":
        root = v ** (32 / 2523)
        fraction = np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)
        return np.asarray(fraction ** (16384 / 2610) * 10_000 / _WHITE_NITS)
    if curve == "hlg":
        scene = np.where(v <= 0.5, v * v / 3, (np.exp((v - 0.55991073) / 0.17883277) + 0.28466892) / 12)
        return np.asarray(scene**1.2 * 1000 / _WHITE_NITS)
    return np.asarray(v**curve)


def _xyz(colour: _Matrix) -> bytes:
    return b"XYZ " + bytes(4) + _fixed(colour)


def _fixed(numbers: _Matrix) -> bytes:
    return np.rint(numbers * 65536).astype(">i4").tobytes()
