"""Changes of a finished plan by hand: pins, bans and swaps.

A pin puts a tile into a cell and keeps it there; a ban keeps a tile out; a swap exchanges two cells and pins both. The
limits of the plan still apply: where a pin makes copies too many or too near, other tiles replace them, the worst
fitting first. All other cells keep their tiles. Only where the limits cannot be met that way, tiles are also chosen for
cells around, in growing windows. Later edits win: a pin lifts the ban of its tile, a ban the pins of its tile.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.assign.inked import ink_of
from perceptual_photomosaic.assign.methods import matcher
from perceptual_photomosaic.assign.problem import Matcher, Problem
from perceptual_photomosaic.assign.solve import present_weights
from perceptual_photomosaic.build_problem import build_problem
from perceptual_photomosaic.config import MosaicOptions
from perceptual_photomosaic.errors import ConfigError, ConstraintError
from perceptual_photomosaic.features.tint import shifts_towards
from perceptual_photomosaic.image import printable
from perceptual_photomosaic.mosaic import Mosaic
from perceptual_photomosaic.plan.plan import Plan
from perceptual_photomosaic.progress import SILENT, Reporter
from perceptual_photomosaic.threads import one_blas_thread
from perceptual_photomosaic.tiles.names import TileNames
from perceptual_photomosaic.tiles.tile_set import TileSet

__all__ = ["Cell", "Edits", "edit_plan"]

Cell = tuple[int, int]  # row, column, from 0


@dataclass(frozen=True)
class Edits:
    """The changes to make.

    Attributes:
        pins: Cell -> name of the tile that goes there and stays.
        bans: Names of tiles that leave.
        swaps: Pairs of cells that exchange their tiles, after the pins, in this order.
    """

    pins: Mapping[Cell, str] = field(default_factory=dict)
    bans: tuple[str, ...] = ()
    swaps: tuple[tuple[Cell, Cell], ...] = ()


def edit_plan(
    plan: str | Path | Plan, edits: Edits, *, cache: Path | None = None, reporter: Reporter = SILENT
) -> tuple[Mosaic, NDArray[np.int64]]:
    """Change a plan by hand, and choose tiles for the cells that the change affects.

    Args:
        plan: A file, or a plan that was loaded; its tiles and its target must still be there.
        edits: The changes to make.
        cache: Folder that keeps decoded photos between runs; None keeps nothing.
        reporter: Receives progress.
    Returns:
        The new mosaic, and the choices before, (rows, columns).
    Raises:
        PlanError: A damaged plan, or a tile or target that is gone.
        ConfigError: A cell outside the grid, or a tile that is pinned and banned at once.
        TileError: An unknown tile; names the nearest one.
        ConstraintError: The plan's limits leave no room for the change.
    """
    if not isinstance(plan, Plan):
        plan = Plan.load(plan)
    for cell in [*edits.pins, *(cell for pair in edits.swaps for cell in pair)]:
        _check_cell(cell, plan.grid.shape)
    options = plan.options()
    opened = plan.open(options, target_for="cells are chosen by it", cache=cache, reporter=reporter)
    tiles, target, before = opened
    assert target is not None
    choosing = _plain(options)
    problem = build_problem(target, plan.grid, tiles, choosing, whole=True, reporter=reporter)
    choices, pins, bans = _by_hand(problem, before, edits, plan)
    bans |= _strangers(plan, tiles, choices)
    limits = replace(
        problem.limits,
        banned=bans,
        pinned={row * plan.grid.columns + column: int(choices[row, column]) for row, column in pins},
    )
    method = matcher(choosing)
    named = {*edits.pins, *(cell for pair in edits.swaps for cell in pair)}
    choices = _reassign(replace(problem, limits=limits), choices.ravel(), named, method, reporter).reshape(before.shape)
    shifts = plan.shifts
    if shifts is not None:
        moved = choices != before
        anew = shifts_towards(problem.cells, problem.choices, choices.ravel(), options.adjust)
        shifts = np.where(moved[..., None], anew.reshape(shifts.shape), shifts)
    ink = plan.ink and ink_of(problem, choices, options.ink)
    mosaic = replace(
        Mosaic.of_plan(plan, opened, options),
        choices=choices,
        shifts=shifts,
        ink=ink,
        tone=problem.tone,
        pins=tuple(sorted(pins)),
        bans=tuple(sorted({tiles.source(tile) for tile in bans} | _unknown(plan.bans, tiles))),
    )
    return mosaic, before


def _strangers(plan: Plan, tiles: TileSet, choices: NDArray[np.int64]) -> frozenset[int]:
    """Return the tiles that were never in the plan: other photos of the folders in which moved ones were found."""
    used = set((choices // len(tiles.variants)).ravel().tolist())
    count = len(tiles) // len(tiles.variants) if plan.added else 0
    return frozenset(
        tile
        for tile in range(count)
        if tile not in used and any(Path(tiles.source(tile)).is_relative_to(folder) for folder in plan.added)
    )


def _unknown(bans: Iterable[str], tiles: TileSet) -> set[str]:
    """Return those banned names that no tile has now; they may come back."""
    here = {tiles.source(tile) for tile in range(len(tiles) // len(tiles.variants))}
    return set(bans) - here


def _plain(options: MosaicOptions) -> MosaicOptions:
    """Return the same settings with a method that can choose for a few cells: the solver in place of a network."""
    few = ("solve", "nearest", "mean", "ncc")
    method = options.method if options.method in few else "solve"
    return replace(options, method=method, weights=present_weights(options.weights))


def _check_cell(cell: Cell, shape: tuple[int, int]) -> None:
    if not (0 <= cell[0] < shape[0] and 0 <= cell[1] < shape[1]):
        raise ConfigError(
            f"there is no cell {cell[0]},{cell[1]}: the plan has rows 0 to {shape[0] - 1} and columns 0 to "
            f"{shape[1] - 1}, as in its index."
        )


def _by_hand(
    problem: Problem, before: NDArray[np.int64], edits: Edits, plan: Plan
) -> tuple[NDArray[np.int64], set[Cell], frozenset[int]]:
    """Apply the edits; return the new choices, all pinned cells and all banned tiles."""
    names = TileNames(problem.tiles)
    choices = before.copy()
    placed = {cell: names.find(name) for cell, name in edits.pins.items()}
    banned = names.find_all(edits.bans)
    for cell, tile in placed.items():
        if tile in banned:
            name = printable(problem.tiles.source(tile))
            raise ConfigError(f"'{name}' is pinned to cell {cell[0]},{cell[1]} and banned; choose one.")
        row = cell[0] * problem.grid.columns + cell[1]
        options = tile * problem.variants + np.arange(problem.variants)
        choices[cell] = options[_misfit(problem, np.full(len(options), row), options).argmin()]
    pins = {*plan.pins, *placed}
    for one, other in edits.swaps:
        choices[one], choices[other] = int(choices[other]), int(choices[one])
        pins |= {one, other}
    bans = (banned | names.known(plan.bans)) - set(placed.values())
    pins = {cell for cell in pins if int(choices[cell]) // problem.variants not in bans}
    return choices, pins, bans


@one_blas_thread()
def _reassign(
    problem: Problem, choices: NDArray[np.int64], named: Collection[Cell], method: Matcher, reporter: Reporter
) -> NDArray[np.int64]:
    """Choose tiles for the cells that must change.

    Where the limits cannot be met that way, also choose for cells around them and around the cells that the edit names.
    """
    limits, shape = problem.limits, problem.grid.shape
    limits.check(shape, problem.num_tiles, problem.variants)
    fixed = np.zeros(len(choices), bool)
    fixed[list(limits.pinned)] = True
    loose = _displaced(problem, choices, fixed)
    touched = loose.reshape(shape).copy()
    for cell in named:
        touched[cell] = True
    reach = 2
    while loose.any():
        held = {int(cell): int(choices[cell]) for cell in np.flatnonzero(~loose)}
        try:
            assigned = method.assign(replace(problem, limits=replace(limits, pinned=held)), reporter=reporter)
        except ConstraintError:
            if (loose | fixed).all():
                raise
            reach *= 4
            near = np.pad(touched, reach)
            windows = np.lib.stride_tricks.sliding_window_view(near, (2 * reach + 1, 2 * reach + 1))
            loose = windows.any(axis=(2, 3)).ravel() & ~fixed
        else:
            return assigned.choices.ravel()
    return choices


def _displaced(problem: Problem, choices: NDArray[np.int64], fixed: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the cells that must change, (n,): banned tiles, too many or too near copies, room for required tiles."""
    limits, columns = problem.limits, problem.grid.columns
    tiles = choices // problem.variants
    num_tiles = problem.num_tiles
    loose = np.isin(tiles, list(limits.banned)) & ~fixed
    misfit = _misfit(problem, np.arange(len(choices)), choices)
    worst_first = np.argsort(-misfit, kind="stable")
    for cell in np.flatnonzero(fixed) if limits.min_distance > 1 else ():
        copies = np.flatnonzero((tiles == tiles[cell]) & ~fixed)
        apart = np.maximum(np.abs(copies // columns - cell // columns), np.abs(copies % columns - cell % columns))
        loose[copies[apart < limits.min_distance]] = True
    if limits.max_uses is not None:
        for tile in np.flatnonzero(np.bincount(tiles[~loose], minlength=num_tiles) > limits.max_uses):
            holders = worst_first[(tiles == tile)[worst_first] & ~loose[worst_first]]
            surplus = len(holders) - limits.max_uses
            loose[holders[~fixed[holders]][:surplus]] = True
    uses = np.bincount(tiles[~loose], minlength=num_tiles)
    required = limits.required(num_tiles)
    missing = np.flatnonzero(required & (uses == 0))
    for tile in missing[: max(0, len(missing) - int(loose.sum()))]:
        spare = np.flatnonzero(~fixed & ~loose & (~required[tiles] | (uses[tiles] > 1)))
        if not len(spare):
            break
        change = _misfit(problem, spare, np.full(len(spare), tile * problem.variants)) - misfit[spare]
        cell = spare[int(change.argmin())]
        loose[cell] = True
        uses[tiles[cell]] -= 1
    return loose


def _misfit(problem: Problem, cells: NDArray[np.integer], choices: NDArray[np.integer]) -> NDArray[np.float32]:
    """Return the squared distances between the descriptors of cells and choices, pair by pair, (n,)."""
    difference = problem.cell_traits.descriptors[cells] - problem.choice_traits.descriptors[choices]
    return np.asarray(np.square(difference).sum(axis=1), np.float32)
