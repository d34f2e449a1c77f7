from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perceptual_photomosaic.errors import GridError
from perceptual_photomosaic.evaluate import TileStats, nearest_repeat, tile_stats


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 14), st.integers(1, 14), st.integers(1, 150), st.integers(0, 99))
def test_nearest_repeat_finds_the_closest_pair(rows, cols, tiles, seed):
    assignment = np.random.default_rng(seed).integers(0, tiles, (rows, cols))
    distances = [
        max(abs(a[0] - b[0]), abs(a[1] - b[1]))
        for a, b in itertools.combinations(np.ndindex(rows, cols), 2)
        if assignment[a] == assignment[b]
    ]
    assert nearest_repeat(assignment) == min(distances, default=None)


def test_far_repeats_are_found():
    assignment = np.arange(40 * 30).reshape(40, 30)
    assert nearest_repeat(assignment) is None
    assignment[39, 29] = assignment[0, 12]
    assert nearest_repeat(assignment) == 39


def test_tile_stats_counts():
    assignment = np.array([[4, 4, 1], [2, 9, 4]])
    assert tile_stats(assignment) == TileStats(cells=6, distinct=4, most_used=3, nearest_repeat=1)


def test_tile_stats_refuses_what_is_no_table():
    with pytest.raises(GridError, match="shape"):
        tile_stats(np.arange(4))
