"""Random tile sets, problems and the solver's answers to them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="the train extra is not installed")

from perceptual_photomosaic.assign.solve import weights_for
from perceptual_photomosaic.assign.solve.energy import Energy
from perceptual_photomosaic.models.any_tiles.network import ConditionedMosaicNet
from perceptual_photomosaic.tiles.emoji import Emoji
from perceptual_photomosaic.training.any_tiles.examples import (
    Example,
    answer,
    draw_target,
    fitted,
    option_costs,
    read_example,
    write_example,
)
from perceptual_photomosaic.training.any_tiles.step import turned, view_of
from perceptual_photomosaic.training.any_tiles.tile_sets import TileSets, emoji_of, is_flag

PHOTOS = np.random.default_rng(0).random((12, 96, 96, 3)).astype(np.float16)
FAMILIES = ("photos", "emoji", "letters", "slices", "colours")


@pytest.fixture(scope="module")
def example() -> Example:
    random = np.random.default_rng(3)
    picture = random.integers(0, 256, (64, 64, 3), dtype=np.uint8)
    drawn = TileSets(PHOTOS).draw(random, "colours")
    cells, tiles, narrow = fitted(draw_target(picture, 6, random), (6, 6), drawn)
    return answer(cells, tiles, narrow, drawn.family, ConditionedMosaicNet.shipped())


@pytest.mark.parametrize("family", FAMILIES)
def test_sets_of_every_family(family: str) -> None:
    sets = TileSets(PHOTOS)
    for seed in range(4):
        drawn, again = (sets.draw(np.random.default_rng(seed), family) for _ in range(2))
        assert drawn.family == family
        assert drawn.tiles.shape[1:] == (8, 8, 3)
        assert 9 <= len(drawn.tiles) <= 1334
        assert 0 <= drawn.tiles.min() <= drawn.tiles.max() <= 1 + 1e-6
        np.testing.assert_array_equal(drawn.tiles, again.tiles)


def test_flags_are_kept_for_the_test() -> None:
    codes = Emoji().codes
    flags = [code for code in codes if is_flag(code)]
    assert len(flags) > 200
    assert is_flag("1F1E9-1F1EA")
    assert not is_flag("1F600")
    one, other = (emoji_of(part) for part in (0, 1))
    assert abs(len(one) - len(other)) <= 1
    assert len(one) + len(other) == len(codes) - len(flags)


def test_costs_of_options_are_differences_of_energy(example: Example) -> None:
    """The slow twin computes the energy anew for each option."""
    problem = example.problem
    choices = example.choices.astype(np.int64)
    for cell in (0, 14, 35):
        values = []
        for option in example.options[cell]:
            energy = Energy(problem, weights_for())
            changed = choices.copy()
            changed[cell] = option
            energy.reset(changed)
            values.append(energy.value())
        known = example.costs[cell].astype(float)
        finite = np.isfinite(known)
        assert known[finite] == pytest.approx((np.array(values) - min(np.array(values)[finite]))[finite], abs=2e-2)
        assert len(set(example.options[cell][finite].tolist())) == finite.sum()


def test_an_option_listed_twice_counts_once(example: Example) -> None:
    problem = example.problem
    choices = example.choices.astype(np.int64)
    energy = Energy(problem, weights_for())
    energy.reset(choices)
    options = np.stack([choices, choices, (choices + 1) % len(example.tiles), choices], axis=1).astype(np.int32)
    _, known = option_costs(energy, choices, options)
    assert np.isinf(known).sum(axis=1).tolist() == [2] * len(choices)


def test_files_keep_examples_and_damaged_ones_are_told(example: Example, tmp_path: Path) -> None:
    write_example(tmp_path / "one.npz", example)
    again = read_example(tmp_path / "one.npz")
    assert again is not None
    for name, value in vars(example).items():
        np.testing.assert_array_equal(getattr(again, name), value)
    (tmp_path / "one.npz").write_bytes((tmp_path / "one.npz").read_bytes()[:100])
    assert read_example(tmp_path / "one.npz") is None


@pytest.mark.parametrize("symmetry", range(8))
def test_a_turned_example_has_the_same_energy(example: Example, symmetry: int) -> None:
    cells, tiles, order = turned(example, symmetry)
    values = []
    for shown, offered, choices in (
        (example.cells, example.tiles, example.choices),
        (cells, tiles, example.choices[order]),
    ):
        turned_example = Example(
            shown, offered, example.narrow, "", choices, example.options, example.costs, example.energy
        )
        energy = Energy(turned_example.problem, {"colour8": 1.0, "colour1": 2.0, "halftone1": 1.0})
        energy.reset(choices.astype(np.int64))
        values.append(energy.value())
    assert values[0] == pytest.approx(values[1], rel=1e-4)


def test_what_is_left_out_is_not_among_the_options(example: Example) -> None:
    for seed in range(6):
        view = view_of(example, np.random.default_rng(seed))
        left = len(view.tiles.bands)
        assert view.options.max() < left
        assert view.choices.max() < left
        assert np.isfinite(view.costs[:, -1]).all()
        np.testing.assert_array_equal(view.options[:, -1], view.choices)
