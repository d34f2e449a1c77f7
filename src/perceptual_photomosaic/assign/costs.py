"""Costs of choices in cells, computed in blocks of cells so that the whole matrix is never in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.progress import SILENT, Reporter
from perceptual_photomosaic.threads import share_out, slices

__all__ = [
    "Costs",
    "DenseCosts",
    "EmbeddingCosts",
    "Nearest",
    "ProductCosts",
    "WeightedCosts",
    "best_choices",
    "blocks",
    "tile_costs",
]

BLOCK_ENTRIES = 8_000_000
"""Entries of a block of costs: 32 MB in float32."""


class Costs(Protocol):
    """A matrix of costs, (cells, choices), that is read by rows."""

    @property
    def shape(self) -> tuple[int, int]:
        """(cells, choices)."""

    def rows(self, cells: NDArray[np.integer] | slice) -> NDArray[np.float32]:
        """Return the costs of some cells, float32, (n, choices); smaller is better."""


class DenseCosts:
    """Costs given as an array, such as a network's logits."""

    def __init__(self, matrix: NDArray[np.float32]) -> None:
        self.matrix = matrix

    @property
    def shape(self) -> tuple[int, int]:
        return self.matrix.shape[0], self.matrix.shape[1]

    def rows(self, cells: NDArray[np.integer] | slice) -> NDArray[np.float32]:
        return self.matrix[cells]


class EmbeddingCosts:
    """Squared Euclidean distances between descriptors of cells and of choices.

    Args:
        cells: Descriptors, (cells, D).
        choices: Descriptors, (choices, D).
    """

    def __init__(self, cells: NDArray[np.float32], choices: NDArray[np.float32]) -> None:
        centre = choices.mean(axis=0, dtype=np.float64).astype(np.float32)  # keeps rounding errors below small
        self._cells = cells - centre
        choices = choices - centre
        self._minus_two_choices = np.ascontiguousarray(-2.0 * choices.T)
        self._cell_norms = np.einsum("nd,nd->n", self._cells, self._cells)
        self._choice_norms = np.einsum("nd,nd->n", choices, choices)

    @property
    def shape(self) -> tuple[int, int]:
        return len(self._cells), self._minus_two_choices.shape[1]

    def rows(self, cells: NDArray[np.integer] | slice) -> NDArray[np.float32]:
        some = self._cells[cells]
        costs: NDArray[np.float32]
        if len(some) == 1:  # a threaded matrix product is slower for so little work
            costs = np.einsum("nd,dt->nt", some, self._minus_two_choices)
        else:
            costs = some @ self._minus_two_choices
        costs += self._choice_norms
        costs += self._cell_norms[cells, None]
        return np.maximum(costs, 0.0, out=costs)


class ProductCosts:
    """Products of queries of cells and keys of choices, as costs: 0 for the largest product of a cell.

    Args:
        queries: (cells, D).
        keys: (choices, D).
        factor: Cost of a choice for each unit by which its product is smaller.
    """

    def __init__(self, queries: NDArray[np.float32], keys: NDArray[np.float32], factor: float = 1.0) -> None:
        self._queries: NDArray[np.float32] = queries * np.float32(-factor)
        self._keys = keys

    @property
    def shape(self) -> tuple[int, int]:
        return len(self._queries), len(self._keys)

    def rows(self, cells: NDArray[np.integer] | slice) -> NDArray[np.float32]:
        costs: NDArray[np.float32] = self._queries[cells] @ self._keys.T
        costs -= costs.min(axis=1, keepdims=True)  # comparable between cells that compete for a tile
        return costs


class WeightedCosts:
    """Costs multiplied by the importance of cells, for cells that compete for tiles.

    Args:
        costs: Costs without importance.
        importance: Weight of each cell, float32, (cells,).
    """

    def __init__(self, costs: Costs, importance: NDArray[np.float32]) -> None:
        self._costs, self._importance = costs, importance

    @property
    def shape(self) -> tuple[int, int]:
        return self._costs.shape

    def rows(self, cells: NDArray[np.integer] | slice) -> NDArray[np.float32]:
        return self._costs.rows(cells) * self._importance[cells, None]


def blocks(costs: Costs, entries: int = BLOCK_ENTRIES) -> list[slice]:
    """Return slices of cells whose costs have about `entries` entries each."""
    cells, choices = costs.shape
    return slices(cells, max(1, entries // max(1, choices)))


def tile_costs(rows: NDArray[np.float32], variants: int) -> tuple[NDArray[np.float32], NDArray[np.int64] | None]:
    """Reduce costs of choices to costs of tiles, each in its best variant.

    Args:
        rows: (n, tiles * variants).
        variants: Variants of each tile.
    Returns:
        Costs, (n, tiles), and the variant of each (None if tiles have only one).
    """
    if variants == 1:
        return rows, None
    split = rows.reshape(len(rows), -1, variants)
    best = split.argmin(axis=2)
    return np.take_along_axis(split, best[..., None], axis=2)[..., 0], best


def best_choices(costs: Costs, allowed: NDArray[np.bool_] | None = None) -> NDArray[np.int64]:
    """Return the cheapest choice of each cell, and the lowest number among equal costs.

    Args:
        costs: (cells, choices).
        allowed: Choices that may be used, (choices,); None allows all.
    Returns:
        Choices, int64, (cells,).
    """
    result = np.empty(costs.shape[0], np.int64)

    def fill(block: slice) -> None:
        rows = costs.rows(block)
        if allowed is not None:
            rows = np.where(allowed, rows, np.inf)
        result[block] = rows.argmin(axis=1)

    share_out(fill, blocks(costs))
    return result


@dataclass(frozen=True)
class Nearest:
    """The cheapest choices of every cell, cheapest first.

    Attributes:
        choices: Choice numbers, int32, (cells, K).
        costs: Their costs, float32, (cells, K).
    """

    choices: NDArray[np.int32]
    costs: NDArray[np.float32]

    @classmethod
    def of(
        cls, costs: Costs, count: int, allowed: NDArray[np.bool_] | None = None, *, reporter: Reporter = SILENT
    ) -> Nearest:
        """Find the cheapest choices of every cell.

        Args:
            costs: (cells, choices).
            count: Number of choices to return for each cell; all if there are fewer.
            allowed: Choices that may be used, (choices,); None allows all.
            reporter: Receives progress.
        """
        cells, choices = costs.shape
        usable = np.arange(choices, dtype=np.int32) if allowed is None else np.flatnonzero(allowed).astype(np.int32)
        keep = min(count, len(usable))
        found = cls(np.empty((cells, keep), np.int32), np.empty((cells, keep), np.float32))

        def fill(block: slice) -> None:
            rows = costs.rows(block)
            if len(usable) < choices:
                rows = rows[:, usable]
            part = (
                np.argpartition(rows, keep - 1, axis=1)[:, :keep]
                if keep < rows.shape[1]
                else np.broadcast_to(np.arange(keep), rows.shape)
            )
            near = np.take_along_axis(rows, part, axis=1)
            order = np.argsort(near, axis=1, kind="stable")
            found.choices[block] = usable[np.take_along_axis(part, order, axis=1)]
            found.costs[block] = np.take_along_axis(near, order, axis=1)
            stage.advance(len(rows))

        with reporter.stage("looking for likely tiles", cells, "cells") as stage:
            share_out(fill, blocks(costs))
        return found
