"""From coefficients to one tile a cell: the solver again, with coefficients as a price.

Taking the largest coefficient of each cell forgets what neighbours make up for from afar. So the solver goes downhill
once more, from its own assignment and within the limits, on its energy plus `price` times minus the logarithm of the
coefficients. Where the outcome is worse from afar than the solver's, what was lost counts more, and it goes on from
there: cells that the network minds least give way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.assign.base import Problem
from perceptual_photomosaic.assign.best.objective import HELD
from perceptual_photomosaic.assign.best.options import Options
from perceptual_photomosaic.assign.solve.descent import Descent
from perceptual_photomosaic.assign.solve.joint import JointCosts
from perceptual_photomosaic.assign.solve.near import NearCosts
from perceptual_photomosaic.assign.solve.weights import EnergyWeights

__all__ = ["PRICES", "Rounding"]

PRICES = (0.03, 0.01)
"""What coefficients count against the energy; both are tried."""

_ROUNDS, _SWEEPS = 10, 2
_DEARER = 1.6
"""How much more counts what was lost from afar, from round to round."""

_UNLISTED = 20.0
"""Minus the logarithm of a coefficient, at most; also that of a choice that is on no short list."""

_HELD_BY = ("colour1", "structure1_luma", "colour_half", "structure_half", "colour_quarter", "structure_quarter")
"""Which part of the energy sees to which anchor."""


class PricedCosts:
    """The solver's costs inside cells, plus a price of listed choices.

    Args:
        near: The solver's.
        listed: Choice numbers, (cells, K).
        prices: Their prices, (cells, K).
        unlisted: The price of any other choice.
    """

    def __init__(
        self, near: NearCosts, listed: NDArray[np.int64], prices: NDArray[np.float32], unlisted: float
    ) -> None:
        self._near, self._listed, self._prices, self._unlisted = near, listed, prices, np.float32(unlisted)

    def of(self, cells: NDArray[np.integer], choices: NDArray[np.integer]) -> NDArray[np.float32]:
        """Costs of lists of choices, (n,) and (n, K), as of `NearCosts`."""
        costs = self._near.of(cells, choices)
        listed, prices = self._listed[cells], self._prices[cells]
        price = np.full(choices.shape, self._unlisted, np.float32)
        for number in range(listed.shape[1]):
            same = choices == listed[:, number, None]
            price = np.where(same, np.minimum(price, prices[:, number, None]), price)
        return costs + price

    def closest(self, cells: NDArray[np.integer], choices: NDArray[np.integer], count: int) -> NDArray[np.int64]:
        """The choices that look most like cells, as of `NearCosts`; prices left out."""
        return self._near.closest(cells, choices, count)


class Rounding:
    """Rounds coefficients over short lists.

    Args:
        problem: The problem.
        options: The short lists.
        start: The solver's choices, (cells,).
        weights: Those of the solver.
    """

    def __init__(self, problem: Problem, options: Options, start: NDArray[np.int64], weights: EnergyWeights) -> None:
        self._problem, self._options, self._start = problem, options, start
        self._weights = replace(
            weights,
            structure1=0.0,
            structure1_luma=weights.structure1 + weights.structure1_luma,
        )

    def choices(
        self,
        minus_log: NDArray[np.float32],
        price: float,
        ratios: Callable[[NDArray[np.int64]], tuple[float, ...]],
    ) -> NDArray[np.int64] | None:
        """The assignment at a price.

        Args:
            minus_log: Minus the logarithm of the coefficients, (cells, K).
            price: What it counts against the solver's energy.
            ratios: What `Objective.ratios` says of an assignment.
        Returns:
            Choice numbers, (cells,); None where something from afar could not be held.
        """
        problem, listed, weights = self._problem, self._options.choices, self._weights
        prices = (np.minimum(minus_log, _UNLISTED) * price).astype(np.float32)
        cells, tiles, shape = problem.cells, problem.choices, problem.grid.shape
        inside = NearCosts.of_problem(problem, weights)
        near = PricedCosts(inside, listed, prices, _UNLISTED * price)
        joint = JointCosts(cells, tiles, shape, weights, problem.weights)
        options = listed.astype(np.int32)
        choices = self._start
        for _ in range(_ROUNDS):
            descent = Descent(problem, near, joint, options, choices, weights.repeat)
            descent.run(_SWEEPS)
            choices = descent.choices
            found = ratios(choices)
            if max(found) <= HELD:
                return choices
            for name, ratio in zip(_HELD_BY, found, strict=False):
                for part in (inside, joint) if ratio > 1 else ():
                    part.reweigh(name, _DEARER)
        return None
