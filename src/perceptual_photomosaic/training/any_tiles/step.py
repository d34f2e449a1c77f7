"""The loss of one step: how far the network's coefficients are from what the solver knows of an example."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from perceptual_photomosaic.models.any_tiles.inputs import Seen, see
from perceptual_photomosaic.models.any_tiles.network import ENERGY_PER_LOGIT
from perceptual_photomosaic.training.any_tiles.examples import Example, as_problem
from perceptual_photomosaic.training.any_tiles.torch_network import TorchNetwork

__all__ = ["View", "teacher_loss", "view_of"]

_HARD = 0.3
"""Weight of the solver's choice alone, beside the shares of all options."""
_NOISE = 3.0
"""Largest standard deviation of noise in a target, in levels of sRGB."""


@dataclass(frozen=True)
class View:
    """An example as one step sees it: turned, with some tiles left out, with noise in the target.

    Attributes:
        cells, tiles: As the network sees them.
        narrow: True if the tiles are narrow.
        shape: (rows, columns).
        choices: The solver's choices, (cells,).
        options: Likely choices, (cells, K); the last is the solver's.
        costs: Their energies, float32, (cells, K); infinite for options that are left out.
    """

    cells: Seen
    tiles: Seen
    narrow: bool
    shape: tuple[int, int]
    choices: NDArray[np.int64]
    options: NDArray[np.int64]
    costs: NDArray[np.float32]


def view_of(example: Example, random: np.random.Generator) -> View:
    """Turn an example by one of eight symmetries, leave out some tiles, and add noise to the target, at random."""
    symmetry = int(random.integers(8))
    cells, tiles, order = turned(example, symmetry)
    kept = np.ones(len(tiles), bool)
    if random.random() < 0.6:
        kept = random.random(len(tiles)) < random.uniform(0.3, 1)
        kept[example.choices] = True
    number = np.cumsum(kept) - 1
    if random.random() < 0.6:
        noise = random.normal(0, random.uniform(0, _NOISE), cells.shape)
        cells = np.clip(np.rint(cells + noise), 0, 255).astype(np.uint8)
    options = example.options[order].astype(np.int64)
    costs = np.where(kept[options], example.costs[order].astype(np.float32), np.float32(np.inf))
    problem = as_problem(cells, tiles[kept], example.narrow)
    return View(
        see(problem.cell_traits),
        see(problem.choice_traits),
        example.narrow,
        problem.grid.shape,
        number[example.choices[order].astype(np.int64)],
        np.maximum(number[options], 0),
        costs,
    )


def turned(example: Example, symmetry: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.int64]]:
    """Return cells, tiles and the old number of each cell under a symmetry, 0..7: mirrored down, across, transposed."""
    cells, tiles = example.cells, example.tiles
    order = np.arange(len(example.choices)).reshape(cells.shape[:2])
    if symmetry & 1:
        cells, tiles, order = cells[::-1, :, ::-1], tiles[:, ::-1], order[::-1]
    if symmetry & 2:
        cells, tiles, order = cells[:, ::-1, :, ::-1], tiles[:, :, ::-1], order[:, ::-1]
    if symmetry & 4:
        cells, tiles, order = cells.transpose(1, 0, 3, 2, 4), tiles.transpose(0, 2, 1, 3), order.T
    return np.ascontiguousarray(cells), np.ascontiguousarray(tiles), order.ravel()


def teacher_loss(network: TorchNetwork, view: View) -> Tensor:
    """Return the cross-entropy of the coefficients against the options' shares and against the solver's choice.

    The share of an option is exp(-cost / ENERGY_PER_LOGIT), normalised over the options of the cell.
    """
    logits = network(view.cells, view.shape, network.keys(view.tiles, narrow=view.narrow))
    coefficients = F.log_softmax(logits, 1)
    costs = torch.from_numpy(view.costs)
    shares = torch.softmax(-costs / ENERGY_PER_LOGIT, 1)
    known = coefficients.gather(1, torch.from_numpy(view.options))
    soft = -(torch.where(shares > 0, shares * known, torch.zeros(()))).sum(1).mean()
    hard = -coefficients.gather(1, torch.from_numpy(view.choices)[:, None]).mean()
    return (1 - _HARD) * soft + _HARD * hard
