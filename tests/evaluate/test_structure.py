from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perceptual_photomosaic.evaluate.ssim import gradient_agreement, ssim


def pictures(height: int = 40, width: int = 33, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    ramp = np.add.outer(np.linspace(0, 0.5, height), np.linspace(0, 0.5, width))
    return ramp, np.clip(ramp + rng.normal(0, 0.1, ramp.shape), 0, 1)


@pytest.mark.parametrize("size", [(11, 11), (16, 16), (40, 33), (141, 12)])
def test_ssim_agrees_with_scikit_image(size):
    metrics = pytest.importorskip("skimage.metrics")
    x, y = pictures(*size)
    published = metrics.structural_similarity(
        x, y, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=1.0
    )
    assert ssim(x, y) == pytest.approx(published, abs=1e-9)


@pytest.mark.parametrize("size", [(1, 1), (2, 7), (10, 10), (64, 3)])
def test_ssim_of_small_pictures_uses_a_smaller_window(size):
    x, y = pictures(*size)
    assert ssim(x, x) == pytest.approx(1)
    assert -1 <= ssim(x, y) <= 1


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 12), st.integers(2, 12), st.integers(0, 99))
def test_gradient_agreement_is_its_formula(height, width, seed):
    x, y = pictures(height, width, seed)
    product = energy = 0.0
    for row, column in np.ndindex(height, width):
        for down, right in ((0, 1), (1, 0)):
            if row + down < height and column + right < width:
                g_x, g_y = (p[row + down, column + right] - p[row, column] for p in (x, y))
                product += g_x * g_y
                energy += g_x**2 + g_y**2
    assert gradient_agreement(x, y) == pytest.approx(2 * product / energy)


def test_gradient_agreement_of_tall_pictures_is_the_same_formula():
    x, y = pictures(100, 7)
    product = sum((np.diff(x, axis=axis) * np.diff(y, axis=axis)).sum() for axis in (0, 1))
    energy = sum((np.diff(p, axis=axis) ** 2).sum() for axis in (0, 1) for p in (x, y))
    assert gradient_agreement(x, y) == pytest.approx(2 * product / energy)


def test_gradient_agreement_sees_what_it_should():
    edge = np.zeros((10, 10))
    edge[:, 5:] = 1
    assert gradient_agreement(edge, edge) == 1
    assert gradient_agreement(edge, edge + 3) == 1
    assert gradient_agreement(edge, edge / 2) == pytest.approx(0.8)
    assert gradient_agreement(edge, edge.T) == pytest.approx(0)
    assert gradient_agreement(edge, -edge) == -1
    assert gradient_agreement(edge, np.zeros((10, 10))) == 0
    assert gradient_agreement(np.ones((10, 10)), np.zeros((10, 10))) == 1  # flat and flat agree
    assert gradient_agreement(np.ones((1, 1)), np.zeros((1, 1))) == 1
