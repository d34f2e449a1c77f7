"""Patches: area averages in linear light equal slow loops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from perceptual_photomosaic.features.colour import from_linear, to_linear
from perceptual_photomosaic.features.patches import (
    PATCH,
    blurred,
    cell_patches,
    fit_target,
    reduce_patches,
    tile_patches,
)
from perceptual_photomosaic.grid import Grid


def _share(low: float, high: float, sample: int) -> float:
    return max(0.0, min(high, sample + 1) - max(low, sample))


def slow_average(light: NDArray[np.floating], box: tuple[float, float, float, float]) -> NDArray[np.float64]:
    """Return the mean of the pixels in a box, each weighted by the area it shares with the box."""
    left, top, right, bottom = box
    total, area = np.zeros(3), 0.0
    for row in range(light.shape[0]):
        for column in range(light.shape[1]):
            shared = _share(top, bottom, row) * _share(left, right, column)
            total += shared * light[row, column]
            area += shared
    return total / area


def slow_patch(srgb: NDArray[np.uint8], k: int) -> NDArray[np.float64]:
    """Return the picture at k x k samples."""
    height, width = srgb.shape[:2]
    light = to_linear(srgb)
    return np.array(
        [
            [
                slow_average(light, (x * width / k, y * height / k, (x + 1) * width / k, (y + 1) * height / k))
                for x in range(k)
            ]
            for y in range(k)
        ]
    )


@given(st.integers(1, 17), st.integers(1, 17), st.integers(1, 9), st.integers(0, 99))
def test_tiles_at_few_samples(width: int, height: int, k: int, seed: int) -> None:
    pictures = np.random.default_rng(seed).integers(0, 256, (2, height, width, 3)).astype(np.uint8)
    got = tile_patches(pictures, k)
    assert got.dtype == np.float32
    for picture, patch in zip(pictures, got, strict=True):
        assert patch == pytest.approx(slow_patch(picture, k), abs=1e-5)


def test_many_tiles_go_through_in_blocks(pictures: NDArray[np.uint8]) -> None:
    many = np.tile(pictures[:, :4, :4], (200, 1, 1, 1))
    assert len(many) > 4096
    assert (tile_patches(many).reshape(200, 24, PATCH, PATCH, 3) == tile_patches(pictures[:, :4, :4])).all()


@given(st.integers(1, 12), st.integers(1, 8))
def test_reducing_keeps_the_mean(size: int, k: int) -> None:
    patches = np.random.default_rng(size).random((3, size, size, 3), np.float32)
    assert reduce_patches(patches, k).mean(axis=(1, 2)) == pytest.approx(patches.mean(axis=(1, 2)), abs=1e-6)


def test_light_is_averaged_not_codes() -> None:
    """A fine black and white chequerboard becomes the code 188, not 128."""
    chequer = np.indices((8, 8)).sum(axis=0)[..., None].repeat(3, axis=2) % 2 * 255
    assert (from_linear(tile_patches(chequer[None].astype(np.uint8), 1)) == 188).all()


@pytest.mark.parametrize(
    ("columns", "fit", "tolerance"),
    [
        (6, "crop", 1e-6),  # whole pixels per sample: exact
        (7, "crop", 2e-2),  # fractions of pixels: Pillow counts a pixel at the border fully or not at all
        (7, "stretch", 2e-2),
    ],
)
def test_target_is_averaged_under_what_the_grid_covers(
    target: NDArray[np.uint8], columns: int, fit: str, tolerance: float
) -> None:
    grid = Grid.fit((96, 72), columns=columns, cell_aspect=(4, 3), fit=fit)  # type: ignore[arg-type]
    got = fit_target(target, grid, (grid.columns, grid.rows))
    left, top, right, bottom = grid.target_box
    wide, high = (right - left) / grid.columns, (bottom - top) / grid.rows
    for row in range(grid.rows):
        for column in range(grid.columns):
            box = (left + column * wide, top + row * high, left + (column + 1) * wide, top + (row + 1) * high)
            assert got[row, column] == pytest.approx(slow_average(to_linear(target), box), abs=tolerance)


def test_padding_has_the_background_colour(target: NDArray[np.uint8]) -> None:
    grid = Grid.fit((96, 72), columns=5, fit="pad")
    rim = np.empty((96, 96, 3), np.uint8)
    rim[:] = (10, 200, 30)
    rim[12:84] = target
    bare = Grid(4, 5, (1, 1), (0.0, grid.target_box[1] + 12, 96.0, grid.target_box[3] + 12))
    got = fit_target(target, grid, (40, 32), (10, 200, 30))
    assert got == pytest.approx(fit_target(rim, bare, (40, 32)), abs=1e-4)
    assert from_linear(got[0, 0]).tolist() == [10, 200, 30]


def test_small_targets_are_enlarged_smoothly() -> None:
    step = np.zeros((2, 2, 3), np.uint8)
    step[:, 1] = 255
    got = fit_target(step, Grid.fit((2, 2), columns=2), (16, 16))[0, :, 0]
    assert got[0] == 0
    assert got[-1] == 1
    assert (np.diff(got) >= 0).all()
    assert len(np.unique(got)) > 4


def test_cells_are_cut_row_by_row() -> None:
    rows, columns, k = 3, 4, 2
    fitted = np.arange(rows * k * columns * k * 3, dtype=np.float32).reshape(rows * k, columns * k, 3)
    cells = cell_patches(fitted, Grid(rows, columns, (1, 1), (0, 0, 1, 1)))
    assert cells.shape == (12, 2, 2, 3)
    for cell in range(12):
        row, column = divmod(cell, columns)
        assert (cells[cell] == fitted[row * k : row * k + k, column * k : column * k + k]).all()


@pytest.mark.parametrize("aspect", [(1, 1), (5, 11)])
def test_a_blur_goes_on_beyond_a_patch_with_its_edge(aspect: tuple[int, int]) -> None:
    """The blur is as wide as high in the mosaic: 0.13 of the square root of a cell's width times height."""
    patches = np.random.default_rng(3).random((2, PATCH, PATCH, 3)).astype(np.float32)
    apart = np.arange(-PATCH, PATCH + 1)
    side = 0.13 * (aspect[0] * aspect[1]) ** 0.5
    slow = patches.astype(np.float64)
    for axis in (1, 2):
        gaussian = np.exp(-0.5 * np.square(apart / PATCH * aspect[2 - axis] / side))
        gaussian /= gaussian.sum()
        wide = np.pad(slow, [(PATCH, PATCH) if other == axis else (0, 0) for other in range(4)], mode="edge")
        slow = np.apply_along_axis(np.convolve, axis, wide, gaussian, mode="valid")
    np.testing.assert_allclose(blurred(patches, aspect), slow, atol=1e-3)
    np.testing.assert_allclose(blurred(np.full_like(patches, 0.25)), 0.25, rtol=1e-6)
