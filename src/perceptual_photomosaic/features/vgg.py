"""VGG16 with fixed weights and all its layers by name.

Layers are `conv1_1` ... `conv5_3` (after their ReLU), `pool1` ... `pool5`, and `vgg_input` for the normalised picture.
Pictures are sRGB, (B, 3, H, W), float, 0..255.

Source: Simonyan and Zisserman, "Very deep convolutional networks for large-scale image recognition", 2014.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import nullcontext

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from perceptual_photomosaic.errors import ConfigError
from perceptual_photomosaic.features.frozen import FrozenConvolution, can_fuse
from perceptual_photomosaic.features.vgg_weights import CONVOLUTIONS, VGGWeights

__all__ = ["LAYERS", "POOLS", "VGG16", "check_layers", "fast_dtype"]

POOLS = tuple(f"pool{i}" for i in range(1, 6))
_STEPS: tuple[str, ...] = tuple(
    step
    for block in range(1, 6)
    for step in (*(name for name in CONVOLUTIONS if name[4] == str(block)), f"pool{block}")
)
LAYERS: tuple[str, ...] = ("vgg_input", *_STEPS)


def check_layers(layers: Collection[str]) -> None:
    """Raise ConfigError for a name that is no layer of VGG16."""
    for name in layers:
        if name not in LAYERS:
            raise ConfigError(f"VGG16 has no layer '{name}': choose from {', '.join(LAYERS)}")


def _maximum_2x2(x: Tensor) -> Tensor:
    """Return the maximum of every 2 x 2 pixels, (B, C, H - 1, W - 1)."""
    if x.requires_grad:
        return F.max_pool2d(x, 2, stride=1)
    rows = torch.maximum(x[:, :, :-1], x[:, :, 1:])  # faster than max_pool2d, which stores indices
    return torch.maximum(rows[..., :-1], rows[..., 1:])


class VGG16(nn.Module):
    """The convolutional part of VGG16, with fixed weights.

    There are two kinds of pooling. "max" takes a 2 x 2 maximum at every second pixel (odd sizes round up). "blur" takes
    it at every pixel, pads by 2 (mirrored), smooths with the 3 x 3 binomial and keeps every second pixel, so that n
    pixels become n // 2 + 1. Its columns begin half a cell outside the picture: see `cell_features`.

    Args:
        weights: Result of `load_vgg_weights`.
        dtype: Arithmetic of the convolutions and of the features: torch.float32 or torch.bfloat16.
    """

    smoothing: Tensor

    def __init__(self, weights: VGGWeights, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        self.weights = weights
        self.dtype = dtype
        self.register_buffer("mean", torch.tensor(weights.mean).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("scale", torch.tensor(weights.scale).view(1, 3, 1, 1), persistent=False)
        for name in CONVOLUTIONS:
            kernel = weights.filters[name].to(dtype).contiguous(memory_format=torch.channels_last)
            self.register_buffer(f"{name}_filter", kernel, persistent=False)
            self.register_buffer(f"{name}_bias", weights.biases[name].to(dtype), persistent=False)
        self._fused: dict[str, FrozenConvolution] = {}
        binomial = torch.tensor([0.25, 0.5, 0.25])
        self.register_buffer("smoothing", torch.outer(binomial, binomial).to(dtype), persistent=False)

    def channels(self, layer: str) -> int:
        """Return the number of channels of a layer."""
        if layer == "vgg_input":
            return 3
        convolution = layer if layer in CONVOLUTIONS else [name for name in CONVOLUTIONS if name[4] == layer[4]][-1]
        return int(self.weights.filters[convolution].shape[0])

    def forward(self, images: Tensor, layers: Collection[str]) -> dict[str, Tensor]:
        """Compute the features of some layers; deeper layers than these are not computed.

        Args:
            images: sRGB, 0..255, (B, 3, H, W).
            layers: Names of the layers wanted.
        Returns:
            Features by name of the layer, (B, C, h, w), in this network's dtype, channels last in memory.
        """
        check_layers(layers)
        wanted = set(layers)
        features: dict[str, Tensor] = {}
        x = (images - self.get_buffer("mean")) / self.get_buffer("scale")
        if "vgg_input" in wanted:
            features["vgg_input"] = x
            wanted.remove("vgg_input")
        x = x.to(self.dtype).contiguous(memory_format=torch.channels_last)
        fused = can_fuse(x) and bool(x.detach().sum().isfinite())  # oneDNN's ReLU would turn NaN into 0
        frozen = nullcontext() if x.requires_grad else torch.no_grad()
        with frozen:
            for name in _STEPS:
                if not wanted:
                    break
                x = self._pool(x) if name.startswith("pool") else self._convolve(name, x, fused)
                if name in wanted:
                    features[name] = x
                    wanted.remove(name)
        return features

    def _convolve(self, name: str, x: Tensor, fused: bool) -> Tensor:
        kernel, bias = self.get_buffer(f"{name}_filter"), self.get_buffer(f"{name}_bias")
        if fused:
            layer = self._fused.get(name)
            if layer is None or layer.kernel is not kernel:  # the module was moved to another device
                layer = self._fused[name] = FrozenConvolution(kernel, bias)
            return layer(x)
        return F.conv2d(x, kernel, bias, padding=1).relu_()

    def _pool(self, x: Tensor) -> Tensor:
        if self.weights.pooling == "max":
            return F.max_pool2d(x, 2, ceil_mode=True)
        height, width = x.shape[2:]
        if min(height, width) < 4:  # mirroring by 2 needs 3 maxima, so the edges of smaller maps are repeated
            x = F.pad(x, (0, max(4 - width, 0), 0, max(4 - height, 0)), mode="replicate")
        x = F.pad(_maximum_2x2(x), (2, 2, 2, 2), mode="reflect")
        kernel = self.smoothing.expand(x.shape[1], 1, 3, 3)
        x = F.conv2d(x, kernel, stride=2, groups=x.shape[1])
        return x[:, :, : height // 2 + 1, : width // 2 + 1]

    def cell_features(self, pooled: Tensor, grid_shape: tuple[int, int]) -> Tensor:
        """Return the features of a pooling layer that belong to the cells of a grid.

        With maximum pooling these are all features. With blur pooling, column i + 1 is centred one pixel beyond the
        centre of cell i, at every depth, and columns outside the grid are dropped; rows likewise.

        Args:
            pooled: Features of a pooling layer, (B, C, h, w), of a picture of whole cells.
            grid_shape: Rows and columns of cells.
        Returns:
            Features of cells, (B, C, rows, columns).
        """
        rows, columns = grid_shape
        first = 1 if self.weights.pooling == "blur" else 0
        return pooled[:, :, first : first + rows, first : first + columns]


def fast_dtype(device: str) -> torch.dtype:
    """Return the dtype with which a kind of device ("cpu", "cuda", "mps") runs the network fastest.

    A CPU without instructions for bfloat16 takes about 40 times as long for bfloat16 as for float32.
    """
    if device == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
    return torch.bfloat16 if device == "cpu" and _multiplies_bfloat16() else torch.float32


def _multiplies_bfloat16() -> bool:
    """Tell whether the CPU has instructions for bfloat16."""
    try:
        return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
    except AttributeError:
        return False
