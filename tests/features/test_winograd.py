"""Winograd's convolution equals PyTorch's own in float64."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from perceptual_photomosaic.features.frozen import FrozenConvolution
from perceptual_photomosaic.features.winograd import WinogradConvolution, can_transform

pytestmark = pytest.mark.skipif(
    not torch.backends.mkldnn.is_available() or not hasattr(torch.ops.mkldnn, "_linear_pointwise"),
    reason="this PyTorch has no oneDNN products",
)


def made(seed: int, *shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@settings(deadline=None, max_examples=25)
@given(
    batch=st.integers(1, 3),
    height=st.integers(1, 75),
    width=st.integers(1, 75),
    cin=st.integers(1, 9),
    cout=st.integers(1, 9),
    relu=st.booleans(),
)
def test_same_values_at_any_size(batch: int, height: int, width: int, cin: int, cout: int, relu: bool) -> None:
    kernel, bias = made(0, cout, cin, 3, 3), made(1, cout)
    x = made(2, batch, cin, height, width).contiguous(memory_format=torch.channels_last)
    got = WinogradConvolution(kernel)(x, bias, relu)
    want = F.conv2d(x.double(), kernel.double(), bias.double(), padding=1)
    want = want.relu() if relu else want
    assert got.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(got.double(), want, rtol=0, atol=1e-4 * max(1.0, float(want.abs().max())))


def test_strips_of_many_rows_meet() -> None:
    kernel = made(0, 3, 4, 3, 3)
    x = made(1, 1, 4, 90, 130).contiguous(memory_format=torch.channels_last)  # 33 squares across: strips of 7
    got = WinogradConvolution(kernel)(x)
    torch.testing.assert_close(got, F.conv2d(x, kernel, padding=1), rtol=0, atol=1e-3)


def test_many_channels_go_this_way_and_back() -> None:
    """VGG16's third block uses it: values and gradient, through the layer that decides."""
    kernel = (made(0, 256, 128, 3, 3) / 24).contiguous(memory_format=torch.channels_last)
    bias = made(1, 256) / 10
    layer = FrozenConvolution(kernel, bias)
    x = made(2, 1, 128, 34, 37).relu().contiguous(memory_format=torch.channels_last)
    assert can_transform((128, 256), x)
    ours = x.clone().requires_grad_()
    y = layer(ours)
    want = F.conv2d(x.double(), kernel.double(), bias.double(), padding=1).relu()
    torch.testing.assert_close(y.double(), want, rtol=0, atol=3e-5 * float(want.max()))
    slope = made(3, *y.shape)
    y.backward(slope)
    expected = torch.nn.grad.conv2d_input(
        list(x.shape), kernel.double(), (slope * (y.detach() > 0)).double(), padding=1
    )
    assert ours.grad is not None
    torch.testing.assert_close(ours.grad.double(), expected, rtol=0, atol=3e-5 * float(expected.abs().max()))


@pytest.mark.parametrize(
    ("channels", "side", "dtype"),
    [
        ((64, 64), 128, torch.float32),
        ((512, 256), 128, torch.float32),
        ((256, 256), 16, torch.float32),
        ((256, 256), 128, torch.bfloat16),
    ],
)
def test_where_it_gains_nothing_it_is_not_used(channels: tuple[int, int], side: int, dtype: torch.dtype) -> None:
    assert not can_transform(channels, torch.zeros(1, channels[0], side, side, dtype=dtype))
