"""Traits of patches equal the functions they use, and descriptors equal a loop over samples."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from perceptual_photomosaic.features.colour import (
    DIN99D_AS_CIEDE2000,
    LUMA,
    linear_to_din99d,
    linear_to_srgb,
)
from perceptual_photomosaic.features.traits import Traits
from tests.assign.problems import grainy_patches

SIDES = [8, 4, 2, 1]
PATCHES = grainy_patches(6, 3)


def averages(patch: NDArray[np.float32], k: int) -> NDArray[np.float32]:
    """Return the mean light of k x k parts of a patch, (k * k, 3)."""
    side = 8 // k
    parts = [
        patch[row * side : (row + 1) * side, column * side : (column + 1) * side].reshape(-1, 3).mean(axis=0)
        for row in range(k)
        for column in range(k)
    ]
    return np.array(parts, np.float32)


@pytest.mark.parametrize("k", SIDES)
def test_light_colours_and_luma_are_those_of_averages(k: int) -> None:
    traits = Traits(PATCHES)
    assert traits.light(k).shape == (6, k, k, 3)
    assert traits.colours(k).shape == (6, 3, k * k)
    assert traits.luma(k).shape == (6, k * k)
    assert traits.colours(k).dtype == traits.luma(k).dtype == np.float32
    for number, patch in enumerate(PATCHES):
        light = averages(patch, k)
        np.testing.assert_allclose(traits.light(k)[number].reshape(-1, 3), light, atol=1e-6)
        np.testing.assert_allclose(
            traits.colours(k)[number].T, DIN99D_AS_CIEDE2000 * linear_to_din99d(light), rtol=1e-4, atol=1e-4
        )
        np.testing.assert_allclose(traits.luma(k)[number], linear_to_srgb(light) @ np.array(LUMA), atol=1e-5)


def test_means_are_those_of_all_samples() -> None:
    traits = Traits(PATCHES)
    np.testing.assert_allclose(traits.means, [patch.reshape(-1, 3).mean(axis=0) for patch in PATCHES], atol=1e-6)
    np.testing.assert_allclose(traits.means, traits.light(1)[:, 0, 0], atol=1e-6)
    assert len(traits) == 6


def slow_distance(one: NDArray[np.float32], other: NDArray[np.float32], sides: list[int]) -> float:
    """Return a quarter of the sum, over sides, of the mean squared error of samples in DIN99d."""
    total = 0.0
    for k in sides:
        apart = linear_to_din99d(averages(one, k)).astype(float) - linear_to_din99d(averages(other, k))
        total += float(np.square(apart).sum(axis=1).mean()) / 4
    return total


def test_distances_of_descriptors_are_mean_squared_errors() -> None:
    traits = Traits(PATCHES)
    assert traits.descriptors.shape == (6, 255)
    assert traits.descriptors.dtype == np.float32
    for one in range(6):
        for other in range(6):
            far = np.square(traits.descriptors[one].astype(float) - traits.descriptors[other]).sum()
            assert far == pytest.approx(slow_distance(PATCHES[one], PATCHES[other], SIDES), rel=1e-3, abs=1e-6)


def test_what_was_worked_out_is_kept() -> None:
    traits = Traits(PATCHES)
    for k in SIDES:
        assert traits.light(k) is traits.light(k)
        assert traits.colours(k) is traits.colours(k)
        assert traits.luma(k) is traits.luma(k)
    assert traits.light(8) is PATCHES
    assert traits.means is traits.means
    assert traits.descriptors is traits.descriptors


def test_a_patch_has_the_same_traits_in_any_company() -> None:
    alone, among = Traits(PATCHES[2:3]), Traits(PATCHES)
    for k in SIDES:
        np.testing.assert_allclose(alone.colours(k)[0], among.colours(k)[2], rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(alone.luma(k)[0], among.luma(k)[2], atol=1e-6)
    np.testing.assert_allclose(alone.descriptors[0], among.descriptors[2], rtol=1e-5, atol=1e-5)
