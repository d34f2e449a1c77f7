"""Plates, grain and bias: three measures of how well a mosaic keeps its target's tones.

A *step* is the difference of CIELAB colours between two neighbouring pixels of a view. Plates are flat areas with hard
edges: seen from afar, the mosaic steps where its target is calm. Grain is texture that the target lacks, seen where one
pixel covers one cell. Bias is what is left of the difference in colour where one pixel covers 8 x 8 cells.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from perceptual_photomosaic.evaluate.colour_difference import ciede2000, lab_from_light, light_from_lab
from perceptual_photomosaic.evaluate.views import area_average

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from perceptual_photomosaic.evaluate.tone_map import ToneMap
    from perceptual_photomosaic.evaluate.views import Box

__all__ = ["Tone", "ToneViews", "compare_tones", "tone"]

_PLATE_CELLS, _BIAS_CELLS = 4, 8
"""Cells that one pixel covers, each way, in the views for plates and bias."""


@dataclass(frozen=True)
class Tone:
    """Distances of a mosaic's tones from its target's, in CIELAB units; lower is better.

    Attributes:
        plates: 95th percentile of how far its steps are from the target's, over the calmer half of the target's, where
            one pixel covers 4 x 4 cells. None where that is a single pixel.
        grain: Mean excess of its steps over the target's, where one pixel covers one cell. None for a single cell.
        bias: CIEDE2000, mean, where one pixel covers 8 x 8 cells.
    """

    plates: float | None
    grain: float | None
    bias: float


@dataclass(frozen=True)
class ToneViews:
    """The views of one picture for `Tone`: CIELAB where a pixel covers 1, 4 x 4 and 8 x 8 cells, each (H, W, 3)."""

    cells: NDArray[np.floating]
    fours: NDArray[np.floating]
    eights: NDArray[np.floating]

    @classmethod
    def of(
        cls,
        picture: NDArray[np.uint8] | NDArray[np.floating],
        grid_shape: tuple[int, int],
        box: Box | None = None,
    ) -> ToneViews:
        """Average a picture over cells, in linear light.

        Args:
            picture: sRGB bytes, or linear light as floats in [0, 1]; (H, W, 3).
            grid_shape: (rows, cols). A view has as many whole pixels as fit, at least one, spread over all of the grid.
            box: (left, top, right, bottom): what the grid covers, in pixels; all of the picture by default.
        """
        cells = area_average(picture, grid_shape, box)
        views = [lab_from_light(cells)]
        for side in (_PLATE_CELLS, _BIAS_CELLS):
            shape = max(1, grid_shape[0] // side), max(1, grid_shape[1] // side)
            whole = grid_shape[0] % shape[0] == 0 and grid_shape[1] % shape[1] == 0
            views.append(lab_from_light(area_average(cells, shape) if whole else area_average(picture, shape, box)))
        return cls(*views)

    def in_tones(self, tones: ToneMap) -> ToneViews:
        """Return the same views with their tones mapped, clipped to the colours of sRGB."""
        views = (self.cells, self.fours, self.eights)
        return ToneViews(*(lab_from_light(light_from_lab(tones.apply(lab))) for lab in views))


def tone(
    target: NDArray[np.uint8], mosaic: NDArray[np.uint8], grid_shape: tuple[int, int], box: Box | None = None
) -> Tone:
    """Measure plates, grain and bias of one mosaic.

    Args:
        target: uint8, (H, W, 3).
        mosaic: uint8, (H, W, 3), the whole grid and nothing else.
        grid_shape: (rows, cols).
        box: The part of the target that the grid covers, (left, top, right, bottom) in its pixels; all by default.
    """
    return compare_tones(ToneViews.of(target, grid_shape, box), ToneViews.of(mosaic, grid_shape))


def compare_tones(target: ToneViews, mosaic: ToneViews) -> Tone:
    """Measure plates, grain and bias from the views of both pictures."""
    plates = [_off_where_calm(*steps) for steps in _steps(target.fours, mosaic.fours)]
    grain = [_excess(*steps) for steps in _steps(target.cells, mosaic.cells)]
    return Tone(
        plates=float(np.mean(plates)) if plates else None,
        grain=float(np.mean(grain)) if grain else None,
        bias=float(ciede2000(target.eights, mosaic.eights).mean()),
    )


def _steps(
    target: NDArray[np.floating], mosaic: NDArray[np.floating]
) -> list[tuple[NDArray[np.floating], NDArray[np.floating]]]:
    """Return the steps of both pictures down, then across, (pairs, 3) each; an axis of a single pixel has none."""
    return [
        (np.diff(target, axis=axis).reshape(-1, 3), np.diff(mosaic, axis=axis).reshape(-1, 3))
        for axis in (0, 1)
        if target.shape[axis] > 1
    ]


def _off_where_calm(target: NDArray[np.floating], mosaic: NDArray[np.floating]) -> float:
    """Return the 95th percentile of the errors of steps, over the target's steps that are smaller than their median.

    No step is smaller where half the target is perfectly flat; then the steps that equal the median are taken.
    """
    sizes = np.linalg.norm(target, axis=-1)
    middle = np.percentile(sizes, 50)
    calm = sizes < middle
    if not calm.any():
        calm = sizes == middle
    return float(np.percentile(np.linalg.norm(mosaic - target, axis=-1)[calm], 95))


def _excess(target: NDArray[np.floating], mosaic: NDArray[np.floating]) -> float:
    """Return the mean excess of the mosaic's steps over the target's."""
    return float(np.maximum(0, np.linalg.norm(mosaic, axis=-1) - np.linalg.norm(target, axis=-1)).mean())
