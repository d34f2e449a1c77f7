"""Gaussian blur and the Gaussian pyramid, with the geometry of TensorFlow's 'SAME' padding.

Images are float tensors, (B, C, H, W), in any range. Outside the picture there is zero (black), as in the loss of the
paper, so that blurred borders become darker; or the border of the picture is repeated, so that they do not.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Literal

import numpy as np
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

__all__ = ["Border", "blur", "gaussian_kernel", "pyramid_level", "same_padding", "scale_geometry"]

Border = Literal["zero", "edge"]
_MOST_BY_MATRIX = 512  # pixels along a side up to which a blur is two matrix products


def gaussian_kernel(shape: tuple[int, int], sigma: float) -> NDArray[np.float64]:
    """Sample a two-dimensional Gaussian and normalise it to sum 1.

    Args:
        shape: Rows and columns. Even sizes are centred between pixels.
        sigma: Standard deviation in pixels.
    Returns:
        float64 kernel; entries below machine epsilon times the largest are zero.
    """
    rows, columns = (np.arange(n) - (n - 1) / 2 for n in shape)
    kernel: NDArray[np.float64] = np.exp(-(rows[:, None] ** 2 + columns[None, :] ** 2) / (2.0 * sigma * sigma))
    kernel[kernel < np.finfo(kernel.dtype).eps * kernel.max()] = 0.0
    kernel /= kernel.sum()
    return kernel


def same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """Return the padding before and after one axis for ceil(size / stride) outputs; an odd total pads more after."""
    total = max((math.ceil(size / stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


@lru_cache(maxsize=64)
def _profile(length: int, sigma: float) -> tuple[float, ...]:
    """Return the Gaussian kernel along one axis; the kernel of two axes is the outer product of these."""
    return tuple(gaussian_kernel((length, 1), sigma)[:, 0].tolist())


def blur(images: Tensor, window: tuple[int, int], sigma: float, stride: int = 1, border: Border = "zero") -> Tensor:
    """Convolve with a Gaussian.

    Args:
        images: (B, C, H, W).
        window: Rows and columns of the kernel.
        sigma: Standard deviation in pixels.
        stride: Step between outputs, along both axes.
        border: Values outside the picture: "zero", or those of its "edge".
    Returns:
        (B, C, ceil(H / stride), ceil(W / stride)).
    """
    height, width = images.shape[2:]
    if max(height, width) <= _MOST_BY_MATRIX:
        down = images.new_tensor(_matrix(height, window[0], sigma, stride, border))
        across = images.new_tensor(_matrix(width, window[1], sigma, stride, border))
        return down @ images @ across.T
    return _blur_by_convolution(images, window, sigma, stride, border)


def _blur_by_convolution(images: Tensor, window: tuple[int, int], sigma: float, stride: int, border: Border) -> Tensor:
    """Blur pictures of any size by convolutions."""
    batch, channels, height, width = images.shape
    top, bottom = same_padding(height, window[0], stride)
    left, right = same_padding(width, window[1], stride)
    column = images.new_tensor(_profile(window[0], sigma)).view(1, 1, -1, 1)
    row = images.new_tensor(_profile(window[1], sigma)).view(1, 1, 1, -1)
    mode = "constant" if border == "zero" else "replicate"
    flat = F.pad(images.reshape(batch * channels, 1, height, width), (left, right, top, bottom), mode=mode)
    flat = F.conv2d(F.conv2d(flat, column, stride=(stride, 1)), row, stride=(1, stride))
    return flat.view(batch, channels, flat.shape[2], flat.shape[3])


@lru_cache(maxsize=64)
def _matrix(size: int, window: int, sigma: float, stride: int, border: Border) -> NDArray[np.float64]:
    """Return the blur of one axis as a matrix, (ceil(size / stride), size), which is faster than a convolution."""
    before, _ = same_padding(size, window, stride)
    matrix = np.zeros((math.ceil(size / stride), size))
    for row, weights in enumerate(matrix):
        for tap, weight in enumerate(_profile(window, sigma)):
            place = row * stride + tap - before
            if border == "edge":
                place = min(max(place, 0), size - 1)
            if 0 <= place < size:
                weights[place] += weight
    return matrix


def scale_geometry(scale: float, smooth: bool = False) -> tuple[int, int, float]:
    """Return window, stride and sigma of pyramid scale s: 2^s + 1 taps, every 2^s pixels, sqrt(2^s / 4).

    This sigma is too small for its stride: at scale 3 half of a texture with a period of 8 pixels remains, and the
    samples then show one phase of the texture instead of its mean. `smooth` uses sigma 2^s / 2 and 3 * 2^s + 1 taps,
    with which less than a hundredth remains. Both have the same centres. The stride is rounded down: scale 0.5 has
    stride int(2 ** 0.5) = 1 and a window of 2.
    """
    stride = int(2**scale)
    if smooth:
        return 3 * stride + 1, stride, stride / 2
    return stride + 1, stride, math.sqrt(stride / 4)


def pyramid_level(images: Tensor, scale: float, border: Border = "zero", smooth: bool = False) -> Tensor:
    """Return one level of the Gaussian pyramid, by a single blur of the full size; scale 0 is the picture itself."""
    if scale == 0:
        return images
    window, stride, sigma = scale_geometry(scale, smooth)
    return blur(images, (window, window), sigma, stride, border)
