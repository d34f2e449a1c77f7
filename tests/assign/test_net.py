"""The network for any tiles as a method: within every limit, varied as the solver, and below the nearest patch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from perceptual_photomosaic import make_mosaic
from perceptual_photomosaic.assign.baselines import NearestPatch
from perceptual_photomosaic.assign.limits import Limits
from perceptual_photomosaic.assign.net import Net, network_costs
from perceptual_photomosaic.assign.problem import Problem
from perceptual_photomosaic.assign.repeats import REFUSED
from perceptual_photomosaic.assign.solve import Solve, weights_for
from perceptual_photomosaic.assign.solve.energy import Energy
from perceptual_photomosaic.assign.spacing import conflicting_cells
from perceptual_photomosaic.assign.variety import Variety
from tests.assign.problems import problem_of, small_problem, smooth_patches


def energy_of(problem: Problem, choices: np.ndarray) -> float:
    energy = Energy(problem, weights_for())
    energy.reset(choices.ravel())
    return energy.value() / choices.size


def test_without_limits_the_largest_coefficient_wins() -> None:
    problem = small_problem((9, 11), tiles=60, patches=smooth_patches)
    rows = network_costs(problem).rows(slice(0, 99))
    np.testing.assert_array_equal(Net().assign(problem).choices.ravel(), rows.argmin(axis=1))


@pytest.mark.parametrize("seed", range(3))
def test_its_energy_lies_below_that_of_the_nearest_patches(seed: int) -> None:
    problem = small_problem((16, 16), tiles=200, seed=seed, patches=smooth_patches)
    nearest, net, solved = (
        energy_of(problem, method.assign(problem).choices) for method in (NearestPatch(8), Net(), Solve())
    )
    assert solved < net < nearest


def test_limits_hold_exactly() -> None:
    limits = Limits(max_uses=2, must_include=frozenset({3}), banned=frozenset({5}), pinned={7: 4})
    problem = small_problem((8, 9), tiles=60, limits=limits, patches=smooth_patches)
    choices = Net().assign(problem).choices.ravel()
    uses = np.bincount(choices, minlength=60)
    assert uses.max() <= 2
    assert uses[3] >= 1
    assert uses[5] == 0
    assert choices[7] == 4


def test_copies_keep_their_distance_and_pay_their_price() -> None:
    """All cells want the same tone, and 200 tiles come close to it."""
    tones = np.linspace(0.3, 0.4, 200, dtype=np.float32)[:, None, None, None] * np.ones((8, 8, 3), np.float32)
    free = problem_of(np.full((400, 8, 8, 3), 0.35, np.float32), tones, (20, 20))
    apart = Net().assign(replace(free, variety=Variety(0.5, 3, 0.0))).choices
    assert not conflicting_cells(apart, 3).any()
    priced = replace(free, variety=Variety(0.5, 2, 0.22))
    prices = []
    for variety in (Variety(0.5, 2, 0.0), Variety(0.5, 2, 0.22)):
        repeats = priced.repeats()
        repeats.reset(Net().assign(replace(free, variety=variety)).choices)
        prices.append(repeats.energy())
    assert prices[1] < 0.8 * prices[0] < REFUSED


def test_the_price_of_copies_counts_without_a_distance() -> None:
    tones = np.linspace(0.3, 0.4, 200, dtype=np.float32)[:, None, None, None] * np.ones((8, 8, 3), np.float32)
    free = problem_of(np.full((100, 8, 8, 3), 0.35, np.float32), tones, (10, 10))
    uses = [
        len(np.unique(Net().assign(replace(free, variety=Variety(1.0, 1, price))).choices)) for price in (0.0, 0.88)
    ]
    assert uses[0] < uses[1]


def test_under_limits_cells_that_matter_are_served_first() -> None:
    """The nine cells in the middle keep their own choice more often than without importance."""
    problem = small_problem((9, 9), tiles=45, limits=Limits(max_uses=2), patches=smooth_patches)
    importance = np.full((9, 9), 0.1, np.float32)
    importance[3:6, 3:6] = 8.0
    free = Net().assign(replace(problem, limits=Limits())).choices
    plain, served = (
        Net().assign(replace(problem, importance=weights)).choices
        for weights in (None, (importance / importance.mean()).ravel())
    )
    assert (served == free)[3:6, 3:6].sum() > (plain == free)[3:6, 3:6].sum()


def test_the_same_seed_gives_the_same_choices() -> None:
    problem = small_problem((8, 9), tiles=40, variety=Variety(0.5, 2, 0.22))
    one, other = (Net().assign(problem).choices for _ in range(2))
    np.testing.assert_array_equal(one, other)


def test_a_banned_tile_changes_only_the_cells_that_had_it() -> None:
    problem = small_problem((9, 11), tiles=30, patches=smooth_patches)
    before = Net().assign(problem).choices
    gone = int(before[4, 4])
    after = Net().assign(replace(problem, limits=Limits(banned=frozenset({gone})))).choices
    np.testing.assert_array_equal(after[before != gone], before[before != gone])
    assert not (after == gone).any()


@pytest.mark.parametrize("tiles", [1, 2])
def test_one_tile_is_enough(tiles: int) -> None:
    problem = small_problem((2, 3), tiles=tiles)
    choices = Net().assign(problem).choices
    assert ((choices >= 0) & (choices < tiles)).all()


def test_it_is_a_method_of_the_command_line(target: np.ndarray, pictures: list[np.ndarray]) -> None:
    mosaic = make_mosaic(target, pictures, columns=12, method="net")
    assert mosaic.options.method == "net"
    assert mosaic.figures["variety"]["variety"] > 0  # photos are varied, as with the solver


def test_noise_moves_few_cells(photo_like: tuple[np.ndarray, np.ndarray]) -> None:
    """With noise of deviation 2 in the target few cells change their tile."""
    picture, tiles = photo_like
    noise = np.random.default_rng(0).normal(0, 2, picture.shape)
    noisy = np.clip(np.rint(picture + noise), 0, 255).astype(np.uint8)
    asked = {"columns": 32, "rows": 32, "method": "net", "variety": 0.0}
    one, other = (make_mosaic(seen, list(tiles), **asked).choices for seen in (picture, noisy))
    assert (one != other).mean() < 0.04


@pytest.fixture
def photo_like() -> tuple[np.ndarray, np.ndarray]:
    """A smooth picture of 512 px, and 200 smooth tiles."""
    random = np.random.default_rng(0)
    small = Image.fromarray(random.integers(0, 256, (7, 7, 3), dtype=np.uint8))
    picture = np.asarray(small.resize((512, 512), Image.Resampling.BICUBIC))
    tiles = [
        np.asarray(Image.fromarray(random.integers(0, 256, (3, 3, 3), dtype=np.uint8)).resize((32, 32)))
        for _ in range(200)
    ]
    return picture, np.stack(tiles)
