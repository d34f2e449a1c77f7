"""The solver, which chooses the tiles of all cells together: see `docs/understand/solver.md`.

The network for any tiles lists the candidates of each cell and the start (`assign.net`). `terms` is the table of terms,
`energy` their sum, `weights` their weights. `descent` lowers the energy by moves of a `state`, which are `free` or, if
uses are limited, `limited`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.assign.assignment import assign_problem
from perceptual_photomosaic.assign.costs import Costs, Nearest
from perceptual_photomosaic.assign.net import network_costs
from perceptual_photomosaic.assign.problem import Assignment, Problem
from perceptual_photomosaic.assign.solve.candidates import with_nearest_means
from perceptual_photomosaic.assign.solve.descent import descend
from perceptual_photomosaic.assign.solve.energy import Energy
from perceptual_photomosaic.assign.solve.free import FreeMoves
from perceptual_photomosaic.assign.solve.limited import LimitedMoves
from perceptual_photomosaic.assign.solve.state import State
from perceptual_photomosaic.assign.solve.weights import parse_weights, present_weights, weights_for
from perceptual_photomosaic.assign.spacing import space_out
from perceptual_photomosaic.models.any_tiles.network import ConditionedMosaicNet
from perceptual_photomosaic.progress import SILENT, Reporter

__all__ = ["Solve", "parse_weights", "present_weights", "weights_for"]


@dataclass(frozen=True)
class Solve:
    """The solver as a method: it minimises one energy over the assignment of all cells.

    Attributes:
        weights: Weight of each term by name (`weights_for`).
        sweeps: Largest number of passes over all cells.
        listed: Number of candidates of a cell that the network lists.
        network: The network; None takes the one of the package.
    """

    weights: Mapping[str, float] = field(default_factory=weights_for)
    sweeps: int = 6
    listed: int = 12
    network: ConditionedMosaicNet | None = field(default=None, repr=False)

    def assign(self, problem: Problem, *, reporter: Reporter = SILENT) -> Assignment:
        """Choose as the network would within the limits, then improve all choices together.

        Returns:
            The assignment; its figures hold the energy per cell at the start and after every sweep.
        Raises:
            ConstraintError: The limits cannot be met.
        """
        costs = network_costs(problem, self.network)
        listed = self.listed if problem.variants == 1 else self.listed * 3 // 2
        if len(problem.choices) <= 2 * listed:
            listed = len(problem.choices)  # so few tiles are all considered
        near = Nearest.of(costs, listed, problem.allowed, reporter=reporter)
        start = assign_problem(problem, costs, near=near, priced=True, repair_later=True, reporter=reporter)
        energy = Energy(problem, self.weights)
        state = State(problem, energy, with_nearest_means(problem, near.choices), start, reporter=reporter)
        random = np.random.default_rng(problem.seed)
        moves = FreeMoves(state, random) if problem.limits.free else LimitedMoves(state, random)
        energies = descend(state, moves, self.sweeps, reporter=reporter)
        choices = self._spaced(problem, costs, state.choices)
        figures: dict[str, Any] = {"energy": [round(value / len(start), 6) for value in energies]}
        return Assignment(choices.reshape(problem.grid.shape), figures)

    @staticmethod
    def _spaced(problem: Problem, costs: Costs, choices: NDArray[np.int64]) -> NDArray[np.int64]:
        """Repair the few copies that are still too near to each other when uses are limited."""
        if problem.distance == 1 or problem.limits.free:
            return choices
        return space_out(
            costs,
            problem.variants,
            choices,
            problem.grid.shape,
            problem.limits,
            repeats=problem.repeats(),
            seed=problem.seed,
        )
