"""From coefficients to one tile a cell: the solver again, with coefficients as a price.

Taking the largest coefficient of each cell forgets what neighbours make up for from afar. So the solver goes downhill
once more, from its own assignment, on its energy plus `price` times minus the logarithm of the coefficients: at a high
price it ends at the largest coefficients, at a low one where it was, and within the limits at any.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.assign.base import Problem
from perceptual_photomosaic.assign.best.options import Options
from perceptual_photomosaic.assign.solve.descent import Descent
from perceptual_photomosaic.assign.solve.far import FarField
from perceptual_photomosaic.assign.solve.near import NearCosts
from perceptual_photomosaic.assign.solve.structure import JointStructure
from perceptual_photomosaic.assign.solve.weights import EnergyWeights

__all__ = ["PRICES", "Rounding"]

PRICES = (0.1, 0.03, 0.015, 0.008, 0.004)
"""Tried in turn until the mosaic is not worse from afar than the solver's."""

_SWEEPS = 2
_COLOUR_FROM_AFAR, _STRUCTURE_FROM_AFAR = 4.0, 2.5
_UNLISTED = 20.0
"""Minus the logarithm of a coefficient, at most; also that of a choice that is on no short list."""


class PricedCosts(NearCosts):
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
        weights = self._weights = replace(
            weights,
            far=_COLOUR_FROM_AFAR * weights.far,
            structure1=_STRUCTURE_FROM_AFAR * weights.structure1,
            structure_half=_STRUCTURE_FROM_AFAR * weights.structure_half,
            structure_quarter=_STRUCTURE_FROM_AFAR * weights.structure_quarter,
        )
        cells, choices, shape = problem.cells, problem.choices, problem.grid.shape
        self._near = NearCosts(cells, choices, weights, problem.weights)
        self._far = FarField(cells, choices, shape, weights.far, problem.weights)
        self._structure = JointStructure(cells, choices, shape, weights, problem.weights)

    def choices(self, merit: NDArray[np.float32], price: float) -> NDArray[np.int64]:
        """The assignment at a price.

        Args:
            merit: Minus the logarithm of the coefficients, (cells, K).
            price: What it counts against the solver's energy.
        Returns:
            Choice numbers, (cells,).
        """
        problem, listed = self._problem, self._options.choices
        prices = (np.minimum(merit, _UNLISTED) * price).astype(np.float32)
        near = PricedCosts(self._near, listed, prices, _UNLISTED * price)
        descent = Descent(
            near,
            self._far,
            self._structure,
            listed.astype(np.int32),
            self._start,
            problem.variants,
            problem.limits,
            self._weights.repeat,
            problem.seed,
        )
        descent.run(_SWEEPS)
        return descent.choices
