"""The input and the result of a method: `Problem` and `Assignment`.

Every method gets the same `Problem` and returns one choice per cell. The baselines choose by descriptors, the solver
chooses for all cells together, the network chooses by its logits. `methods.py` lists the methods by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.assign.limits import Limits
from perceptual_photomosaic.assign.repeats import Repeats
from perceptual_photomosaic.assign.variety import FREE, Variety
from perceptual_photomosaic.features.patches import blurred
from perceptual_photomosaic.features.tone import ToneFit
from perceptual_photomosaic.features.traits import Traits
from perceptual_photomosaic.grid import Grid
from perceptual_photomosaic.progress import SILENT, Reporter
from perceptual_photomosaic.tiles.tile_set import TileSet

__all__ = ["Assignment", "Matcher", "Problem"]


_GREY = 1e-3
"""Largest difference between the channels of a grey, in linear light."""


@dataclass(frozen=True)
class Problem:
    """Everything that decides an assignment.

    Attributes:
        grid: The grid over the target.
        cells: The patch of the target in each cell: linear light, float32, (cells, k, k, 3), row by row.
        choices: The patch of each choice: linear light, float32, (choices, k, k, 3).
        tiles: The tile set.
        target: The target as loaded, sRGB, uint8, (H, W, 3).
        limits: The limits that the assignment must respect.
        importance: Importance of each cell, float32, (cells,), mean 1; None weighs all cells alike.
        seed: Seed of random decisions: between equal costs, and the order of moves.
        tone: The fit of tones that was applied to `cells`; None if there was none.
        variety: The distance and the price that keep copies of a picture apart.
        pictures: The picture of each tile, (tiles,): near copies share a number; None gives each tile its own.
        detail: Factor of the colours inside each cell, (cells,), 1 for most cells; None means 1 for all.
        narrow: True if the tiles have few tones; the solver then blurs cells and choices before it compares them.
        shared: The traits of the choices, if other problems have the same ones; None computes them.
    """

    grid: Grid
    cells: NDArray[np.float32]
    choices: NDArray[np.float32]
    tiles: TileSet
    target: NDArray[np.uint8]
    limits: Limits = field(default_factory=Limits)
    importance: NDArray[np.float32] | None = None
    seed: int = 0
    tone: ToneFit | None = None
    variety: Variety = FREE
    pictures: NDArray[np.int64] | None = None
    detail: NDArray[np.float32] | None = None
    narrow: bool = False
    shared: Traits | None = None

    @cached_property
    def cell_traits(self) -> Traits:
        """Colours and tones of the cells for the solver, blurred if the tiles are narrow."""
        return Traits(blurred(self.cells, self.grid.cell_aspect) if self.narrow else self.cells)

    @cached_property
    def choice_traits(self) -> Traits:
        """Colours and tones of the choices for the solver, blurred if the tiles are narrow."""
        if self.shared is not None:
            return self.shared
        return Traits(blurred(self.choices, self.grid.cell_aspect) if self.narrow else self.choices)

    @cached_property
    def channels(self) -> int:
        """Number of colour channels needed: 3, or 1 if the target and all tiles are grey."""
        return 3 if any(np.ptp(part, axis=-1).max() > _GREY for part in (self.cells, self.choices)) else 1

    @property
    def num_tiles(self) -> int:
        """Number of tiles, without their variants."""
        return len(self.choices) // self.variants

    @property
    def variants(self) -> int:
        """Number of variants of each tile."""
        return len(self.tiles.variants)

    @property
    def allowed(self) -> NDArray[np.bool_] | None:
        """Choices that may be used, bool, (choices,); None if no tile is banned."""
        return self.limits.allowed(self.num_tiles, self.variants)

    @property
    def distance(self) -> int:
        """Smallest distance between copies of a picture, in cells: the larger of that of limits and variety."""
        return max(1, self.limits.min_distance, self.variety.distance)

    def repeats(self, price: float | None = None) -> Repeats:
        """Return the prices of copies near each other.

        Args:
            price: Price of two copies side by side; None takes that of the variety.
        """
        pictures = np.arange(self.num_tiles) if self.pictures is None else self.pictures
        if self.limits.min_distance > 1 and pictures.max() + 1 < (2 * self.distance - 1) ** 2:
            pictures = np.arange(self.num_tiles)  # too few pictures: near copies count as different
        return Repeats(pictures, self.grid.shape, self.distance, self.variety.price if price is None else price)


@dataclass(frozen=True)
class Assignment:
    """One choice per cell, and the figures that the method measured.

    Attributes:
        choices: Choice numbers, int64, (rows, columns).
        figures: Figures for reports, such as the energy after each sweep.
    """

    choices: NDArray[np.int64]
    figures: Mapping[str, Any] = field(default_factory=dict)


class Matcher(Protocol):
    """A method of choosing tiles."""

    def assign(self, problem: Problem, *, reporter: Reporter = SILENT) -> Assignment:
        """Choose a tile for every cell, within the limits of the problem.

        Raises:
            ConstraintError: The limits cannot be met.
        """
