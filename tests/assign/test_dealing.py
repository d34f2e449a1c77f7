"""Redistribution of tiles: the cheapest one, split into independent moves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from perceptual_photomosaic.assign.dealing import chains, deal
from perceptual_photomosaic.assign.solve.limited import groups_alike


@st.composite
def deals(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Draw the tiles of cells before and after."""
    cells = draw(st.integers(1, 30))
    numbers = st.lists(st.integers(0, 8), min_size=cells, max_size=cells)
    return np.array(draw(numbers)), np.array(draw(numbers))


@given(case=deals(), data=st.data())
def test_any_of_the_moves_may_be_left_out(case: tuple[np.ndarray, np.ndarray], data: st.DataObject) -> None:
    before, after = case
    moves = chains(before, after)
    assert sorted(cell for move in moves for cell in move) == np.flatnonzero(before != after).tolist()
    kept = data.draw(st.lists(st.sampled_from(moves), unique_by=tuple)) if moves else []
    now = before.copy()
    for move in kept:
        now[move] = after[move]
    uses, first, last = (np.bincount(tiles, minlength=9) for tiles in (now, before, after))
    assert np.all(uses <= np.maximum(first, last))
    assert np.all(uses >= np.minimum(first, last))


def test_moves_are_as_short_as_cycles() -> None:
    assert sorted(map(sorted, chains(np.array([0, 1, 2, 3, 4]), np.array([1, 0, 3, 2, 4])))) == [[0, 1], [2, 3]]


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 10**6),
    cells=st.integers(1, 12),
    variants=st.integers(1, 3),
    spare=st.integers(0, 2),
)
def test_the_deal_is_the_cheapest_of_all(seed: int, cells: int, variants: int, spare: int) -> None:
    """The cost equals that of the Hungarian method on every copy of every tile."""
    rng = np.random.default_rng(seed)
    held = rng.integers(0, 6, cells)
    stock = np.bincount(held, minlength=6) + rng.integers(0, spare + 1, 6)
    options = np.concatenate([rng.integers(0, 6 * variants, (cells, 7)), held[:, None] * variants], axis=1)
    costs = rng.random(options.shape).astype(np.float32)
    costs[:, :-1][rng.random((cells, 7)) < 0.3] = np.inf
    picked = deal(options // variants, costs, stock, np.zeros(6, bool))
    tiles = np.take_along_axis(options, picked[:, None], axis=1)[:, 0] // variants
    assert np.all(np.bincount(tiles, minlength=6) <= stock)

    copies = np.repeat(np.arange(6), stock)
    matrix = np.full((cells, len(copies)), 1e3)
    for cell in range(cells):
        for option, cost in zip(options[cell] // variants, costs[cell], strict=True):
            here = copies == option
            matrix[cell, here] = np.minimum(matrix[cell, here], cost)
    least = matrix[linear_sum_assignment(matrix)].sum()
    assert costs[np.arange(cells), picked].sum() == pytest.approx(least, abs=1e-4)


def test_the_last_copy_of_a_required_tile_stays() -> None:
    tiles = np.array([[1, 0], [1, 1]])
    costs = np.array([[0.0, 9.0], [0.0, 0.0]], np.float32)
    assert deal(tiles, costs, np.array([1, 2]), np.array([False, False])).tolist()[0] == 0
    assert deal(tiles, costs, np.array([1, 2]), np.array([True, False])).tolist()[0] == 1


@pytest.mark.parametrize(("shape", "stride"), [((9, 13), 3), ((5, 4), 7), ((30, 31), 2)])
def test_groups_lie_apart_and_leave_nobody_out(shape: tuple[int, int], stride: int) -> None:
    rng = np.random.default_rng(0)
    wanted = rng.random((shape[0] * shape[1], 3)).astype(np.float32)
    free = rng.random(len(wanted)) < 0.8
    groups = list(groups_alike(wanted, shape, stride, free, rng))
    assert np.array_equal(np.sort(np.concatenate(groups)), np.flatnonzero(free))
    for cells in groups:
        row, column = np.divmod(cells, shape[1])
        apart = np.maximum(np.abs(row[:, None] - row), np.abs(column[:, None] - column))
        assert np.all(apart[~np.eye(len(cells), dtype=bool)] >= stride)
