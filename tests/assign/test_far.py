"""Colours from afar that come too dear count less; others stay as they are."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from perceptual_photomosaic.assign.base import Problem
from perceptual_photomosaic.assign.best import Best
from perceptual_photomosaic.assign.limits import Limits
from perceptual_photomosaic.assign.methods import matcher
from perceptual_photomosaic.assign.solve import EnergyWeights, Solve
from perceptual_photomosaic.assign.solve.far import FarColour, with_far_colour
from perceptual_photomosaic.config import MosaicOptions
from perceptual_photomosaic.evaluate.colour import ciede2000, lab_from_light
from tests.assign.problems import problem_of, weights_of

SIDE = 12
GREEDY = weights_of(colour8=0.2, colour1=4.0, colour_half=2.0, structure8=0.2)
"""Weights that buy colours from afar at any price."""


def shapes_or_tones() -> Problem:
    """Cells of two tones, upright or across; among the tiles shapes that are too light, and plain tones that fit."""
    random = np.random.default_rng(3)
    dark = random.uniform(0.1, 0.3, SIDE * SIDE)
    ramp = np.where(np.arange(8) < 4, -1.0, 1.0)
    upright, across = np.broadcast_to(ramp, (8, 8)), np.broadcast_to(ramp[:, None], (8, 8))
    pattern = np.where(random.random(SIDE * SIDE)[:, None, None] < 0.5, upright, across)
    cells = dark[:, None, None] * (1 + 0.9 * pattern)
    tones = np.linspace(0.05, 0.4, 30)[:, None, None] * np.ones((1, 8, 8))
    drawn = [tone + 0.22 * shape for tone in np.linspace(0.26, 0.45, 10) for shape in (upright, across)]
    choices = np.concatenate([tones, np.array(drawn)])
    return problem_of(*(np.repeat(grey[..., None], 3, axis=3) for grey in (cells, choices)), (SIDE, SIDE))


def error(problem: Problem, choices: NDArray[np.integer], k: int) -> float:
    """Mean CIEDE2000 at k x k samples, by the ruler's formula."""
    light = [part.reshape(-1, k, 8 // k, k, 8 // k, 3).mean(axis=(2, 4)) for part in (problem.cells, problem.choices)]
    wanted, offered = (lab_from_light(part.astype(np.float64)) for part in light)
    return float(ciede2000(wanted, offered[choices.ravel()]).mean())


def nearest_patches(problem: Problem, usable: int = 50) -> NDArray[np.int64]:
    """One cell after the other, among the first so many tiles."""
    wanted, offered = (lab_from_light(part.astype(np.float64)) for part in (problem.cells, problem.choices))
    return np.array([np.square(offered[:usable] - cell).sum(axis=(1, 2, 3)).argmin() for cell in wanted])


@pytest.mark.parametrize("banned", [0, 15])
def test_the_factor_is_what_a_slow_twin_says(banned: int) -> None:
    posed, usable = shapes_or_tones(), 50 - banned
    posed = replace(posed, limits=Limits(banned=frozenset(range(usable, 50))))
    yardstick, greedy = nearest_patches(posed, usable), Solve(GREEDY).assign(posed).choices.ravel()
    factors = []
    for part in (0.0, 0.3, 0.6, 0.65, 0.7, 0.75, 0.8, 1.0):  # of the cells look at nothing but the yardstick's choice
        mixed = np.where(np.arange(SIDE * SIDE) < (1 - part) * SIDE * SIDE, greedy, yardstick)
        ratio = error(posed, mixed, 1) / error(posed, yardstick, 1)
        expected = 1.0 if ratio >= 0.87 else max((ratio / 0.9) ** 4, 0.2)
        colours = FarColour(posed)
        assert colours.too_dear(mixed) == (ratio < 0.87)
        factors.append(colours.factor)
        assert factors[-1] == pytest.approx(expected, rel=1e-3)
        assert [colours.too_dear(mixed) for _ in range(3)] == [ratio < 0.87, ratio < 0.87, False]
        assert colours.factor == pytest.approx(expected**3, rel=3e-3)
    assert factors[0] == 0.2
    assert any(0.2 < factor < 1 for factor in factors)
    assert factors[-1] == 1.0


def test_only_what_is_seen_from_afar_counts_less() -> None:
    weights = with_far_colour(EnergyWeights(), 0.5)
    assert weights == replace(EnergyWeights(), colour1=1.67, colour_half=0.21, colour_quarter=0.23)


def test_cells_win_back_what_colours_from_afar_had_cost() -> None:
    posed = shapes_or_tones()
    greedy, even = Solve(GREEDY).assign(posed), Solve(GREEDY, far_colour=None).assign(posed)
    assert "far_colour" not in greedy.figures
    assert 0 < even.figures["far_colour"] < 1
    assert error(posed, even.choices, 8) < 0.97 * error(posed, greedy.choices, 8)
    assert error(posed, even.choices, 1) > error(posed, greedy.choices, 1)
    assert all(after <= before for before, after in pairwise(even.figures["energy"]))
    weights, again = Solve(GREEDY, far_colour=None).settle(posed)
    np.testing.assert_array_equal(again.choices, even.choices)
    assert weights.colour1 == pytest.approx(GREEDY.colour1 * even.figures["far_colour"], rel=1e-2)


def test_limits_and_fair_weights_leave_all_as_it_is() -> None:
    posed = shapes_or_tones()
    fair = weights_of(colour8=2.0, structure8=0.2)
    assert Solve(fair, far_colour=None).assign(posed).figures == Solve(fair).assign(posed).figures
    scarce = replace(posed, limits=Limits(max_uses=20))
    assert Solve(GREEDY, far_colour=None).assign(scarce).figures == Solve(GREEDY).assign(scarce).figures


def test_words_and_numbers_that_were_asked_for_stand() -> None:
    for asked, even in (({}, True), ({"viewing": "far"}, False), ({"weights": "colour1=5"}, False)):
        method = matcher(MosaicOptions(**asked))
        assert isinstance(method, Solve)
        assert (method.far_colour is None) == even
    best = matcher(MosaicOptions(quality="best"))
    assert isinstance(best, Best)
    assert best.solve.far_colour is None
