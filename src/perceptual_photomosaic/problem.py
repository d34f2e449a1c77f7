"""From a target and tiles to a problem: what cells and choices look like, what matters, and what must hold."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.assign.base import Problem
from perceptual_photomosaic.assign.variety import Variety
from perceptual_photomosaic.config import MosaicOptions
from perceptual_photomosaic.features.importance import detail_of, importance_of
from perceptual_photomosaic.features.ink import within_reach
from perceptual_photomosaic.features.near_copies import same_pictures
from perceptual_photomosaic.features.patches import PATCH, cell_patches, fit_target
from perceptual_photomosaic.features.tone import ToneFit, is_narrow, tone_fit
from perceptual_photomosaic.grid import Grid
from perceptual_photomosaic.inputs import limits_of
from perceptual_photomosaic.library.shortlist import choice_patches, shortlist
from perceptual_photomosaic.progress import SILENT, Reporter
from perceptual_photomosaic.threads import one_blas_thread
from perceptual_photomosaic.tiles import TileOptions
from perceptual_photomosaic.tiles.base import TileSet
from perceptual_photomosaic.tiles.kinds import inks_of, may_vary, only_text

__all__ = ["Looks", "pose"]


@dataclass(frozen=True)
class Looks:
    """What the tiles of a set look like, whatever the target.

    Attributes:
        choices: Every choice in linear light, float32, (N, k, k, 3).
        variants: Number of variants of each tile.
    """

    choices: NDArray[np.float32]
    variants: int

    @classmethod
    @one_blas_thread()
    def of(cls, tiles: TileSet, size_px: tuple[int, int], reporter: Reporter = SILENT) -> Looks:
        """Look at all tiles of a set, drawn at a size, (width, height)."""
        return cls(choice_patches(tiles, size_px, reporter=reporter), len(tiles.variants))

    @cached_property
    def pictures(self) -> NDArray[np.int64]:
        """Number of the picture that each tile shows, int64, (tiles,); near copies share one."""
        return same_pictures(self.choices[:: self.variants])


@one_blas_thread()
def pose(
    target: NDArray[np.uint8],
    grid: Grid,
    tiles: TileSet,
    options: MosaicOptions,
    cut: TileOptions,
    *,
    looks: Looks | None = None,
    whole: bool = False,
    reporter: Reporter = SILENT,
) -> tuple[Problem, ToneFit | None]:
    """Look at the target and at all tiles.

    Args:
        target: sRGB, uint8, (H, W, 3).
        grid: The grid over it.
        tiles: The tile set.
        options: The settings.
        cut: How the tiles were cut.
        looks: What the tiles look like; None looks at them.
        whole: Keep all tiles, even of a very large set; so do settings that name tiles or ask for all of them.
        reporter: Hears of progress.
    Returns:
        The problem, whose tiles may be fewer than were given, and how the target's tones were fitted to them, if so.
    Raises:
        ConfigError: A setting that makes no sense.
        TileError: A tile that must be included is not there.
    """
    shown = fit_target(target, grid, (grid.columns * PATCH, grid.rows * PATCH), cut.background)
    cells = cell_patches(shown, grid)
    looks = looks or Looks.of(tiles, cut.thumbnail_px, reporter)
    choices = looks.choices
    if not (whole or options.use_all or options.must_include):
        tiles, choices = shortlist(tiles, choices, cells, seed=options.seed, reporter=reporter)
        looks = looks if choices is looks.choices else Looks(choices, looks.variants)
    inked = options.ink != "none"
    narrow = not inked and is_narrow(cells, choices, drawn=only_text(tiles.spec))
    wanted = "fit" if narrow else "keep"
    tone = tone_fit(cells, choices, wanted if options.tone == "auto" else options.tone, options.contrast)
    varied = options.method == "solve" and may_vary(tiles.spec)
    pictures, count = None, len(tiles) // len(tiles.variants)
    if varied or options.variety or options.min_distance or options.weights:  # else nobody asks what tiles show
        pictures = looks.pictures
        count = int(pictures.max()) + 1
    variety = Variety.settle(options.variety, options.min_distance, count, varied=varied)
    weights = importance_of(grid, options.region)
    detail = detail_of(target, cells, grid, options.detail if may_vary(tiles.spec) else "none")
    if options.ink == "target" and options.tone == "auto":
        cells = within_reach(cells, choices, *inks_of(tiles))
    if tone is not None:
        cells = tone.apply(cells, grid)
    limits, fitted = limits_of(options, tiles), tone is not None
    problem = Problem(
        grid, cells, choices, tiles, target, limits, weights, options.seed, fitted, variety, pictures, detail, narrow
    )
    return problem, tone
