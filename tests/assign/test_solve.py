"""The solver against slow twins: energies from pixels, exact moves, limits that hold, no end above the start."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from perceptual_photomosaic.assign.base import Problem
from perceptual_photomosaic.assign.limits import Limits
from perceptual_photomosaic.assign.solve import VIEWING, EnergyWeights, Solve, parse_weights
from perceptual_photomosaic.assign.solve.blocks import BlockColour
from perceptual_photomosaic.assign.solve.descent import Descent
from perceptual_photomosaic.assign.solve.joint import JointCosts
from perceptual_photomosaic.assign.solve.near import NearCosts
from perceptual_photomosaic.assign.solve.scene import Scene
from perceptual_photomosaic.assign.spacing import conflicting_cells
from perceptual_photomosaic.errors import ConfigError
from perceptual_photomosaic.evaluate.colour import ciede2000, lab_from_light
from perceptual_photomosaic.features.colour import linear_to_din99d, linear_to_luma, linear_to_srgb
from perceptual_photomosaic.features.embedding import embed
from tests.assign.problems import problem_of, weights_of


def patches(count: int, seed: int) -> NDArray[np.float32]:
    """Smooth random patches in linear light: a colour, a slope and a little noise."""
    random = np.random.default_rng(seed)
    base = random.uniform(0, 1, (count, 1, 1, 3))
    slope = random.uniform(-0.4, 0.4, (count, 1, 1, 3)) * np.linspace(-1, 1, 8)[None, :, None, None]
    return np.clip(base + slope + random.normal(0, 0.02, (count, 8, 8, 3)), 0, 1).astype(np.float32)


def problem(rows: int, columns: int, tiles: int, seed: int, limits: Limits | None = None, variants: int = 1) -> Problem:
    cells, choices = patches(rows * columns, seed), patches(tiles * variants, seed + 1)
    return problem_of(cells, choices, (rows, columns), limits, variants)


def free_of_tone(choices: NDArray[np.float32], texture: list[float]) -> float:
    """The part of the variance of texture that a parabola over tone does not explain."""
    tone = [float(linear_to_luma(choice).mean()) for choice in choices]
    fit = np.polynomial.Polynomial.fit(tone, texture, 2)
    return float(np.var(texture - fit(np.array(tone))) / np.var(texture))


def texture_weights(choices: NDArray[np.float32], weights: EnergyWeights) -> tuple[float, float]:
    """Weights of differences and deviations, as far as those of luma can be chosen apart from tone."""
    lumas = [linear_to_luma(choice) for choice in choices]
    steps = [float(np.abs(np.concatenate([np.diff(x, axis=a).ravel() for a in (0, 1)])).mean()) for x in lumas]
    spreads = [float(x.std()) for x in lumas]
    return weights.gradient8 * free_of_tone(choices, steps), weights.contrast8 * free_of_tone(choices, spreads)


def slow_near(
    cell: NDArray[np.float32],
    choice: NDArray[np.float32],
    weights: EnergyWeights,
    textures: tuple[float, float],
    *,
    quick: bool = False,
) -> float:
    """Colour and texture of one cell, sample by sample."""
    total = 0.0
    for channel in range(3):
        one, other = (linear_to_srgb(patch)[..., channel] for patch in (cell, choice))
        apart = [
            abs((one[r + down, c + right] - one[r, c]) - (other[r + down, c + right] - other[r, c]))
            for down, right in [(1, 0), (0, 1)]
            for r in range(8 - down)
            for c in range(8 - right)
        ]
        total += (textures[0] * float(np.mean(apart)) + textures[1] * abs(float(one.std() - other.std()))) / 3
    means = (lab_from_light(patch.mean(axis=(0, 1))) for patch in (cell, choice))
    total += weights.colour1 * float(ciede2000(*means)) / 100
    seen, shown = (embed(patch[None])[0].astype(float) for patch in (cell, choice))
    total += weights.perceptual2 * sum((a - b) ** 2 for a, b in zip(seen, shown, strict=True))
    for k, weight in ((8, weights.colour8), (4, weights.colour4), (2, weights.colour2)):
        step = 8 // k
        for row in range(k):
            for column in range(k):
                here = slice(row * step, (row + 1) * step), slice(column * step, (column + 1) * step)
                lights = [patch[here].mean(axis=(0, 1)) for patch in (cell, choice)]
                if quick:
                    seen, shown = (linear_to_din99d(light) for light in lights)
                    distance = 0.82 * float(np.linalg.norm(seen - shown))
                else:
                    distance = float(ciede2000(*(lab_from_light(light) for light in lights))) / 100
                total += weight / k**2 * distance
    return total


@pytest.mark.parametrize("quick", [False, True])
def test_near_costs_match_a_loop_over_samples(quick: bool) -> None:
    weights = EnergyWeights(colour4=0.2, colour2=0.1, perceptual2=3)
    cells, choices = patches(6, 1), patches(9, 2)
    near = NearCosts(cells, choices, weights, quick=quick)
    options = np.tile(np.arange(9), (6, 1))
    textures = texture_weights(choices, weights)
    expected = [[slow_near(cell, choice, weights, textures, quick=quick) for choice in choices] for cell in cells]
    np.testing.assert_allclose(near.of(np.arange(6), options), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("limits", [Limits(), Limits(max_uses=3), Limits(min_distance=3), Limits(2, 2, use_all=True)])
@pytest.mark.parametrize("variants", [1, 2])
def test_energy_never_rises_and_is_what_it_says(limits: Limits, variants: int) -> None:
    made = problem(9, 11, 60, 5, limits, variants)
    result = Solve(EnergyWeights(repeat=0.01)).assign(made)
    energy = result.figures["energy"]
    assert all(later <= earlier + 1e-6 for earlier, later in pairwise(energy))
    assert energy[-1] < energy[0]
    weights = EnergyWeights(repeat=0.01)
    choices = result.choices.ravel()
    near = NearCosts(made.cells, made.choices, weights, quick=not limits.free).of(np.arange(99), choices[:, None]).sum()
    tiles = result.choices // variants
    pairs = sum(
        np.exp(-((r - r2) ** 2 + (c - c2) ** 2 - 1) / (2 * 2.5**2))
        for r in range(9)
        for c in range(11)
        for r2 in range(9)
        for c2 in range(11)
        if (r, c) < (r2, c2) and tiles[r, c] == tiles[r2, c2] and np.hypot(r - r2, c - c2) <= 6
    )
    joint = JointCosts(made.cells, made.choices, (9, 11), weights)
    joint.reset(choices)
    total = near + joint.energy() + 0.01 * pairs
    assert energy[-1] == pytest.approx(total / 99, rel=1e-4)


@given(
    st.integers(3, 10), st.integers(3, 10), st.integers(1, 3), st.integers(0, 4), st.booleans(), st.integers(0, 1000)
)
@settings(max_examples=25, deadline=None)
def test_limits_hold_exactly(rows: int, columns: int, uses: int, distance: int, use_all: bool, seed: int) -> None:
    tiles = max(-(-rows * columns // uses) + 3, (2 * distance) ** 2)
    if use_all:
        tiles = min(tiles, rows * columns)
    limits = Limits(uses, distance, use_all=use_all)
    made = problem(rows, columns, tiles, seed, limits, variants=2)
    if tiles * uses < rows * columns:
        return
    result = Solve().assign(made)
    counts = np.bincount((result.choices // 2).ravel(), minlength=tiles)
    assert counts.max() <= uses
    assert not conflicting_cells(result.choices // 2, distance).any()
    if use_all:
        assert counts.min() >= 1


def test_texture_that_goes_with_tone_does_not_count() -> None:
    """More ink is darker and busier: asking for calm tiles there would be asking for white ones."""
    ink = np.zeros((12, 8, 8, 3), np.float32)
    for number in range(12):
        ink[number, :, :, :] = 1.0
        ink[number, :, : 1 + number % 4] = 0.05 * (1 + number % 4)
    grey = np.full((1, 8, 8, 3), 0.6, np.float32)
    with_texture, without = (
        NearCosts(grey, ink, EnergyWeights(gradient8=weight, contrast8=weight)).of(
            np.zeros(1, int), np.arange(12)[None]
        )
        for weight in (2.0, 0.0)
    )
    assert np.abs(with_texture - without).max() < 0.1 * without.mean()


def test_the_mean_colour_can_be_weighed_anew() -> None:
    cells, choices = patches(6, 1), patches(9, 2)
    options = np.tile(np.arange(9), (6, 1))
    one, two = (NearCosts(cells, choices, EnergyWeights(colour1=weight)) for weight in (0.2, 0.5))
    one.reweigh("colour1", 2.5)
    np.testing.assert_allclose(one.of(np.arange(6), options), two.of(np.arange(6), options), rtol=1e-5)


def test_pins_stay_and_bans_stay_out() -> None:
    limits = Limits(pinned={0: 4, 17: 9}, banned=frozenset({2, 3}), max_uses=4)
    result = Solve().assign(problem(6, 7, 20, 8, limits)).choices.ravel()
    assert result[0] == 4
    assert result[17] == 9
    assert not np.isin(result, [2, 3]).any()


def test_swaps_help_when_every_tile_is_used_once() -> None:
    made = problem(8, 8, 64, 11, Limits(max_uses=1))
    result = Solve(EnergyWeights(colour_half=0.4)).assign(made)
    assert sorted(result.choices.ravel()) == list(range(64))
    assert result.figures["energy"][-1] < result.figures["energy"][0] * 0.999


def test_a_short_list_loses_little() -> None:
    made = problem(16, 16, 400, 21)
    short, whole = (Solve(candidates=count).assign(made).figures["energy"][-1] for count in (32, 400))
    assert short <= whole * 1.01


def test_same_seed_same_choices() -> None:
    made = problem(10, 10, 50, 2, Limits(max_uses=3, min_distance=2))
    np.testing.assert_array_equal(Solve().assign(made).choices, Solve().assign(made).choices)


def test_colour_from_afar_trades_detail_for_tone() -> None:
    made = problem(14, 14, 30, 6)
    errors = []
    for weight in (0.0, 2.0):
        chosen = Solve(EnergyWeights(colour_half=weight, colour_quarter=weight)).assign(made).choices.ravel()
        blocks = BlockColour(Scene(made.cells, made.choices, (14, 14)), 4, 1.0)
        blocks.reset(chosen)
        errors.append(blocks.energy())
    assert errors[1] < 0.8 * errors[0]


def test_a_tile_spreads_to_cells_that_did_not_list_it() -> None:
    """Two near tones, and short lists of one: a lone cell of the other can only take what its neighbours hold."""
    tones = np.array([0.40, 0.42], np.float32)[:, None, None, None] * np.ones((2, 8, 8, 3), np.float32)
    wanted = np.zeros(36, int)
    wanted[[8, 21, 34]] = 1
    made = replace(problem(6, 6, 2, seed=0), cells=0.2 * tones[wanted] + np.float32(0.328), choices=tones)
    for calm, expected in ((0.0, wanted), (5.0, 0 * wanted)):
        weights = weights_of(colour8=1.0, seams4=calm)
        np.testing.assert_array_equal(Solve(weights, candidates=1).assign(made).choices.ravel(), expected)


def test_weights_by_word_and_number() -> None:
    assert parse_weights("balanced", "") == EnergyWeights()
    assert parse_weights("near", "colour_half=3, structure8=0.5").colour_half == 3
    assert 0 < parse_weights("balanced", "", turned=True).structure8 < EnergyWeights().structure8
    assert parse_weights("balanced", "structure8=0.5", turned=True).structure8 == 0.5
    assert parse_weights("balanced", "", scarce=True).colour8 > EnergyWeights().colour8
    assert parse_weights("balanced", "colour8=0.5", scarce=True).colour8 == 0.5
    narrow = parse_weights("balanced", "", reach="narrow")
    assert 0 < narrow.structure_quarter < EnergyWeights().structure_quarter
    assert 0 < parse_weights("balanced", "", reach="faint").structure8 < narrow.structure8 < EnergyWeights().structure8
    inked = parse_weights("balanced", "", reach="inked")
    assert inked.structure8 > narrow.structure8
    assert inked.colour8 == narrow.colour8
    assert parse_weights("balanced", "", scarce=True, reach="inked").structure1 > inked.structure1
    assert parse_weights("balanced", "", scarce=True, reach="narrow").structure1 == narrow.structure1
    assert parse_weights("balanced", "seams1=0.5", turned=True, reach="narrow").seams1 == 0.5
    assert VIEWING["far"].colour_half > VIEWING["balanced"].colour_half > VIEWING["near"].colour_half
    for viewing, changes, word in (
        ("middle", "", "balanced"),
        ("near", "colours8=1", "'colour8'"),
        ("near", "colour8=x", "number"),
    ):
        with pytest.raises(ConfigError, match=word):
            parse_weights(viewing, changes)


def test_tiles_of_few_tones_are_weighed_differently() -> None:
    posed = problem(6, 6, 20, seed=4)
    shades = posed.choices * np.linspace(0.6, 1, 20, dtype=np.float32)[:, None, None, None]
    pale = replace(posed, cells=0.3 * posed.cells, choices=0.5 + 0.5 * shades)
    white = replace(posed, choices=0.98 + 0.02 * posed.choices)
    grey = replace(pale, choices=np.repeat(pale.choices[..., :1], 3, axis=3))
    weights, narrow, faint = EnergyWeights(), EnergyWeights(structure8=0.0), EnergyWeights(structure8=0.1)
    inked = EnergyWeights(structure8=0.2)
    solve = Solve(weights, {"narrow": narrow, "inked": inked, "faint": faint})
    assert solve.weights_for(posed) == weights
    assert solve.weights_for(pale) == narrow
    assert solve.weights_for(grey) == inked
    assert solve.weights_for(white) == faint
    assert Solve(weights).weights_for(pale) == weights
    assert solve.assign(pale).figures == Solve(narrow).assign(pale).figures
    assert solve.assign(pale).figures != Solve(weights).assign(pale).figures


def test_tiles_that_are_few_are_all_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    few, many = problem(8, 8, 60, 4), problem(8, 8, 80, 4)
    few, many = (replace(p, cells=0.3 * p.cells, choices=0.9 + 0.1 * p.choices) for p in (few, many))
    banned = replace(few, limits=Limits(banned=frozenset({7})))
    usual, one_less = (Solve().assign(few).figures, Solve().assign(many).figures), Solve().assign(banned).figures
    monkeypatch.setattr("perceptual_photomosaic.assign.solve.descent._JUDGED", 64)
    assert Solve().assign(few).figures == usual[0]
    assert Solve().assign(banned).figures == one_less
    assert Solve().assign(many).figures != usual[1]  # among many the glance leaves some out


def test_descent_reports_the_energy_it_started_with() -> None:
    made = problem(5, 5, 12, 4)
    near = NearCosts(made.cells, made.choices, EnergyWeights())
    joint = JointCosts(made.cells, made.choices, (5, 5), EnergyWeights())
    start = np.zeros(25, np.int64)
    options = np.tile(np.arange(12, dtype=np.int32), (25, 1))
    descent = Descent(made, near, joint, options, start, 0.0)
    energies = descent.run(3)
    joint.reset(start)
    costs = near.of(np.arange(25), start[:, None]).sum() + joint.energy()
    assert energies[0] == pytest.approx(float(costs), rel=1e-5)
    assert energies[-1] < energies[0]
