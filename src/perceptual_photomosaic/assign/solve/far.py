"""When colours from afar come too dear: what they may count once a first sweep has shown what the tiles can do.

Black blocks among a thousand white letters, say, can be dithered to any tone. Weights that suit photos then buy colours
from afar that are far better than needed, and pay with the cells themselves. The yardstick is what one finds who looks
at every cell by itself, the nearest patches in CIELAB: where mean colours of cells come out at less than 0.87 of its
error, they count less, so that they come to about 0.9 of it (`docs/solver.md`).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.assign.base import Problem
from perceptual_photomosaic.assign.costs import EmbeddingCosts, best_choices
from perceptual_photomosaic.assign.solve.weights import EnergyWeights
from perceptual_photomosaic.features.colour import ciede2000, linear_to_lab

__all__ = ["FarColour", "with_far_colour"]

_TOO_DEAR, _ENOUGH = 0.87, 0.9
"""Error of mean colours, as a part of the yardstick's: than which less costs too much near by, and what will do."""
_FOLLOWS = 0.25
"""How the error of mean colours follows their weight: about as its inverse to this power, 0.28 for photos and 0.12 for
characters."""
_LEAST = 0.2
_TRIALS = 3
_COMPARED = 4096
"""At most so many cells, evenly spaced, are compared."""


class FarColour:
    """How much colours from afar may count, going by assignments that were found with them.

    Args:
        problem: The problem; its nearest patches are found once, among the tiles that its limits allow.

    Attributes:
        factor: What they count so far, as a part of what they did at first.
    """

    def __init__(self, problem: Problem) -> None:
        count = len(problem.cells)
        self._compared = np.unique(np.linspace(0, count - 1, min(count, _COMPARED)).astype(np.int64))
        cells = problem.cells[self._compared]
        costs = EmbeddingCosts(*(linear_to_lab(part).reshape(len(part), -1) for part in (cells, problem.choices)))
        self._wanted, self._offered = _means(cells), _means(problem.choices)
        self._yardstick = self._error(best_choices(costs, problem.allowed))
        self._trials = _TRIALS
        self.factor = 1.0

    def too_dear(self, choices: NDArray[np.int64]) -> bool:
        """Look at an assignment, (cells,), and lower the factor where mean colours are closer to the target than 0.87
        of what the nearest patches in CIELAB have: by 0.2 to 1, three times at most.

        Returns:
            Whether it was lowered.
        """
        reached = self._error(choices[self._compared])
        if not self._trials or reached >= _TOO_DEAR * self._yardstick:
            return False
        self._trials -= 1
        self.factor *= max(float((reached / (_ENOUGH * self._yardstick)) ** (1 / _FOLLOWS)), _LEAST)
        return True

    def _error(self, choices: NDArray[np.int64]) -> float:
        """Mean CIEDE2000 of mean colours, over the cells compared."""
        return float(ciede2000(self._wanted, self._offered[choices]).mean(dtype=np.float64))


def with_far_colour(weights: EnergyWeights, factor: float) -> EnergyWeights:
    """Weights with colours from one sample a cell on counting so many times as much."""
    names = ("colour1", "colour_half", "colour_quarter")
    return replace(weights, **{name: factor * getattr(weights, name) for name in names})


def _means(patches: NDArray[np.float32]) -> NDArray[np.float32]:
    return linear_to_lab(patches.mean(axis=(1, 2)))
