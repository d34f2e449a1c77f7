"""The energy: the weighted sum of all terms, computed for many cells at once on several threads."""

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
    """The energy of one assignment: the weighted sum of its terms.

    Narrow tiles, such as letters, have no term of shapes at 8 x 8 samples. Their strokes are not the target's shapes,
    and this term would prefer empty paper wherever the target is smooth.

    Args:
        problem: The cells, the choices and the limits.
        weights: The weight of each term by name; terms without one, or with 0, are left out. The default weight of
            "repeat" is the price of the problem's variety.
        table: The table of terms.
    """

    def __init__(self, problem: Problem, weights: Mapping[str, float], table: Sequence[Row] = TERMS) -> None:
        weights = {"repeat": problem.variety.price, **weights}
        self.terms: dict[str, Term] = {}
        self._by_need: dict[str, list[Term]] = {"cell": [], "means": [], "samples": []}
        for row in table:
            refusing = row.name == "repeat" and problem.distance > 1
            if problem.narrow and not row.narrow:
                continue
            if weights.get(row.name, 0.0) > 0 or refusing:
                term = self.terms[row.name] = row.build(problem, weights[row.name])
                self._by_need[row.needs].append(term)
        self._pool = ThreadPoolExecutor(WORKERS)

    def reset(self, choices: NDArray[np.int64]) -> None:
        """Set the current assignment, (cells,)."""
        for term in self.terms.values():
            term.reset(choices)

    def value(self) -> float:
        """Return the energy of the current assignment."""
        return sum(term.energy() for term in self.terms.values())

    def inside(self, cells: NDArray[np.integer], options: NDArray[np.integer]) -> NDArray[np.float32]:
        """Return the costs of options, (n, K), in cells, (n,), by the terms that depend on the cell alone."""
        return self._costs("cell", cells, options[:, 0], options)

    def by_means(
        self, cells: NDArray[np.integer], current: NDArray[np.integer], options: NDArray[np.integer]
    ) -> NDArray[np.float32]:
        """Return the costs of options by the terms that need only mean colours, (n, K): see `Term.costs`."""
        return self._costs("means", cells, current, options)

    def by_samples(
        self, cells: NDArray[np.integer], current: NDArray[np.integer], options: NDArray[np.integer]
    ) -> NDArray[np.float32]:
        """Return the costs of options by the terms of many samples, (n, K): see `Term.costs`."""
        return self._costs("samples", cells, current, options)

    def estimate(self, options: NDArray[np.integer]) -> NDArray[np.float32]:
        """Return estimated costs of the shapes of options of every cell, (cells, K), used to select the best few."""
        shapes = self.terms.get("structure8")
        return shapes.estimate(options) if isinstance(shapes, Structure) else np.zeros(options.shape, np.float32)

    def _costs(
        self,
        need: str,
        cells: NDArray[np.integer],
        current: NDArray[np.integer],
        options: NDArray[np.integer],
    ) -> NDArray[np.float32]:
        count = options.shape[1]
        jobs = [(term, block) for term in self._by_need[need] for block in slices(len(cells), term.block(count))]
        found = self._pool.map(lambda job: job[0].costs(cells[job[1]], current[job[1]], options[job[1]]), jobs)
        total = np.zeros(options.shape, np.float32)
        for (_, block), costs in zip(jobs, found, strict=True):  # fixed order: the same sums on any machine
            total[block] += costs
        return total

    def change(self, cells: NDArray[np.integer], current: NDArray[np.integer], choices: NDArray[np.integer]) -> float:
        """Return the change of energy if cells, (n,), change together; `commit` then applies it."""
        return sum(term.change(cells, current, choices) for term in self.terms.values())

    def commit(self) -> None:
        """Apply the move that `change` evaluated last."""
        for term in self.terms.values():
            term.commit()

    def rescale(self, name: str, factor: float) -> None:
        """Multiply the weight of a term, if it has one."""
        if name in self.terms:
            self.terms[name].rescale(factor)
