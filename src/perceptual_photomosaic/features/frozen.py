"""A 3 x 3 convolution with fixed weights and its ReLU, as one step on the CPU.

PyTorch's own convolution reorders the weights at every call, and applies the ReLU in a second pass. Here the weights
are reordered once for the forward pass and once for the backward pass, and the ReLU is part of the convolution. The
backward pass computes only the gradient of the picture. This is a convolution too, with mirrored filters and swapped
channels. Convolutions of many channels use Winograd's transforms, which take half the time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from perceptual_photomosaic.features.winograd import WinogradConvolution, can_transform

__all__ = ["FrozenConvolution", "can_fuse"]

_ONES = [1, 1]


def can_fuse(x: Tensor) -> bool:
    """Tell whether convolutions of this tensor can run as one step: on the CPU, by oneDNN."""
    onednn: Any = torch.backends.mkldnn
    if x.device.type != "cpu" or not onednn.is_available() or not onednn.enabled:
        return False
    if not hasattr(torch.ops.mkldnn, "_convolution_pointwise") or not hasattr(
        torch._C._nn, "mkldnn_reorder_conv2d_weight"
    ):
        return False  # another version of PyTorch
    return x.dtype == torch.float32 or (x.dtype == torch.bfloat16 and torch.ops.mkldnn._is_mkldnn_bf16_supported())


class FrozenConvolution:
    """The function relu(convolution(x)) with padding 1 and fixed weights.

    Args:
        kernel: Weights, (cout, cin, 3, 3), on the CPU, in the dtype of the pictures.
        bias: Bias, (cout,).
    """

    def __init__(self, kernel: Tensor, bias: Tensor) -> None:
        self.kernel = kernel
        self.bias = bias
        cout, cin = kernel.shape[:2]
        self._forwards = _Sorted(lambda: self.kernel, (cin, cout))
        self._backwards = _Sorted(lambda: self.kernel.flip(2, 3).transpose(0, 1), (cout, cin))

    def __call__(self, x: Tensor) -> Tensor:
        """Convolve pictures, (B, cin, H, W), to (B, cout, H, W); both have channels last in memory."""
        y: Tensor = _ConvolveReLU.apply(x, self) if x.requires_grad else self.forwards(x)  # type: ignore[no-untyped-call]
        return y

    def forwards(self, x: Tensor) -> Tensor:
        """Compute the convolution and its ReLU."""
        return self._forwards.convolve(x, self.bias, relu=True)

    def backwards(self, slope: Tensor) -> Tensor:
        """Compute the gradient of x from the gradient of the convolution before its ReLU."""
        return self._backwards.convolve(slope, None, relu=False)


class _Sorted:
    """The weights of a convolution in the order of each algorithm, made when first needed.

    Args:
        kernel: Function that returns the weights, (cout, cin, 3, 3), the same at every call.
        channels: Channels of input and output, (cin, cout).
    """

    def __init__(self, kernel: Callable[[], Tensor], channels: tuple[int, int]) -> None:
        self._kernel = kernel
        self._channels = channels
        self._direct: Tensor | None = None
        self._transformed: WinogradConvolution | None = None

    def convolve(self, x: Tensor, bias: Tensor | None, *, relu: bool) -> Tensor:
        """Convolve pictures, (B, cin, H, W), to (B, cout, H, W)."""
        if can_transform(self._channels, x):
            if self._transformed is None:
                self._transformed = WinogradConvolution(self._kernel())
            return self._transformed(x, bias, relu)
        if self._direct is None:
            self._direct = _sort_weights(self._kernel().contiguous(memory_format=torch.channels_last), x)
        return _convolve(x, self._direct, bias, "relu" if relu else "none")


class _ConvolveReLU(torch.autograd.Function):
    """Convolution and ReLU with a gradient. Only the result is saved: it is positive where the ReLU passes."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, layer: FrozenConvolution) -> Tensor:
        y = layer.forwards(x)
        ctx.save_for_backward(y)
        ctx.layer = layer
        return y

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor, None]:
        (y,) = ctx.saved_tensors
        open_slope = torch.ops.aten.threshold_backward(slope.contiguous(memory_format=torch.channels_last), y, 0)
        return ctx.layer.backwards(open_slope), None


def _sort_weights(kernel: Tensor, x: Tensor) -> Tensor:
    """Return weights in the fastest order of oneDNN for pictures of the size of x; they work for other sizes too."""
    with torch.no_grad():
        reorder: Any = torch._C._nn.mkldnn_reorder_conv2d_weight
        packed: Tensor = reorder(kernel.to_mkldnn(), _ONES, _ONES, _ONES, 1, list(x.shape))
    return packed


def _convolve(x: Tensor, packed: Tensor, bias: Tensor | None, after: str) -> Tensor:
    y: Tensor = torch.ops.mkldnn._convolution_pointwise(x, packed, bias, _ONES, _ONES, _ONES, 1, after, [], "")
    return y
