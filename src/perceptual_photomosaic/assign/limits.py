"""Limits of an assignment, which every method meets exactly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.errors import ConstraintError

__all__ = ["Limits"]


@dataclass(frozen=True)
class Limits:
    """The limits of an assignment. All variants of a tile count as that tile.

    Attributes:
        max_uses: Largest number of uses of a tile; None sets no limit.
        min_distance: Smallest distance between two copies of a tile, in cells: the larger of row and column difference;
            0 and 1 set no limit.
        must_include: Tiles that must appear at least once.
        use_all: True if every tile must appear at least once.
        banned: Tiles that must not appear.
        pinned: Choices that were set by hand: cell number -> choice.
    """

    max_uses: int | None = None
    min_distance: int = 0
    must_include: frozenset[int] = frozenset()
    use_all: bool = False
    banned: frozenset[int] = frozenset()
    pinned: Mapping[int, int] = field(default_factory=dict)

    @property
    def free(self) -> bool:
        """Tell whether uses have no limits: no largest number of uses, and no tiles that must appear."""
        return self.max_uses is None and not self.must_include and not self.use_all

    def required(self, num_tiles: int) -> NDArray[np.bool_]:
        """Mark the tiles that must appear, bool, (tiles,)."""
        needed = np.full(num_tiles, self.use_all)
        needed[list(self.must_include)] = True
        needed[list(self.banned)] = False
        return needed

    def capacity(self, num_tiles: int, num_cells: int) -> NDArray[np.int64]:
        """Return the largest number of uses of each tile, (tiles,)."""
        capacity = np.full(num_tiles, num_cells if self.max_uses is None else min(self.max_uses, num_cells), np.int64)
        capacity[list(self.banned)] = 0
        return capacity

    def allowed(self, num_tiles: int, variants: int) -> NDArray[np.bool_] | None:
        """Mark the choices that may be used, bool, (tiles * variants,); None if no tile is banned."""
        if not self.banned:
            return None
        return np.repeat(~np.isin(np.arange(num_tiles), list(self.banned)), variants)

    def check(self, shape: tuple[int, int], num_tiles: int, variants: int) -> None:
        """Check that an assignment can meet these limits.

        Args:
            shape: (rows, columns) of the grid.
            num_tiles: Tiles in the set.
            variants: Variants of each tile.
        Raises:
            ConstraintError: No assignment can meet them; the message says how much is missing.
        """
        rows, columns = shape
        cells = rows * columns
        if self.max_uses is not None and self.max_uses < 1:
            raise ConstraintError(f"max uses is {self.max_uses}; it must be at least 1.")
        if self.min_distance < 0:
            raise ConstraintError(f"min distance is {self.min_distance}; it must not be negative.")
        for said, numbers in (("must be included", self.must_include), ("is banned", self.banned)):
            for tile in sorted(numbers):
                if not 0 <= tile < num_tiles:
                    raise ConstraintError(f"tile {tile} {said}, but there are {num_tiles} tiles, numbered from 0.")
        usable = num_tiles - len(self.banned)
        if usable < 1:
            raise ConstraintError(f"all {num_tiles} tiles are banned; allow at least one.")
        if self.max_uses is not None and usable * self.max_uses < cells:
            missing = cells - usable * self.max_uses
            raise ConstraintError(
                f"{usable} tiles used at most {self.max_uses} times fill {usable * self.max_uses} of {cells} cells: "
                f"{missing} are missing. Allow {-(-cells // usable)} uses, add {-(-missing // self.max_uses)} tiles, "
                f"or make fewer cells."
            )
        self._check_required(cells, num_tiles)
        window = min(self.min_distance, rows) * min(self.min_distance, columns)
        if self.min_distance > 1 and usable < window:
            raise ConstraintError(
                f"a distance of {self.min_distance} between copies needs {window} different tiles in every "
                f"{min(self.min_distance, columns)} x {min(self.min_distance, rows)} cells, but there are {usable}: "
                f"{window - usable} are missing."
            )
        self._check_pins(shape, num_tiles, variants)

    def _check_required(self, cells: int, num_tiles: int) -> None:
        required = int(self.required(num_tiles).sum())
        if required > cells:
            raise ConstraintError(
                f"{required} tiles must all appear, but there are {cells} cells: {required - cells} are missing. "
                f"Make more cells, or ask for fewer tiles."
            )
        both = self.must_include & self.banned
        if both:
            raise ConstraintError(f"{len(both)} tiles must be included and are banned too; choose one.")

    def _check_pins(self, shape: tuple[int, int], num_tiles: int, variants: int) -> None:
        rows, columns = shape
        used: dict[int, list[int]] = {}
        for cell, choice in self.pinned.items():
            if not 0 <= cell < rows * columns:
                raise ConstraintError(f"cell {cell} is pinned, but cells are numbered 0 to {rows * columns - 1}.")
            if not 0 <= choice < num_tiles * variants:
                raise ConstraintError(
                    f"cell {cell} is pinned to choice {choice}, but there are {num_tiles * variants}."
                )
            used.setdefault(choice // variants, []).append(cell)
        for tile, cells in used.items():
            if tile in self.banned:
                raise ConstraintError(f"tile {tile} is banned, yet pinned to cell {cells[0]}.")
            if self.max_uses is not None and len(cells) > self.max_uses:
                raise ConstraintError(
                    f"tile {tile} is pinned to {len(cells)} cells, more than max uses {self.max_uses}."
                )
            for i, one in enumerate(cells if self.min_distance > 1 else ()):
                for other in cells[i + 1 :]:
                    apart = max(abs(one // columns - other // columns), abs(one % columns - other % columns))
                    if apart < self.min_distance:
                        raise ConstraintError(
                            f"tile {tile} is pinned to cells {one // columns},{one % columns} and "
                            f"{other // columns},{other % columns} (row,column), {apart} apart; "
                            f"min distance is {self.min_distance}."
                        )
        missing = self.required(num_tiles)
        missing[list(used)] = False
        left = rows * columns - len(self.pinned)
        if missing.sum() > left:
            raise ConstraintError(
                f"{missing.sum()} more tiles must appear, but {left} cells are left beside the pinned ones. "
                f"Unpin {missing.sum() - left}, or ask for fewer tiles."
            )
