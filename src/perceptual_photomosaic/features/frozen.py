"""A frozen 3 x 3 convolution with its ReLU, as one step on the processor.

PyTorch's own convolution sorts the filter's weights into the kernel's order at every call, and runs the ReLU over the
result once more. Where the weights never change both can be had for nothing: the weights are sorted once, for the way
forwards and for the way back, and the ReLU is part of the kernel. Of a backward pass only the gradient in the picture
is wanted; it is a convolution too, with the filter mirrored and its channels swapped. Convolutions of many channels go
through Winograd's transforms, which take half the time.
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
    """Whether this tensor's convolutions can run as one step: on the processor, by oneDNN."""
    onednn: Any = torch.backends.mkldnn
    if x.device.type != "cpu" or not onednn.is_available() or not onednn.enabled:
        return False
    if not hasattr(torch.ops.mkldnn, "_convolution_pointwise") or not hasattr(
        torch._C._nn, "mkldnn_reorder_conv2d_weight"
    ):
        return False  # another version of PyTorch
    return x.dtype == torch.float32 or (x.dtype == torch.bfloat16 and torch.ops.mkldnn._is_mkldnn_bf16_supported())


class FrozenConvolution:
    """relu(convolution(x)) with padding 1 and weights that never change.

    Args:
        kernel: (cout, cin, 3, 3), on the processor, in the arithmetic of the pictures.
        bias: (cout,).
    """

    def __init__(self, kernel: Tensor, bias: Tensor) -> None:
        self.kernel = kernel
        self.bias = bias
        cout, cin = kernel.shape[:2]
        self._forwards = _Sorted(lambda: self.kernel, (cin, cout))
        self._backwards = _Sorted(lambda: self.kernel.flip(2, 3).transpose(0, 1), (cout, cin))

    def __call__(self, x: Tensor) -> Tensor:
        """(B, cin, H, W), channels last in memory -> (B, cout, H, W), the same."""
        y: Tensor = _ConvolveReLU.apply(x, self) if x.requires_grad else self.forwards(x)  # type: ignore[no-untyped-call]
        return y

    def forwards(self, x: Tensor) -> Tensor:
        """The convolution and its ReLU."""
        return self._forwards.convolve(x, self.bias, relu=True)

    def backwards(self, slope: Tensor) -> Tensor:
        """The gradient in x, from the gradient in the convolution before its ReLU."""
        return self._backwards.convolve(slope, None, relu=False)


class _Sorted:
    """A kernel's weights in the orders that its algorithms want, each made when first needed.

    Args:
        kernel: Gives the kernel, (cout, cin, 3, 3), the same at every call.
        channels: cin, cout.
    """

    def __init__(self, kernel: Callable[[], Tensor], channels: tuple[int, int]) -> None:
        self._kernel = kernel
        self._channels = channels
        self._direct: Tensor | None = None
        self._transformed: WinogradConvolution | None = None

    def convolve(self, x: Tensor, bias: Tensor | None, *, relu: bool) -> Tensor:
        """(B, cin, H, W) -> (B, cout, H, W)."""
        if can_transform(self._channels, x):
            if self._transformed is None:
                self._transformed = WinogradConvolution(self._kernel())
            return self._transformed(x, bias, relu)
        if self._direct is None:
            self._direct = _sort_weights(self._kernel().contiguous(memory_format=torch.channels_last), x)
        return _convolve(x, self._direct, bias, "relu" if relu else "none")


class _ConvolveReLU(torch.autograd.Function):
    """What is kept for the way back is the result alone: it says where the ReLU let through."""

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
    """A kernel in the order that oneDNN likes best for pictures of x's size; others work too."""
    with torch.no_grad():
        reorder: Any = torch._C._nn.mkldnn_reorder_conv2d_weight
        packed: Tensor = reorder(kernel.to_mkldnn(), _ONES, _ONES, _ONES, 1, list(x.shape))
    return packed


def _convolve(x: Tensor, packed: Tensor, bias: Tensor | None, after: str) -> Tensor:
    y: Tensor = torch.ops.mkldnn._convolution_pointwise(x, packed, bias, _ONES, _ONES, _ONES, 1, after, [], "")
    return y
