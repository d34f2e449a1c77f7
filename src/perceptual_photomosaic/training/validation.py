"""Validation: the losses of soft and hard mosaics on the validation pictures, and the validation sheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from perceptual_photomosaic.losses import PerceptualLoss
from perceptual_photomosaic.models.mosaicnet import MosaicNet, hard_compose
from perceptual_photomosaic.progress import SILENT, Reporter
from perceptual_photomosaic.training.cover import nearest_template
from perceptual_photomosaic.training.data import to_tensor
from perceptual_photomosaic.training.step import forward

__all__ = ["Validation", "to_uint8", "validate"]


@dataclass(frozen=True)
class Validation:
    """The results of a validation.

    Args:
        figures: The mean loss of the soft mosaics ("val/soft"), of the hard mosaics ("val/hard"), and of mosaics with
            the nearest template in every cell ("val/nearest"). The loss maps the target's tones by its `tone`.
        sheet: Targets, soft mosaics, hard mosaics, and mosaics of the nearest templates, for the first pictures, each
            (N, H, W, 3).
    """

    figures: dict[str, float]
    sheet: list[NDArray[np.uint8]]


def to_uint8(images: Tensor) -> NDArray[np.uint8]:
    """Return pictures (B, 3, H, W), 0..255, as uint8 (B, H, W, 3), rounded and clipped."""
    pixels: NDArray[np.uint8] = images.round().clamp(0, 255).byte().permute(0, 2, 3, 1).cpu().numpy()
    return pixels


@torch.no_grad()
def validate(
    net: MosaicNet,
    loss: PerceptualLoss,
    pictures: Sequence[NDArray[np.uint8]],
    temperature: float,
    batch: int,
    shown: int,
    reporter: Reporter = SILENT,
) -> Validation:
    """Measure a network on pictures of one size.

    Args:
        net: The network.
        loss: The loss it is trained for.
        pictures: Pictures of whole cells, uint8, (H, W, 3).
        temperature: The temperature of the soft mosaics.
        batch: Pictures per pass through the network.
        shown: The number of pictures on the sheet.
        reporter: Receives progress.
    """
    sums = {"val/soft": 0.0, "val/hard": 0.0, "val/nearest": 0.0}
    rows: list[list[NDArray[np.uint8]]] = []
    with reporter.stage("measuring the validation pictures", len(pictures), "pictures") as stage:
        for start in range(0, len(pictures), batch):
            images = to_tensor(pictures[start : start + batch]).to(net.templates.device)
            passed = forward(net, loss, images, temperature)
            hard = hard_compose(passed.logits.argmax(1), net.templates)
            nearest = hard_compose(nearest_template(loss.toned(images), net.templates, net.config.cell), net.templates)
            for name, mosaic in (("val/soft", passed.mosaic), ("val/hard", hard), ("val/nearest", nearest)):
                sums[name] += float(loss(mosaic, passed.target).total) * len(images)
            if start < shown:
                rows.append([to_uint8(picture) for picture in (images, passed.mosaic, hard, nearest)])
            stage.advance(len(images))
    sheet = [np.concatenate(columns)[:shown] for columns in zip(*rows, strict=True)] if rows else []
    return Validation({name: value / len(pictures) for name, value in sums.items()}, sheet)
