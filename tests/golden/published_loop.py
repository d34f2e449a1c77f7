"""A copy of the published program's computations: read, order, normalise, train, validate and write.

The preset "paper" of the trainer takes only the published hyperparameters. This module also repeats the peculiarities
of the published code, so that its numbers can be reproduced: see docs/understand/from-the-seed.md.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from perceptual_photomosaic.losses import LossValue, PerceptualLoss
from perceptual_photomosaic.models.mosaicnet import MosaicNet, hard_compose
from perceptual_photomosaic.training.optim import TFAdam
from perceptual_photomosaic.training.schedule import paper_learning_rate, paper_temperatures
from perceptual_photomosaic.training.step import Forward, forward, gradients

__all__ = [
    "PaperRun",
    "batch_norm",
    "group_norm",
    "instance_norm",
    "output_name",
    "paper_decode",
    "paper_forward",
    "paper_order",
    "paper_validation",
    "stretch_to_bytes",
    "to_batch",
]


def paper_decode(data: bytes) -> NDArray[np.uint8]:
    """Decode a PNG or JPEG to RGB as the published code does: without alpha, and with the high byte of 16 bits."""
    with Image.open(io.BytesIO(data)) as image:
        if image.mode.startswith("I"):
            grey = (np.asarray(image, np.int64) >> 8).astype(np.uint8)
            return np.repeat(grey[:, :, None], 3, axis=2)
        whole = image.convert("RGBA") if image.mode in ("P", "RGBA", "LA") else image.convert("RGB")
        return np.array(whole)[:, :, :3]


def paper_order(names: Sequence[str]) -> list[str]:
    """Return file names in the order of the template numbers: sorted as texts, so 10 comes before 2."""
    return sorted(names)


def output_name(index: int) -> str:
    """Return the name of output number `index` in the published program."""
    return f"{index:08d}.png"


def stretch_to_bytes(image: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Map the minimum and maximum of an array to 0 and 255, rounding halves up. A constant array becomes 0."""
    low, high = image.min(), image.max()
    scale = 255.0 / float((high - low) or 1.0)  # the range is rounded to the precision of the image
    stretched: NDArray[np.uint8] = (np.clip((image - low) * scale, 0, 255) + 0.5).astype(np.uint8)
    return stretched


def to_batch(images: Sequence[NDArray[np.uint8]]) -> Tensor:
    """Return pictures of one size, uint8 (H, W, 3), as a float tensor (B, 3, H, W), 0..255."""
    return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).float()


def paper_forward(
    net: MosaicNet, loss: PerceptualLoss, images: Tensor, temperature: float
) -> tuple[Forward, LossValue, float]:
    """Return the results of the network and its loss, which is divided by the batch size although it is a mean."""
    passed = forward(net, loss, images, temperature)
    value = loss(passed.mosaic, passed.target)
    return passed, value, float(value.total.detach()) / len(images)


@torch.no_grad()
def paper_hard(net: MosaicNet, images: Tensor, temperature: float = 1.0) -> Tensor:
    """Return the hard mosaic of the argmax of the softmax. If values are equal after rounding, the first one wins."""
    coefficients = net.coefficients(net.decoder(net.encode(images))[1], temperature)
    return hard_compose(coefficients.argmax(1), net.templates)


def paper_validation(
    net: MosaicNet,
    loss: PerceptualLoss,
    images: Sequence[NDArray[np.uint8]],
    batch_size: int,
    temperature: float,
) -> float:
    """Return the sum of the batches' losses over the number of pictures: the training loss / batch size."""
    total = 0.0
    for start in range(0, len(images), batch_size):
        with torch.no_grad():
            total += paper_forward(net, loss, to_batch(images[start : start + batch_size]), temperature)[2]
    return total / len(images)


@dataclass
class PaperRun:
    """The published training loop over pictures in a fixed order.

    Steps count from 1 to `iterations` - 1. Iterate over it to train; each item is one finished step.

    Args:
        net: Trained in place.
        loss: The loss.
        images: Pictures of one size, uint8 (H, W, 3); batches start again at the first after the last.
        iterations: One more than the number of steps.
        learning_rate: The learning rate at the start.
        temperature: The temperature at the start.
        batch_size: Pictures per step.
    """

    net: MosaicNet
    loss: PerceptualLoss
    images: Sequence[NDArray[np.uint8]]
    iterations: int
    learning_rate: float = 6e-6
    temperature: float = 1.0
    batch_size: int = 6
    optimizer: TFAdam = field(init=False)

    def __post_init__(self) -> None:
        self.optimizer = TFAdam(self.net.decoder.parameters(), lr=self.learning_rate)

    def __iter__(self) -> Iterator[tuple[int, float, float, float]]:
        """Yield (step, temperature, learning rate, loss before the step's update)."""
        temperatures = paper_temperatures(self.iterations - 1, self.temperature, len(self.images), self.batch_size)
        for step, temperature in enumerate(temperatures, start=1):
            first = (step - 1) * self.batch_size
            batch = to_batch([self.images[i % len(self.images)] for i in range(first, first + self.batch_size)])
            rate = paper_learning_rate(self.learning_rate, step)
            for group in self.optimizer.param_groups:
                group["lr"] = rate
            self.optimizer.zero_grad()
            value = gradients(self.loss, forward(self.net, self.loss, batch, temperature), divisor=len(batch))
            self.optimizer.step()
            yield step, temperature, rate, float(value.total) / len(batch)


def instance_norm(x: Tensor, epsilon: float) -> Tensor:
    """Normalise each channel of each picture over its positions."""
    variance, mean = torch.var_mean(x, dim=(2, 3), keepdim=True, correction=0)
    return (x - mean) / torch.sqrt(variance + epsilon)


def group_norm(x: Tensor, groups: int, epsilon: float) -> Tensor:
    """Normalise each picture in slices of memory, as the published code does.

    Its tensors have channels last and are divided in that order. So a "group" is a band of rows with all channels, not
    a set of channels as in Wu and He, "Group normalization", 2018.
    """
    batch, channels, rows, columns = x.shape
    bands = x.permute(0, 2, 3, 1).reshape(batch, groups, -1)
    variance, mean = torch.var_mean(bands, dim=2, keepdim=True, correction=0)
    normalised = (bands - mean) / torch.sqrt(variance + epsilon)
    return normalised.view(batch, rows, columns, channels).permute(0, 3, 1, 2)


def batch_norm(x: Tensor, epsilon: float = 1e-3) -> Tensor:
    """Normalise each channel over the batch and its positions, always with the statistics of the batch."""
    variance, mean = torch.var_mean(x, dim=(0, 2, 3), keepdim=True, correction=0)
    return (x - mean) / torch.sqrt(variance + epsilon)
