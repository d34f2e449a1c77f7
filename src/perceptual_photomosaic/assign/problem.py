"""What a method of choosing tiles is given, and what it gives back.

Every method sees the same `Problem` and returns one choice per cell; the baselines do it from descriptors, the solver
jointly, the network from its logits. `methods.py` lists them by name.
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
"""Channels of linear light that differ by less make a grey."""


@dataclass(frozen=True)
class Problem:
    """All that decides which tile goes where.

    Attributes:
        grid: Where the cells are.
        cells: What the target looks like in each cell: linear light, float32, (cells, k, k, 3), row by row.
        choices: What each choice looks like: linear light, float32, (choices, k, k, 3).
        tiles: The tile set behind the choices.
        target: The target as loaded, sRGB, uint8, (H, W, 3).
        limits: What the assignment must respect.
        importance: How much each cell matters, float32, (cells,), mean 1; None means all alike.
        seed: Decides between equals and orders random moves.
        tone: How the tones of `cells` were fitted to those of the tiles; None where they were not.
        variety: How strongly copies of a picture are kept apart.
        pictures: The picture that each tile shows, (tiles,): near copies share a number; None means each its own.
        detail: How much more the colours inside a cell count, (cells,), 1 for most; None means all alike.
        narrow: Whether the solver compares cells and choices through a blur, as the tiles have few tones.
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

    @cached_property
    def cell_traits(self) -> Traits:
        """Colours and tones of the cells, as the solver compares them."""
        return Traits(blurred(self.cells, self.grid.cell_aspect) if self.narrow else self.cells)

    @cached_property
    def choice_traits(self) -> Traits:
        """Colours and tones of the choices, likewise."""
        return Traits(blurred(self.choices, self.grid.cell_aspect) if self.narrow else self.choices)

    @cached_property
    def channels(self) -> int:
        """Numbers that say a colour here: 3, or 1 where neither the target nor any tile has a colour."""
        return 3 if any(np.ptp(part, axis=-1).max() > _GREY for part in (self.cells, self.choices)) else 1

    @property
    def num_tiles(self) -> int:
        """Tiles of the set, their variants not counted."""
        return len(self.choices) // self.variants

    @property
    def variants(self) -> int:
        """Variants of each tile."""
        return len(self.tiles.variants)

    @property
    def allowed(self) -> NDArray[np.bool_] | None:
        """Which choices may be used, (choices,); None where nothing is banned."""
        return self.limits.allowed(self.num_tiles, self.variants)

    @property
    def distance(self) -> int:
        """Copies of a picture lie at least so many cells apart: by the limits, or by the variety chosen."""
        return max(1, self.limits.min_distance, self.variety.distance)

    def repeats(self, price: float | None = None) -> Repeats:
        """Return what copies near each other cost.

        Args:
            price: What two copies side by side cost; None takes that of the variety.
        """
        pictures = np.arange(self.num_tiles) if self.pictures is None else self.pictures
        if self.limits.min_distance > 1 and pictures.max() + 1 < (2 * self.distance - 1) ** 2:
            pictures = np.arange(self.num_tiles)  # too few of them to count near copies as one
        return Repeats(pictures, self.grid.shape, self.distance, self.variety.price if price is None else price)


@dataclass(frozen=True)
class Assignment:
    """One choice per cell, and what the method has to say about it.

    Attributes:
        choices: Choice numbers, int64, (rows, columns).
        figures: What the method measured (energy per sweep, iterations), for reports.
    """

    choices: NDArray[np.int64]
    figures: Mapping[str, Any] = field(default_factory=dict)


class Matcher(Protocol):
    """A method of choosing tiles."""

    def assign(self, problem: Problem, *, reporter: Reporter = SILENT) -> Assignment:
        """Choose a tile for every cell, within the problem's limits.

        Raises:
            ConstraintError: The limits cannot be met.
        """
