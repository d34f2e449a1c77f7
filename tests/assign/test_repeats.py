"""Prices of copies near each other equal loops over all pairs of cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from perceptual_photomosaic.assign import repeats as module
from perceptual_photomosaic.assign.repeats import REFUSED, Repeats


@dataclass(frozen=True)
class Case:
    """A mosaic of few pictures, some of which are shown by several tiles."""

    pictures: NDArray[np.int64]
    tiles: NDArray[np.int64]
    distance: int
    price: float
    random: np.random.Generator

    @property
    def num_cells(self) -> int:
        return self.tiles.size

    def taken_up(self) -> Repeats:
        repeats = Repeats(self.pictures, self.tiles.shape, self.distance, self.price)
        repeats.reset(self.tiles)
        return repeats


@st.composite
def cases(draw: st.DrawFn, most: int = 5) -> Case:
    """Draw grids from a single cell to wider than the reach of prices, and distances from 1."""
    shape = draw(st.integers(1, 9)), draw(st.integers(1, 15))
    random = np.random.default_rng(draw(st.integers(0, 10_000)))
    count = draw(st.integers(1, 8))
    shown = random.integers(0, draw(st.integers(1, count)), count)
    pictures = np.unique(shown, return_inverse=True)[1].astype(np.int64)
    price = draw(st.sampled_from([0.0, 0.17, 1.0]))
    return Case(pictures, random.integers(0, count, shape), draw(st.integers(1, most)), price, random)


def price_of(case: Case, one: int, other: int) -> tuple[float, int]:
    """Return the price of the same picture in two cells, and 1 if it is refused there."""
    columns = case.tiles.shape[1]
    down, right = abs(one // columns - other // columns), abs(one % columns - other % columns)
    apart = float(np.hypot(down, right))
    if apart == 0:
        return 0.0, 0
    price = case.price * float(np.exp(-(apart**2 - 1) / (2 * 2.5**2))) if apart <= 6 else 0.0
    return price, int(max(down, right) < case.distance)


def slow_prices(case: Case, cell: int, tile: int) -> float:
    """Return the price of a tile in a cell: the sum over all other cells that show its picture."""
    total = 0.0
    for other, there in enumerate(case.tiles.ravel()):
        if case.pictures[there] == case.pictures[tile]:
            price, refused = price_of(case, cell, other)
            total += price + refused * float(REFUSED)
    return total


def slow_energy(case: Case, tiles: NDArray[np.int64], *, refused: bool = False) -> float:
    """Return the price of every pair of cells that show the same picture."""
    shown = case.pictures[tiles.ravel()]
    total = 0.0
    for one in range(len(shown)):
        for other in range(one):
            if shown[one] == shown[other]:
                price, no = price_of(case, one, other)
                total += price + no * float(REFUSED) * refused
    return total


@given(cases())
def test_prices_are_sums_over_the_cells_around(case: Case) -> None:
    repeats = case.taken_up()
    cells = case.random.permutation(case.num_cells)[:6]
    every = np.tile(np.arange(len(case.pictures)), (len(cells), 1))
    slow = [[slow_prices(case, int(cell), tile) for tile in range(len(case.pictures))] for cell in cells]
    np.testing.assert_allclose(repeats.prices(cells, every), slow, rtol=1e-5, atol=1e-5)
    table = repeats.table(cells)
    assert table.shape == (len(cells), case.pictures.max() + 2)
    np.testing.assert_allclose(table[:, case.pictures], slow, rtol=1e-5, atol=1e-5)


@given(cases())
def test_a_picture_is_refused_within_the_distance_and_nowhere_else(case: Case) -> None:
    prices = case.taken_up().table(np.arange(case.num_cells))
    columns = case.tiles.shape[1]
    for cell in range(case.num_cells):
        row, column = divmod(cell, columns)
        reach = case.distance - 1
        window = np.s_[max(0, row - reach) : row + reach + 1, max(0, column - reach) : column + reach + 1]
        count = np.bincount(case.pictures[case.tiles[window]].ravel(), minlength=case.pictures.max() + 1)
        count[case.pictures[case.tiles[row, column]]] -= 1  # without the cell itself
        np.testing.assert_array_equal(np.floor(prices[cell, :-1] / REFUSED), count)


@given(cases())
def test_the_energy_is_that_of_all_pairs(case: Case) -> None:
    assert case.taken_up().energy() == pytest.approx(slow_energy(case, case.tiles, refused=True), rel=1e-5, abs=1e-5)


@given(cases(), st.integers(1, 12))
def test_a_joint_move_changes_what_all_pairs_cost(case: Case, count: int) -> None:
    """Each pair of cells that change together counts once, refused pairs too."""
    repeats = case.taken_up()
    cells = case.random.permutation(case.num_cells)[:count]
    taken = case.random.integers(0, len(case.pictures), len(cells))
    after = case.tiles.copy()
    after.ravel()[cells] = taken
    before = repeats.energy()
    change = repeats.change(cells, taken)
    slow = slow_energy(case, after, refused=True) - slow_energy(case, case.tiles, refused=True)
    assert change == pytest.approx(slow, rel=1e-6, abs=1e-3)
    assert repeats.energy() == before  # `change` does not change the state
    repeats.place(cells, taken)
    assert repeats.energy() == pytest.approx(slow_energy(case, after, refused=True), rel=1e-5, abs=1e-5)


@given(cases(most=1), st.integers(1, 12))
def test_without_a_distance_a_move_changes_the_energy_by_what_it_says(case: Case, count: int) -> None:
    repeats = case.taken_up()
    cells = case.random.permutation(case.num_cells)[:count]
    taken = case.random.integers(0, len(case.pictures), len(cells))
    before, change = repeats.energy(), repeats.change(cells, taken)
    repeats.place(cells, taken)
    assert repeats.energy() - before == pytest.approx(change, rel=1e-4, abs=1e-4)


def test_one_cell_that_moves_changes_what_its_prices_say() -> None:
    random = np.random.default_rng(3)
    pictures, tiles = np.array([0, 1, 1, 2, 3]), random.integers(0, 5, (8, 9))
    repeats = Repeats(pictures, (8, 9), 1, 0.4)
    repeats.reset(tiles)
    for cell in (0, 8, 31, 63, 71):
        prices = repeats.prices(np.array([cell]), np.arange(5)[None])[0]
        for tile in range(5):
            change = repeats.change(np.array([cell]), np.array([tile]))
            assert change == pytest.approx(prices[tile] - prices[tiles.ravel()[cell]], abs=1e-5)


def test_the_price_falls_with_the_distance_and_ends_at_six_cells() -> None:
    """The price side by side is the price given; a table lists the others."""
    tiles = np.full((1, 16), 1)
    tiles[0, 0] = 0
    repeats = Repeats(np.array([0, 1]), (1, 16), 1, 2.0)
    repeats.reset(tiles)
    falling = repeats.prices(np.arange(1, 16), np.zeros((15, 1), int))[:, 0]
    expected = [2.0, 1.5733, 1.0546, 0.6024, 0.2932, 0.1216] + [0.0] * 9
    np.testing.assert_allclose(falling, expected, atol=2e-4)


def test_empty_cells_cost_nothing() -> None:
    repeats = Repeats(np.array([0, 1]), (3, 4), 2, 1.0)
    repeats.reset(np.full((3, 4), -1))
    assert not repeats.prices(np.arange(12), np.tile([0, 1], (12, 1))).any()
    repeats.place(np.array([5]), np.array([1]))
    prices = repeats.prices(np.arange(12), np.tile([0, 1], (12, 1)))
    assert not prices[:, 0].any()
    assert (prices[:, 1] >= REFUSED).reshape(3, 4).tolist() == [
        [True, True, True, False],
        [True, False, True, False],
        [True, True, True, False],
    ]


def test_the_border_is_no_wall_of_copies() -> None:
    """Cells outside the grid are empty, and the end of a row is not near the start of the next."""
    repeats = Repeats(np.array([0]), (1, 1), 5, 1.0)
    repeats.reset(np.zeros((1, 1), int))
    assert repeats.energy() == 0
    assert not repeats.table(np.zeros(1, int))[:, :-1].any()
    repeats = Repeats(np.array([0, 1]), (2, 9), 2, 0.0)
    repeats.reset(np.array([[1] * 8 + [0], [1] * 9]))
    assert repeats.prices(np.array([9]), np.array([[0]])) == 0


def test_nothing_is_asked_for_nothing() -> None:
    quiet = Repeats(np.arange(4), (5, 5), 1, 0.0)
    quiet.reset(np.zeros((5, 5), int))
    assert quiet.energy() == 0
    assert not quiet.prices(np.arange(25), np.zeros((25, 2), int)).any()
    assert quiet.change(np.array([3]), np.array([1])) == 0
    assert Repeats(np.arange(4), (5, 5), 0).distance == 1


def test_large_tables_are_made_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(1)
    repeats = Repeats(np.arange(30), (9, 9), 3, 0.5)
    repeats.reset(random.integers(0, 30, (9, 9)))
    cells, tiles = random.permutation(81), random.integers(0, 30, (81, 7))
    whole, energy = repeats.prices(cells, tiles), repeats.energy()
    monkeypatch.setattr(module, "_TABLE", 100)
    np.testing.assert_array_equal(repeats.prices(cells, tiles), whole)
    assert repeats.energy() == pytest.approx(energy, rel=1e-6)
