"""The figures of a mosaic, and of each viewing distance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from perceptual_photomosaic.errors import GridError
from perceptual_photomosaic.evaluate.judge import JUDGE_CELLS_PX
from perceptual_photomosaic.evaluate.legibility import Legibility
from perceptual_photomosaic.evaluate.plates import Tone
from perceptual_photomosaic.evaluate.tile_stats import TileStats
from perceptual_photomosaic.evaluate.variety_figures import VarietyFigures

__all__ = ["Evaluation", "ViewScores"]


@dataclass(frozen=True)
class ViewScores:
    """Figures at one viewing distance.

    Attributes:
        cell_px: Pixels that one cell covers.
        size_px: (width, height) of the view.
        delta_e_mean: CIEDE2000, mean over the pixels; lower is better.
        delta_e_p95: Its 95th percentile.
        ssim: Structural similarity of luma, at most 1; higher is better.
        gradient: Agreement of the gradients of CIELAB lightness, at most 1; higher is better.
        judge: Shift-tolerant LPIPS (AlexNet); lower is better. None where it was not asked for, or the view is
            smaller than 32 px.
        flip: NVIDIA FLIP, mean error in [0, 1]; lower is better. None where `judge` is None.
    """

    cell_px: float
    size_px: tuple[int, int]
    delta_e_mean: float
    delta_e_p95: float
    ssim: float
    gradient: float
    judge: float | None = None
    flip: float | None = None


@dataclass(frozen=True)
class Evaluation:
    """All figures of one mosaic.

    Attributes:
        grid_shape: (rows, cols).
        views: One entry for each viewing distance, from near to far.
        tone: Plates, grain and bias.
        legibility: How well the mosaic can be read as its target, whatever its contrast.
        tiles: How the tiles are used; None when no assignment was given.
        variety: VarietyFigures of the tiles; None when no assignment was given.
        mapped: The same figures against the target in the tones that the mosaic has, see `tone_map`; None where the
            mosaic has tones enough to be compared as it is.
    """

    grid_shape: tuple[int, int]
    views: tuple[ViewScores, ...]
    tone: Tone
    legibility: Legibility
    tiles: TileStats | None = None
    variety: VarietyFigures | None = None
    mapped: Evaluation | None = None

    @property
    def shown(self) -> Evaluation:
        """The figures to show: `mapped` where it was measured, else these."""
        return self.mapped or self

    def at(self, cell_px: float) -> ViewScores:
        """Return the figures at the distance where one cell covers `cell_px` pixels.

        Raises:
            GridError: That distance was not measured.
        """
        for view in self.views:
            if view.cell_px == cell_px:
                return view
        measured = ", ".join(f"{view.cell_px:g}" for view in self.views)
        raise GridError(f"{cell_px:g} px per cell was not measured, only {measured}")

    def mean(self, figure: str, cell_px: Sequence[float] = JUDGE_CELLS_PX) -> float | None:
        """Return the mean of a figure over distances; None when one of them lacks it."""
        values = [getattr(self.at(d), figure) for d in cell_px]
        return None if None in values else float(np.mean(values))

    def to_dict(self) -> dict[str, Any]:
        """Return all figures as plain values, ready for JSON."""
        rows, cols = self.grid_shape
        return {
            "grid": {"rows": rows, "columns": cols},
            "legibility": self.legibility.to_dict(),
            **_light_to_dict(self),
            "mapped": _light_to_dict(self.mapped) if self.mapped else None,
            "tiles": asdict(self.tiles) if self.tiles else None,
            "variety": asdict(self.variety) if self.variety else None,
        }


def _light_to_dict(result: Evaluation) -> dict[str, Any]:
    """Return the figures that depend on tones, as plain values."""
    return {
        "views": [asdict(view) | {"size_px": list(view.size_px)} for view in result.views],
        "tone": asdict(result.tone),
    }
