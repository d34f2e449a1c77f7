"""The solver: all cells chosen together, for all viewing distances. `docs/solver.md` derives the energy.

`weights` the knob, `near` costs inside a cell, `joint` costs across cells (`scales` the structure at one distance,
`windows` what SSIM is measured under, `blocks` colour from afar, `seams` steps between cells), `candidates` the short
list, `descent` the way down (`areas` moves of many cells at once, `dealing` moves under limits, `copies` repetition),
`far` what colours from afar may count.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.assign.assignment import assign_choices
from perceptual_photomosaic.assign.base import Assignment, Problem
from perceptual_photomosaic.assign.costs import EmbeddingCosts
from perceptual_photomosaic.assign.solve.candidates import look_alikes, looks
from perceptual_photomosaic.assign.solve.descent import Descent
from perceptual_photomosaic.assign.solve.far import FarColour, with_far_colour
from perceptual_photomosaic.assign.solve.joint import JointCosts
from perceptual_photomosaic.assign.solve.near import NearCosts
from perceptual_photomosaic.assign.solve.weights import VIEWING, EnergyWeights, parse_weights
from perceptual_photomosaic.assign.spacing import space_out
from perceptual_photomosaic.features.tone import Reach, inked, reach_of
from perceptual_photomosaic.progress import SILENT, Reporter

__all__ = ["VIEWING", "EnergyWeights", "Solve", "parse_weights"]


@dataclass(frozen=True)
class Solve:
    """Minimise one energy over the assignment of all cells.

    Attributes:
        weights: How much each part of the energy counts.
        by_reach: The same by how much of the target's tones the tiles reach, where that makes a difference.
        when_varied: The same where copies near each other have a price.
        far_colour: By how much colours from afar count, as a part of their weights; None finds out what they may
            (`far`).
        candidates: Choices on the short list of each cell; half as many more where tiles may be turned or mirrored.
            Where copies are kept apart 9/16 of them, and half as many again whose mean colours are nearest: a cell of
            a rare hue finds it also in photos that are less smooth.
        sweeps: At most so many passes over all cells, and one less where copies are kept apart.
    """

    weights: EnergyWeights = field(default_factory=EnergyWeights)
    by_reach: Mapping[Reach, EnergyWeights] = field(default_factory=dict)
    when_varied: Mapping[Reach, EnergyWeights] = field(default_factory=dict)
    far_colour: float | None = 1.0
    candidates: int = 64
    sweeps: int = 6

    def weights_for(self, problem: Problem) -> EnergyWeights:
        """The weights that suit the problem's tiles."""
        by_reach = self.when_varied if problem.variety.price > 0 else self.by_reach
        if not by_reach:
            return self.weights
        reach: Reach = "fitted" if problem.fitted else reach_of(problem.cells, problem.choices)
        if reach not in ("fitted", "faint") and inked(problem.cells, problem.choices):
            reach = "inked"
        return by_reach.get(reach, self.weights)

    def assign(self, problem: Problem, *, reporter: Reporter = SILENT) -> Assignment:
        """Start from the nearest look-alikes under the limits, then go downhill.

        Returns:
            The assignment; its figures hold the energy at the start and after every sweep, and as "far_colour" by how
            much colours from afar counted, if that is less than their weights.
        Raises:
            ConstraintError: The limits cannot be met.
        """
        return self.settle(problem, reporter=reporter)[1]

    def settle(self, problem: Problem, *, reporter: Reporter = SILENT) -> tuple[EnergyWeights, Assignment]:
        """The same with the weights that the energy had in the end."""
        shape, weights, repeats = problem.grid.shape, self.weights_for(problem), problem.repeats()
        costs = EmbeddingCosts(
            *(looks(patches, tones_only=problem.fitted) for patches in (problem.cells, problem.choices))
        )
        start = assign_choices(
            costs,
            shape,
            problem.variants,
            problem.limits,
            repeats=repeats,
            later=True,
            importance=problem.weights,
            seed=problem.seed,
            reporter=reporter,
        )
        apart = repeats.active
        options = self._candidates(problem, costs, reporter, apart=apart)

        finding = self.far_colour is None and problem.limits.free and not apart and not problem.fitted
        colours = FarColour(problem) if finding else None
        while True:
            factor = (self.far_colour or 1.0) if colours is None else colours.factor
            settled = with_far_colour(weights, factor)
            near = NearCosts.of_problem(problem, settled)
            joint = JointCosts(problem.cells, problem.choices, shape, settled, problem.weights)
            way = Descent(problem, near, joint, options, start, settled.repeat, reporter=reporter)
            energies = way.run(
                self.sweeps - 1 if apart else self.sweeps,
                give_up=None if colours is None else colours.too_dear,
                reporter=reporter,
            )
            if colours is None or colours.factor == factor:
                break
        figures: dict[str, Any] = {"energy": [round(energy / len(start), 6) for energy in energies]}
        if factor < 1:
            figures["far_colour"] = round(factor, 3)
        return settled, Assignment(self._apart(problem, costs, way.choices).reshape(shape), figures)

    def _candidates(
        self, problem: Problem, costs: EmbeddingCosts, reporter: Reporter, *, apart: bool
    ) -> NDArray[np.int32]:
        """List the candidates of each cell, (cells, K)."""
        count = self.candidates if problem.variants == 1 else self.candidates * 3 // 2
        if not apart:
            return look_alikes(costs, count, problem.allowed, reporter=reporter)
        alike = look_alikes(costs, count * 9 // 16, problem.allowed, reporter=reporter)
        means = EmbeddingCosts(*(looks(part, tones_only=True) for part in (problem.cells, problem.choices)))
        return np.concatenate([alike, look_alikes(means, count * 9 // 32, problem.allowed)], axis=1)

    @staticmethod
    def _apart(problem: Problem, costs: EmbeddingCosts, choices: NDArray[np.int64]) -> NDArray[np.int64]:
        """Part the few copies that still lie too near to each other where uses are limited."""
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
