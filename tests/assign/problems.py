"""Random problems of assignment, and slow checks of limits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from perceptual_photomosaic.assign.costs import DenseCosts
from perceptual_photomosaic.assign.limits import Limits
from perceptual_photomosaic.assign.problem import Problem
from perceptual_photomosaic.assign.variety import FREE, Variety
from perceptual_photomosaic.grid import Grid
from perceptual_photomosaic.tiles.arrays import ArrayTiles


@dataclass(frozen=True)
class Puzzle:
    """Costs and limits on a small grid."""

    costs: DenseCosts
    shape: tuple[int, int]
    variants: int
    limits: Limits
    seed: int

    @property
    def num_cells(self) -> int:
        return self.shape[0] * self.shape[1]

    @property
    def num_tiles(self) -> int:
        return self.costs.shape[1] // self.variants


def problem_of(
    cells: NDArray[np.floating],
    choices: NDArray[np.floating],
    shape: tuple[int, int],
    limits: Limits | None = None,
    variants: int = 1,
) -> Problem:
    """Make a problem from patches in linear light, (N, k, k, 3), on a grid of (rows, columns)."""
    tiles = ArrayTiles(np.zeros((len(choices) // variants, 1, 1, 3), np.uint8))
    tiles.variants = tuple(f"variant {number}" for number in range(variants))
    grid = Grid(*shape, (1, 1), (0, 0, shape[1], shape[0]))
    light = cells.astype(np.float32), choices.astype(np.float32)
    return Problem(grid, *light, tiles, np.zeros((*shape, 3), np.uint8), limits or Limits())


def grainy_patches(count: int, seed: int) -> NDArray[np.float32]:
    """Return random patches in linear light, (count, 8, 8, 3): a colour and strong noise."""
    random = np.random.default_rng(seed)
    base = random.uniform(0, 1, (count, 1, 1, 3))
    return np.clip(base + random.normal(0, 0.1, (count, 8, 8, 3)), 0, 1).astype(np.float32)


def smooth_patches(count: int, seed: int) -> NDArray[np.float32]:
    """Return random patches in linear light, (count, 8, 8, 3): a colour, a slope and a little noise."""
    random = np.random.default_rng(seed)
    base = random.uniform(0, 1, (count, 1, 1, 3))
    slope = random.uniform(-0.4, 0.4, (count, 1, 1, 3)) * np.linspace(-1, 1, 8)[None, :, None, None]
    return np.clip(base + slope + random.normal(0, 0.02, (count, 8, 8, 3)), 0, 1).astype(np.float32)


def small_problem(
    shape: tuple[int, int],
    *,
    tiles: int = 7,
    variants: int = 1,
    seed: int = 0,
    limits: Limits | None = None,
    variety: Variety = FREE,
    weighted: bool = False,
    detailed: bool = False,
    patches: Callable[[int, int], NDArray[np.float32]] = grainy_patches,
) -> Problem:
    """Make a problem of random patches, with random importance if `weighted` and detail if `detailed`."""
    random = np.random.default_rng(seed + 1000)
    count = shape[0] * shape[1]
    made = problem_of(patches(count, seed), patches(tiles * variants, seed + 1), shape, limits, variants)
    return replace(
        made,
        seed=seed,
        variety=variety,
        importance=random.uniform(0.25, 4, count).astype(np.float32) if weighted else None,
        detail=random.choice([1, 5, 32], count).astype(np.float32) if detailed else None,
    )


def random_costs(seed: int, cells: int, choices: int) -> DenseCosts:
    """Return squared distances between random points, so that many cells compete for some tiles."""
    rng = np.random.default_rng(seed)
    places, points = rng.normal(size=(cells, 3)), rng.normal(0, 2, (choices, 3))
    return DenseCosts(np.square(places[:, None] - points[None]).sum(axis=2).astype(np.float32))


@st.composite
def puzzles(draw: st.DrawFn, *, distance: bool = True) -> Puzzle:
    """Draw problems of up to 49 cells and 30 tiles under any combination of limits, possible or not."""
    rows, columns = draw(st.integers(1, 7)), draw(st.integers(1, 7))
    tiles, variants = draw(st.integers(1, 30)), draw(st.integers(1, 3))
    seed = draw(st.integers(0, 10_000))
    numbers = st.integers(0, tiles - 1)
    limits = Limits(
        max_uses=draw(st.none() | st.integers(1, 6)),
        min_distance=draw(st.integers(0, 4)) if distance else 0,
        must_include=draw(st.frozensets(numbers, max_size=3)),
        use_all=draw(st.booleans()),
        banned=draw(st.frozensets(numbers, max_size=2)),
        pinned=draw(
            st.dictionaries(st.integers(0, rows * columns - 1), st.integers(0, tiles * variants - 1), max_size=3)
        ),
    )
    return Puzzle(random_costs(seed, rows * columns, tiles * variants), (rows, columns), variants, limits, seed)


def broken_limits(puzzle: Puzzle, choices: NDArray[np.int64]) -> list[str]:
    """List the limits that an assignment breaks, by a loop over cells and pairs of cells."""
    limits, columns = puzzle.limits, puzzle.shape[1]
    tiles = [int(choice) // puzzle.variants for choice in choices]
    uses = Counter(tiles)
    found = [f"cell {cell} has choice {c}" for cell, c in enumerate(choices) if not 0 <= c < puzzle.costs.shape[1]]
    if limits.max_uses is not None:
        found += [f"tile {tile} used {count} times" for tile, count in uses.items() if count > limits.max_uses]
    found += [f"tile {tile} is banned" for tile in limits.banned & set(tiles)]
    needed = (set(range(puzzle.num_tiles)) if limits.use_all else set()) - limits.banned | limits.must_include
    found += [f"tile {tile} is missing" for tile in needed - set(tiles)]
    found += [f"cell {cell} lost its pin" for cell, choice in limits.pinned.items() if choices[cell] != choice]
    for one in range(len(tiles)):
        for other in range(one + 1, len(tiles)):
            apart = max(abs(one // columns - other // columns), abs(one % columns - other % columns))
            if tiles[one] == tiles[other] and apart < limits.min_distance:
                found.append(f"tile {tiles[one]} lies in cells {one} and {other}, {apart} apart")
    return found


def total_cost(puzzle: Puzzle, choices: NDArray[np.int64]) -> float:
    """Return the sum of the costs of an assignment."""
    return float(puzzle.costs.matrix[np.arange(len(choices)), choices].astype(np.float64).sum())
