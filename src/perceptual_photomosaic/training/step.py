"""One step of training: a batch of pictures in, gradients in the decoder out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from perceptual_photomosaic.losses import LossValue, PerceptualLoss, TargetFeatures
from perceptual_photomosaic.models.mosaicnet import MosaicNet, soft_compose

__all__ = ["Forward", "evaluate", "forward", "gradients"]


@dataclass(frozen=True)
class Forward:
    """All that a pass through the network leaves behind.

    Args:
        target: The pictures' features.
        hidden: After conv6, its norm and ReLU, (B, hidden, rows, cols).
        logits: After conv7 and its norm, (B, T, rows, cols).
        coefficients: (B, T, rows, cols).
        mosaic: The soft mosaic, (B, 3, H, W).
    """

    target: TargetFeatures
    hidden: Tensor
    logits: Tensor
    coefficients: Tensor
    mosaic: Tensor


def forward(
    net: MosaicNet, loss: PerceptualLoss, images: Tensor, temperature: float, decoder: torch.nn.Module | None = None
) -> Forward:
    """Run the network; the encoder's pass is the loss's full-size pass over the target, unless that maps its tones.

    Args:
        net: The network.
        loss: The loss; its VGG16 is the network's encoder.
        images: sRGB, float, 0..255, (B, 3, H, W).
        temperature: Multiplies the logits.
        decoder: Stands in for the network's decoder, as an engine for several devices wraps it.
    """
    pool = net.config.pool
    images = net.fill_cells(images)
    if loss.settings.tone:
        target, features = loss.target(images), net.encode(images)
    else:
        target = loss.target(images, extra=(pool,))
        features = net.cell_features(target.extra[pool], images)
    hidden, logits = (decoder or net.decoder)(features)
    coefficients = net.coefficients(logits, temperature)
    return Forward(target, hidden, logits, coefficients, soft_compose(coefficients, net.templates))


def gradients(
    loss: PerceptualLoss,
    passed: Forward,
    divisor: float = 1.0,
    backward: Callable[[Tensor], None] = lambda scalar: scalar.backward(),  # type: ignore[no-untyped-call]
) -> LossValue:
    """Add d(loss / divisor)/d(decoder) to the parameters' gradients.

    The loss's gradient in the mosaic is found first, one pyramid scale at a time, and handed on through a scalar with
    that very gradient.
    """
    value, slope = loss.value_and_gradient(passed.mosaic, passed.target)
    backward((passed.mosaic * slope).sum() / divisor)
    return value


@torch.no_grad()
def evaluate(loss: PerceptualLoss, target: TargetFeatures, mosaic: Tensor) -> LossValue:
    """The loss of any mosaic against a target's features."""
    value: LossValue = loss(mosaic, target)
    return value
