"""The descent: sweeps over all cells in which only moves are made that lower the energy.

Cells are visited in groups that lie apart, so that a whole group is judged at once. What moves do together is worked
out exactly before they are made.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.assign.solve.state import Move, State
from perceptual_photomosaic.progress import SILENT, Reporter

__all__ = ["Proposer", "descend"]

_LEAST_GAIN = 0.002
"""A sweep that gains less than this part of the energy is the last; so is one that moves less than one cell in 500."""


class Proposer(Protocol):
    """Finds moves: `free.FreeMoves`, or `limited.LimitedMoves` under limits."""

    def groups(self, sweep: int) -> Iterator[NDArray[np.int64]]:
        """Yield groups of cells, every cell once that may change."""

    def propose(self, cells: NDArray[np.int64]) -> list[Move]:
        """Return moves of a group, each of them a gain by itself."""


def descend(state: State, proposer: Proposer, sweeps: int, *, reporter: Reporter = SILENT) -> list[float]:
    """Sweep over all cells until little changes.

    Args:
        state: Where to start; it changes.
        proposer: Finds the moves.
        sweeps: At most so many.
        reporter: Hears of every group of cells.
    Returns:
        The energy at the start and after every sweep, never rising.
    """
    energies = [state.energy.value()]
    cells = len(state.choices)
    with reporter.stage("choosing tiles together", sweeps * cells, "cells") as stage:
        for sweep in range(sweeps):
            moved = 0
            for group in proposer.groups(sweep):
                moved += state.make(proposer.propose(group))
                stage.advance(len(group), energy=energies[-1])
            state.energy.reset(state.choices)  # rounding does not add up
            energies.append(state.energy.value())
            if moved * 500 < cells or energies[-2] - energies[-1] < _LEAST_GAIN * energies[-1]:
                stage.advance((sweeps - sweep - 1) * cells)
                break
    return energies
