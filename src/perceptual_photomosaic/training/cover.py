"""Comparison of cells and templates: the tiles of a large set to train on, and the nearest template of each cell."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from perceptual_photomosaic.features.colour import to_oklab
from perceptual_photomosaic.features.pyramid import blur
from perceptual_photomosaic.models.mosaicnet import PARTS, cell_parts
from perceptual_photomosaic.models.template_tone import Tone, apply_tone
from perceptual_photomosaic.training.data import CropStream

__all__ = ["covering_subset", "from_afar", "nearest_template", "template_costs"]


def _patches(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the mean OKLab colours of the 4 x 4 parts of pictures (n, h, w, 3), as (n, 48)."""
    count, height, width, _ = pictures.shape
    lab = to_oklab(pictures.reshape(-1, width, 3)).reshape(count, height, width, 3)
    parts = F.adaptive_avg_pool2d(torch.from_numpy(lab).permute(0, 3, 1, 2), PARTS)
    return parts.reshape(count, -1).numpy()


def covering_subset(
    templates: NDArray[np.uint8], paths: Sequence[str], keep: int, seed: int, cells: int = 6000, tone: Tone = ()
) -> NDArray[np.int64]:
    """Choose the tiles that fit the cells of the training pictures best.

    The choice is greedy. Each step adds the tile that most lowers the summed distance of all cells to their nearest
    chosen tile. The distance compares 4 x 4 parts in OKLab. The first tiles fit common cells, and later tiles fit the
    rest.

    Args:
        templates: All tiles, uint8, (T, h, w, 3).
        paths: The training pictures.
        keep: The number of tiles to choose.
        seed: Decides which cells are compared.
        cells: The number of cells, at least.
        tone: Maps the pictures' colours first, as the loss does.
    Returns:
        Tile numbers, ascending, (keep,).
    """
    height, width = templates.shape[1:3]
    across = 12
    stream = CropStream(paths, across * max(height, width), 4.0, seed=seed)
    found: list[NDArray[np.uint8]] = []
    number = 0
    while len(found) * across * across < cells:
        crop = stream.sample(number)[: across * height, : across * width]
        found.append(crop.reshape(across, height, across, width, 3).swapaxes(1, 2).reshape(-1, height, width, 3))
        number += 1
    stream.close()
    wanted = apply_tone(np.concatenate(found), tone)
    cost = torch.cdist(torch.from_numpy(_patches(wanted)), torch.from_numpy(_patches(templates)))
    left = torch.full((len(cost), 1), float(cost.max()))
    chosen: list[int] = []
    for _ in range(min(keep, len(templates))):
        gain = (left - cost).clamp_min_(0.0).sum(0)
        gain[chosen] = -1.0
        best = int(gain.argmax())
        chosen.append(best)
        left = torch.minimum(left, cost[:, best : best + 1])
    return np.sort(np.array(chosen, np.int64))


def nearest_template(images: Tensor, templates: Tensor, cell: int) -> Tensor:
    """Return the template nearest to each cell, by mean squared difference of 4 x 4 parts.

    Args:
        images: Pictures of whole cells, sRGB, 0..255, (B, 3, H, W).
        templates: (T, 3, h, w).
        cell: Cell side in pixels.
    Returns:
        Template numbers, (B, rows, cols).
    """
    return template_costs(images, templates, cell).argmin(1)


def template_costs(images: Tensor, templates: Tensor, cell: int) -> Tensor:
    """Return the mean squared difference of the 4 x 4 parts of cells and templates, in levels^2, (B, T, rows, cols)."""
    cells = cell_parts(images, cell).transpose(1, 2)  # (B, rows * cols, 48)
    codes = cell_parts(templates)[:, :, 0]  # (T, 48)
    squares = cells.square().sum(2, keepdim=True) + codes.square().sum(1) - 2 * cells @ codes.T
    costs = (squares / codes.shape[1]).clamp_min(0.0).transpose(1, 2)
    return costs.reshape(len(images), len(templates), images.shape[2] // cell, images.shape[3] // cell)


def from_afar(templates: Tensor, sigma: float) -> Tensor:
    """Return the templates after a blur, each surrounded by copies of itself. `sigma` is in pixels."""
    height, width = templates.shape[2:]
    around = 1 + 2 * max(1, int(3 * sigma) // min(height, width) + 1)
    window = 2 * int(2 * sigma) + 1
    tiled = blur(templates.repeat(1, 1, around, around), (window, window), sigma)
    middle = around // 2
    return tiled[:, :, middle * height : (middle + 1) * height, middle * width : (middle + 1) * width].contiguous()
