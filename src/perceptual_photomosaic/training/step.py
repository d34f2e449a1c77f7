"""One training step, from a batch of pictures to the gradients of the decoder."""

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
    """The results of a pass through the network.

    Args:
        target: The features of the pictures.
        hidden: The output of conv6, its norm and ReLU, (B, hidden, rows, cols).
        logits: The output of conv7 and its norm, (B, T, rows, cols).
        coefficients: The coefficients, (B, T, rows, cols).
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
    """Run the network on pictures.

    VGG16 runs once at full size, for the encoder and the loss together; with `tone` set it runs separately for both.

    Args:
        net: The network.
        loss: The loss; its VGG16 is the network's encoder.
        images: sRGB, float, 0..255, (B, 3, H, W).
        temperature: Multiplies the logits.
        decoder: A wrapper around the network's decoder, for training on several devices; None takes the decoder.
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
    """Add the gradient of loss / divisor to the gradients of the decoder's parameters.

    The gradient with respect to the mosaic is computed first, one pyramid scale at a time. `backward` then gets a
    scalar that has the same gradient.
    """
    value, slope = loss.value_and_gradient(passed.mosaic, passed.target)
    backward((passed.mosaic * slope).sum() / divisor)
    return value


@torch.no_grad()
def evaluate(loss: PerceptualLoss, target: TargetFeatures, mosaic: Tensor) -> LossValue:
    """Return the loss of a mosaic against the features of a target."""
    value: LossValue = loss(mosaic, target)
    return value
