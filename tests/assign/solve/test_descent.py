"""The descent: the energy never rises, pins and limits hold, and at the end no single move lowers the energy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from perceptual_photomosaic.assign.assignment import assign_choices
from perceptual_photomosaic.assign.costs import Nearest
from perceptual_photomosaic.assign.limits import Limits
from perceptual_photomosaic.assign.net import network_costs
from perceptual_photomosaic.assign.problem import Problem
from perceptual_photomosaic.assign.solve import Solve, weights_for
from perceptual_photomosaic.assign.solve.descent import descend
from perceptual_photomosaic.assign.solve.energy import Energy
from perceptual_photomosaic.assign.solve.free import FreeMoves
from perceptual_photomosaic.assign.solve.limited import LimitedMoves
from perceptual_photomosaic.assign.solve.state import Move, State
from perceptual_photomosaic.assign.variety import Variety
from tests.assign.problems import small_problem, smooth_patches

WEIGHTS = {"colour8": 0.8, "colour1": 2.0, "halftone1": 1.0, "halftone2": 1.0, "structure8": 1.0, "structure2": 0.3}


def state_of(problem: Problem, start: NDArray[np.int64] | None = None, weights: Mapping[str, float] = WEIGHTS) -> State:
    """Make a state with this assignment, or with a random one that keeps the pins."""
    if start is None:
        start = np.random.default_rng(problem.seed).permutation(len(problem.cells)) % len(problem.choices)
        start[list(problem.limits.pinned)] = list(problem.limits.pinned.values())
    return State(problem, Energy(problem, weights), candidates(problem), start)


def candidates(problem: Problem) -> NDArray[np.int32]:
    """List the candidates of each cell as the solver does."""
    return Nearest.of(network_costs(problem), Solve().listed, problem.allowed).choices


def nearest_start(problem: Problem) -> NDArray[np.int64]:
    """Return the network's choices within the limits, where the solver starts; copies may be too near to each other."""
    shape, variants, repeats = problem.grid.shape, problem.variants, problem.repeats()
    return assign_choices(network_costs(problem), shape, variants, problem.limits, repeats=repeats, repair_later=True)


def gone_down(state: State, *, limited: bool = False, sweeps: int = 6) -> list[float]:
    """Run the descent and return its energies."""
    random = np.random.default_rng(0)
    return descend(state, LimitedMoves(state, random) if limited else FreeMoves(state, random), sweeps)


def value(problem: Problem, chosen: NDArray[np.int64]) -> float:
    """Return the energy of an assignment, computed from the start."""
    energy = Energy(problem, WEIGHTS)
    energy.reset(chosen)
    return energy.value()


def slope(rows: int, columns: int) -> NDArray[np.float32]:
    """Return a smooth picture of few tones, (cells, 8, 8, 3), in which many cells compete for the same tiles."""
    down, right = np.divmod(np.arange(rows * columns), columns)
    tones = 0.3 + 0.2 * down[:, None] / rows + np.array([0.2, 0.0, 0.1]) * right[:, None] / columns
    return np.broadcast_to(tones[:, None, None], (rows * columns, 8, 8, 3)).astype(np.float32)


