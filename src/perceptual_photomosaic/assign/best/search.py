"""From the solver's assignment to the best one seen on the way down."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from perceptual_photomosaic.assign.base import Assignment, Problem
from perceptual_photomosaic.assign.best.anneal import Annealing, Schedule, lay_out
from perceptual_photomosaic.assign.best.objective import HELD, Balance, Objective, Value
from perceptual_photomosaic.assign.best.options import Options, find_options
from perceptual_photomosaic.assign.best.rounding import PRICES, Rounding
from perceptual_photomosaic.assign.best.watch import Preview
from perceptual_photomosaic.assign.solve import EnergyWeights
from perceptual_photomosaic.errors import ConfigError
from perceptual_photomosaic.features.vgg import VGG16, fast_dtype
from perceptual_photomosaic.features.weights import load_vgg_weights
from perceptual_photomosaic.progress import Reporter, Stage
from perceptual_photomosaic.threads import fixed_torch_threads

if TYPE_CHECKING:
    from perceptual_photomosaic.assign.best import Best

__all__ = ["improve", "prepare"]

_LOOKS = 2
"""How often on the way down coefficients are rounded to a hard mosaic and measured."""

_FIRST_LOOK = 0.7
"""The first of them; before it the solver's choice still leads nearly everywhere."""

_DEARER, _CHEAPER = 1.1, 0.92
_COLOUR, _NEAR = (0.05, 2.0), (0.8, 2.0)
"""How the prices of colour and of structure follow what the mosaic would look like from afar if it were rounded now,
and their limits."""


def prepare(device: str) -> VGG16:
    """The network on its device, in the arithmetic that is quick there.

    Raises:
        ConfigError: There is no such device.
        MissingExtraError: The weights are not installed.
    """
    known = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if device == "auto":
        device = next(name for name in ("cuda", "mps", "cpu") if known[name])
    if not known.get(device, False):
        there = ", ".join(name for name, found in known.items() if found)
        raise ConfigError(f"device '{device}' is not there; choose auto or one of {there}.")
    return VGG16(load_vgg_weights(), fast_dtype(device)).to(device)


@fixed_torch_threads()
def improve(
    best: Best, problem: Problem, weights: EnergyWeights, start: Assignment, vgg: VGG16, reporter: Reporter
) -> Assignment:
    """Anneal coefficients over the short lists, keeping the best hard mosaic seen."""
    begun = time.monotonic()
    search = _Search(best, problem, weights, start.choices.ravel(), vgg)
    interrupted = False
    with reporter.stage("choosing by perceptual loss", best.steps, "steps") as stage:
        try:
            search.run(stage)
        except KeyboardInterrupt:
            interrupted = True
    if interrupted:
        reporter.note(f"stopped after {search.taken} of {best.steps} steps; going on with the best mosaic so far.")
    figures: dict[str, Any] = {
        "loss": best.loss,
        "start": round(search.first.total, 6),
        "end": round(search.value.total, 6),
        "perceptual": [round(search.first.perceptual, 6), round(search.value.perceptual, 6)],
        "steps": search.taken,
        "seconds": round(time.monotonic() - begun, 2),
    }
    whole: dict[str, Any] = {**start.figures, "best": figures}
    if interrupted:
        whole["interrupted"] = True
    return Assignment(search.choices.reshape(problem.grid.shape), whole)


class _Search:
    """The way down, and the best hard mosaic so far."""

    def __init__(
        self, best: Best, problem: Problem, weights: EnergyWeights, start: NDArray[np.int64], vgg: VGG16
    ) -> None:
        self.best, self.problem = best, problem
        device = vgg.smoothing.device
        self.templates = _flat(problem.choices).to(device)
        self.options: Options = find_options(problem, start, weights, best.candidates)
        self.rounding = Rounding(problem, self.options, start, weights)
        target = lay_out(_flat(problem.cells).to(device), problem.grid.shape)
        first = self._laid(start)
        self.objective = Objective(target, first, vgg, Balance(), "paper" if best.loss == "paper" else "lpips")
        self.choices, self.value = start, self.objective.value(first)
        self.first = self.value
        self.taken = 0
        self.preview = Preview(best.watch) if best.watch else None

    def run(self, stage: Stage) -> None:
        """Anneal to the end, or until time is up."""
        begun = time.monotonic()
        schedule = Schedule(steps=self.best.steps)
        annealing = Annealing(
            self.options, self.templates, self.problem.grid.shape, self.objective, schedule, self.problem.seed
        )
        self._show()
        done, looked = 0.0, _FIRST_LOOK
        try:
            while done < 1:
                value = annealing.step(done)
                self.taken += 1
                self._price(annealing, done)
                spent = (time.monotonic() - begun) / self.best.time_limit if self.best.time_limit else 0.0
                done = min(max(self.taken / self.best.steps, spent), 1.0)
                if looked <= done < 1:
                    looked += (1 - _FIRST_LOOK) / _LOOKS
                    self._look(annealing, done)
                stage.advance(loss=value.total, temperature=schedule.temperature(done), best=self.value.total)
                self._show()
        except KeyboardInterrupt:
            self._look(annealing, done)
            raise
        self._look(annealing, done)

    def _price(self, annealing: Annealing, done: float) -> None:
        """Make colour and structure dearer where the largest coefficients lose some from afar, else cheaper."""
        largest = annealing.minus_log(done).argmin(axis=1)[:, None]
        light = self._laid(np.take_along_axis(self.options.choices, largest, axis=1)[:, 0])
        ratios = self.objective.ratios(light)
        colour, structure = max(ratios[::2]), max(ratios[1::2])
        annealing.colour = _within(annealing.colour * (_CHEAPER if colour <= HELD else _DEARER), _COLOUR)
        annealing.near = _within(annealing.near * (_CHEAPER if structure <= HELD else _DEARER), _NEAR)

    def _look(self, annealing: Annealing, done: float) -> None:
        """Round the coefficients to hard mosaics that are nowhere worse from afar than the solver's."""
        minus_log = annealing.minus_log(done)
        for price in PRICES:
            choices = self.rounding.choices(
                minus_log, price, lambda choices: self.objective.ratios(self._laid(choices))
            )
            if choices is not None:
                self._keep(choices, self.objective.value(self._laid(choices)))

    def _keep(self, choices: NDArray[np.int64], value: Value) -> None:
        if value.total < self.value.total:
            self.choices, self.value = choices, value

    def _laid(self, choices: NDArray[np.int64]) -> Tensor:
        return lay_out(self.templates[torch.from_numpy(choices).to(self.templates.device)], self.problem.grid.shape)

    def _show(self) -> None:
        if self.preview is not None and self.preview.due():
            self.preview.write(self._laid(self.choices)[0].permute(1, 2, 0).cpu().numpy())


def _within(value: float, limits: tuple[float, float]) -> float:
    return min(max(value, limits[0]), limits[1])


def _flat(patches: NDArray[np.float32]) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(patches.transpose(0, 3, 1, 2)).reshape(len(patches), -1))
