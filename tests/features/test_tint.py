"""Shifts of tiles towards their cells: exact means in linear light, monotone in the amount."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.features.colour import from_linear, to_linear
from perceptual_photomosaic.features.tint import shifts_towards


def patches(count: int, seed: int) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    levels = rng.integers(0, 256, (count, 2, 2, 3)) // 2 + rng.integers(0, 128, (count, 1, 1, 3))
    return to_linear(levels.astype(np.uint8).repeat(4, axis=1).repeat(4, axis=2))


def means(tiles: NDArray[np.float32], shifts: NDArray[np.float32]) -> NDArray[np.float32]:
    """Shift and clip pixel values as the writers do, then average linear light."""
    shifted = np.clip(np.rint(from_linear(tiles) + shifts[:, None, None]), 0, 255).astype(np.uint8)
    return to_linear(shifted).mean(axis=(1, 2))


def test_a_whole_shift_gives_the_cell_s_mean() -> None:
    cells, tiles = patches(50, 1), patches(50, 2)
    shifts = shifts_towards(cells, tiles, np.arange(50), 1.0)
    np.testing.assert_allclose(means(tiles, shifts), cells.mean(axis=(1, 2)), atol=0.01)


def test_half_a_shift_is_half_of_it() -> None:
    cells, tiles = patches(20, 3), patches(5, 4)
    chosen = np.arange(20) % 5
    whole, half = (shifts_towards(cells, tiles, chosen, amount) for amount in (1.0, 0.5))
    np.testing.assert_allclose(half, whole / 2, atol=0.01)
    assert (np.abs(means(tiles[chosen], half) - cells.mean(axis=(1, 2))).mean()) < (
        np.abs(tiles[chosen].mean(axis=(1, 2)) - cells.mean(axis=(1, 2))).mean()
    )


def test_a_tile_that_fits_stays() -> None:
    cells = patches(10, 5)
    assert np.abs(shifts_towards(cells, cells, np.arange(10), 1.0)).max() <= 0.02
