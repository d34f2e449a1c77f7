"""The cells of a mosaic that hold the same photo, found from its pixels alone.

Every cell is averaged into a *patch*, a few by a few sRGB colours. Two cells hold the same photo if their patches are
alike in one of the eight ways to turn and mirror a square (four for cells that are not square). In a mosaic that was
saved without loss, the patches must be equal; otherwise they may differ by the noise of compression.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perceptual_photomosaic.evaluate.views import area_average, encode_srgb

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = ["assignment_from_picture"]

_PATCH = 8
"""Samples of a patch, each way; fewer where a cell has fewer pixels."""
_SMALLEST_PX = 3
"""Shortest side in px of a cell whose patch is compared; smaller cells must be equal pixel by pixel."""
_NOISE, _NOISE_OF_DETAIL = 4.0, 0.2
"""Compression changes a patch by less than the first, in sRGB values from 0 to 255, plus the second times the standard
deviation of the patch. Measured on JPEGs of quality 80, whose photos differ by 12 and more."""
_ROUNDING = 0.5
"""Largest difference of a turned copy in a mosaic without loss, in sRGB values."""
_DIRECTIONS = 4
"""Principal directions along which patches are compared first, before they are compared whole."""
_ODD = 0.01
"""In a mosaic without loss, at most this share of the cells that look like another cell equal no other cell."""


def assignment_from_picture(
    mosaic: NDArray[np.uint8], grid_shape: tuple[int, int], *, turned: bool = True
) -> NDArray[np.int64] | None:
    """Number the cells of a mosaic so that cells with the same photo have the same number.

    A photo that was tinted or brightened for its cells counts as many photos; photos that look the same count as one.

    Args:
        mosaic: The whole grid and nothing else, uint8, (H, W, 3), kept with or without loss.
        grid_shape: (rows, cols); cells need not be a whole number of pixels.
        turned: Whether a rotated or mirrored copy is the same photo. Letters like b and d then count as one.
    Returns:
        Numbers from 0, (rows, cols), in the order in which photos first appear row by row; None where cells are under
        3 px on a side and no whole number of pixels.
    """
    rows, cols = grid_shape
    height, width = mosaic.shape[:2]
    whole = height % rows == 0 and width % cols == 0
    if min(height / rows, width / cols) < _SMALLEST_PX:
        return _equal_cells(mosaic, grid_shape).reshape(rows, cols) if whole else None
    square = abs((width / cols) / (height / rows) - 1) < 0.01
    turns = _turns(square) if turned else [(0, False)]
    same = _equal_cells(mosaic, grid_shape) if whole else np.arange(rows * cols)
    firsts, members = np.unique(same, return_index=True, return_inverse=True)[1:]
    patches = _patches(mosaic, grid_shape, square)[firsts]
    same = _group(patches, turns, np.full(len(patches), _ROUNDING))[members.ravel()]  # turned copies, too
    firsts, members, counts = np.unique(same, return_inverse=True, return_counts=True)
    patches = patches[firsts]
    alike = _group(patches, turns, _NOISE + _NOISE_OF_DETAIL * patches.std(axis=(1, 2)).mean(axis=1))
    if not _kept_without_loss(alike, counts):
        same = alike[members.ravel()]
    return _in_order(same).reshape(rows, cols)


def _equal_cells(mosaic: NDArray[np.uint8], grid_shape: tuple[int, int]) -> NDArray[np.int64]:
    """Number cells, (cells,), by their pixels: equal pixels, equal number."""
    rows, cols = grid_shape
    height, width = mosaic.shape[:2]
    cells = mosaic.reshape(rows, height // rows, cols, width // cols, 3).swapaxes(1, 2)
    number: dict[bytes, int] = {}
    return np.array([number.setdefault(cell.tobytes(), len(number)) for row in cells for cell in row], np.int64)


def _patches(mosaic: NDArray[np.uint8], grid_shape: tuple[int, int], square: bool) -> NDArray[np.float32]:
    """Average every cell into (down, across, 3) sRGB values, 0 to 255: (cells, down, across, 3)."""
    rows, cols = grid_shape
    down, across = (min(_PATCH, side // count) for side, count in zip(mosaic.shape[:2], grid_shape, strict=True))
    if square:
        down = across = min(down, across)
    srgb = 255 * encode_srgb(area_average(mosaic, (rows * down, cols * across)))
    cells = srgb.reshape(rows, down, cols, across, 3).swapaxes(1, 2)
    return cells.reshape(rows * cols, down, across, 3).astype(np.float32)


def _turns(square: bool) -> list[tuple[int, bool]]:
    """Return the turns, (quarter turns, mirrored), after which a photo fills its cell again."""
    return [(quarters, mirrored) for quarters in ((0, 1, 2, 3) if square else (0, 2)) for mirrored in (False, True)]


def _moved(patches: NDArray[np.float32], turns: list[tuple[int, bool]]) -> Iterator[NDArray[np.float32]]:
    """Yield patches, (..., down, across, 3), turned in each of these ways."""
    for quarters, mirrored in turns:
        turned = np.rot90(patches, quarters, axes=(-3, -2))
        yield turned[..., ::-1, :] if mirrored else turned


def _group(
    patches: NDArray[np.float32], turns: list[tuple[int, bool]], tolerance: NDArray[np.floating]
) -> NDArray[np.int64]:
    """Return for each patch the number of the first one like it, within the root mean square `tolerance` of that one.

    The mean over all turns does not change when a patch is turned, and two such means are never farther apart than
    their patches. So the means are compared first, along the directions in which they vary most; few pairs are left.
    """
    size = patches[0].size
    still = sum(_moved(patches, turns), start=np.zeros_like(patches)).reshape(-1, size) / len(turns)
    _, directions = np.linalg.eigh(np.cov(still, rowvar=False, bias=True))
    along = (still @ directions[:, : -_DIRECTIONS - 1 : -1]) / np.sqrt(size)  # so that tolerances hold for each
    order = np.argsort(along[:, 0], kind="stable")
    ranked = along[order]
    lows = np.searchsorted(ranked[:, 0], along[:, 0] - tolerance, "left")
    highs = np.searchsorted(ranked[:, 0], along[:, 0] + tolerance, "right")
    limits = tolerance**2 * size
    number = np.full(len(patches), -1, np.int64)
    for first in range(len(patches)):
        if number[first] >= 0:
            continue
        number[first] = first
        window = slice(lows[first], highs[first])
        near = order[window][(np.abs(ranked[window] - along[first]) <= tolerance[first]).all(axis=1)]
        near = near[number[near] < 0]
        near = near[np.square(still[near] - still[first]).sum(axis=1) <= limits[first]]
        if len(near):
            apart = [np.square(patches[near] - turned).sum(axis=(1, 2, 3)) for turned in _moved(patches[first], turns)]
            number[near[np.min(apart, axis=0) <= limits[first]]] = first
    return number


def _kept_without_loss(alike: NDArray[np.int64], counts: NDArray[np.int64]) -> bool:
    """Tell whether nearly all cells that look alike are equal: compression leaves few cells equal.

    Args:
        alike: Group of each different cell, (cells,).
        counts: How many cells are equal to it.
    """
    repeated = np.bincount(alike, counts)[alike] > 1
    odd = repeated & (counts == 1)
    return bool(odd.sum() <= _ODD * counts[repeated].sum())


def _in_order(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number the groups again, from 0, in the order in which they first appear."""
    _, first, groups = np.unique(numbers, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[groups.ravel()]
