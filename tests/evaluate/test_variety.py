from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perceptual_photomosaic.errors import GridError
from perceptual_photomosaic.evaluate import VarietyFigures, clearly_less_varied, variety
from perceptual_photomosaic.evaluate.variety_figures import largest_area, share_repeated


def near(a: tuple[int, int], b: tuple[int, int], distance: int) -> bool:
    return a != b and max(abs(a[0] - b[0]), abs(a[1] - b[1])) <= distance


def obvious_share(assignment: np.ndarray, distance: int) -> float:
    """Compute the share by comparing every cell with every other one."""
    cells = list(np.ndindex(*assignment.shape))
    return float(np.mean([any(near(a, b, distance) and assignment[a] == assignment[b] for b in cells) for a in cells]))


def obvious_area(assignment: np.ndarray) -> int:
    """Compute the largest area by filling from one cell after the other."""
    left, largest = set(np.ndindex(*assignment.shape)), 0
    while left:
        waiting, area = [left.pop()], 0
        while waiting:
            cell = waiting.pop()
            area += 1
            joined = {other for other in left if near(cell, other, 1) and assignment[other] == assignment[cell]}
            left -= joined
            waiting += joined
        largest = max(largest, area)
    return largest


@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 12), st.integers(0, 99), st.integers(1, 4))
def test_the_fast_figures_are_the_obvious_ones(rows, cols, tiles, seed, distance):
    assignment = np.random.default_rng(seed).integers(0, tiles, (rows, cols))
    assert largest_area(assignment) == obvious_area(assignment)
    assert share_repeated(assignment, distance) == pytest.approx(obvious_share(assignment, distance))


def test_a_hand_made_grid():
    assignment = np.array([[7, 7, 1, 2], [3, 4, 7, 5], [7, 6, 8, 9]])
    shares = np.array([4, *[1] * 8]) / 12
    assert variety(assignment) == VarietyFigures(
        commonest=pytest.approx(4 / 12),
        ten_commonest=pytest.approx(1.0),
        effective=pytest.approx(np.prod(shares**-shares)),
        largest_area=3,  # three touch, one of them at a corner
        equal_neighbours=pytest.approx(3 / 12),
        within_3=pytest.approx(4 / 12),
    )


@pytest.mark.parametrize(
    ("assignment", "expected"),
    [
        (np.array([[5]]), VarietyFigures(1.0, 1.0, 1.0, 1, 0.0, 0.0)),
        (np.zeros((2, 3), int), VarietyFigures(1.0, 1.0, 1.0, 6, 1.0, 1.0)),
        (np.arange(20).reshape(4, 5), VarietyFigures(0.05, 0.5, 20.0, 1, 0.0, 0.0)),
        (np.array([[1, 0, 0, 0, 1]]), VarietyFigures(0.6, 1.0, (0.6**-0.6) * (0.4**-0.4), 3, 0.6, 0.6)),
        (np.array([[1], [0], [0], [1]]), VarietyFigures(0.5, 1.0, 2.0, 2, 0.5, 1.0)),
        (np.array([[-3, 900], [900, -3]]), VarietyFigures(0.5, 1.0, 2.0, 2, 1.0, 1.0)),
    ],
)
def test_exact_values(assignment, expected):
    found = variety(assignment)
    assert found.effective == pytest.approx(expected.effective)
    assert found.ten_commonest == pytest.approx(expected.ten_commonest)
    for name in ("commonest", "largest_area", "equal_neighbours", "within_3"):
        assert getattr(found, name) == pytest.approx(getattr(expected, name)), name


def test_the_figures_of_the_script_that_the_project_is_judged_by():
    row, column = np.mgrid[0:12, 0:16]
    found = variety((row * row // 5 + column * 3 // 7 + row * column // 11) % 23)
    assert found == VarietyFigures(
        commonest=pytest.approx(SCRIPT["top"]),
        ten_commonest=pytest.approx(SCRIPT["ten"]),
        effective=pytest.approx(SCRIPT["effective"]),
        largest_area=SCRIPT["blob"],
        equal_neighbours=pytest.approx(SCRIPT["twins"]),
        within_3=pytest.approx(SCRIPT["near"]),
    )


SCRIPT = {"top": 0.078125, "ten": 0.59375, "effective": 21.2326463, "blob": 9, "twins": 0.546875, "near": 0.75}
"""Figures of shared/variety/variety.py on the same grid."""


def comb(side: int) -> np.ndarray:
    """Return a grid with one long line of zeros in turns, whose parts are joined from far apart."""
    assignment = np.arange(side * side).reshape(side, side) + 1
    assignment[::2] = 0
    assignment[1::4, -1] = assignment[3::4, 0] = 0
    return assignment


def test_large_grids_take_well_under_a_second():
    side = 255
    assert largest_area(comb(side)) == 128 * side + 127
    grids = [comb(side), *(np.random.default_rng(0).integers(0, tiles, (256, 256)) for tiles in (1, 2, 3, 900))]
    started = time.perf_counter()
    for assignment in grids:
        variety(assignment)
    assert time.perf_counter() - started < 5  # half a second for each; it takes a few hundredths


def test_what_is_no_table_is_refused():
    for bad in (np.arange(4), np.zeros((0, 3), int)):
        with pytest.raises(GridError, match="shape"):
            variety(bad)


def shares(commonest: float, effective: float) -> VarietyFigures:
    return VarietyFigures(commonest, commonest, effective, 1, 0.0, 0.0)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (shares(0.02, 79), shares(0.02, 100), True),
        (shares(0.02, 81), shares(0.02, 100), False),
        (shares(0.031, 100), shares(0.02, 100), True),
        (shares(0.029, 100), shares(0.02, 100), False),
        (shares(0.002, 100), shares(0.001, 100), False),  # two cells against one
        (shares(0.02, 100), shares(0.3, 10), False),
    ],
)
def test_who_clearly_repeats_more(one, other, expected):
    assert clearly_less_varied(one, other) == expected
