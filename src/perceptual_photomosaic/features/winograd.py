"""A 3 x 3 convolution with fixed weights and a quarter of the multiplications.

This is Winograd's minimal filtering, F(4 x 4, 3 x 3), after Lavin and Gray, "Fast algorithms for convolutional neural
networks", CVPR 2016, section 4.3. Squares of 6 x 6 pixels, at a step of four, are transformed to 36 numbers. For each
of these, channels are combined by a matrix product. The 36 results are transformed back to 4 x 4 pixels. The transforms
are sums along rows and columns, over strips of the picture that stay in the processor's cache. The result has an error
of about 1e-5 of its largest value (that of a plain convolution in float32 is 1e-6). The method pays for many channels,
because the cost of transforms grows with the number of channels, and that of products with its square.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["WinogradConvolution", "can_transform"]

_FEWEST_CHANNELS, _MOST_CHANNELS = 128, 256  # fewer are no faster; more take 38 MB a layer, four times plain weights
_SQUARES = 256  # in a strip: with 256 channels 9 MB of transformed pixels
_KERNEL = ((1 / 4, 0, 0), (-1 / 6, -1 / 6, -1 / 6), (-1 / 6, 1 / 6, -1 / 6), (1 / 24, 1 / 12, 1 / 6),
           (1 / 24, -1 / 12, 1 / 6), (0, 0, 1))  # fmt: skip


def can_transform(channels: tuple[int, int], x: Tensor) -> bool:
    """Tell whether this is faster than a plain convolution of x, (B, cin, H, W), with channels (cin, cout)."""
    return (
        x.dtype == torch.float32
        and min(channels) >= _FEWEST_CHANNELS
        and max(channels) <= _MOST_CHANNELS
        and x.shape[2] * x.shape[3] >= 16 * _SQUARES // 4
        and hasattr(torch.ops.mkldnn, "_reorder_linear_weight")
        and hasattr(torch.ops.mkldnn, "_linear_pointwise")
    )


class WinogradConvolution:
    """A convolution with padding 1, in float32, on the CPU by oneDNN.

    Args:
        kernel: Weights, (cout, cin, 3, 3).
    """

    def __init__(self, kernel: Tensor) -> None:
        side = torch.tensor(_KERNEL, dtype=torch.float64)
        self.channels_out = kernel.shape[0]
        with torch.no_grad():
            transformed = torch.einsum("ia,jb,ocab->ijoc", side, side, kernel.double()).float()
            sort = torch.ops.mkldnn._reorder_linear_weight
            self._weights = [[sort(weight.contiguous(), _SQUARES) for weight in row] for row in transformed]

    def __call__(self, x: Tensor, bias: Tensor | None = None, relu: bool = False) -> Tensor:
        """Convolve pictures, (B, cin, H, W), to (B, cout, H, W); both have channels last in memory."""
        height, width = x.shape[2:]
        down, across = -(-height // 4), -(-width // 4)
        y = x.new_empty((x.shape[0], 4 * down, 4 * across, self.channels_out))
        strip = max(1, _SQUARES // across)
        for picture, result in zip(x.permute(0, 2, 3, 1), y, strict=True):
            for first in range(0, down, strip):
                last = min(first + strip, down)
                above, below = 4 * first - 1, 4 * last + 1
                seen = picture[max(above, 0) : min(below, height)]
                edges = (0, 0, 1, 4 * across + 1 - width, max(-above, 0), max(below - height, 0))
                part = result[4 * first : 4 * last]
                self._convolve(F.pad(seen, edges), part)
                if bias is not None:
                    part += bias
                if relu:
                    part.relu_()
        return y[:, :height, :width].permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)

    def _convolve(self, pixels: Tensor, result: Tensor) -> None:
        """Convolve pixels, (4 n + 2, 4 m + 2, cin), into `result`, (4 n, 4 m, cout)."""
        n, m, channels = result.shape[0] // 4, result.shape[1] // 4, pixels.shape[2]
        rows = pixels.new_empty(6, n, 4 * m + 2, channels)
        _transform([pixels[i : i + 4 * n - 3 : 4] for i in range(6)], rows)
        squares = pixels.new_empty(6, 6, n, m, channels)
        _transform([rows[:, :, j : j + 4 * m - 3 : 4] for j in range(6)], squares)
        product = torch.ops.mkldnn._linear_pointwise
        rows_back = pixels.new_empty(6, 4, n * m, self.channels_out)
        for j, column in enumerate(squares.view(6, 6, n * m, channels)):
            _transform_back(
                [product(column[i], self._weights[i][j], None, "none", [], "") for i in range(6)], rows_back[j]
            )
        back = result.view(n, 4, m, 4, self.channels_out).permute(3, 1, 0, 2, 4)
        _transform_back(list(rows_back.view(6, 4, n, m, self.channels_out)), back)


def _transform(d: list[Tensor], out: Tensor) -> None:
    """Transform six pixels of a row or column to six numbers: B^T d of the paper."""
    torch.sub(d[4], d[2], alpha=5, out=out[0]).add_(d[0], alpha=4)
    torch.sub(d[5], d[3], alpha=5, out=out[5]).add_(d[1], alpha=4)
    even, odd = d[4].sub(d[2], alpha=4), d[3].sub(d[1], alpha=4)
    torch.add(even, odd, out=out[1])
    torch.sub(even, odd, out=out[2])
    torch.sub(d[4], d[2], out=even)
    torch.sub(d[3], d[1], out=odd)
    torch.add(even, odd, alpha=2, out=out[3])
    torch.sub(even, odd, alpha=2, out=out[4])


def _transform_back(m: list[Tensor], out: Tensor) -> None:
    """Transform six products to four pixels: A^T m of the paper."""
    sum12, apart12, sum34, apart34 = m[1] + m[2], m[1] - m[2], m[3] + m[4], m[3] - m[4]
    torch.add(sum12, sum34, out=out[0]).add_(m[0])
    torch.add(apart12, apart34, alpha=2, out=out[1])
    torch.add(sum12, sum34, alpha=4, out=out[2])
    torch.add(apart12, apart34, alpha=8, out=out[3]).add_(m[5])
