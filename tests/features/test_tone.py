"""Tones fitted to the tiles: only where it is needed, in order, and inside their range."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from perceptual_photomosaic import MosaicOptions, make_mosaic
from perceptual_photomosaic.assign.base import Problem
from perceptual_photomosaic.errors import ConfigError
from perceptual_photomosaic.features.colour import linear_to_oklab, to_linear
from perceptual_photomosaic.features.tone import inked, reach_of, tone_fit
from perceptual_photomosaic.grid import Grid
from perceptual_photomosaic.inputs import open_tile_set, tile_options
from perceptual_photomosaic.mosaic import Mosaic
from perceptual_photomosaic.problem import pose
from perceptual_photomosaic.progress import SILENT


def greys(low: float, high: float, count: int = 64) -> np.ndarray:
    return np.repeat(np.linspace(low, high, count), 8 * 8 * 3).reshape(count, 8, 8, 3).astype(np.float32)


def lightness_of(patches: np.ndarray) -> np.ndarray:
    """OKLab lightness of the means, (N,)."""
    return linear_to_oklab(patches.mean(axis=(1, 2)))[:, 0]


def test_tiles_that_reach_far_enough_change_nothing() -> None:
    assert tone_fit(greys(0, 1), greys(0.02, 0.9)) is None
    assert tone_fit(greys(0.4, 0.6), greys(0, 1)) is None
    assert tone_fit(greys(0, 1), greys(0.5, 1), "keep") is None


def test_tiles_are_narrow_where_they_reach_little_of_the_target() -> None:
    assert reach_of(greys(0, 1), greys(0.5, 1)) == "narrow"
    assert reach_of(greys(0, 0.1), greys(0.4, 1)) == "narrow"  # they reach nothing
    assert reach_of(greys(0, 1), greys(0.9, 0.95)) == "faint"
    assert reach_of(greys(0, 1), greys(0.02, 0.9)) == "wide"
    assert reach_of(greys(0.6, 0.9), greys(0.5, 1)) == "wide"  # all that is wanted
    assert reach_of(greys(0.3, 0.3), greys(0.5, 1)) == "wide"  # one tone has no range


def test_tiles_are_inked_where_nearly_all_are_of_few_tones_and_none_has_a_colour() -> None:
    letters = greys(0.7, 0.95, 200)
    with_block = np.concatenate([letters, greys(0, 0, 1)])
    one_red = np.concatenate([letters, greys(0.8, 0.8, 1) * np.array([1, 0.4, 0.4], np.float32)])
    assert reach_of(greys(0, 1), with_block) == "wide"  # the block alone reaches black
    assert inked(greys(0, 1), letters)
    assert inked(greys(0, 1), with_block)
    assert not inked(greys(0, 1), one_red)
    assert not inked(greys(0, 1), greys(0, 1, 200))  # photos in grey


def test_light_tiles_draw_the_target_into_their_range() -> None:
    fit = tone_fit(greys(0, 1), greys(0.5, 1), "fit")
    assert fit is not None
    lightness = lightness_of(fit.apply(greys(0, 1)))
    reach = lightness_of(greys(0.5, 1))
    assert lightness.min() >= reach.min() - 1e-3
    assert lightness.max() <= reach.max() + 1e-3
    assert np.all(np.diff(lightness) >= -1e-6)
    assert lightness[-1] - lightness[0] > 0.9 * (reach[-1] - reach[0])


def test_the_less_tiles_cover_the_further_the_target_is_drawn_towards_them() -> None:
    """Nothing jumps where fitting begins, and contrast is left even for tiles of nearly one tone."""
    target, before = greys(0, 1), 1.0
    for dark in (0.3, 0.35, 0.4, 0.5, 0.7, 0.9):
        tiles = greys(dark, 1)
        reach = lightness_of(tiles)
        fit, full = tone_fit(target, tiles), tone_fit(target, tiles, "fit")
        assert full is not None
        span = 1.0 if fit is None else (fit.shown[1] - fit.shown[0]) / (fit.source[1] - fit.source[0])
        assert span <= before + 1e-6
        assert span >= 0.25
        if fit is not None:
            assert full.shown[0] >= fit.shown[0] >= fit.source[0]
            assert fit.shown[0] < reach.min()
        before = span
    barely = tone_fit(target, greys(0.3, 1))  # 39% covered
    assert barely is not None
    assert barely.shown[0] - barely.source[0] < 0.02


@pytest.mark.parametrize(("low", "high"), [(0.0, 0.1), (0.05, 0.45), (0.9, 1.0)])
def test_tiles_that_the_target_hardly_reaches_still_show_it(low: float, high: float) -> None:
    """A dark target and light tiles, or the other way round: most of the tiles' range is used, and none beyond it."""
    tiles = greys(0.4, 0.95)
    fit = tone_fit(greys(low, high), tiles, "fit")
    assert fit is not None
    target, reach = (lightness_of(part) for part in (greys(low, high), tiles))
    assert reach.min() - 1e-6 <= fit.shown[0] < fit.shown[1] <= reach.max() + 1e-6
    wanted = min(0.6 * (fit.source[1] - fit.source[0]), 0.7 * (reach.max() - reach.min()))
    assert fit.shown[1] - fit.shown[0] >= 0.99 * wanted
    assert target.min() - 1e-6 <= fit.source[0] < fit.source[1] <= target.max() + 1e-6


