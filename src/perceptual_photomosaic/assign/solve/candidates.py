"""Candidates: the choices that the solver considers for each cell."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.assign.costs import EmbeddingCosts, Nearest
from perceptual_photomosaic.assign.problem import Problem

__all__ = ["with_nearest_means"]

_MEANS = 4


def with_nearest_means(problem: Problem, listed: NDArray[np.int32]) -> NDArray[np.int32]:
    """Add the choices with the nearest mean colours to the list of a network.

    They are a safeguard: a network may overlook a tile unlike all that it was trained on, such as the only one of a
    hue.

    Args:
        problem: The problem.
        listed: The list of each cell, (cells, K).
    Returns:
        The longer list, (cells, K + 4); some choices may be listed twice.
    """
    wanted, offered = (traits.colours(1)[:, :, 0] for traits in (problem.cell_traits, problem.choice_traits))
    near = Nearest.of(EmbeddingCosts(wanted, offered), _MEANS, problem.allowed)
    return np.concatenate([listed, near.choices], axis=1)
