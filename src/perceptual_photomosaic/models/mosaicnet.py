"""MosaicNet: a frozen VGG16, a small decoder, and one coefficient per template in every cell.

Tesfaldet et al., "Convolutional photomosaic generation via multi-scale perceptual losses", ECCV Workshops 2018,
section 2. Pictures and templates are sRGB, 0..255.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from perceptual_photomosaic.errors import ConfigError
from perceptual_photomosaic.features.vgg import VGG16

__all__ = [
    "Decoder",
    "MosaicNet",
    "MosaicNetConfig",
    "cell_parts",
    "entropy",
    "hard_compose",
    "soft_compose",
    "variance",
]

POOL_OF_CELL = {4: "pool2", 8: "pool3", 16: "pool4", 32: "pool5"}
PAPER_EPSILON = 1e-12
PARTS = 4


def layer_norm(x: Tensor, epsilon: float) -> Tensor:
    """Subtract the mean and divide by the standard deviation of each picture, over channels and positions together.

    Args:
        x: (B, C, rows, cols).
        epsilon: Added to the variance.
    """
    variance, mean = torch.var_mean(x, dim=(1, 2, 3), keepdim=True, correction=0)
    return (x - mean) / torch.sqrt(variance + epsilon)


@dataclass(frozen=True)
class MosaicNetConfig:
    """The architecture of a network.

    Args:
        num_templates: T, the number of channels of the last layer.
        in_channels: Channels of the encoder's pooling layer.
        cell: Cell side in pixels: 4, 8, 16 or 32, for pool2 ... pool5.
        hidden: Decoder channels.
        pixels: Give the decoder also the colours of the cell, as the means of 4 x 4 parts. The paper's network reads
            only VGG16. But the default weights keep so little colour at pool3 that the mean colour of a cell cannot
            be computed from it (least squares has an error of 56 levels; the standard deviation is 63).
        norm_epsilon: Added to the variance in the layer norms. The paper's code has 1e-12, which turns constant
            features into amplified rounding noise.
    """

    num_templates: int
    in_channels: int = 256
    cell: int = 8
    hidden: int = 256
    pixels: bool = False
    norm_epsilon: float = 1e-6

    def __post_init__(self) -> None:
        if self.cell not in POOL_OF_CELL:
            raise ConfigError(f"cells of MosaicNet are 4, 8, 16 or 32 px, not {self.cell}")
        if self.num_templates < 2:
            raise ConfigError(f"MosaicNet needs at least 2 templates, not {self.num_templates}")

    @property
    def pool(self) -> str:
        """The layer of the encoder that has one position per cell."""
        return POOL_OF_CELL[self.cell]


def cell_parts(images: Tensor, cell: int = 0) -> Tensor:
    """Return the mean colours of the 4 x 4 parts of each cell.

    Args:
        images: Pictures of whole cells, (B, 3, H, W).
        cell: Cell side in pixels; 0 takes each picture as one cell.
    Returns:
        (B, 48, number of cells), row by row.
    """
    rows = images.shape[2] // cell if cell else 1
    columns = images.shape[3] // cell if cell else 1
    return F.unfold(F.adaptive_avg_pool2d(images, (rows * PARTS, columns * PARTS)), PARTS, stride=PARTS)


class Decoder(nn.Module):
    """The decoder, from encoder features to logits: conv6 1 x 1, layer norm, ReLU, conv7 3 x 3, layer norm."""

    def __init__(self, config: MosaicNetConfig) -> None:
        super().__init__()
        self.config = config
        seen = config.in_channels + (3 * PARTS * PARTS if config.pixels else 0)
        self.conv6 = nn.Conv2d(seen, config.hidden, 1)
        self.conv7 = nn.Conv2d(config.hidden, config.num_templates, 3, padding=1)
        for layer in (self.conv6, self.conv7):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Return the hidden layer and the logits.

        Args:
            features: (B, in_channels, rows, cols).
        Returns:
            The hidden layer, (B, hidden, rows, cols), and the logits, (B, T, rows, cols).
        """
        hidden = layer_norm(self.conv6(features), self.config.norm_epsilon).relu()
        return hidden, layer_norm(self.conv7(hidden), self.config.norm_epsilon)


def soft_compose(coefficients: Tensor, templates: Tensor) -> Tensor:
    """Blend templates into a mosaic, one weighted sum per cell.

    The cells are multiplied by the templates in one matrix product, so that no tensor needs both axes T and pixels.

    Args:
        coefficients: Weights, (B, T, rows, cols), summing to 1 over T.
        templates: Pictures, (T, C, h, w), sRGB, 0..255.
    Returns:
        The soft mosaic, (B, C, rows * h, cols * w).
    """
    batch, count, rows, columns = coefficients.shape
    _, channels, height, width = templates.shape
    cells = coefficients.permute(0, 2, 3, 1).reshape(-1, count)
    blended = (cells @ templates.reshape(count, -1)).view(batch, rows, columns, channels, height, width)
    return blended.permute(0, 3, 1, 4, 2, 5).reshape(batch, channels, rows * height, columns * width)


