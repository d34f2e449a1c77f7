"""The choices of each cell that have coefficients, and what they cost whatever its neighbours do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.assign.base import Problem
from perceptual_photomosaic.assign.costs import EmbeddingCosts
from perceptual_photomosaic.assign.solve.candidates import look_alikes, looks
from perceptual_photomosaic.assign.solve.joint import JointCosts
from perceptual_photomosaic.assign.solve.near import NearCosts
from perceptual_photomosaic.assign.solve.weights import EnergyWeights
from perceptual_photomosaic.features.colour import linear_to_din99d

__all__ = ["Options", "find_options"]

_LONG_LIST = 96


@dataclass(frozen=True)
class Options:
    """Short lists of choices; the first of each is the solver's.

    Attributes:
        choices: Choice numbers, int64, (cells, K).
        costs: The solver's costs with all other cells as it left them, float32, (cells, K); for an order of merit.
        near: The solver's costs of colour and texture inside the cell and structure around it, in parts of the mean of
            the former for the solver's choices, (cells, K).
        colour: Distance between mean colours, as parts of its mean, (cells, K).
    """

    choices: NDArray[np.int64]
    costs: NDArray[np.float32]
    near: NDArray[np.float32]
    colour: NDArray[np.float32]


def find_options(problem: Problem, start: NDArray[np.int64], weights: EnergyWeights, count: int) -> Options:
    """List the best choices of each cell in the solver's eyes; pinned cells have one choice, banned tiles are left out.

    Args:
        problem: The problem.
        start: The solver's choices, (cells,).
        weights: Those of the solver.
        count: Length of the lists; shorter where there are fewer choices.
    """
    cells = np.arange(len(start))
    likeness = EmbeddingCosts(looks(problem.cells), looks(problem.choices))
    numbers = look_alikes(likeness, _LONG_LIST, problem.allowed)
    count = min(count, numbers.shape[1])
    numbers = np.concatenate([start[:, None], numbers], axis=1)
    joint = JointCosts(problem.cells, problem.choices, problem.grid.shape, weights, problem.weights)
    joint.reset(start)
    inside = NearCosts.of_problem(problem, weights).of(cells, numbers)
    mean = max(float(inside[:, 0].mean()), 1e-9)
    structure = joint.structure(cells, start, numbers)
    costs = inside + structure + joint.colour(cells, start, numbers)
    inside += structure - structure[:, :1]
    rank_by = np.where(numbers == start[:, None], np.inf, costs)
    rank_by[:, 0] = -np.inf
    order = np.argsort(rank_by, axis=1, kind="stable")[:, :count]
    order[list(problem.limits.pinned)] = 0
    listed = np.take_along_axis(numbers, order, axis=1).astype(np.int64)
    costs, inside = (np.take_along_axis(part, order, axis=1) for part in (costs, inside))
    residual = linear_to_din99d(problem.choices.mean(axis=(1, 2)))[listed] - joint.wanted[:, None]
    distance = np.sqrt(np.einsum("nkc,nkc->nk", residual, residual))
    return Options(listed, costs, inside / mean, distance / max(float(distance[:, 0].mean()), 1e-9))
