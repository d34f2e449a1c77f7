"""Candidates: the choices that the solver considers for each cell."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.assign.costs import EmbeddingCosts, blocks
from perceptual_photomosaic.assign.problem import Problem
from perceptual_photomosaic.progress import SILENT, Reporter
from perceptual_photomosaic.threads import share_out

__all__ = ["candidates", "descriptor_costs", "nearest_candidates", "nearest_in_pool"]

_SHAPES, _MEANS = 20, 12
"""Numbers of candidates of a cell: nearest by colours inside the cell, and nearest by mean colour. The latter include
tiles of a rare hue that are less smooth. More hardly lower the energy: docs/logbook/2026-11-one-energy.md."""


def descriptor_costs(problem: Problem) -> EmbeddingCosts:
    """Return the squared distances between descriptors of cells and of choices."""
    return EmbeddingCosts(problem.cell_traits.descriptors, problem.choice_traits.descriptors)


def candidates(problem: Problem, costs: EmbeddingCosts, *, reporter: Reporter = SILENT) -> NDArray[np.int32]:
    """List the candidates of each cell, (cells, K); 1.5 times as many if tiles may be turned or mirrored."""
    halves = 2 if problem.variants == 1 else 3
    by_means = EmbeddingCosts(problem.cell_traits.mean_colours, problem.choice_traits.mean_colours)
    lists = [
        nearest_candidates(costs, _SHAPES * halves // 2, problem.allowed, reporter=reporter),
        nearest_candidates(by_means, _MEANS * halves // 2, problem.allowed),
    ]
    return np.concatenate(lists, axis=1)


def nearest_candidates(
    costs: EmbeddingCosts, count: int, allowed: NDArray[np.bool_] | None = None, *, reporter: Reporter = SILENT
) -> NDArray[np.int32]:
    """Return the nearest choices of each cell by descriptors, nearest first.

    Args:
        costs: Squared distances of descriptors, (cells, choices).
        count: Number of choices to return for each cell; all if there are fewer.
        allowed: Choices that may be used, (choices,); None allows all.
        reporter: Receives progress.
    Returns:
        Choice numbers, int32, (cells, K).
    """
    cells, choices = costs.shape
    usable = np.arange(choices) if allowed is None else np.flatnonzero(allowed)
    keep = min(count, len(usable))
    nearest = np.empty((cells, keep), np.int32)

    def fill(block: slice) -> None:
        rows = costs.rows(block)
        if len(usable) < choices:
            rows = rows[:, usable]
        part = (
            np.argpartition(rows, keep - 1, axis=1)[:, :keep]
            if keep < rows.shape[1]
            else np.broadcast_to(np.arange(keep), rows.shape)
        )
        near = np.take_along_axis(rows, part, axis=1)
        order = np.argsort(near, axis=1, kind="stable")
        nearest[block] = usable[np.take_along_axis(part, order, axis=1)]
        stage.advance(len(rows))

    with reporter.stage("looking for likely tiles", cells, "cells") as stage:
        share_out(fill, blocks(costs))
    return nearest


def nearest_in_pool(
    problem: Problem, cells: NDArray[np.integer], pool: NDArray[np.integer], count: int
) -> NDArray[np.int64]:
    """Return for each cell the best choices of a pool that the cells have to share.

    The best choices differ from the mean of the pool in the same direction as the cell differs from the mean of the
    cells. Costs that are the same for all cells, or for all choices, do not change the best way to share.

    Args:
        problem: The cells, the choices and the limits.
        cells: Cell numbers, (n,).
        pool: Choice numbers of the pool, (m,).
        count: Number of choices to return for each cell; all if there are fewer.
    Returns:
        Choice numbers, (n, count), in no order.
    """
    if count >= len(pool):
        return np.broadcast_to(pool.astype(np.int64), (len(cells), len(pool)))
    wanted, offered = problem.cell_traits.descriptors[cells], problem.choice_traits.descriptors[pool]
    alike = (wanted - wanted.mean(axis=0)) @ (offered - offered.mean(axis=0)).T
    return pool.astype(np.int64)[np.argpartition(-alike, count - 1, axis=1)[:, :count]]
