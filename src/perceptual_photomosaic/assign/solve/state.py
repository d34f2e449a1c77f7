"""The state of a descent: an assignment, the candidates of its cells, what the limits leave, and how moves are made."""

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
"""A move gains at least so much: less is rounding."""
_JUDGED = 8
"""Options of a cell that are judged by their samples."""
_WOKEN = 1
"""Cells so near to one that changed are judged again."""
_COMPARED = 1 << 12
"""Cells whose candidates are compared between two words of progress."""


@dataclass(frozen=True)
class Move:
    """Cells that change together, and what that alone would gain."""

    gain: float
    cells: tuple[int, ...]
    choices: tuple[int, ...]


@dataclass(frozen=True)
class Judged:
    """Options of cells: (n,) cells, and (n, K) choices and what taking one alone would gain.

    The last option is the choice in use.
    """

    cells: NDArray[np.int64]
    options: NDArray[np.int32]
    gains: NDArray[np.float32]


class State:
    """An assignment on its way down.

    Args:
        problem: The problem.
        energy: What goes down.
        candidates: Candidates of each cell, (cells, K).
        start: The assignment to start from, within the limits, (cells,).
        reporter: Hears of progress.

    Attributes:
        choices: The choices now, (cells,).
        uses, capacity: How often each tile is used, and how often it may be, (tiles,).
        required: Tiles that must appear, (tiles,).
        free: Cells that nobody has pinned, (cells,).
        awake: Cells near which something has changed since they were judged, (cells,).
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
        self.awake = np.ones(len(start), bool)
        energy.reset(self.choices)

    @cached_property
    def _estimates(self) -> NDArray[np.float32]:
        """Estimates of the cost of shapes for all candidates, (cells, K), worked out only where some are left out."""
        return self.energy.estimate(self._options[:, :-1])

    def best_options(
        self, cells: NDArray[np.int64], allowed: NDArray[np.bool_] | None = None
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return the best candidates of cells by colour, near and far, and shapes by estimate.

        Lists that hold every choice that may be used stay whole: so few tiles, letters above all, look much alike.

        Args:
            cells: Cell numbers, (n,).
            allowed: Tiles that may be taken, (tiles,); None allows all. What a cell holds it may keep.
        Returns:
            Choices, (n, K), the last the one in use, and what they cost inside the cell, infinite where not allowed.
        """
        options, inside = self._options[cells], self._inside[cells]
        if allowed is not None:
            kept = inside[:, -1].copy()
            inside = np.where(allowed[options // self.problem.variants], inside, np.float32(np.inf))
            inside[:, -1] = kept
        if options.shape[1] <= _JUDGED + 1 or options.shape[1] > self._usable:
            return options, inside
        costs = inside + self.energy.by_means(cells, self.choices[cells], options)
        best = np.argpartition(costs[:, :-1] + self._estimates[cells], _JUDGED - 1, axis=1)[:, :_JUDGED]
        best = np.concatenate([best, np.full((len(cells), 1), options.shape[1] - 1)], axis=1)
        return np.take_along_axis(options, best, axis=1), np.take_along_axis(inside, best, axis=1)

    def judge(self, cells: NDArray[np.int64], options: NDArray[np.int32], inside: NDArray[np.float32]) -> Judged:
        """Work out what options would gain by the whole energy.

        Args:
            cells: Cell numbers, (n,).
            options: Choices to try, (n, K); the last is the one in use.
            inside: What they cost inside the cell, (n, K).
        """
        costs = inside + self.energy.across(cells, self.choices[cells], options)
        return Judged(cells, options, costs[:, -1:] - costs)

    def make(self, moves: Sequence[Move]) -> int:
        """Make those moves that together are a gain: all, or else the better half, and so on.

        Returns:
            How many cells changed.
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
        """Make the move that the energy judged last."""
        self.energy.commit()
        variants = self.problem.variants
        np.subtract.at(self.uses, self.choices[cells] // variants, 1)
        np.add.at(self.uses, choices // variants, 1)
        self.choices[cells] = choices
        self._options[cells, -1] = choices
        self._inside[cells, -1] = self.energy.inside(cells, choices[:, None])[:, 0]
        rows, columns = self.problem.grid.shape
        awake = self.awake.reshape(rows, columns)
        row, column = np.divmod(cells, columns)
        for down in range(-_WOKEN, _WOKEN + 1):
            for right in range(-_WOKEN, _WOKEN + 1):
                awake[np.clip(row + down, 0, rows - 1), np.clip(column + right, 0, columns - 1)] = True