def hard_compose(assignment: Tensor, templates: Tensor) -> Tensor:
    """Place one template in each cell.

    Args:
        assignment: Template numbers, (B, rows, cols).
        templates: (T, C, h, w).
    Returns:
        The hard mosaic, (B, C, rows * h, cols * w), in the templates' dtype.
    """
    batch, rows, columns = assignment.shape
    _, channels, height, width = templates.shape
    picked = templates[assignment].permute(0, 3, 1, 4, 2, 5)  # (B, rows, cols, C, h, w) -> (B, C, rows, h, cols, w)
    return picked.reshape(batch, channels, rows * height, columns * width)


class MosaicNet(nn.Module):
    """Encoder, decoder and templates together.

    Args:
        vgg: The encoder, which is neither trained nor saved.
        templates: uint8, (T, 3, h, w). If h and w differ from the cell's side, the mosaic and the picture differ in
            size.
        config: The architecture. `num_templates` must fit the templates, and `in_channels` the encoder.
    Raises:
        ConfigError: Templates or encoder do not fit the architecture.
    """

    templates: Tensor

    def __init__(self, vgg: VGG16, templates: Tensor, config: MosaicNetConfig) -> None:
        super().__init__()
        if templates.ndim != 4 or templates.shape[:2] != (config.num_templates, 3):
            raise ConfigError(f"templates have shape ({config.num_templates}, 3, h, w), not {tuple(templates.shape)}")
        if vgg.channels(config.pool) != config.in_channels:
            raise ConfigError(
                f"{config.pool} has {vgg.channels(config.pool)} channels, but the decoder expects {config.in_channels}"
            )
        self.encoder = vgg
        self.config = config
        self.decoder = Decoder(config)
        self.register_buffer("templates", templates.float(), persistent=False)

    def grid_shape(self, height: int, width: int) -> tuple[int, int]:
        """Return the numbers of rows and columns for a picture, rounded up to whole cells."""
        return math.ceil(height / self.config.cell), math.ceil(width / self.config.cell)

    def fill_cells(self, images: Tensor) -> Tensor:
        """Repeat the last row and column of pixels until the picture has whole cells.

        An encoder with maximum pooling does not need this: it rounds odd sizes up, as in the paper's code.
        """
        if self.encoder.weights.pooling == "max" and not self.config.pixels:
            return images
        rows, columns = self.grid_shape(images.shape[2], images.shape[3])
        down, right = rows * self.config.cell - images.shape[2], columns * self.config.cell - images.shape[3]
        return F.pad(images, (0, right, 0, down), mode="replicate") if down or right else images

    def cell_features(self, pooled: Tensor, images: Tensor) -> Tensor:
        """Return the input of the decoder: the features of each cell and, with `pixels`, its colours.

        Args:
            pooled: The output of the encoder's pooling layer for `images`.
            images: Pictures of whole cells, from `fill_cells`.
        Returns:
            float32, (B, channels, rows, cols).
        """
        rows, columns = self.grid_shape(images.shape[2], images.shape[3])
        features = self.encoder.cell_features(pooled, (rows, columns)).float()
        if not self.config.pixels:
            return features
        colours = cell_parts(images, self.config.cell).view(len(images), -1, rows, columns)
        return torch.cat([features, colours / 127.5 - 1.0], 1)

    def encode(self, images: Tensor) -> Tensor:
        """Return the decoder's input (B, channels, rows, cols) for pictures (B, 3, H, W), without gradient."""
        with torch.no_grad():
            images = self.fill_cells(images)
            return self.cell_features(self.encoder(images, [self.config.pool])[self.config.pool], images)

    def forward(self, images: Tensor, temperature: float = 1.0) -> tuple[Tensor, Tensor]:
        """Return the coefficients (B, T, rows, cols) and the soft mosaic of pictures (B, 3, H, W)."""
        coefficients = self.coefficients(self.decoder(self.encode(images))[1], temperature)
        return coefficients, soft_compose(coefficients, self.templates)

    @staticmethod
    def coefficients(logits: Tensor, temperature: float) -> Tensor:
        """Return the softmax of temperature * logits over templates, as in the paper."""
        return torch.softmax(logits * temperature, dim=1)


def entropy(coefficients: Tensor) -> Tensor:
    """Return the mean entropy of the cells' coefficients (B, T, rows, cols), in nats."""
    return -(coefficients * torch.log(coefficients + 1e-8)).sum(1).mean()


def variance(coefficients: Tensor) -> Tensor:
    """Return the mean variance of the template number, with the coefficients (B, T, rows, cols) as probabilities."""
    number = torch.arange(1, coefficients.shape[1] + 1, dtype=coefficients.dtype, device=coefficients.device)
    number = number.view(1, -1, 1, 1)
    mean = (number * coefficients).sum(1)
    return ((number**2 * coefficients).sum(1) - mean**2).mean()