@given(
    st.sampled_from([(5, 7), (1, 6), (1, 1), (8, 3)]),
    st.sampled_from([1, 2]),
    st.booleans(),
    st.booleans(),
    st.integers(0, 999),
)
@settings(max_examples=20)
def test_the_energy_never_rises_and_is_what_it_says(
    shape: tuple[int, int], variants: int, limited: bool, weighted: bool, seed: int
) -> None:
    limits = Limits(max_uses=4) if limited else Limits()
    problem = small_problem(shape, tiles=12, variants=variants, limits=limits, weighted=weighted, seed=seed)
    state = state_of(problem, nearest_start(problem))
    start = state.choices.copy()
    energies = gone_down(state, limited=limited)
    assert energies[0] == pytest.approx(value(problem, start), rel=1e-5)
    assert energies[-1] == pytest.approx(value(problem, state.choices), rel=1e-5)
    assert all(later <= earlier + 1e-5 for earlier, later in pairwise(energies))
    np.testing.assert_array_equal(state.uses, np.bincount(state.choices // variants, minlength=12))


@pytest.mark.parametrize("limited", [False, True])
def test_the_way_down_leads_far_down(limited: bool) -> None:
    """From a random assignment the energy falls by at least a third; the number of sweeps is respected."""
    problem = small_problem((9, 11), tiles=60, seed=5, limits=Limits(max_uses=2 if limited else None))
    energies = gone_down(state_of(problem), limited=limited)
    assert energies[-1] < 0.67 * energies[0]
    assert len(gone_down(state_of(problem), limited=limited, sweeps=2)) <= 3
    assert gone_down(state_of(problem), limited=limited, sweeps=0) == energies[:1]


@pytest.mark.parametrize("seed", range(3))
def test_where_nothing_moves_no_single_move_lowers_the_energy(seed: int) -> None:
    """The energy is computed from the start for every cell with every candidate."""
    problem = small_problem((4, 5), tiles=8, seed=seed, weighted=seed == 1)
    state = state_of(problem)
    for _ in range(30):
        before = state.choices.copy()
        state = state_of(problem, before)
        gone_down(state)
        if (state.choices == before).all():
            break
    np.testing.assert_array_equal(state.choices, before)
    energy = Energy(problem, WEIGHTS)
    least = value(problem, before)
    for cell in range(20):
        for option in np.unique(candidates(problem)[cell]):
            moved = before.copy()
            moved[cell] = option
            energy.reset(moved)
            assert energy.value() >= least - 1e-4


@pytest.mark.parametrize("limits", [Limits(), Limits(max_uses=1), Limits(max_uses=3, use_all=True)])
def test_same_seed_same_choices(limits: Limits) -> None:
    problem = small_problem((8, 9), tiles=72, limits=limits, seed=3)
    one, other = (state_of(problem) for _ in range(2))
    assert gone_down(one, limited=not limits.free) == gone_down(other, limited=not limits.free)
    np.testing.assert_array_equal(one.choices, other.choices)


@pytest.mark.parametrize("limited", [False, True])
def test_pins_stay_and_bans_stay_out(limited: bool) -> None:
    limits = Limits(pinned={0: 4, 17: 9}, banned=frozenset({2, 3}), max_uses=4 if limited else None)
    problem = small_problem((6, 7), tiles=20, limits=limits, seed=8)
    state = state_of(problem, nearest_start(problem))
    energies = gone_down(state, limited=limited)
    assert energies[-1] < energies[0]
    assert state.choices[0] == 4
    assert state.choices[17] == 9
    assert not np.isin(state.choices, [2, 3]).any()


@given(st.integers(3, 8), st.integers(3, 8), st.integers(1, 3), st.booleans(), st.integers(1, 2), st.integers(0, 999))
@settings(max_examples=15)
def test_limits_hold_after_every_group(
    rows: int, columns: int, uses: int, use_all: bool, variants: int, seed: int
) -> None:
    cells = rows * columns
    tiles = min(cells, -(-cells // uses) + 3)
    limits = Limits(max_uses=uses, must_include=frozenset({0, tiles - 1}), use_all=use_all)
    problem = small_problem((rows, columns), tiles=tiles, variants=variants, limits=limits, seed=seed)
    state = state_of(problem, nearest_start(problem))
    moves = LimitedMoves(state, np.random.default_rng(seed))
    for sweep in range(2):
        for group in moves.groups(sweep):
            state.commit(moves.propose(group))
            counts = np.bincount(state.choices // variants, minlength=tiles)
            np.testing.assert_array_equal(counts, state.uses)
            assert counts.max() <= uses
            assert counts[[0, tiles - 1]].min() >= 1
            assert counts.min() >= use_all


def test_cells_exchange_tiles_where_every_tile_is_used_once() -> None:
    problem = small_problem((8, 8), tiles=64, limits=Limits(max_uses=1), seed=11)
    state = state_of(problem)
    energies = gone_down(state, limited=True)
    assert sorted(state.choices) == list(range(64))
    assert energies[-1] < 0.8 * energies[0]


@given(st.integers(1, 9), st.integers(1, 9), st.sampled_from([1, 2, 5]), st.booleans(), st.data())
@settings(max_examples=30)
def test_groups_hold_every_cell_that_may_change_once_and_lie_apart(
    rows: int, columns: int, distance: int, limited: bool, data: st.DataObject
) -> None:
    """The choice of one cell in a group therefore does not change the gains of another."""
    pins = data.draw(st.dictionaries(st.integers(0, rows * columns - 1), st.integers(0, 6), max_size=3))
    limits = Limits(max_uses=81 if limited else None, pinned=pins)
    problem = small_problem((rows, columns), limits=limits, variety=Variety(0.5, distance, 0.1))
    state = state_of(problem, np.zeros(rows * columns, np.int64), {"colour1": 1.0})
    moves = (LimitedMoves if limited else FreeMoves)(state, np.random.default_rng(1))
    least = 3 if limited else max(3, distance)
    for sweep in range(2):
        groups = list(moves.groups(sweep))
        assert sorted(np.concatenate(groups)) == sorted(set(range(rows * columns)) - set(pins))
        for group in groups:
            row, column = np.divmod(group, columns)
            apart = np.maximum(abs(row[:, None] - row), abs(column[:, None] - column))
            assert (apart[~np.eye(len(group), dtype=bool)] >= least).all()


def test_of_moves_that_spoil_each_other_the_better_half_is_made() -> None:
    """The joint change is computed before moves are made, and moves without a gain are not made."""
    problem = small_problem((4, 5), tiles=8, seed=2)
    state = state_of(problem, np.zeros(20, np.int64))
    judged = state.judge(np.arange(20), *state.best_options(np.arange(20)))
    worst = judged.gains.argmin(axis=1)
    bad = [Move(1e-6, (cell,), (int(judged.options[cell, worst[cell]]),)) for cell in range(20)]
    small = np.where(judged.gains > 1e-3, judged.gains, np.inf)  # less than the loss by any of the other moves
    cell, option = np.unravel_index(small.argmin(), small.shape)
    good = Move(float(small.min()), (int(cell),), (int(judged.options[cell, option]),))
    before = value(problem, state.choices)
    assert state.commit(bad) == 0
    assert state.commit([]) == 0
    assert (state.choices == 0).all()
    assert state.commit([*bad[: int(cell)], *bad[int(cell) + 1 :], good]) == 1
    assert state.choices[cell] == good.choices[0] != 0
    assert value(problem, state.choices) == pytest.approx(before - good.gain, abs=2e-3)


def test_gains_are_what_a_move_alone_gains() -> None:
    problem = small_problem((4, 5), tiles=8, seed=2)
    state = state_of(problem)
    cells = np.array([0, 7, 19])
    judged = state.judge(cells, *state.best_options(cells))
    np.testing.assert_array_equal(judged.options[:, -1], state.choices[cells])
    assert not judged.gains[:, -1].any()
    before = value(problem, state.choices)
    for place, cell in enumerate(cells):
        for option, gain in zip(judged.options[place], judged.gains[place], strict=True):
            moved = state.choices.copy()
            moved[cell] = option
            assert gain == pytest.approx(before - value(problem, moved), abs=2e-3)


def test_cells_around_a_move_are_judged_again() -> None:
    problem = small_problem((6, 7), tiles=8, seed=2)
    state = state_of(problem, np.zeros(42, np.int64))
    moves = FreeMoves(state, np.random.default_rng(0))
    cell = np.array([8])
    (move,) = moves.propose(cell)
    state.changed_nearby[:] = False
    assert moves.propose(cell) == []  # no change nearby
    assert state.commit([move]) == 1
    assert np.flatnonzero(state.changed_nearby).tolist() == [1, 7, 9, 15]


def test_options_that_are_judged_are_few_or_all_of_them() -> None:
    """Of few tiles all are evaluated; of many, the best by estimate and the current choice."""
    few, many = (small_problem((4, 5), tiles=count, patches=smooth_patches, seed=1) for count in (12, 200))
    for problem, whole in ((few, True), (many, False)):
        state = state_of(problem)
        options, costs = state.best_options(np.arange(20))
        assert options.shape == costs.shape
        np.testing.assert_array_equal(options[:, -1], state.choices)
        if whole:
            assert all(set(row) == set(range(12)) for row in options)
        else:
            assert 4 < options.shape[1] < 30
        own = state.costs_without_samples(np.arange(20), options)
        np.testing.assert_allclose(costs, own, rtol=1e-5, atol=1e-5)


def test_the_best_of_many_options_is_seldom_left_out() -> None:
    """The best options contain nine tenths of the gain of the best moves among all candidates."""
    problem = small_problem((8, 9), tiles=200, patches=smooth_patches, seed=1)
    state, cells = state_of(problem), np.arange(72)
    short = state.judge(cells, *state.best_options(cells)).gains.max(axis=1)
    listed = np.concatenate([candidates(problem), state.choices[:, None]], axis=1)
    options = listed.astype(np.int32)
    every = state.judge(cells, options, state.costs_without_samples(cells, options)).gains.max(axis=1)
    assert (short <= every + 1e-4).all()
    assert short.sum() > 0.9 * every.sum()


def test_what_may_not_be_taken_costs_infinitely_much() -> None:
    """The current choice of a cell stays allowed."""
    problem = small_problem((4, 5), tiles=6, variants=2, seed=1)
    state = state_of(problem, np.full(20, 6))
    allowed = np.ones(6, bool)
    allowed[[3, 5]] = False
    options, costs = state.best_options(np.arange(20), allowed)
    refused = ~allowed[options[:, :-1] // 2]
    assert refused.any()
    np.testing.assert_array_equal(np.isinf(costs[:, :-1]), refused)
    assert np.isfinite(costs[:, -1]).all()


def test_the_weights_that_people_get_lead_down_too() -> None:
    for limits in (Limits(), Limits(max_uses=2)):
        limited = not limits.free
        problem = small_problem((9, 11), tiles=80, limits=limits, patches=smooth_patches, seed=4)
        state = state_of(problem, nearest_start(problem), weights_for(limited=limited))
        energies = gone_down(state, limited=limited)
        assert all(later <= earlier + 1e-5 for earlier, later in pairwise(energies))
        assert energies[-1] < energies[0]


def test_copies_that_lie_too_near_are_parted() -> None:
    """The start, one tile in all cells, is refused everywhere; single moves lead to copies that keep their distance."""
    problem = replace(small_problem((6, 6), tiles=40, seed=1), variety=Variety(0.5, 2, 0.0))
    state = state_of(problem, np.zeros(36, np.int64))
    gone_down(state)
    shown = state.choices.reshape(6, 6)
    for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
        one = shown[: 6 - down, max(0, -right) : 6 - max(0, right)]
        other = shown[down:, max(0, right) : 6 + min(0, right)]
        assert (one != other).all()


@pytest.mark.parametrize("uses", [4, 20])
def test_cells_that_have_to_part_first_do_not_end_the_descent(uses: int) -> None:
    """The energy may rise in the first sweep to keep copies apart; further sweeps still follow."""
    problem = small_problem((14, 14), tiles=60, limits=Limits(max_uses=uses), patches=smooth_patches)
    problem = replace(problem, variety=Variety.choose(0.3, None, 60, varied=True), cells=slope(14, 14))
    weights = {"colour8": 5.0}
    state = state_of(problem, nearest_start(problem), weights)
    first = gone_down(state, limited=True)
    again = gone_down(state_of(problem, state.choices, weights), limited=True)
    assert again[-1] > 0.97 * first[-1]
