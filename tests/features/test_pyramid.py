"""Blur and pyramid equal a slow version that adds up pixel by pixel."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from perceptual_photomosaic.features.pyramid import (
    Border,
    _blur_by_convolution,
    blur,
    gaussian_kernel,
    pyramid_level,
    same_padding,
    scale_geometry,
)


def slow_blur(image: np.ndarray, kernel: np.ndarray, stride: int) -> np.ndarray:
    """Compute every output pixel by its definition, with zero outside."""
    height, width = image.shape
    top = max((math.ceil(height / stride) - 1) * stride + kernel.shape[0] - height, 0) // 2
    left = max((math.ceil(width / stride) - 1) * stride + kernel.shape[1] - width, 0) // 2
    out = np.zeros((math.ceil(height / stride), math.ceil(width / stride)))
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            for dy in range(kernel.shape[0]):
                for dx in range(kernel.shape[1]):
                    row, column = y * stride + dy - top, x * stride + dx - left
                    if 0 <= row < height and 0 <= column < width:
                        out[y, x] += kernel[dy, dx] * image[row, column]
    return out


@settings(max_examples=25, deadline=None)
@given(
    size=st.tuples(st.integers(1, 14), st.integers(1, 14)),
    window=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    sigma=st.floats(0.3, 4.0),
    stride=st.integers(1, 4),
)
def test_blur_is_the_sum_it_stands_for(
    size: tuple[int, int], window: tuple[int, int], sigma: float, stride: int
) -> None:
    image = np.random.default_rng(1).uniform(0, 255, size)
    ours = blur(torch.from_numpy(image)[None, None], window, sigma, stride)
    want = slow_blur(image, gaussian_kernel(window, sigma), stride)
    np.testing.assert_allclose(ours[0, 0].numpy(), want, atol=1e-9)


@pytest.mark.parametrize("border", ["zero", "edge"])
@pytest.mark.parametrize("stride", [1, 2, 3, 8])
def test_matrix_and_convolution_blur_the_same(border: Border, stride: int) -> None:
    images = torch.rand(2, 3, 21, 34, dtype=torch.float64)
    for window in ((8, 8), (1, 9), (5, 3), (30, 2)):
        by_matrix = blur(images, window, 1.7, stride, border)
        torch.testing.assert_close(by_matrix, _blur_by_convolution(images, window, 1.7, stride, border))


def test_kernel_sums_to_one_and_is_centred() -> None:
    for shape in ((1, 1), (3, 3), (8, 8), (4, 7)):
        kernel = gaussian_kernel(shape, 1.3)
        assert kernel.sum() == pytest.approx(1.0)
        np.testing.assert_allclose(kernel, kernel[::-1, ::-1])
    assert (gaussian_kernel((15, 15), 0.4)[0] == 0).all()  # far tails are cut to zero


def test_padding_puts_the_smaller_half_first() -> None:
    assert same_padding(32, 8, 1) == (3, 4)
    assert same_padding(32, 3, 2) == (0, 1)
    assert same_padding(31, 3, 2) == (1, 1)


def test_scale_zero_is_the_picture() -> None:
    images = torch.rand(1, 3, 9, 7)
    assert pyramid_level(images, 0) is images
    assert pyramid_level(images, 2).shape == (1, 3, 3, 2)
    assert scale_geometry(0.5) == (2, 1, 0.5)


def test_a_smooth_level_shows_the_mean_of_a_texture_and_the_papers_one_phase_of_it() -> None:
    ink = torch.zeros(8, 8)
    ink[2:5, 1:4] = 255.0
    texture = ink.repeat(12, 12)[None, None]
    for scale in (1, 2, 3):
        shifted = [texture.roll((shift, shift), (2, 3)) for shift in range(8)]
        inner = [pyramid_level(x, scale, smooth=True)[..., 2:-2, 2:-2] for x in shifted]
        plain = [pyramid_level(x, scale)[..., 2:-2, 2:-2] for x in shifted]
        assert [x.shape for x in inner] == [x.shape for x in plain]
        means = torch.stack([x.mean() for x in inner])
        assert float((means - texture.mean()).abs().max()) < 0.01 * 255
    values = torch.stack([x.mean() for x in plain])
    assert float(values.max() - values.min()) > 0.3 * 255  # scale 3: eight phases give eight tones


def test_both_pyramids_have_their_centres_in_the_same_places() -> None:
    ramp = torch.arange(96.0).expand(1, 1, 96, 96)
    for scale in (1, 2, 3):
        smooth, plain = (pyramid_level(ramp, scale, smooth=s)[..., 3:-3, 3:-3] for s in (True, False))
        torch.testing.assert_close(smooth, plain, atol=1e-3, rtol=0)


def test_blur_has_the_right_gradient() -> None:
    images = torch.rand(1, 1, 6, 5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: blur(x, (4, 3), 1.1, 2), (images,))
