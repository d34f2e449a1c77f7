"""Candidates: for each cell the choices that could be worth their place there."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.assign.costs import EmbeddingCosts, blocks
from perceptual_photomosaic.assign.problem import Problem
from perceptual_photomosaic.progress import SILENT, Reporter
from perceptual_photomosaic.threads import share_out

__all__ = ["candidates", "descriptor_costs", "nearest_candidates", "nearest_in_pool"]

_SHAPES, _MEANS = 20, 12
"""Candidates of a cell: those nearest by all their colours, and those nearest by their mean colour. A cell of a rare
hue finds it also in photos that are less smooth. More hardly lower the energy: docs/logbook/2026-11-one-energy.md."""


def descriptor_costs(problem: Problem) -> EmbeddingCosts:
    """Return the squared distances between descriptors of cells and of choices."""
    return EmbeddingCosts(problem.cell_traits.descriptors, problem.choice_traits.descriptors)


def candidates(problem: Problem, costs: EmbeddingCosts, *, reporter: Reporter = SILENT) -> NDArray[np.int32]:
    """List the candidates of each cell, (cells, K); half as many more where tiles may be turned or mirrored."""
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
        count: How many choices a cell keeps; all where there are fewer.
        allowed: Choices that may be used, (choices,); None allows all.
        reporter: Hears of progress.
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
    """Return those of some choices that suit cells best when the cells have to share them.

    What counts is how a choice differs from the mean choice in the way that the cell differs from the mean cell: what
    is common to a cell, or to a choice, does not change who should have which.

    Args:
        problem: What is chosen from, and where.
        cells: Cell numbers, (n,).
        pool: Choice numbers to look among, (m,).
        count: How many to find; all where there are fewer.
    Returns:
        Choice numbers, (n, count), in no order.
    """
    if count >= len(pool):
        return np.broadcast_to(pool.astype(np.int64), (len(cells), len(pool)))
    wanted, offered = problem.cell_traits.descriptors[cells], problem.choice_traits.descriptors[pool]
    alike = (wanted - wanted.mean(axis=0)) @ (offered - offered.mean(axis=0)).T
    return pool.astype(np.int64)[np.argpartition(-alike, count - 1, axis=1)[:, :count]]
