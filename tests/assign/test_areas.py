"""Areas laid over with one choice: found as by counting, changes exact, moves that no single cell could make."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perceptual_photomosaic.assign.limits import Limits
from perceptual_photomosaic.assign.solve import descent
from perceptual_photomosaic.assign.solve.areas import Areas, gathered
from perceptual_photomosaic.assign.solve.descent import Descent
from perceptual_photomosaic.assign.solve.joint import JointCosts
from perceptual_photomosaic.assign.solve.near import NearCosts
from perceptual_photomosaic.assign.solve.weights import EnergyWeights
from tests.assign.problems import grainy_patches, problem_of, weights_of

SIZES = st.sampled_from([(1, 2), (2, 1), (2, 2), (3, 3), (5, 3), (8, 8)])


@given(st.integers(1, 9), st.integers(1, 9), SIZES, st.integers(1, 3), st.integers(1, 3), st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_areas_are_offered_what_comes_most_around_them(
    rows: int, columns: int, size: tuple[int, int], step: int, most: int, seed: int
) -> None:
    choices = np.random.default_rng(seed).integers(0, 5, (rows, columns))
    found = gathered(choices, size, step, most)
    offered = {(int(cells[0]), int(choice)) for cells, choice in zip(found.cells, found.choices, strict=True)}
    assert len(offered) == len(found.choices)
    height, width = size
    expected = 0
    for top in range(0, rows - height + 1, step):
        for left in range(0, columns - width + 1, step):
            inside = choices[top : top + height, left : left + width]
            around = choices[max(0, top - 1) : top + height + 1, max(0, left - 1) : left + width + 1]
            counts = {choice: int((around == choice).sum()) for choice in range(5)}
            first = sorted((choice for choice in counts if counts[choice] > 1), key=lambda c: (-counts[c], c))[:most]
            for choice in first:
                wanted = bool((inside != choice).any())
                expected += wanted
                assert ((top * columns + left, choice) in offered) == wanted
    assert len(offered) == expected
    for cells in found.cells:
        row, column = np.divmod(cells.reshape(size), columns)
        assert (np.diff(row, axis=0) == 1).all()
        assert (np.diff(column, axis=1) == 1).all()


@given(st.integers(2, 9), st.integers(2, 9), st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_of_areas_that_meet_the_best_is_kept(rows: int, columns: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    areas = gathered(random.integers(0, 3, (rows, columns)), (2, 2), 1, 2)
    gains = random.normal(0, 1, len(areas.cells)).astype(np.float32)
    kept = areas.apart(gains, (rows, columns)).tolist()
    held = areas.cells[kept].ravel()
    assert len(np.unique(held)) == len(held)
    assert all(gains[area] > 0 for area in kept)
    for area in set(np.flatnonzero(gains > 0).tolist()) - set(kept):
        rivals = [rival for rival in kept if np.isin(areas.cells[rival], areas.cells[area]).any()]
        assert max(gains[rival] for rival in rivals) >= gains[area]


@given(st.integers(3, 11), st.integers(3, 13), SIZES, st.booleans(), st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_changes_of_areas_are_exact(rows: int, columns: int, size: tuple[int, int], weighted: bool, seed: int) -> None:
    """Against the energy of the whole mosaic before and after, all parts that have a weight."""
    random = np.random.default_rng(seed)
    cells, choices = grainy_patches(rows * columns, seed), grainy_patches(4, seed + 1)
    importance = random.uniform(0.25, 4, rows * columns).astype(np.float32) if weighted else None
    # Where a sample is 4 x 4 cells windows have next to no variance, and float32 loses the more the more they count.
    joint = JointCosts(cells, choices, (rows, columns), EnergyWeights(structure_quarter=0.2), importance)
    chosen = random.integers(0, 4, rows * columns)
    areas = gathered(chosen.reshape(rows, columns), size, 1, 2)
    joint.reset(chosen)
    before, current = joint.energy(), chosen[areas.cells]
    changes = joint.spread(areas, current) + joint.spread_seams(areas, current)
    for area in random.permutation(len(changes))[:4]:
        moved = chosen.copy()
        moved[areas.cells[area]] = areas.choices[area]
        joint.reset(moved)
        assert changes[area] == pytest.approx(joint.energy() - before, rel=1e-3, abs=6e-3)


def halves(pinned: dict[int, int] | None = None) -> list[int]:
    """Where a descent ends that starts with one tile on the left and its mirror image on the right, all else alike."""
    tile = grainy_patches(1, 1)
    choices = np.concatenate([tile, tile[:, ::-1]])
    cells = np.full((18, 8, 8, 3), tile.mean(axis=(0, 1, 2)), np.float32)
    weights = weights_of(seams4=1.0)
    start = np.tile(np.repeat([0, 1], 3), 3)
    options = np.tile(np.arange(2, dtype=np.int32), (18, 1))
    near, joint = NearCosts(cells, choices, weights), JointCosts(cells, choices, (3, 6), weights)
    moving = Descent(problem_of(cells, choices, (3, 6), Limits(pinned=pinned or {})), near, joint, options, start, 0.0)
    energies = moving.run(3)
    assert energies[-1] <= energies[0]
    assert energies[-1] == pytest.approx(moving.energy(), abs=1e-6)
    return sorted(set(moving.choices.tolist()))


def test_two_halves_become_one_which_no_single_cell_can_do(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(halves()) == 1
    monkeypatch.setattr(descent, "_AREAS", ())
    assert halves() == [0, 1]


def test_nothing_is_laid_over_pinned_cells() -> None:
    assert halves({0: 0, 5: 1, 12: 0, 17: 1}) == [0, 1]


def test_some_of_the_areas() -> None:
    areas = Areas(np.arange(8).reshape(4, 2), (1, 2), np.arange(4))
    some = areas.part(np.array([1, 3]))
    assert some.choices.tolist() == [1, 3]
    assert some.cells.tolist() == [[2, 3], [6, 7]]
    assert some.size == (1, 2)
