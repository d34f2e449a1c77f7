"""The step from a target and tiles to a problem: patches of cells and choices, importance, limits and variety."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.assign.problem import Problem
from perceptual_photomosaic.assign.variety import Variety
from perceptual_photomosaic.config import MosaicOptions
from perceptual_photomosaic.features.importance import detail_of, importance_of
from perceptual_photomosaic.features.ink import fit_to_ink
from perceptual_photomosaic.features.near_copies import same_pictures
from perceptual_photomosaic.features.patches import PATCH, blurred, cell_patches, fit_target
from perceptual_photomosaic.features.tone import ToneFit, is_narrow, tone_fit
from perceptual_photomosaic.features.traits import Traits
from perceptual_photomosaic.grid import Grid
from perceptual_photomosaic.inputs import limits_of, tile_options_for
from perceptual_photomosaic.library.shortlist import EXACT_UP_TO, choice_patches, shortlist
from perceptual_photomosaic.progress import SILENT, Reporter
from perceptual_photomosaic.threads import one_blas_thread
from perceptual_photomosaic.tiles.kinds import inks_of, may_vary, only_text
from perceptual_photomosaic.tiles.tile_set import TileSet

__all__ = ["ChoicePatches", "build_problem"]


@dataclass(frozen=True)
class ChoicePatches:
    """The patches of all choices of a tile set, which do not depend on the target.

    Attributes:
        choices: Every choice in linear light, float32, (N, k, k, 3).
        variants: Number of variants of each tile.
    """

    choices: NDArray[np.float32]
    variants: int

    @classmethod
    @one_blas_thread()
    def of(cls, tiles: TileSet, size_px: tuple[int, int], reporter: Reporter = SILENT) -> ChoicePatches:
        """Return the patches of all choices of a tile set, drawn at a size, (width, height)."""
        return cls(choice_patches(tiles, size_px, reporter=reporter), len(tiles.variants))

    @property
    def sample(self) -> NDArray[np.float32]:
        """The choices, or evenly spaced ones of a very large set: enough to know its tones."""
        return self.choices[:: -(-len(self.choices) // EXACT_UP_TO)]

    def traits(self, aspect: tuple[int, int] | None) -> Traits:
        """Return the traits of the choices, computed once, for all targets with these tiles.

        Args:
            aspect: Width to height of the cells, if the tiles are narrow and so blurred; None does not blur.
        """
        if aspect not in self._traits:
            self._traits.clear()  # targets of one run mostly have cells of one shape
            self._traits[aspect] = Traits(self.choices if aspect is None else blurred(self.choices, aspect))
        return self._traits[aspect]

    @cached_property
    def _traits(self) -> dict[tuple[int, int] | None, Traits]:
        return {}

    @cached_property
    def pictures(self) -> NDArray[np.int64]:
        """Number of the picture that each tile shows, int64, (tiles,); near copies share one."""
        return same_pictures(self.choices[:: self.variants])


@one_blas_thread()
def build_problem(
    target: NDArray[np.uint8],
    grid: Grid,
    tiles: TileSet,
    options: MosaicOptions,
    *,
    patches: ChoicePatches | None = None,
    whole: bool = False,
    reporter: Reporter = SILENT,
) -> Problem:
    """Build the problem that every method is given, from a target and all tiles.

    Args:
        target: sRGB, uint8, (H, W, 3).
        grid: The grid over it.
        tiles: The tile set.
        options: The settings.
        patches: The patches of the choices; None computes them.
        whole: Keep all tiles, even of a very large set; so do settings that name tiles or ask for all of them.
        reporter: Receives progress.
    Returns:
        The problem; its tiles may be fewer than were given.
    Raises:
        ConfigError: A setting that makes no sense.
        TileError: A tile that must be included is not there.
    """
    if options.ink != "none":
        inks_of(tiles)  # raises for tiles that are no letters
    tile_options = tile_options_for(options, None)
    shown = fit_target(target, grid, (grid.columns * PATCH, grid.rows * PATCH), tile_options.background)
    cells = cell_patches(shown, grid)
    patches = patches or ChoicePatches.of(tiles, tile_options.thumbnail_px, reporter)
    narrow, tone = _tones(cells, patches.sample, tiles.spec, options)
    fitted = cells if tone is None else tone.apply(cells, grid)
    choices = patches.choices
    if not (whole or options.use_all or options.must_include):
        tiles, choices = shortlist(tiles, choices, fitted, seed=options.seed, reporter=reporter)
        patches = patches if choices is patches.choices else ChoicePatches(choices, patches.variants)
    varied = options.method in ("solve", "net") and may_vary(tiles.spec)
    pictures, count = None, len(tiles) // len(tiles.variants)
    if varied or options.variety or options.min_distance or options.weights:  # otherwise they are not needed
        pictures = patches.pictures
        count = int(pictures.max()) + 1
    variety = Variety.choose(options.variety, options.min_distance, count, varied=varied)
    importance = importance_of(grid, options.region)
    detail = detail_of(target, cells, grid, options.detail if may_vary(tiles.spec) else "none")
    if options.ink == "target" and options.tone == "auto":
        fitted = fit_to_ink(cells, choices, *inks_of(tiles))
    return Problem(
        grid,
        fitted,
        choices,
        tiles,
        target,
        limits_of(options, tiles),
        importance,
        options.seed,
        tone,
        variety,
        pictures,
        detail,
        narrow,
        patches.traits(grid.cell_aspect if narrow else None),
    )


def _tones(
    cells: NDArray[np.float32], choices: NDArray[np.float32], spec: str, options: MosaicOptions
) -> tuple[bool, ToneFit | None]:
    """Return whether the tiles are narrow, and how the target's tones are fitted to theirs, if they are."""
    narrow = options.ink == "none" and is_narrow(cells, choices, drawn=only_text(spec))
    tone = options.tone
    if tone == "auto":  # a network sees the target itself
        tone = "fit" if narrow and options.method != "mosaicnet" else "keep"
    return narrow, tone_fit(cells, choices, tone, options.contrast)
