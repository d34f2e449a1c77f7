"""The published program, number for number: how it read, ordered, normalised, trained, validated and wrote.

The preset "paper" of the trainer takes only the published hyperparameters. What is here also keeps the published code's
habits, so that its numbers can be repeated: see docs/understand/from-the-seed.md.
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
    """Decode a PNG or JPEG to RGB as the published code does: alpha dropped, 16 bits cut to the high byte."""
    with Image.open(io.BytesIO(data)) as image:
        if image.mode.startswith("I"):
            grey = (np.asarray(image, np.int64) >> 8).astype(np.uint8)
            return np.repeat(grey[:, :, None], 3, axis=2)
        whole = image.convert("RGBA") if image.mode in ("P", "RGBA", "LA") else image.convert("RGB")
        return np.array(whole)[:, :, :3]


def paper_order(names: Sequence[str]) -> list[str]:
    """File names in the order in which templates are numbered: as texts, so 10 comes before 2."""
    return sorted(names)


def output_name(index: int) -> str:
    """The published name of output number `index`."""
    return f"{index:08d}.png"


def stretch_to_bytes(image: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Map an array's own minimum and maximum to 0 and 255, rounding halves up; a constant one becomes 0."""
    low, high = image.min(), image.max()
    scale = 255.0 / float((high - low) or 1.0)  # the range is rounded to the image's own precision
    stretched: NDArray[np.uint8] = (np.clip((image - low) * scale, 0, 255) + 0.5).astype(np.uint8)
    return stretched


def to_batch(images: Sequence[NDArray[np.uint8]]) -> Tensor:
    """uint8 (H, W, 3) pictures of one size -> float (B, 3, H, W), 0..255."""
    return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).float()


def paper_forward(
    net: MosaicNet, loss: PerceptualLoss, images: Tensor, temperature: float
) -> tuple[Forward, LossValue, float]:
    """The network and its loss, which is divided by the batch size although it is a mean already."""
    passed = forward(net, loss, images, temperature)
    value = loss(passed.mosaic, passed.target)
    return passed, value, float(value.total.detach()) / len(images)


@torch.no_grad()
def paper_hard(net: MosaicNet, images: Tensor, temperature: float = 1.0) -> Tensor:
    """The hard mosaic, of the argmax of the softmax: ties, also those made by rounding, go to the first template."""
    coefficients = net.coefficients(net.decoder(net.encode(images))[1], temperature)
    return hard_compose(coefficients.argmax(1), net.templates)


def paper_validation(
    net: MosaicNet,
    loss: PerceptualLoss,
    images: Sequence[NDArray[np.uint8]],
    batch_size: int,
    temperature: float,
) -> float:
    """Sum of the batches' losses over the number of pictures: smaller than the training loss by the batch size."""
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
        images: uint8 (H, W, 3) pictures of one size; batches wrap around at the end.
        iterations: One more than the steps taken.
        learning_rate: At the start.
        temperature: At the start.
        batch_size: Pictures a step.
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
    """Normalise each channel of each picture over its places."""
    variance, mean = torch.var_mean(x, dim=(2, 3), keepdim=True, correction=0)
    return (x - mean) / torch.sqrt(variance + epsilon)


def group_norm(x: Tensor, groups: int, epsilon: float) -> Tensor:
    """Normalise each picture in slices of memory, as the published code does.

    Its tensors hold the channel last and are cut without moving it, so that a "group" is a band of rows with all
    channels, not a set of channels as in Wu and He, "Group normalization", 2018.
    """
    batch, channels, rows, columns = x.shape
    bands = x.permute(0, 2, 3, 1).reshape(batch, groups, -1)
    variance, mean = torch.var_mean(bands, dim=2, keepdim=True, correction=0)
    normalised = (bands - mean) / torch.sqrt(variance + epsilon)
    return normalised.view(batch, rows, columns, channels).permute(0, 3, 1, 2)


def batch_norm(x: Tensor, epsilon: float = 1e-3) -> Tensor:
    """Normalise each channel over the batch and its places, always by the batch itself."""
    variance, mean = torch.var_mean(x, dim=(0, 2, 3), keepdim=True, correction=0)
    return (x - mean) / torch.sqrt(variance + epsilon)
