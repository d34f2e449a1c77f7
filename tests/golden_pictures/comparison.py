"""Comparison of two pictures of one mosaic, with a tolerance for the rounding of different processors.

Both pictures are blurred by about a pixel, which hides small differences of anti-aliasing and of JPEG. They are then
compared in blocks, one for each cell. Rounding has two different effects, so there are two limits:

* It changes the choice between two tiles that fit equally well. Such a block differs much (by more than 5 levels of 255
  on average). At most 1.5% of the blocks may do so. A mosaic with 3% different tiles fails.
* It changes some values by a level. The blocks that show the same tile may differ by 0.3 level on average, over all of
  them. A colour cast of one level in one channel fails.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

MOST_CHANGED = 0.015
MOST_MEAN = 0.3
_SAME_TILE = 5.0
_GAIN = 4  # factor by which differences are drawn stronger


@dataclass(frozen=True)
class Difference:
    """The difference between two pictures.

    Attributes:
        changed: Share of blocks that differ by more than the same tile can, 0 to 1.
        mean: Mean difference of the other blocks, in levels of 255; 0 where there are none.
    """

    changed: float
    mean: float

    @property
    def passed(self) -> bool:
        """True if rounding explains the difference."""
        return self.changed <= MOST_CHANGED and self.mean <= MOST_MEAN

    def __str__(self) -> str:
        return (
            f"{self.changed:.1%} of the cells changed (at most {MOST_CHANGED:.1%}), "
            f"the others by {self.mean:.2f} levels (at most {MOST_MEAN:g})"
        )


def compare(result: NDArray[np.uint8], reference: NDArray[np.uint8], cell_px: tuple[int, int]) -> Difference:
    """Compare two pictures, sRGB, (H, W, 3).

    Args:
        result: The new picture.
        reference: The stored picture. If it has another size, all cells count as changed.
        cell_px: Width and height of a cell.
    """
    if result.shape != reference.shape:
        return Difference(changed=1.0, mean=0.0)
    difference = np.abs(_blurred(result) - _blurred(reference)).mean(axis=-1)
    height, width = difference.shape
    tops, lefts = np.arange(0, height, cell_px[1]), np.arange(0, width, cell_px[0])
    sums = np.add.reduceat(np.add.reduceat(difference, tops, axis=0), lefts, axis=1)
    areas = np.outer(np.diff(tops, append=height), np.diff(lefts, append=width))
    blocks = sums / areas
    same = blocks <= _SAME_TILE
    return Difference(changed=1.0 - float(same.mean()), mean=float(blocks[same].mean()) if same.any() else 0.0)


def side_by_side(result: NDArray[np.uint8], reference: NDArray[np.uint8]) -> Image.Image:
    """Draw result, reference and their difference (times 4) beside each other."""
    height, width = (max(result.shape[axis], reference.shape[axis]) for axis in (0, 1))
    left, middle = (_filled(picture, height, width) for picture in (result, reference))
    right = np.minimum(np.abs(left.astype(int) - middle) * _GAIN, 255).astype(np.uint8)
    gap = np.full((height, 8, 3), 255, np.uint8)
    return Image.fromarray(np.hstack([left, gap, middle, gap, right]))


def _blurred(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Blur a picture with the weights 1, 2, 1 along both axes."""
    values = np.pad(picture.astype(np.float32), ((1, 1), (1, 1), (0, 0)), mode="edge")
    values = (values[:-2] + 2 * values[1:-1] + values[2:]) / 4
    blurred: NDArray[np.float32] = (values[:, :-2] + 2 * values[:, 1:-1] + values[:, 2:]) / 4
    return blurred


def _filled(picture: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    """Enlarge a picture to a size by a white margin at the right and at the bottom."""
    canvas = np.full((height, width, 3), 255, np.uint8)
    canvas[: picture.shape[0], : picture.shape[1]] = picture
    return canvas
