"""Tests of the target over the mosaic: matching strips, equal sizes, and the meaning of opacity."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from perceptual_photomosaic.features.colour import from_linear
from perceptual_photomosaic.features.patches import fit_target
from perceptual_photomosaic.grid import Grid
from perceptual_photomosaic.render import overlay as module
from perceptual_photomosaic.render.overlay import Overlay


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 90), st.integers(1, 90), st.integers(0, 9))
def test_parts_fit_together(height: int, width: int, px_height: int, px_width: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    source = rng.integers(0, 256, (min(height, px_height), min(width, px_width), 3)).astype(np.uint8)
    mosaic = rng.integers(0, 256, (px_height, px_width, 3)).astype(np.uint8)
    over = Overlay(source, (px_width, px_height), 0.4)
    whole, parts = mosaic.copy(), mosaic.copy()
    over.lay(whole)
    cut_row, cut_column = int(rng.integers(0, px_height + 1)), int(rng.integers(0, px_width + 1))
    for rows in (slice(0, cut_row), slice(cut_row, None)):
        for columns in (slice(0, cut_column), slice(cut_column, None)):
            if parts[rows, columns].size:
                over.lay(parts[rows, columns], rows.start, columns.start)
    assert (whole == parts).all()


def test_opacity(target: NDArray[np.uint8]) -> None:
    grid = Grid.fit((96, 72), columns=8)
    mosaic = np.full((144, 192, 3), 100, np.uint8)
    unseen, all_seen, half = (mosaic.copy() for _ in range(3))
    Overlay.of(target, grid, (192, 144), 0.0).lay(unseen)
    assert (unseen == mosaic).all()
    Overlay.of(target, grid, (192, 144), 1.0).lay(all_seen)
    shown = all_seen.reshape(72, 2, 96, 2, 3).astype(float).mean(axis=(1, 3))
    assert np.abs(shown - target).mean() < 3
    Overlay.of(target, grid, (192, 144), 0.5).lay(half)
    assert np.abs(half - (all_seen.astype(float) + 100) / 2).max() <= 1


@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
def test_at_the_target_s_own_size_it_is_the_target(target: NDArray[np.uint8], fit: str) -> None:
    grid = Grid.fit((96, 72), columns=7, fit=fit)  # type: ignore[arg-type]
    size = grid.size_px((5, 5))
    mosaic = np.zeros((size[1], size[0], 3), np.uint8)
    Overlay.of(target, grid, size, 1.0, (1, 2, 3)).lay(mosaic)
    assert (mosaic == from_linear(fit_target(target, grid, size, (1, 2, 3)))).all()


def test_large_targets_are_kept_small(target: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_SOURCE_PX", 1000)
    over = Overlay.of(target, Grid.fit((96, 72), columns=8), (192, 144), 0.5)
    assert 900 < over.source.shape[0] * over.source.shape[1] <= 1000
