"""Costs in blocks equal the whole matrix by brute force."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perceptual_photomosaic.assign import costs as costs_module
from perceptual_photomosaic.assign.costs import (
    DenseCosts,
    EmbeddingCosts,
    Nearest,
    ProductCosts,
    best_choices,
    blocks,
    tile_costs,
)
from tests.assign.problems import random_costs

SEEDS = st.integers(0, 9999)


def _embeddings(seed: int, cells: int, choices: int, size: int, offset: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return (
        (rng.normal(size=(cells, size)) + offset).astype(np.float32),
        (rng.normal(size=(choices, size)) + offset).astype(np.float32),
    )


@given(SEEDS, st.integers(1, 20), st.integers(1, 20), st.integers(1, 50), st.sampled_from([0.0, 100.0]))
def test_distances_against_brute_force(seed: int, cells: int, choices: int, size: int, offset: float) -> None:
    """This holds far from the origin too, where |a|^2 - 2ab + |b|^2 would lose all precision."""
    some, others = _embeddings(seed, cells, choices, size, offset)
    costs = EmbeddingCosts(some, others)
    slow = np.array([[np.square(a.astype(np.float64) - b).sum() for b in others] for a in some])
    assert costs.shape == (cells, choices)
    assert costs.rows(slice(None)) == pytest.approx(slow, rel=1e-4, abs=1e-3)
    assert costs.rows(slice(None)).min() >= 0
    assert costs.rows(np.array([cells - 1])).tolist() == pytest.approx(slow[-1:], rel=1e-4, abs=1e-3)


@given(SEEDS, st.integers(1, 40), st.integers(1, 30), st.integers(1, 300))
def test_blocks_cover_every_cell_once(seed: int, cells: int, choices: int, entries: int) -> None:
    matrix = np.random.default_rng(seed).random((cells, choices), np.float32)
    parts = list(blocks(DenseCosts(matrix), entries))
    assert [cell for part in parts for cell in range(part.start, part.stop)] == list(range(cells))
    assert all((part.stop - part.start - 1) * choices < entries for part in parts)


@given(SEEDS, st.integers(1, 40), st.integers(1, 30), st.integers(1, 100))
def test_blockwise_is_whole(seed: int, cells: int, choices: int, entries: int) -> None:
    matrix = np.random.default_rng(seed).integers(0, 4, (cells, choices)).astype(np.float32)  # many equal costs
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(costs_module.blocks, "__defaults__", (entries,))
        got = best_choices(DenseCosts(matrix))
    assert (got == matrix.argmin(axis=1)).all()


@given(SEEDS, st.integers(1, 30), st.integers(2, 20))
def test_banned_choices_are_never_best(seed: int, cells: int, choices: int) -> None:
    rng = np.random.default_rng(seed)
    matrix = rng.random((cells, choices), np.float32)
    allowed = rng.random(choices) < 0.5
    allowed[rng.integers(choices)] = True
    got = best_choices(DenseCosts(matrix), allowed)
    slow = [min(np.flatnonzero(allowed), key=lambda choice: row[choice]) for row in matrix]
    assert got.tolist() == slow


@given(SEEDS, st.integers(1, 10), st.integers(1, 10), st.integers(1, 4))
def test_tiles_cost_what_their_best_variant_costs(seed: int, cells: int, tiles: int, variants: int) -> None:
    rows = np.random.default_rng(seed).random((cells, tiles * variants), np.float32)
    costs, variant = tile_costs(rows, variants)
    for cell in range(cells):
        for tile in range(tiles):
            own = rows[cell, tile * variants : (tile + 1) * variants]
            assert costs[cell, tile] == own.min()
            assert variant is None or own[variant[cell, tile]] == own.min()
    assert (variant is None) == (variants == 1)


@given(st.integers(1, 20), st.integers(1, 30), st.integers(1, 40), st.booleans(), st.integers(0, 999))
@settings(max_examples=30)
def test_the_nearest_come_first(cells: int, choices: int, count: int, some_banned: bool, seed: int) -> None:
    costs = random_costs(seed, cells, choices)
    allowed = np.random.default_rng(seed).random(choices) < 0.6
    allowed[0] = True
    near = Nearest.of(costs, count, allowed if some_banned else None)
    found = near.choices
    matrix = np.where(allowed, costs.matrix, np.inf) if some_banned else costs.matrix
    keep = min(count, int(np.isfinite(matrix[0]).sum()))
    assert found.shape == (cells, keep)
    assert found.dtype == np.int32
    np.testing.assert_array_equal(near.costs, np.sort(matrix, axis=1)[:, :keep])
    np.testing.assert_array_equal(near.costs, np.take_along_axis(matrix, found, axis=1))


@given(SEEDS, st.integers(1, 20), st.integers(1, 20), st.integers(1, 50))
def test_products_against_brute_force(seed: int, cells: int, choices: int, size: int) -> None:
    queries, keys = _embeddings(seed, cells, choices, size)
    costs = ProductCosts(queries, keys, 0.5)
    slow = np.array([[-0.5 * float(a.astype(np.float64) @ b) for b in keys] for a in queries])
    slow -= slow.min(axis=1, keepdims=True)
    assert costs.shape == (cells, choices)
    assert costs.rows(slice(None)) == pytest.approx(slow, rel=1e-4, abs=1e-4)
    assert costs.rows(np.array([cells - 1])) == pytest.approx(slow[-1:], rel=1e-4, abs=1e-4)
