"""The opening of a plan: its tiles, its target, and its choices in the numbering of the tiles as opened today."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.config import MosaicOptions
from perceptual_photomosaic.errors import PlanError
from perceptual_photomosaic.image import printable
from perceptual_photomosaic.inputs import open_target_again, open_tile_set, tile_options_for
from perceptual_photomosaic.plan.moved import find_sources
from perceptual_photomosaic.plan.plan import Plan
from perceptual_photomosaic.progress import Reporter
from perceptual_photomosaic.tiles.arrays import ArrayTiles
from perceptual_photomosaic.tiles.derived import copies_in
from perceptual_photomosaic.tiles.spec import WITH_PATHS, known_specs
from perceptual_photomosaic.tiles.tile_set import TileSet

__all__ = ["OpenedPlan", "open_plan_files"]


class OpenedPlan(NamedTuple):
    """The tiles and the target of a plan, opened, and its choices.

    Attributes:
        tiles: The tile set.
        target: sRGB, uint8, (H, W, 3); None where it was not asked for.
        choices: Choice numbers of these tiles, int64, (rows, columns).
    """

    tiles: TileSet
    target: NDArray[np.uint8] | None
    choices: NDArray[np.int64]


def open_plan_files(
    plan: Plan, options: MosaicOptions, *, target_for: str | None, cache: Path | None, reporter: Reporter
) -> OpenedPlan:
    """Open the tiles and the target of a plan; see `Plan.open`."""
    if ArrayTiles.spec in plan.specs:
        raise PlanError("the plan's tiles were pictures in memory, not in files, so it cannot be drawn again.")
    _check_places(plan)
    tiles = open_tile_set(plan.specs, tile_options_for(options, cache), reporter)
    choices = choices_today(plan, tiles, reporter)
    target = None if target_for is None else open_target_again(plan.target, plan.grid, options, target_for, reporter)
    return OpenedPlan(tiles, target, choices)


def _check_places(plan: Plan) -> None:
    """Raise a PlanError if a folder or picture of the tiles is gone."""
    gone = [spec for spec in known_specs(plan.specs) if spec.name in WITH_PATHS and not Path(spec.argument).exists()]
    if gone:
        advice = "If it was moved, --look-in FOLDER finds its photos; else put it back."
        raise PlanError(
            f"the plan's tiles were in '{printable(gone[0].argument)}', which is gone. "
            f"{advice if gone[0].name == 'photos' else 'Put it back, or make the mosaic again.'}"
        )


def choices_today(plan: Plan, tiles: TileSet, reporter: Reporter) -> NDArray[np.int64]:
    """Return the plan's choices in the numbering of a tile set opened today, (rows, columns).

    Tiles are found by their names, and photos with new names by their content.

    Raises:
        PlanError: A tile is gone; names it.
    """
    num_tiles = len(tiles) // len(tiles.variants)
    here = {tiles.source(tile): tile for tile in reversed(range(num_tiles))}
    here = {copy: here[kept] for copy, kept in copies_in(tiles).items() if kept in here} | here
    names = plan.sources
    if not here.keys() >= set(names.values()):
        moved = find_sources(plan, tiles)
        names = {**names, **moved}
        if moved:
            reporter.note(f"{len(moved)} of the plan's photos were moved; they were found by their content.")
    missing = [name for name in names.values() if name not in here]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise PlanError(
            f"the plan uses '{printable(missing[0])}'{more}, which {printable(' + '.join(plan.specs))} no longer has. "
            f"If it was moved, --look-in FOLDER finds it."
        )
    if tuple(tiles.variants) != plan.variants:
        raise PlanError(f"the plan has variants {', '.join(plan.variants)}, the tile set {', '.join(tiles.variants)}.")
    number = {  # joined sets may have a name twice: black letters and white ones
        then: then if then < num_tiles and tiles.source(then) == name else here[name] for then, name in names.items()
    }
    tile_then, variant = np.divmod(plan.choices, len(plan.variants))
    used, position = np.unique(tile_then, return_inverse=True)
    tiles_now = np.array([number[then] for then in used.tolist()], np.int64)[position].reshape(tile_then.shape)
    choices: NDArray[np.int64] = tiles_now * len(plan.variants) + variant
    return choices
