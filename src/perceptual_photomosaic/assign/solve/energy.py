"""The energy: the weighted sum of all terms, asked for many cells at once on several threads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.assign.problem import Problem
from perceptual_photomosaic.assign.solve.structure import Structure
from perceptual_photomosaic.assign.solve.terms import TERMS, Row, Term
from perceptual_photomosaic.threads import WORKERS, slices

__all__ = ["Energy"]


class Energy:
    """The sum of some terms over one assignment.

    Args:
        problem: What is chosen from, and where.
        weights: The weight of each term by name; terms without one, or with 0, are left out. The weight of "repeat"
            is the price of the problem's variety unless it is given.
        table: The rows that terms are made from.
    """

    def __init__(self, problem: Problem, weights: Mapping[str, float], table: Sequence[Row] = TERMS) -> None:
        weights = {"repeat": problem.variety.price, **weights}
        self.terms: dict[str, Term] = {}
        self._by_need: dict[str, list[Term]] = {"cell": [], "means": [], "samples": []}
        for row in table:
            refusing = row.name == "repeat" and problem.distance > 1
            if weights.get(row.name, 0.0) > 0 or refusing:
                term = self.terms[row.name] = row.make(problem, weights[row.name])
                self._by_need[row.needs].append(term)
        self._pool = ThreadPoolExecutor(WORKERS)

    def reset(self, choices: NDArray[np.int64]) -> None:
        """Take up an assignment, (cells,)."""
        for term in self.terms.values():
            term.reset(choices)

    def value(self) -> float:
        """Return the energy of the assignment taken up."""
        return sum(term.energy() for term in self.terms.values())

    def inside(self, cells: NDArray[np.integer], options: NDArray[np.integer]) -> NDArray[np.float32]:
        """Return what options, (n, K), cost in cells, (n,), by the terms that depend on the cell alone."""
        return self._costs(["cell"], cells, options[:, 0], options)

    def by_means(
        self, cells: NDArray[np.integer], current: NDArray[np.integer], options: NDArray[np.integer]
    ) -> NDArray[np.float32]:
        """Return what options cost by the terms that follow from mean colours, (n, K): see `Term.costs`."""
        return self._costs(["means"], cells, current, options)

    def across(
        self, cells: NDArray[np.integer], current: NDArray[np.integer], options: NDArray[np.integer]
    ) -> NDArray[np.float32]:
        """Return what options cost by all terms but those that depend on the cell alone, (n, K): see `Term.costs`."""
        return self._costs(["means", "samples"], cells, current, options)

    def estimate(self, options: NDArray[np.integer]) -> NDArray[np.float32]:
        """Return about what options of every cell cost by their shapes, (cells, K): to judge only the best few."""
        shapes = self.terms.get("structure8")
        return shapes.estimate(options) if isinstance(shapes, Structure) else np.zeros(options.shape, np.float32)

    def _costs(
        self,
        needs: Sequence[str],
        cells: NDArray[np.integer],
        current: NDArray[np.integer],
        options: NDArray[np.integer],
    ) -> NDArray[np.float32]:
        terms = [term for need in needs for term in self._by_need[need]]
        jobs = [(term, block) for term in terms for block in slices(len(cells), term.block(options.shape[1]))]
        found = self._pool.map(lambda job: job[0].costs(cells[job[1]], current[job[1]], options[job[1]]), jobs)
        total = np.zeros(options.shape, np.float32)
        for (_, block), costs in zip(jobs, found, strict=True):  # in the order of the jobs: the same on any machine
            total[block] += costs
        return total

    def change(self, cells: NDArray[np.integer], current: NDArray[np.integer], choices: NDArray[np.integer]) -> float:
        """Return the change of energy when cells, (n,), move together; `commit` then makes the move."""
        return sum(term.change(cells, current, choices) for term in self.terms.values())

    def commit(self) -> None:
        """Make the move that was judged last."""
        for term in self.terms.values():
            term.commit()

    def rescale(self, name: str, factor: float) -> None:
        """Multiply the weight of a term, if it has one."""
        if name in self.terms:
            self.terms[name].rescale(factor)
