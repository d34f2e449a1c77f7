"""Named sets of characters, and drawing of characters that must join their neighbours without hairlines."""

from __future__ import annotations

import string
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["SETS", "DrawnShape", "dot_radius", "drawn", "shape_of"]

_LINES = "─│┌┐└┘├┤┬┴┼╭╮╯╰╱╲╳╴╵╶╷·•"

SETS = {
    "ascii": "".join(map(chr, range(0x20, 0x7F))),
    "alnum": string.ascii_lowercase + string.ascii_uppercase + string.digits,
    "digits": string.digits,
    "blocks": " " + "".join(map(chr, range(0x2580, 0x25A0))),
    "box": " " + "".join(map(chr, range(0x2500, 0x2580))),
    "braille": "".join(map(chr, range(0x2800, 0x2900))),
    "katakana": " " + "".join(map(chr, range(0xFF66, 0xFF9E))),
    "lines": " " + _LINES + "▖▗▘▝▀▄▌▐▚▞█",
}
"""Characters by the name of their set. "ascii" has the printable ones and the space; "katakana" is half-width."""

_EIGHTHS = 8
_QUADRANTS = {0x2596: "c", 0x2597: "d", 0x2598: "a", 0x2599: "acd", 0x259A: "ad", 0x259B: "abc", 0x259C: "abd"}
_QUADRANTS |= {0x259D: "b", 0x259E: "bc", 0x259F: "bcd"}
_SHADES = {0x2591: 0.25, 0x2592: 0.5, 0x2593: 0.75}
_LATTICE = (4, 8)
"""Columns and rows of the squares in a cell that draw a shade."""
_DOTS = ((0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (2, 1), (3, 0), (3, 1))
"""Row and column of each braille dot, from the lowest bit to the highest."""
_DOT = 0.62
"""Diameter of a braille dot, as a share of its space."""


def drawn(character: str, size_px: tuple[int, int]) -> NDArray[np.float32] | None:
    """Draw a block element or a braille pattern; these fill their cell by definition.

    Args:
        character: One character.
        size_px: (width, height).
    Returns:
        The share of ink in each pixel, (height, width), 0 to 1; None for all other characters.
    """
    code = ord(character)
    if 0x2800 <= code <= 0x28FF:
        return _braille(code - 0x2800, size_px)
    if not 0x2580 <= code <= 0x259F:
        return None
    if code in _SHADES:
        return np.full(size_px[::-1], _SHADES[code], np.float32)
    ink = np.zeros(size_px[::-1], np.float32)
    for left, top, right, bottom in _rectangles(code):
        ink += np.outer(_covered(size_px[1], top, bottom), _covered(size_px[0], left, right)).astype(np.float32)
    return np.minimum(ink, np.float32(1))


@dataclass(frozen=True)
class DrawnShape:
    """The areas of a cell that a character fills.

    Attributes:
        rectangles: (left, top, right, bottom) of each, in shares of the cell.
        dots: (x, y) of the centre of each dot, in shares of the cell.
    """

    rectangles: tuple[tuple[float, float, float, float], ...] = ()
    dots: tuple[tuple[float, float], ...] = ()


def shape_of(character: str) -> DrawnShape | None:
    """Return the areas that a block element or a braille pattern fills, for output as outlines.

    A shade is a lattice of squares that fill the same share of the cell.

    Args:
        character: One character.
    Returns:
        The areas; None for all other characters.
    """
    code = ord(character)
    if 0x2800 <= code <= 0x28FF:
        places = [place for bit, place in enumerate(_DOTS) if (code - 0x2800) >> bit & 1]
        return DrawnShape(dots=tuple(((column + 0.5) / 2, (row + 0.5) / 4) for row, column in places))
    if not 0x2580 <= code <= 0x259F:
        return None
    if code not in _SHADES:
        return DrawnShape(tuple(_rectangles(code)))
    across, down = _LATTICE
    edge = _SHADES[code] ** 0.5 / 2
    middles = [(column + 0.5, row + 0.5) for row in range(down) for column in range(across)]
    return DrawnShape(
        tuple(((x - edge) / across, (y - edge) / down, (x + edge) / across, (y + edge) / down) for x, y in middles)
    )


def dot_radius(width: float, height: float) -> float:
    """Return the radius of a braille dot in a cell of a width and a height, in the same unit."""
    return _DOT / 2 * min(width / 2, height / 4)


def _rectangles(code: int) -> list[tuple[float, float, float, float]]:
    """Return the areas that a block element fills, as (left, top, right, bottom) in shares of the cell."""
    if code in _QUADRANTS:
        return [
            (column / 2, row / 2, (column + 1) / 2, (row + 1) / 2)
            for row, column in (divmod("abcd".index(quadrant), 2) for quadrant in _QUADRANTS[code])
        ]
    if code == 0x2580:  # upper half
        return [(0, 0, 1, 0.5)]
    if code <= 0x2588:  # lower one eighth to all
        return [(0, 1 - (code - 0x2580) / _EIGHTHS, 1, 1)]
    if code <= 0x258F:  # left seven eighths to one
        return [(0, 0, (0x2590 - code) / _EIGHTHS, 1)]
    if code == 0x2590:  # right half
        return [(0.5, 0, 1, 1)]
    if code == 0x2594:  # upper one eighth
        return [(0, 0, 1, 1 / _EIGHTHS)]
    return [(1 - 1 / _EIGHTHS, 0, 1, 1)]  # 0x2595, right one eighth


def _covered(length: int, start: float, stop: float) -> NDArray[np.float64]:
    """Return the share of each of `length` pixels that lies between two positions; these are shares of the length."""
    edges = np.arange(length + 1)
    covered: NDArray[np.float64] = np.minimum(edges[1:], stop * length) - np.maximum(edges[:-1], start * length)
    return np.clip(covered, 0, 1)


def _braille(bits: int, size_px: tuple[int, int]) -> NDArray[np.float32]:
    """Draw round dots in two columns of four, at a higher resolution, and average them."""
    width, height = size_px
    finer = max(1, -(-96 // min(size_px)))
    down, right = (
        (np.arange(height * finer) + 0.5) / (height * finer),
        (np.arange(width * finer) + 0.5) / (width * finer),
    )
    radius = dot_radius(width, height)
    ink = np.zeros((height * finer, width * finer), bool)
    for bit, (row, column) in enumerate(_DOTS):
        if bits >> bit & 1:
            up = (down - (row + 0.5) / 4) * height
            aside = (right - (column + 0.5) / 2) * width
            ink |= np.square(up)[:, None] + np.square(aside) <= radius**2
    shares: NDArray[np.float32] = ink.reshape(height, finer, width, finer).mean(axis=(1, 3), dtype=np.float32)
    return shares
