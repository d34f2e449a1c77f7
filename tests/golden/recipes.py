"""The inputs of the golden numbers, computed from their seeds with numpy alone."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.features.vgg_weights import CONVOLUTIONS, WIDTHS

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]


def vgg_layers(seed: int) -> dict[str, list[Floats]]:
    """Draw [filter (3, 3, cin, cout), bias] of each layer from one normal generator, in the order of the layers."""
    random = np.random.default_rng(seed)
    layers: dict[str, list[Floats]] = {}
    cin = 3
    for name, cout in zip(CONVOLUTIONS, WIDTHS, strict=True):
        kernel = random.standard_normal((3, 3, cin, cout)).astype(np.float32)
        kernel *= np.float32(math.sqrt(2.0 / (9 * cin)))
        bias = random.standard_normal(cout).astype(np.float32) * np.float32(0.01)
        layers[name] = [kernel, bias]
        cin = cout
    return layers


def smooth_pictures(seed: int, count: int, height: int, width: int, cell: int = 16, noise: int = 12) -> Bytes:
    """Draw coarse random grids, interpolated in integers, plus integer noise: (count, height, width, 3)."""
    random = np.random.default_rng(seed)
    y, x = np.arange(height), np.arange(width)
    row, down = y // cell, (y % cell)[:, None, None]
    column, right = x // cell, (x % cell)[None, :, None]
    pictures = []
    for _ in range(count):
        grid = random.integers(0, 256, (-(-height // cell) + 1, -(-width // cell) + 1, 3))
        upper = grid[row][:, column] * (cell - right) + grid[row][:, column + 1] * right
        lower = grid[row + 1][:, column] * (cell - right) + grid[row + 1][:, column + 1] * right
        value = (upper * (cell - down) + lower * down) // (cell * cell)
        value = value + random.integers(-noise, noise + 1, (height, width, 3))
        pictures.append(np.clip(value, 0, 255).astype(np.uint8))
    return np.stack(pictures)


def uniform_pictures(seed: int, count: int, height: int, width: int) -> Floats:
    """Draw uniform noise, 0..255, float32."""
    return np.random.default_rng(seed).uniform(0.0, 255.0, (count, height, width, 3)).astype(np.float32)


def predicted_pictures(seed: int, count: int, height: int, width: int) -> Floats:
    """Draw rough pictures plus uniform noise of the next seed, not clipped."""
    rough = smooth_pictures(seed, count, height, width, cell=8, noise=30).astype(np.float32)
    return rough + np.random.default_rng(seed + 1).uniform(-20, 20, rough.shape).astype(np.float32)


def templates(seed: int, count: int, height: int = 8, width: int = 8) -> Bytes:
    """Draw templates: a colour for each, plus texture."""
    random = np.random.default_rng(seed)
    base = random.integers(0, 256, (count, 1, 1, 3))
    texture = random.integers(-60, 61, (count, height, width, 3))
    return np.clip(base + texture, 0, 255).astype(np.uint8)


def decoder_layers(seed: int, count: int, zero_bias: bool = False) -> dict[str, Floats]:
    """Draw conv6 and conv7 in TensorFlow's layout. Biases are drawn even if `zero_bias` replaces them by 0."""
    random = np.random.default_rng(seed)
    single = np.float32
    weight6 = random.standard_normal((1, 1, 256, 256)).astype(single) * single(0.0625)
    bias6 = random.standard_normal(256).astype(single) * single(0.1)
    draw7 = random.standard_normal((3, 3, 256, count)).astype(single) * single(0.03125)
    weight7 = draw7 - single(0.75) * draw7[::-1, ::-1]
    bias7 = random.standard_normal(count).astype(single) * single(0.1)
    if zero_bias:
        bias6, bias7 = np.zeros_like(bias6), np.zeros_like(bias7)
    return {"conv6/weight": weight6, "conv6/bias": bias6, "conv7/weight": weight7, "conv7/bias": bias7}
