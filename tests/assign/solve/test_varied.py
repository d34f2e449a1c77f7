"""The solver with variety: copies keep their distance, pins and limits have priority, and variety needs more tiles."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from perceptual_photomosaic.assign.limits import Limits
from perceptual_photomosaic.assign.problem import Problem
from perceptual_photomosaic.assign.solve import Solve
from perceptual_photomosaic.assign.spacing import conflicting_cells
from perceptual_photomosaic.assign.variety import FREE, Variety
from tests.assign.problems import problem_of

WEIGHTS = {"colour8": 0.8, "colour1": 5.0, "halftone1": 1.0, "halftone2": 1.5, "structure8": 2.0, "structure4": 0.5}
"""Weights for tests only, because the default weights may change."""


def patches(count: int, seed: int) -> NDArray[np.float32]:
    """Return random patches in linear light: a colour and some noise."""
    random = np.random.default_rng(seed)
    base = random.uniform(0, 1, (count, 1, 1, 3))
    return np.clip(base + random.normal(0, 0.05, (count, 8, 8, 3)), 0, 1).astype(np.float32)


def calm(rows: int, columns: int, seed: int) -> NDArray[np.float32]:
    """Return cells of a smooth picture, (cells, 8, 8, 3), in which many cells compete for the same tile."""
    random = np.random.default_rng(seed)
    down, right = np.divmod(np.arange(rows * columns), columns)
    ends = random.uniform(0.2, 0.8, (3, 3))
    tones = ends[0] + (down / rows)[:, None] * (ends[1] - ends[0]) + (right / columns)[:, None] * (ends[2] - ends[0])
    return np.clip(tones[:, None, None] + np.zeros((8, 8, 3)), 0, 1).astype(np.float32)


def posed(
    shape: tuple[int, int],
    pictures: NDArray[np.int64],
    seed: int,
    variety: Variety,
    *,
    limits: Limits | None = None,
    variants: int = 1,
) -> Problem:
    """Make a problem with a smooth target and tiles that show these pictures."""
    made = problem_of(calm(*shape, seed), patches(len(pictures) * variants, seed + 1), shape, limits, variants)
    return replace(made, variety=variety, pictures=pictures, seed=seed)


def variety_of(value: float, distance: int | None = None) -> Variety:
    """Return the variety of a value when there are plenty of pictures."""
    return Variety.choose(value, distance, 1000, varied=True)


def shown(problem: Problem, choices: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the picture in each cell, (rows, columns)."""
    assert problem.pictures is not None
    pictures: NDArray[np.int64] = problem.pictures[choices // problem.variants]
    return pictures


def effective_number(tiles: NDArray[np.int64]) -> float:
    """Return e to the entropy of the shares of tiles: the number of equally used tiles with the same variety."""
    shares = np.unique(tiles, return_counts=True)[1] / tiles.size
    return float(np.exp(-(shares * np.log(shares)).sum()))


def nearest_copies(tiles: NDArray[np.int64]) -> float:
    """Return the mean distance from a cell to the nearest copy of its tile, over cells that have one."""
    place = np.stack(np.divmod(np.arange(tiles.size), tiles.shape[1]), axis=1)
    apart = np.linalg.norm(place[:, None] - place, axis=2)
    apart[tiles.ravel()[:, None] != tiles.ravel()] = np.inf
    np.fill_diagonal(apart, np.inf)
    nearest = apart.min(axis=1)
    return float(nearest[np.isfinite(nearest)].mean())


@given(
    rows=st.integers(1, 12),
    columns=st.integers(1, 12),
    value=st.sampled_from([0.1, 0.5, 0.8]),
    variants=st.integers(1, 2),
    copies=st.integers(0, 20),
    banned=st.booleans(),
    seed=st.integers(0, 999),
)
@settings(max_examples=25)
def test_no_picture_lies_beside_itself(
    rows: int, columns: int, value: float, variants: int, copies: int, banned: bool, seed: int
) -> None:
    """(2d - 1)^2 pictures are always enough; near copies and turned tiles count as the picture they show."""
    variety = variety_of(value)
    needed = (2 * variety.distance - 1) ** 2
    random = np.random.default_rng(seed)
    pictures = np.concatenate([np.arange(needed + 1), random.integers(0, needed, copies)])
    limits = Limits(banned=frozenset({needed})) if banned else None
    problem = posed((rows, columns), pictures, seed, variety, limits=limits, variants=variants)
    choices = Solve(WEIGHTS).assign(problem).choices
    assert not conflicting_cells(shown(problem, choices), variety.distance).any()
    assert not (banned and (choices // variants == needed).any())


@given(
    rows=st.integers(4, 10),
    columns=st.integers(4, 10),
    pins=st.dictionaries(st.integers(0, 15), st.integers(0, 3), max_size=6),
    seed=st.integers(0, 999),
)
@settings(max_examples=15)
def test_pins_may_break_the_rule_and_nobody_else(rows: int, columns: int, pins: dict[int, int], seed: int) -> None:
    problem = posed((rows, columns), np.arange(30), seed, variety_of(0.5), limits=Limits(pinned=pins))
    choices = Solve(WEIGHTS).assign(problem).choices
    assert all(choices.ravel()[cell] == choice for cell, choice in pins.items())
    loose = choices.copy()
    loose.ravel()[list(pins)] = -1 - np.arange(len(pins))  # each pin is compared with cells that are not pinned
    assert not conflicting_cells(loose, 2).any()
    for cell, choice in pins.items():
        row, column = divmod(cell, columns)
        window = loose[max(0, row - 1) : row + 2, max(0, column - 1) : column + 2]
        assert not (window == choice).any()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("variants", [1, 2])
def test_uses_hold_exactly_and_copies_lie_apart(variants: int, seed: int) -> None:
    limits = Limits(max_uses=4)
    problem = posed((10, 12), np.arange(45), seed, variety_of(0.5), limits=limits, variants=variants)
    tiles = Solve(WEIGHTS).assign(problem).choices // variants
    assert np.bincount(tiles.ravel()).max() <= 4
    assert not conflicting_cells(tiles, 2).any()


@pytest.mark.parametrize("seed", range(4))
def test_near_copies_lie_apart_under_limits_too(seed: int) -> None:
    """Sixty tiles show thirty pictures, each twice."""
    problem = posed((10, 12), np.arange(60) // 2, seed, variety_of(0.5), limits=Limits(max_uses=3))
    choices = Solve(WEIGHTS).assign(problem).choices
    assert np.bincount(choices.ravel()).max() <= 3
    assert not conflicting_cells(shown(problem, choices), 2).any()


def test_where_pictures_are_few_the_mosaic_is_still_made() -> None:
    """Three pictures cannot keep their distance, but there is an assignment."""
    for pictures in (np.zeros(3, int), np.arange(3)):
        problem = posed((6, 7), pictures, 1, variety_of(0.5))
        result = Solve(WEIGHTS).assign(problem)
        assert ((result.choices >= 0) & (result.choices < 3)).all()
        assert result.figures["energy"][-1] <= result.figures["energy"][0]


@pytest.mark.parametrize("limits", [None, Limits(max_uses=5)])
def test_same_seed_same_answer(limits: Limits | None) -> None:
    problem = posed((9, 11), np.arange(40) // 2 * 2, 3, variety_of(0.5), limits=limits)
    runs = [Solve(WEIGHTS).assign(each) for each in (problem, problem, replace(problem, seed=4))]
    np.testing.assert_array_equal(runs[0].choices, runs[1].choices)
    assert runs[0].figures == runs[1].figures
    assert (runs[0].choices != runs[2].choices).any()


def test_no_variety_is_the_free_solver() -> None:
    """Near copies then make no difference, and copies may be side by side."""
    none = variety_of(0)
    problem = posed((12, 12), np.arange(40) // 4, 5, none)
    free = replace(problem, variety=FREE, pictures=None)
    one, other = (Solve(WEIGHTS).assign(each) for each in (problem, free))
    np.testing.assert_array_equal(one.choices, other.choices)
    assert one.figures == other.figures
    assert conflicting_cells(one.choices, 2).any()


def test_variety_grows_with_its_number() -> None:
    numbers, copies = [], []
    for value in (0, 0.2, 0.5, 0.7, 1):
        problem = posed((16, 16), np.arange(200), 2, variety_of(value))
        tiles = Solve(WEIGHTS).assign(problem).choices
        numbers.append(effective_number(tiles))
        copies.append(nearest_copies(tiles))
    assert numbers == sorted(numbers)
    assert copies == sorted(copies)
    assert numbers[-1] > 3 * numbers[0]


def test_a_distance_of_none_leaves_only_the_price() -> None:
    """With a distance of 0 copies may be side by side, but fewer are than without variety."""
    touching = []
    for variety in (variety_of(0), variety_of(1, 0)):
        assert variety.distance == 1
        tiles = Solve(WEIGHTS).assign(posed((14, 14), np.arange(60), 2, variety))
        touching.append(int(conflicting_cells(tiles.choices, 2).sum()))
    assert 0 < touching[1] < 0.7 * touching[0]


def test_copies_under_max_uses_are_spread_over_the_picture() -> None:
    spread = []
    for variety in (variety_of(0), variety_of(0.5)):
        problem = posed((14, 14), np.arange(40), 2, variety, limits=Limits(max_uses=8))
        tiles = Solve(WEIGHTS).assign(problem).choices
        assert np.bincount(tiles.ravel()).max() <= 8
        spread.append(nearest_copies(tiles))
    assert spread[1] > 1.5 * spread[0]


@pytest.mark.parametrize("seed", range(4))
def test_pins_side_by_side_under_limits(seed: int) -> None:
    """Pins stay, all limits hold, and all other cells keep their distance."""
    limits = Limits(max_uses=5, pinned={0: 7, 1: 7, 40: 3, 52: 3}, use_all=True)
    problem = posed((10, 12), np.arange(45), seed, variety_of(0.5), limits=limits)
    choices = Solve(WEIGHTS).assign(problem).choices
    assert [int(choices.ravel()[cell]) for cell in limits.pinned] == [7, 7, 3, 3]
    counts = np.bincount(choices.ravel(), minlength=45)
    assert counts.max() <= 5
    assert counts.min() >= 1
    conflicts = np.flatnonzero(conflicting_cells(choices, 2))
    assert set(conflicts.tolist()) <= {0, 1, 40, 52}


@pytest.mark.parametrize("seed", range(6))
def test_a_distance_that_is_asked_for_holds_where_near_copies_are_many(seed: int) -> None:
    """The distance counts tiles, so it holds although the tiles show only four pictures."""
    limits = Limits(min_distance=2)
    problem = posed((9, 9), np.arange(24) % 4, seed, variety_of(0.5, 2), limits=limits)
    choices = Solve(WEIGHTS).assign(problem).choices
    assert not conflicting_cells(choices, 2).any()


def test_a_price_by_weight_replaces_that_of_the_variety() -> None:
    problem = posed((10, 10), np.arange(40), 2, variety_of(0.5, 0))
    cheap, dear = (Solve(WEIGHTS | {"repeat": price}).assign(problem).choices for price in (0, 3))
    assert conflicting_cells(cheap, 2).sum() > 2 * conflicting_cells(dear, 2).sum()
