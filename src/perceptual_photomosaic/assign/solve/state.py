"""The state of a descent: the current assignment, the candidates of its cells, and the uses of tiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.assign.problem import Problem
from perceptual_photomosaic.assign.solve.energy import Energy
from perceptual_photomosaic.progress import SILENT, Reporter
from perceptual_photomosaic.threads import slices

__all__ = ["LEAST_GAIN", "Judged", "Move", "State"]

LEAST_GAIN = 1e-7
"""Smallest gain of a move; smaller ones are rounding errors."""
_JUDGED = 8
"""Number of options of a cell that are evaluated by terms of many samples."""
_AROUND = (-1, 0), (1, 0), (0, -1), (0, 1)
"""Steps down and right to the cells that are evaluated again after a cell has changed."""
_COMPARED = 1 << 12
"""Number of cells whose candidates are compared between two reports of progress."""


@dataclass(frozen=True)
class Move:
    """Cells that change together, their new choices, and the gain if only they change."""

    gain: float
    cells: tuple[int, ...]
    choices: tuple[int, ...]


@dataclass(frozen=True)
class Judged:
    """Evaluated options of cells: cells, (n,), options, (n, K), and the gain of each option alone, (n, K).

    The last option is the current choice.
    """

    cells: NDArray[np.int64]
    options: NDArray[np.int32]
    gains: NDArray[np.float32]


class State:
    """The current assignment of a descent, with all that its moves need.

    Args:
        problem: The problem.
        energy: The energy to minimise.
        candidates: Candidates of each cell, (cells, K).
        start: The assignment at the start, within the limits, (cells,).
        reporter: Receives progress.

    Attributes:
        choices: Current choice of each cell, (cells,).
        uses, capacity: Current and largest number of uses of each tile, (tiles,).
        required: Tiles that must appear, (tiles,).
        free: Cells that are not pinned, (cells,).
        changed_nearby: Cells with a change nearby since they were last evaluated, (cells,).
    """

    def __init__(
        self,
        problem: Problem,
        energy: Energy,
        candidates: NDArray[np.int32],
        start: NDArray[np.int64],
        *,
        reporter: Reporter = SILENT,
    ) -> None:
        self.problem, self.energy = problem, energy
        self.choices = start.astype(np.int64)
        self._options = np.concatenate([candidates, self.choices[:, None].astype(np.int32)], axis=1)
        self._inside = np.empty(self._options.shape, np.float32)
        with reporter.stage("comparing tiles", len(start), "cells") as stage:
            for part in slices(len(start), _COMPARED):
                cells = np.arange(part.start, part.stop)
                self._inside[part] = energy.inside(cells, self._options[part])
                stage.advance(len(cells))
        self.uses = np.bincount(self.choices // problem.variants, minlength=problem.num_tiles)
        self.capacity = problem.limits.capacity(problem.num_tiles, len(start))
        self.required = problem.limits.required(problem.num_tiles)
        self._usable = int((self.capacity > 0).sum()) * problem.variants
        self.free = np.ones(len(start), bool)
        self.free[list(problem.limits.pinned)] = False
        self.changed_nearby = np.ones(len(start), bool)
        energy.reset(self.choices)

    @cached_property
    def _estimates(self) -> NDArray[np.float32]:
        """Estimated costs of the shapes of all candidates, (cells, K); computed only if not all can be evaluated."""
        return self.energy.estimate(self._options[:, :-1])

    def best_options(
        self, cells: NDArray[np.int64], allowed: NDArray[np.bool_] | None = None
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return the best candidates of cells, by the terms of colour and the estimate of shapes.

        If the candidates are all choices that may be used, all are returned: so few tiles, mostly letters, are alike.

        Args:
            cells: Cell numbers, (n,).
            allowed: Tiles that may be taken, (tiles,); None allows all. A cell may always keep its tile.
        Returns:
            Choices, (n, K), of which the last is the current one, and their costs by all terms but those of many
            samples, infinite if not allowed.
        """
        options = self._options[cells]
        costs = self._inside[cells] + self.energy.by_means(cells, self.choices[cells], options)
        if allowed is not None:
            kept = costs[:, -1].copy()
            costs = np.where(allowed[options // self.problem.variants], costs, np.float32(np.inf))
            costs[:, -1] = kept
        if options.shape[1] <= _JUDGED + 1 or options.shape[1] > self._usable:
            return options, costs
        best = np.argpartition(costs[:, :-1] + self._estimates[cells], _JUDGED - 1, axis=1)[:, :_JUDGED]
        best = np.concatenate([best, np.full((len(cells), 1), options.shape[1] - 1)], axis=1)
        return np.take_along_axis(options, best, axis=1), np.take_along_axis(costs, best, axis=1)

    def costs_without_samples(self, cells: NDArray[np.int64], options: NDArray[np.integer]) -> NDArray[np.float32]:
        """Return the costs of options by all terms but those of many samples, (n, K)."""
        return self.energy.inside(cells, options) + self.energy.by_means(cells, self.choices[cells], options)

    def judge(self, cells: NDArray[np.int64], options: NDArray[np.int32], costs: NDArray[np.float32]) -> Judged:
        """Compute the gains of options by the whole energy.

        Args:
            cells: Cell numbers, (n,).
            options: Choices to try, (n, K); the last is the current one.
            costs: Their costs by all terms but those of many samples, (n, K).
        """
        costs = costs + self.energy.by_samples(cells, self.choices[cells], options)
        return Judged(cells, options, costs[:, -1:] - costs)

    def commit(self, moves: Sequence[Move]) -> int:
        """Make moves that lower the energy together: all of them, or else the better half, and so on.

        Returns:
            Number of cells that changed.
        """
        moves = sorted(moves, key=lambda move: (-move.gain, move.cells))
        while moves:
            cells = np.array([cell for move in moves for cell in move.cells])
            choices = np.array([choice for move in moves for choice in move.choices])
            if self.energy.change(cells, self.choices[cells], choices) < 0:
                self._commit(cells, choices)
                return len(cells)
            moves = moves[: len(moves) // 2]
        return 0

    def _commit(self, cells: NDArray[np.int64], choices: NDArray[np.int64]) -> None:
        """Apply the change that the energy evaluated last."""
        self.energy.commit()
        variants = self.problem.variants
        np.subtract.at(self.uses, self.choices[cells] // variants, 1)
        np.add.at(self.uses, choices // variants, 1)
        self.choices[cells] = choices
        self._options[cells, -1] = choices
        self._inside[cells, -1] = self.energy.inside(cells, choices[:, None])[:, 0]
        rows, columns = self.problem.grid.shape
        changed_nearby = self.changed_nearby.reshape(rows, columns)
        row, column = np.divmod(cells, columns)
        for down, right in _AROUND:
            changed_nearby[np.clip(row + down, 0, rows - 1), np.clip(column + right, 0, columns - 1)] = True
