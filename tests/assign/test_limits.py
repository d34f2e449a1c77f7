"""Limits hold exactly, or the error says what is missing."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perceptual_photomosaic.assign.assignment import assign_choices
from perceptual_photomosaic.assign.limits import Limits
from perceptual_photomosaic.assign.spacing import conflicting_cells
from perceptual_photomosaic.errors import ConstraintError
from tests.assign.problems import Puzzle, broken_limits, puzzles, random_costs


def solve(puzzle: Puzzle) -> np.ndarray:
    return assign_choices(puzzle.costs, puzzle.shape, puzzle.variants, puzzle.limits, seed=puzzle.seed)


@settings(max_examples=400)
@given(puzzles())
def test_every_limit_is_honoured_or_refused(puzzle: Puzzle) -> None:
    try:
        choices = solve(puzzle)
    except ConstraintError:
        return
    assert choices.dtype == np.int64
    assert choices.shape == (puzzle.num_cells,)
    assert broken_limits(puzzle, choices) == []


@settings(max_examples=200)
@given(puzzles(distance=False))
def test_what_is_refused_without_distances_is_impossible(puzzle: Puzzle) -> None:
    """Counts of pins, of required tiles and of all other tiles show that no assignment exists."""
    limits, cells, tiles = puzzle.limits, puzzle.num_cells, puzzle.num_tiles
    pinned = [choice // puzzle.variants for choice in limits.pinned.values()]
    needed = (set(range(tiles)) if limits.use_all else set()) - limits.banned | limits.must_include
    uses = limits.max_uses or cells
    possible = (
        not needed & limits.banned
        and not set(pinned) & limits.banned
        and max((pinned.count(tile) for tile in pinned), default=0) <= uses
        and len(needed - set(pinned)) <= cells - len(pinned)
        and uses * (tiles - len(limits.banned)) >= cells
    )
    if possible:
        solve(puzzle)
    else:
        with pytest.raises(ConstraintError):
            solve(puzzle)


@given(st.integers(1, 8), st.integers(1, 8), st.integers(2, 4), st.integers(0, 99))
def test_distances_with_tiles_to_spare_are_always_met(rows: int, columns: int, distance: int, seed: int) -> None:
    """With (2D - 1)^2 tiles every cell has a tile that is free nearby, so there must be a result."""
    tiles = (2 * distance - 1) ** 2
    puzzle = Puzzle(random_costs(seed, rows * columns, tiles), (rows, columns), 1, Limits(min_distance=distance), seed)
    assert broken_limits(puzzle, solve(puzzle)) == []


@pytest.mark.parametrize("distance", [2, 3, 4])
@pytest.mark.parametrize("shape", [(8, 8), (9, 12), (5, 13), (1, 9)])
def test_as_few_tiles_as_a_distance_allows(distance: int, shape: tuple[int, int]) -> None:
    """D x D tiles allow only periodic patterns; one tile less is impossible and gives an error."""
    tiles = min(distance, shape[0]) * min(distance, shape[1])
    puzzle = Puzzle(random_costs(1, shape[0] * shape[1], tiles), shape, 1, Limits(min_distance=distance), 1)
    assert broken_limits(puzzle, solve(puzzle)) == []
    fewer = Puzzle(random_costs(1, shape[0] * shape[1], tiles - 1), shape, 1, Limits(min_distance=distance), 1)
    with pytest.raises(ConstraintError, match=rf"but there are {tiles - 1}: 1 are missing"):
        solve(fewer)


@given(st.integers(2, 8), st.integers(2, 8), st.integers(1, 4), st.integers(2, 3), st.integers(0, 999))
@settings(max_examples=100)
def test_all_slots_filled_and_copies_apart(rows: int, columns: int, uses: int, distance: int, seed: int) -> None:
    """T * K equals the number of cells: limits hold, or the error names a remedy."""
    cells = rows * columns
    tiles = -(-cells // uses)
    puzzle = Puzzle(random_costs(seed, cells, tiles), (rows, columns), 1, Limits(uses, distance), seed)
    try:
        choices = solve(puzzle)
    except ConstraintError as error:
        refusal = str(error)
    else:
        assert broken_limits(puzzle, choices) == []
        return
    assert re.search(r"are missing|Lower the distance", refusal)


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (
            Limits(max_uses=2),
            "5 tiles used at most 2 times fill 10 of 12 cells: 2 are missing. Allow 3 uses, add 1 tiles",
        ),
        (Limits(max_uses=1, banned=frozenset({0})), "4 tiles used at most 1 times fill 4 of 12 cells: 8 are missing"),
        (Limits(max_uses=0), "max uses is 0; it must be at least 1"),
        (Limits(min_distance=-1), "min distance is -1; it must not be negative"),
        (Limits(min_distance=3), "needs 9 different tiles in every 3 x 3 cells, but there are 5: 4 are missing"),
        (Limits(min_distance=9), "needs 12 different tiles in every 4 x 3 cells, but there are 5: 7 are missing"),
        (Limits(banned=frozenset(range(5))), "all 5 tiles are banned"),
        (Limits(must_include=frozenset({1}), banned=frozenset({1})), "1 tiles must be included and are banned too"),
        (Limits(must_include=frozenset({5})), "tile 5 must be included, but there are 5 tiles"),
        (Limits(banned=frozenset({-1})), "tile -1 is banned, but there are 5 tiles"),
        (Limits(pinned={12: 0}), "cell 12 is pinned, but cells are numbered 0 to 11"),
        (Limits(pinned={0: 5}), "cell 0 is pinned to choice 5, but there are 5"),
        (Limits(pinned={0: 1}, banned=frozenset({1})), "tile 1 is banned, yet pinned to cell 0"),
        (Limits(max_uses=3, pinned=dict.fromkeys(range(4), 2)), "tile 2 is pinned to 4 cells, more than max uses 3"),
        (
            Limits(min_distance=2, pinned={0: 2, 5: 2}),
            "tile 2 is pinned to cells 0,0 and 1,1 (row,column), 1 apart; min distance is 2",
        ),
        (Limits(use_all=True, pinned=dict.fromkeys(range(9), 0)), "4 more tiles must appear, but 3 cells are left"),
    ],
)
def test_refusals_say_what_is_missing(limits: Limits, said: str) -> None:
    with pytest.raises(ConstraintError) as caught:
        assign_choices(random_costs(0, 12, 5), (3, 4), 1, limits)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_all_variants_of_a_banned_tile_are_forbidden() -> None:
    allowed = Limits(banned=frozenset({0, 2})).allowed(4, 2)
    assert allowed is not None
    assert allowed.tolist() == [False, False, True, True, False, False, True, True]
    assert Limits().allowed(4, 2) is None


def test_variants_share_their_tile_s_uses() -> None:
    """Three tiles in four variants fill twelve cells with unlimited uses, but only three cells with one use each."""
    costs = random_costs(3, 12, 12)
    choices = assign_choices(costs, (3, 4), 4, Limits(max_uses=4))
    assert np.bincount(choices // 4).tolist() == [4, 4, 4]
    with pytest.raises(ConstraintError, match="3 tiles used at most 3 times fill 9 of 12 cells"):
        assign_choices(costs, (3, 4), 4, Limits(max_uses=3))


@given(puzzles())
def test_same_seed_same_choices(puzzle: Puzzle) -> None:
    try:
        first = solve(puzzle)
    except ConstraintError:
        return
    assert (solve(puzzle) == first).all()


@given(st.integers(1, 7), st.integers(1, 7), st.integers(1, 5), st.integers(1, 9), st.integers(0, 99))
def test_conflicts_are_found_like_by_looking(rows: int, columns: int, tiles: int, distance: int, seed: int) -> None:
    numbers = np.random.default_rng(seed).integers(0, tiles, (rows, columns))
    slow = np.zeros((rows, columns), bool)
    for row, column in np.ndindex(rows, columns):
        for other_row, other_column in np.ndindex(rows, columns):
            apart = max(abs(row - other_row), abs(column - other_column))
            if 0 < apart < distance and numbers[row, column] == numbers[other_row, other_column]:
                slow[row, column] = True
    assert (conflicting_cells(numbers, distance) == slow).all()
