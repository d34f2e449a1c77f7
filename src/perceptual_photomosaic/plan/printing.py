"""The settings for drawing a plan, also at another size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from perceptual_photomosaic.config import MosaicOptions
from perceptual_photomosaic.grid import tile_size_px
from perceptual_photomosaic.plan.plan import Plan
from perceptual_photomosaic.progress import Reporter
from perceptual_photomosaic.render.physical import size_mismatch_notes, tile_size_for
from perceptual_photomosaic.render.sizes import is_landscape, turned

__all__ = ["print_settings"]


def print_settings(
    plan: Plan, tile_size: int | None, changes: Mapping[str, Any], reporter: Reporter
) -> tuple[MosaicOptions, tuple[int, int]]:
    """Return the settings that a plan is drawn with, and the (width, height) of a tile in pixels.

    Args:
        plan: The plan.
        tile_size: Longer side of a tile in pixels; None takes that of a new size, or the plan's own.
        changes: Settings of print by name, over the plan's.
        reporter: Receives a note where the plan does not fit the size.
    Raises:
        ConfigError: A setting that is unknown or makes no sense.
    """
    grid = plan.grid
    options = plan.options(**changes)
    if options.size is not None:
        options = replace(options, size=turned(options.size, is_landscape(*grid.size_px(grid.cell_aspect))))
        if tile_size is None and not {"size", "dpi"}.isdisjoint(changes):
            assert options.size is not None
            tile_size = tile_size_for(options.size, options.dpi, grid)
            for line in size_mismatch_notes(options.size, options.dpi, grid, tile_size_px(tile_size, grid.cell_aspect)):
                reporter.note(line)
    return options, tile_size_px(plan.tile_size if tile_size is None else tile_size, grid.cell_aspect)
