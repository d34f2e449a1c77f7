"""The descent: sweeps over all cells that make only moves that lower the energy.

Cells are visited in groups of cells that are not neighbours, so that a whole group is evaluated at once. The joint
effect of several moves is computed exactly before they are made.
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
"""The descent ends after a sweep that gains less than this part of the energy or changes fewer than 1 cell in 500."""


class Proposer(Protocol):
    """A source of moves: `free.FreeMoves`, or `limited.LimitedMoves` if uses are limited."""

    def groups(self, sweep: int) -> Iterator[NDArray[np.int64]]:
        """Yield groups of cells; every cell that may change is in exactly one."""

    def propose(self, cells: NDArray[np.int64]) -> list[Move]:
        """Return moves of the cells of a group, each of which lowers the energy if made alone."""


def descend(state: State, proposer: Proposer, sweeps: int, *, reporter: Reporter = SILENT) -> list[float]:
    """Lower the energy in sweeps over all cells until little changes.

    Args:
        state: The state at the start; it is changed in place.
        proposer: The source of moves.
        sweeps: Largest number of sweeps.
        reporter: Receives progress after every group of cells.
    Returns:
        The energy at the start and after every sweep; it never rises.
    """
    energies = [state.energy.value()]
    cells = len(state.choices)
    with reporter.stage("choosing tiles together", sweeps * cells, "cells") as stage:
        for sweep in range(sweeps):
            moved = 0
            for group in proposer.groups(sweep):
                moved += state.commit(proposer.propose(group))
                stage.advance(len(group), energy=energies[-1])
            state.energy.reset(state.choices)  # so that rounding errors do not accumulate
            energies.append(state.energy.value())
            if moved * 500 < cells or energies[-2] - energies[-1] < _LEAST_GAIN * energies[-1]:
                stage.advance((sweeps - sweep - 1) * cells)
                break
    return energies
