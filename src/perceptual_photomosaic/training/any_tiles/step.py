"""The losses of one step: against what the solver knows of an example, and the published loss of the soft mosaic."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from perceptual_photomosaic.features.patches import PATCH
from perceptual_photomosaic.features.vgg import VGG16, fast_dtype
from perceptual_photomosaic.features.vgg_weights import load_vgg_weights
from perceptual_photomosaic.losses import PerceptualLoss
from perceptual_photomosaic.models.any_tiles.inputs import Seen, see
from perceptual_photomosaic.models.any_tiles.network import ENERGY_PER_LOGIT
from perceptual_photomosaic.training.any_tiles.examples import Example, as_problem
from perceptual_photomosaic.training.any_tiles.torch_network import TorchNetwork
from perceptual_photomosaic.training.settings import LIGHT_LOSS

__all__ = ["SoftMosaicLoss", "View", "logits_of", "teacher_loss", "view_of"]

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
        target: The target, sRGB, uint8, (rows * 8, columns * 8, 3).
        pictures: The tiles, sRGB, uint8, (T, 8, 8, 3).
    """

    cells: Seen
    tiles: Seen
    narrow: bool
    shape: tuple[int, int]
    choices: NDArray[np.int64]
    options: NDArray[np.int64]
    costs: NDArray[np.float32]
    target: NDArray[np.uint8]
    pictures: NDArray[np.uint8]


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
    rows, columns = problem.grid.shape
    return View(
        see(problem.cell_traits),
        see(problem.choice_traits),
        example.narrow,
        problem.grid.shape,
        number[example.choices[order].astype(np.int64)],
        np.maximum(number[options], 0),
        costs,
        np.ascontiguousarray(cells.swapaxes(1, 2)).reshape(rows * PATCH, columns * PATCH, 3),
        tiles[kept],
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


def logits_of(network: TorchNetwork, view: View) -> Tensor:
    """Return the network's logits for a view, (cells, T)."""
    logits: Tensor = network(view.cells, view.shape, network.keys(view.tiles, narrow=view.narrow))
    return logits


def teacher_loss(logits: Tensor, view: View) -> Tensor:
    """Return the cross-entropy of the coefficients against the options' shares and against the solver's choice.

    The share of an option is exp(-cost / ENERGY_PER_LOGIT), normalised over the options of the cell.
    """
    coefficients = F.log_softmax(logits, 1)
    costs = torch.from_numpy(view.costs)
    shares = torch.softmax(-costs / ENERGY_PER_LOGIT, 1)
    known = coefficients.gather(1, torch.from_numpy(view.options))
    soft = -(torch.where(shares > 0, shares * known, torch.zeros(()))).sum(1).mean()
    hard = -coefficients.gather(1, torch.from_numpy(view.choices)[:, None]).mean()
    return (1 - _HARD) * soft + _HARD * hard


class SoftMosaicLoss:
    """The multi-scale perceptual loss of the soft mosaic, as for the published network (`losses.PerceptualLoss`).

    Args:
        vgg_weights: "default" or a file.
    """

    def __init__(self, vgg_weights: str = "default") -> None:
        self._loss = PerceptualLoss(VGG16(load_vgg_weights(vgg_weights), fast_dtype("cpu")), LIGHT_LOSS)

    def __call__(self, logits: Tensor, view: View) -> Tensor:
        """Return the loss of the blend of tiles that the logits describe."""
        tiles = torch.from_numpy(view.pictures).float()
        blend = torch.softmax(logits, 1) @ tiles.flatten(1)
        rows, columns = view.shape
        cells = blend.view(rows, columns, PATCH, PATCH, 3).permute(4, 0, 2, 1, 3)
        mosaic = cells.reshape(1, 3, rows * PATCH, columns * PATCH)
        target = self._loss.target(torch.from_numpy(view.target).permute(2, 0, 1)[None].float())
        value, slope = self._loss.value_and_gradient(mosaic, target)
        linear = (mosaic * slope).sum()  # has the gradient of the loss
        return linear + (value.total - linear).detach()