def test_one_tone_and_unknown_words() -> None:
    assert tone_fit(greys(0, 1), greys(0.5, 0.5)) is None
    assert tone_fit(greys(0.3, 0.3), greys(0.5, 1)) is None
    with pytest.raises(ConfigError, match="auto, keep, fit"):
        tone_fit(greys(0, 1), greys(0, 1), "sepia")


@pytest.mark.parametrize(("tiles", "least"), [("glyphs", 0.5), ("emoji:margin=keep", 0.9)])
def test_a_fitted_target_is_there_in_every_tone(target: NDArray[np.uint8], tiles: str, least: float) -> None:
    """Seen from where a cell is a point: the darker the target, the darker the mosaic, whatever ink tiles have."""
    target = target.mean(axis=2, keepdims=True).repeat(3, axis=2).astype(np.uint8)
    mosaic = make_mosaic(target, tiles, columns=24, tile_size=16, tone="fit")
    rows, columns = mosaic.grid.shape
    seen = to_linear(mosaic.to_array()).reshape(rows, 16, columns, 16, 3).mean(axis=(1, 3))
    wanted = to_linear(target).reshape(rows, 72 // rows, columns, 96 // columns, 3).mean(axis=(1, 3))
    light = [linear_to_oklab(part.astype(np.float32).reshape(-1, 3))[:, 0] for part in (wanted, seen)]
    assert np.corrcoef(*light)[0, 1] > least


def test_tones_are_fitted_in_where_tiles_reach_little_of_them(target: NDArray[np.uint8]) -> None:
    def posed(tiles: str, tone: str) -> Problem:
        options = MosaicOptions(columns=12, tone=tone)
        cut = tile_options(options, None)
        opened = open_tile_set(tiles, cut, SILENT)
        return pose(target, Grid.fit((96, 72), columns=12), opened, options, cut)[0]

    letters, told, wide = posed("glyphs", "auto"), posed("glyphs", "fit"), posed("colours:400", "fit")
    assert [problem.fitted for problem in (letters, told, wide)] == [True, True, True]
    assert [problem.narrow for problem in (letters, told, wide)] == [True, True, False]
    for problem in (letters, wide):  # only what the solver compares is blurred, not what all others read
        assert np.array_equal(problem.choice_traits.patches, problem.choices) is not problem.narrow
        assert np.array_equal(problem.cell_traits.patches, problem.cells) is not problem.narrow


def test_letters_show_a_gradient() -> None:
    """Tones are fitted where tiles reach little of them, by the solver wholly, unless they are to be kept."""
    ramp = np.tile(np.linspace(0, 255, 320).astype(np.uint8)[None, :, None], (32, 1, 3))

    def slope(mosaic: Mosaic) -> float:
        columns = mosaic.to_array((16, 16)).reshape(mosaic.grid.rows * 16, 40, 16, 3).mean(axis=(0, 2, 3))
        return float(np.corrcoef(columns, np.arange(40))[0, 1])

    kept, fitted = (make_mosaic(ramp, "glyphs", columns=40, method="nearest", tone=tone) for tone in ("keep", "auto"))
    darkest = kept.choices[0, 0]
    assert np.mean(fitted.choices == darkest) < np.mean(kept.choices == darkest) - 0.1
    assert slope(fitted) > slope(kept) + 0.05
    told, solved = (make_mosaic(ramp, "glyphs", columns=40, tone=tone) for tone in ("keep", "auto"))
    assert slope(solved) > slope(told) + 0.05
    assert slope(solved) > 0.75
    figures = [mosaic.figures["tone"] for mosaic in (kept, fitted, told, solved)]
    assert figures == ["kept", "fitted", "kept", "fitted"]
