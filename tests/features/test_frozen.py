"""The fused convolution equals PyTorch's own, forward and backward."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from perceptual_photomosaic.features.frozen import FrozenConvolution, can_fuse
from perceptual_photomosaic.features.vgg import VGG16
from tests.narrow import narrow_weights


def layer(dtype: torch.dtype, cin: int = 5, cout: int = 12) -> FrozenConvolution:
    generator = torch.Generator().manual_seed(0)
    kernel = torch.randn(cout, cin, 3, 3, generator=generator).to(dtype).contiguous(memory_format=torch.channels_last)
    return FrozenConvolution(kernel, torch.randn(cout, generator=generator).to(dtype))


def picture(*shape: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    made = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    return made.to(dtype).contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize(("dtype", "near"), [(torch.float32, 1e-5), (torch.bfloat16, 3e-2)])
def test_same_values_and_gradient_at_any_size(dtype: torch.dtype, near: float) -> None:
    convolution = layer(dtype)
    for shape in ((1, 5, 16, 24), (3, 5, 7, 1), (2, 5, 33, 20)):  # weights are reordered for the first shape
        x = picture(*shape, dtype=dtype)
        if not can_fuse(x):
            pytest.skip("no fused convolution here")
        ours, plain = x.clone().requires_grad_(), x.float().requires_grad_()
        y = convolution(ours)
        want = F.conv2d(plain, convolution.kernel.float(), convolution.bias.float(), padding=1).relu()
        torch.testing.assert_close(y.float(), want, rtol=near, atol=10 * near)
        assert torch.equal(y.detach(), convolution(x))
        slope = picture(*y.shape, dtype=dtype)
        y.backward(slope)
        # Near zero, rounding decides where the ReLU is open, so both gradients use the same values.
        open_slope = slope.float() * (y.detach() > 0)
        kernel = convolution.kernel.float()
        expected = torch.nn.grad.conv2d_input(list(x.shape), kernel, open_slope, padding=1)
        assert ours.grad is not None
        torch.testing.assert_close(ours.grad.float(), expected, rtol=near, atol=30 * near)


def test_network_is_the_same_with_and_without(monkeypatch: pytest.MonkeyPatch) -> None:
    images = torch.rand(1, 3, 24, 32, generator=torch.Generator().manual_seed(2)) * 255
    for pooling in ("max", "blur"):
        vgg = VGG16(narrow_weights(pooling))
        fused = vgg(images, ["conv5_3"])["conv5_3"]
        with monkeypatch.context() as patch:
            patch.setattr("perceptual_photomosaic.features.vgg.can_fuse", lambda x: False)
            plain = vgg(images, ["conv5_3"])["conv5_3"]
        torch.testing.assert_close(fused, plain, rtol=1e-4, atol=1e-4)


def test_blur_pooling_is_the_same_with_and_without_gradient() -> None:
    images = torch.rand(1, 3, 21, 17, generator=torch.Generator().manual_seed(3)) * 255
    vgg = VGG16(narrow_weights("blur"))
    assert torch.equal(vgg(images, ["pool3"])["pool3"], vgg(images.requires_grad_(), ["pool3"])["pool3"].detach())


def test_not_a_number_is_passed_on() -> None:
    images = torch.zeros(1, 3, 16, 16)
    images[0, 0, 4, 4] = float("nan")
    assert VGG16(narrow_weights())(images, ["conv1_2"])["conv1_2"].isnan().any()


def test_another_arithmetic_is_left_to_pytorch() -> None:
    assert not can_fuse(torch.zeros(1, 1, 2, 2, dtype=torch.float64))
