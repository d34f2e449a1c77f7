"""Coefficients over the short list of each cell, annealed until one tile is left.

Each cell's logits, times a temperature that rises, make coefficients; these blend tiles into a soft mosaic, whose loss
tells the logits where to go. A blend can look like anything, so two things keep it honest: costs that are linear in the
coefficients, on which a blend is never better than its best tile, and the temperature.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from perceptual_photomosaic.assign.best.objective import Objective, Value
from perceptual_photomosaic.assign.best.options import Options
from perceptual_photomosaic.features.patches import PATCH

__all__ = ["Annealing", "Schedule", "lay_out"]

_CELLS = 4096


@dataclass(frozen=True)
class Schedule:
    """How coefficients are annealed.

    Attributes:
        steps: Steps of the optimiser.
        warm: Temperature at the start.
        hard: Temperature at the end.
        rate: Step of Adam, in logits at temperature 1.
        lead: Coefficient of the solver's choice at the start.
        near: Weight of the solver's costs of colour inside the cell and structure around it, at the start.
        colour: Weight of the mean colour's distance, at the start.
    """

    steps: int = 200
    warm: float = 1.0
    hard: float = 100.0
    rate: float = 0.2
    lead: float = 0.2
    near: float = 1.4
    colour: float = 0.3

    def temperature(self, done: float) -> float:
        """The temperature when a part of the way, 0 to 1, is done: it rises by equal factors."""
        return float(self.warm * (self.hard / self.warm) ** done)


def lay_out(patches: Tensor, shape: tuple[int, int]) -> Tensor:
    """Lay (cells, 192) patches out as a picture, (1, 3, rows * 8, columns * 8)."""
    rows, columns = shape
    cells = patches.view(rows, columns, 3, PATCH, PATCH)
    return cells.permute(2, 0, 3, 1, 4).reshape(1, 3, rows * PATCH, columns * PATCH)


def _take_up(picture: Tensor, shape: tuple[int, int]) -> Tensor:
    """The inverse of `lay_out`."""
    rows, columns = shape
    cells = picture.view(3, rows, PATCH, columns, PATCH)
    return cells.permute(1, 3, 0, 2, 4).reshape(rows * columns, 3 * PATCH * PATCH)


class Annealing:
    """Coefficients and their optimiser.

    Args:
        options: Short lists.
        templates: What choices look like: linear light, (choices, 192).
        shape: (rows, columns).
        objective: What mosaics are measured by.
        schedule: How to go on.
        seed: Decides how the network looks at mosaics.
    """

    def __init__(
        self,
        options: Options,
        templates: Tensor,
        shape: tuple[int, int],
        objective: Objective,
        schedule: Schedule,
        seed: int = 0,
    ) -> None:
        self._random = np.random.default_rng(seed)
        self.schedule, self.objective, self.shape = schedule, objective, shape
        self._numbers = torch.from_numpy(options.choices).to(templates.device)
        self._templates = templates
        self.near, self.colour = schedule.near, schedule.colour
        self._nears, self._colours = (
            torch.from_numpy(part).to(templates.device) for part in (options.near, options.colour)
        )
        self.logits = _initial(options, schedule).to(templates.device).requires_grad_()
        self._optimiser = torch.optim.Adam([self.logits], lr=schedule.rate, betas=(0.9, 0.95))

    def step(self, done: float) -> Value:
        """Go one step; `done` is the part of the way behind, 0 to 1.

        Returns:
            The objective of the soft mosaic before the step.
        """
        coefficients = torch.softmax(self.logits * self.schedule.temperature(done), dim=1)
        value, slope = self.objective.value_and_gradient(
            lay_out(self._blend(coefficients.detach()), self.shape), self._random
        )
        # Per cell rather than per picture, so that the size of the mosaic does not matter to the optimiser.
        pull = self._pull(_take_up(slope, self.shape)) * len(coefficients)
        pull += self.near * self._nears + self.colour * self._colours
        self._optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(coefficients, pull)
        self._optimiser.step()
        return value

    def _blend(self, coefficients: Tensor) -> Tensor:
        """Tiles blended by coefficients, (cells, 192); some cells at a time, to bound memory."""
        parts = zip(torch.split(coefficients, _CELLS), torch.split(self._numbers, _CELLS), strict=True)
        return torch.cat([torch.einsum("nk,nkd->nd", part, self._templates[numbers]) for part, numbers in parts])

    def _pull(self, slope: Tensor) -> Tensor:
        """The gradient in the coefficients, (cells, K), of what has this gradient in the cells, (cells, 192)."""
        parts = zip(torch.split(slope, _CELLS), torch.split(self._numbers, _CELLS), strict=True)
        return torch.cat([torch.einsum("nd,nkd->nk", part, self._templates[numbers]) for part, numbers in parts])

    def minus_log(self, done: float) -> NDArray[np.float32]:
        """Minus the logarithm of the coefficients, (cells, K): costs by which to round."""
        with torch.no_grad():
            log = torch.log_softmax(self.logits * self.schedule.temperature(done), dim=1)
        found: NDArray[np.float32] = -log.cpu().numpy()
        return found


def _initial(options: Options, schedule: Schedule) -> Tensor:
    """Logits in the solver's order of merit, its own choice at the coefficient `lead`."""
    if options.choices.shape[1] == 1:
        return torch.zeros(options.choices.shape)
    gaps = np.maximum(options.costs - options.costs[:, :1], 0.0)
    spread = max(float(np.median(gaps[:, 1:])), 1e-9)
    logits = torch.from_numpy(-(gaps / spread)).float()
    rest = torch.logsumexp(logits[:, 1:] * schedule.warm, dim=1)
    logits[:, 0] = (float(np.log(schedule.lead / (1 - schedule.lead))) + rest) / schedule.warm
    return logits
