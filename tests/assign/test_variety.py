"""Variety: distance and price by a number from 0 to 1, and the choice of tiles in turns to keep copies apart."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from perceptual_photomosaic.assign.assignment import assign_choices
from perceptual_photomosaic.assign.costs import DenseCosts
from perceptual_photomosaic.assign.limits import Limits
from perceptual_photomosaic.assign.repeats import Repeats
from perceptual_photomosaic.assign.turns import choose_apart
from perceptual_photomosaic.assign.variety import DEFAULT, FREE, Variety
from perceptual_photomosaic.errors import ConfigError
from tests.assign.problems import random_costs


def settle(asked: float | None, distance: int | None = None, pictures: int = 1000, *, varied: bool = True) -> Variety:
    return Variety.choose(asked, distance, pictures, varied=varied)


@pytest.mark.parametrize(
    ("value", "distance"),
    [(0, 1), (0.01, 2), (0.5, 2), (0.69, 2), (0.7, 3), (0.84, 3), (0.85, 4), (0.99, 4), (1, 5)],
)
def test_the_distance_that_a_value_means(value: float, distance: int) -> None:
    for varied in (True, False):
        settled = settle(value, varied=varied)
        assert (settled.value, settled.distance, settled.chosen, settled.note) == (value, distance, False, "")


def test_the_price_grows_with_the_square() -> None:
    whole = settle(1).price
    assert whole > 0
    for value in (0.0, 0.1, 0.5, 0.9):
        assert settle(value).price == pytest.approx(whole * value**2)
    assert settle(0) == FREE


def test_what_is_chosen_when_nobody_asks() -> None:
    photos, letters = settle(None), settle(None, varied=False)
    assert (photos.value, photos.distance, photos.chosen, photos.note) == (DEFAULT, 2, True, "")
    assert photos.price == settle(DEFAULT).price
    assert (letters.value, letters.distance, letters.price, letters.chosen) == (0, 1, 0, True)
    assert letters.facts == {"variety": 0.0, "distance": 1, "chosen": True, "note": None}


@pytest.mark.parametrize(
    ("pictures", "value"),
    [(1, 0.0), (2, 0.04), (16, 0.12), (64, 0.25), (144, 0.38), (255, 0.5), (256, 0.5), (10_000, 0.5)],
)
def test_few_pictures_are_kept_apart_less(pictures: int, value: float) -> None:
    settled = settle(None, pictures=pictures)
    assert settled.value == pytest.approx(value, abs=0.006)
    assert settle(None, pictures=pictures, varied=False).value == 0
    if pictures in (16, 64, 144):
        assert settled.note == f"less than 0.5, as there are {pictures} different pictures"
    if pictures >= 256:
        assert settled.note == ""


@given(st.floats(0.01, 1), st.integers(1, 200))
def test_the_distance_is_one_that_so_many_pictures_can_keep(value: float, pictures: int) -> None:
    """(2d - 1)^2 pictures are enough for a distance of d; the largest such d applies, up to that of the value."""
    settled, plenty = settle(value, pictures=pictures), settle(value)
    assert settled.distance == max(d for d in range(1, plenty.distance + 1) if (2 * d - 1) ** 2 <= pictures or d == 1)
    assert settled.price == plenty.price
    if settled.distance < plenty.distance:
        assert f"{pictures} different pictures are too few to keep copies {plenty.distance} cells" in settled.note
    else:
        assert settled.note == ""


@pytest.mark.parametrize(
    ("pictures", "distance"), [(8, 1), (9, 2), (24, 2), (25, 3), (48, 3), (49, 4), (80, 4), (81, 5)]
)
def test_how_many_pictures_a_distance_needs(pictures: int, distance: int) -> None:
    assert settle(1, pictures=pictures).distance == distance


@pytest.mark.parametrize(("asked", "apart"), [(0, 1), (1, 1), (2, 2), (7, 7)])
@pytest.mark.parametrize("value", [None, 0, 0.5, 1])
def test_a_distance_that_is_asked_for_stands(value: float | None, asked: int, apart: int) -> None:
    """It is used even if pictures are few; the limits check whether it is possible."""
    for pictures in (5, 1000):
        assert settle(value, asked, pictures).distance == apart
        assert settle(value, asked, pictures).price == settle(value, None, pictures).price


@pytest.mark.parametrize("value", [-0.1, 1.5, 2, float("nan"), float("inf")])
def test_values_that_are_none(value: float) -> None:
    with pytest.raises(ConfigError, match=rf"^variety is {value:g}; it must be from 0 \(free\) to 1 \("):
        settle(value)


def near_copies(shown: NDArray[np.int64], shape: tuple[int, int], distance: int) -> list[tuple[int, int]]:
    """List pairs of cells that show the same picture and are nearer than the distance, by a loop over all pairs."""
    row, column = np.divmod(np.arange(len(shown)), shape[1])
    return [
        (one, other)
        for one in range(len(shown))
        for other in range(one)
        if shown[one] == shown[other] and max(abs(row[one] - row[other]), abs(column[one] - column[other])) < distance
    ]


@given(st.integers(1, 9), st.integers(1, 9), st.integers(2, 4), st.integers(1, 2), st.data())
@settings(max_examples=80)
def test_choosing_in_turns_keeps_pictures_apart(
    rows: int, columns: int, distance: int, variants: int, data: st.DataObject
) -> None:
    """With (2d - 1)^2 pictures that may be used, only pins may be too near to each other."""
    needed, seed = (2 * distance - 1) ** 2, data.draw(st.integers(0, 999))
    random = np.random.default_rng(seed)
    pictures = random.permutation(np.concatenate([np.arange(needed), random.integers(0, needed, 5)]))
    extra = np.full(3, needed)  # tiles of one more picture, all of them banned
    pictures = np.concatenate([pictures, extra])
    banned = frozenset(range(needed + 5, needed + 8))
    cells = st.integers(0, rows * columns - 1)
    pinned = data.draw(st.dictionaries(cells, st.integers(0, (needed + 5) * variants - 1), max_size=4))
    costs = random_costs(seed, rows * columns, len(pictures) * variants)
    limits, repeats = Limits(banned=banned, pinned=pinned), Repeats(pictures, (rows, columns), distance)
    chosen = choose_apart(costs, variants, (rows, columns), limits, repeats, seed=seed)
    tiles = chosen // variants
    assert all(chosen[cell] == choice for cell, choice in pinned.items())
    assert not set(tiles.tolist()) & banned
    broken = near_copies(pictures[tiles], (rows, columns), distance)
    assert all(one in pinned and other in pinned for one, other in broken)


def test_the_cheapest_tile_is_chosen_where_nothing_is_near() -> None:
    costs = random_costs(5, 30, 200)
    repeats = Repeats(np.arange(200), (5, 6), 2)
    chosen = choose_apart(costs, 1, (5, 6), Limits(), repeats)
    assert (costs.matrix[np.arange(30), chosen] <= np.sort(costs.matrix, axis=1)[:, 8]).all()  # eight neighbours
    apart = DenseCosts(np.where(np.eye(30, 200, dtype=bool), 0, costs.matrix + 1).astype(np.float32))
    np.testing.assert_array_equal(choose_apart(apart, 1, (5, 6), Limits(), repeats), np.arange(30))


def test_the_second_round_looks_again() -> None:
    """After two rounds few cells would gain by another tile without copies nearby."""
    costs, repeats = random_costs(2, 144, 60), Repeats(np.arange(60), (12, 12), 2)
    chosen = choose_apart(costs, 1, (12, 12), Limits(), repeats)
    repeats.reset(chosen.reshape(12, 12))
    free = costs.matrix + repeats.table(np.arange(144))[:, :60]
    gaining = free.min(axis=1) < costs.matrix[np.arange(144), chosen] - 1e-6
    assert gaining.mean() < 0.1


def test_seeds_decide_who_chooses_first() -> None:
    costs, repeats = random_costs(3, 100, 40), Repeats(np.arange(40), (10, 10), 2)
    runs = [choose_apart(costs, 1, (10, 10), Limits(), repeats, seed=seed) for seed in (1, 1, 2)]
    np.testing.assert_array_equal(runs[0], runs[1])
    assert (runs[0] != runs[2]).any()


def test_where_pictures_are_too_few_copies_lie_near_and_nothing_fails() -> None:
    costs = random_costs(3, 36, 3)
    for pictures in (np.zeros(3, int), np.arange(3)):
        chosen = choose_apart(costs, 1, (6, 6), Limits(), Repeats(pictures, (6, 6), 3))
        assert chosen.shape == (36,)
        assert ((chosen >= 0) & (chosen < 3)).all()


@given(st.integers(2, 8), st.integers(2, 8), st.integers(1, 3), st.integers(0, 99))
def test_copies_apart_by_choice_give_way_to_limits(rows: int, columns: int, uses: int, seed: int) -> None:
    """Uses and required tiles hold exactly; the distance holds where possible, and raises no error otherwise."""
    cells = rows * columns
    tiles = -(-cells // uses)
    costs, limits = random_costs(seed, cells, tiles), Limits(max_uses=uses, must_include=frozenset({0}))
    repeats = Repeats(np.arange(tiles), (rows, columns), 3)
    chosen = assign_choices(costs, (rows, columns), 1, limits, repeats=repeats, seed=seed)
    counts = np.bincount(chosen, minlength=tiles)
    assert counts.max() <= uses
    assert counts[0] > 0


def test_a_distance_by_choice_is_kept_with_uses_to_spare() -> None:
    costs, pictures = random_costs(3, 100, 40), np.arange(40)
    chosen = assign_choices(costs, (10, 10), 1, Limits(max_uses=6), repeats=Repeats(pictures, (10, 10), 2))
    assert near_copies(chosen, (10, 10), 2) == []
    assert np.bincount(chosen).max() <= 6
    free = assign_choices(costs, (10, 10), 1, Limits(max_uses=6))
    assert near_copies(free, (10, 10), 2)


def test_nothing_is_said_about_a_distance_that_was_asked_for() -> None:
    for asked in (0, 2, 7):
        assert "too few" not in settle(1, asked, pictures=5).note
