"""Tones are fitted to the tiles only if needed, in order, and within the tiles' range."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from perceptual_photomosaic import MosaicOptions, make_mosaic
from perceptual_photomosaic.assign.problem import Problem
from perceptual_photomosaic.build_problem import build_problem
from perceptual_photomosaic.features.colour import linear_to_oklab, to_linear
from perceptual_photomosaic.features.tone import is_narrow, tone_fit
from perceptual_photomosaic.grid import Grid
from perceptual_photomosaic.inputs import open_tile_set, tile_options_for
from perceptual_photomosaic.mosaic import Mosaic
from perceptual_photomosaic.progress import SILENT


def greys(low: float, high: float, count: int = 64) -> np.ndarray:
    return np.repeat(np.linspace(low, high, count), 8 * 8 * 3).reshape(count, 8, 8, 3).astype(np.float32)


def lightness_of(patches: np.ndarray) -> np.ndarray:
    """Return the OKLab lightness of the means, (N,)."""
    return linear_to_oklab(patches.mean(axis=(1, 2)))[:, 0]


GRID = Grid(8, 8, (1, 1), (0, 0, 64, 64))


def test_tiles_that_reach_far_enough_change_nothing() -> None:
    assert tone_fit(greys(0, 1), greys(0.02, 0.9)) is None
    assert tone_fit(greys(0.4, 0.6), greys(0, 1)) is None
    assert tone_fit(greys(0, 1), greys(0.5, 1), "keep") is None


def test_tiles_are_narrow_where_they_reach_little_of_the_target() -> None:
    assert is_narrow(greys(0, 1), greys(0.5, 1))
    assert is_narrow(greys(0, 0.1), greys(0.4, 1))  # the tiles cover none of the target's range
    assert not is_narrow(greys(0, 1), greys(0.02, 0.9))
    assert not is_narrow(greys(0.6, 0.9), greys(0.5, 1))  # the tiles cover all of the target's range
    assert not is_narrow(greys(0.3, 0.3), greys(0.5, 1))  # one tone has no range


def test_drawings_are_narrow_even_white_on_black_and_with_some_blocks() -> None:
    white_on_black = greys(0, 0.4, 200)
    with_block = np.concatenate([white_on_black, greys(1, 1, 1)])
    assert not is_narrow(greys(0, 1), white_on_black)
    assert is_narrow(greys(0, 1), white_on_black, drawn=True)
    assert is_narrow(greys(0, 1), with_block, drawn=True)
    assert not is_narrow(greys(0, 1), greys(0, 1, 33), drawn=True)  # a set of blocks


@pytest.mark.parametrize("contrast", [0.0, 0.3, 0.5, 1.0])
@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (0.0, 0.1), (0.9, 1.0)])
def test_the_target_gets_the_tones_of_the_tiles(low: float, high: float, contrast: float) -> None:
    """The darkest becomes the darkest tile, the lightest the lightest, and the order stays the same."""
    tiles = greys(0.5, 1)
    fit = tone_fit(greys(low, high), tiles, "fit", contrast)
    assert fit is not None
    assert np.all(np.diff(fit.shown) >= 0)
    assert (fit.shown[0], fit.shown[-1]) == pytest.approx((0, 1), abs=0.01)
    lightness = linear_to_oklab(fit.apply(greys(low, high), GRID))[..., 0]
    reach = lightness_of(tiles)
    assert reach.min() - 1e-3 <= lightness.min() < reach.min() + 0.02
    assert reach.max() - 0.02 < lightness.max() <= reach.max() + 1e-3


def test_without_contrast_tones_are_drawn_together_and_no_more() -> None:
    fit = tone_fit(greys(0, 1) ** 3, greys(0.5, 1), contrast=0)
    assert fit is not None
    assert fit.local == 0
    np.testing.assert_allclose(fit.shown, np.linspace(0, 1, 33), atol=1e-6)
    before, after = (
        linear_to_oklab(part)[..., 0].ravel() for part in (greys(0.2, 0.9), fit.apply(greys(0.2, 0.9), GRID))
    )
    assert abs(np.corrcoef(before, after)[0, 1]) > 0.9999


def test_tones_are_spread_but_one_flat_area_does_not_take_all() -> None:
    many_dark = np.concatenate([greys(0, 0.05, 56), greys(0.05, 1, 8)])
    evenly, straight = (tone_fit(many_dark, greys(0.5, 1), "fit", contrast) for contrast in (0.5, 0.0))
    assert evenly is not None
    assert straight is not None
    assert evenly.shown[10] > straight.shown[10] + 0.1  # the many dark tones get more of the range
    paper = np.concatenate([greys(1, 1, 60), greys(0, 0.9, 4)])
    fit = tone_fit(paper, greys(0.5, 1), "fit", 0.5)
    assert fit is not None
    assert fit.shown[-2] > 0.8  # what is not paper keeps most tones


def test_local_contrast_raises_what_differs_from_its_surroundings() -> None:
    cells = greys(0.2, 0.2, 64)
    cells[27] = 0.3
    cells[0], cells[63] = 0, 1
    plain, raised = (tone_fit(cells, greys(0.5, 1), "fit", contrast) for contrast in (0.5, 1.0))
    assert plain is not None
    assert raised is not None
    step = [float(np.ptp(lightness_of(fit.apply(cells, GRID))[26:28])) for fit in (plain, raised)]
    assert step[1] > 1.2 * step[0]


def test_colours_fade_as_far_as_those_of_the_tiles() -> None:
    red = greys(0.2, 0.8) * np.array([1, 0.2, 0.2], np.float32)
    letters, pale = greys(0.5, 1), greys(0.5, 1) * np.array([1, 0.8, 0.8], np.float32)
    grey, faded = (tone_fit(red, tiles, "fit") for tiles in (letters, pale))
    assert grey is not None
    assert faded is not None
    assert grey.chroma == 0 < faded.chroma < 1
    assert np.ptp(grey.apply(red, GRID), axis=-1).max() < 1e-4


def test_one_tone_is_left_alone() -> None:
    assert tone_fit(greys(0, 1), greys(0.5, 0.5)) is None
    assert tone_fit(greys(0.3, 0.3), greys(0.5, 1)) is None


@pytest.mark.parametrize(("tiles", "least"), [("glyphs", 0.5), ("emoji", 0.9)])
def test_a_fitted_target_is_there_in_every_tone(target: NDArray[np.uint8], tiles: str, least: float) -> None:
    """The darker the target, the darker the mean of the mosaic's cells, for all tiles."""
    target = target.mean(axis=2, keepdims=True).repeat(3, axis=2).astype(np.uint8)
    mosaic = make_mosaic(target, tiles, columns=24, tile_size=16, cell_aspect="1:1", tone="fit")
    rows, columns = mosaic.grid.shape
    seen = to_linear(mosaic.to_array()).reshape(rows, 16, columns, 16, 3).mean(axis=(1, 3))
    wanted = to_linear(target).reshape(rows, 72 // rows, columns, 96 // columns, 3).mean(axis=(1, 3))
    light = [linear_to_oklab(part.astype(np.float32).reshape(-1, 3))[:, 0] for part in (wanted, seen)]
    assert np.corrcoef(*light)[0, 1] > least


def test_tones_are_fitted_in_where_tiles_reach_little_of_them(target: NDArray[np.uint8]) -> None:
    def posed(tiles: str, tone: str) -> Problem:
        options = MosaicOptions(columns=12, tone=tone)
        opened = open_tile_set(tiles, tile_options_for(options, None), SILENT)
        return build_problem(target, Grid.fit((96, 72), columns=12), opened, options)

    letters, told, wide = posed("glyphs", "auto"), posed("glyphs", "fit"), posed("colours:400", "fit")
    assert [problem.tone is None for problem in (letters, told, wide)] == [False, False, False]
    assert [problem.narrow for problem in (letters, told, wide)] == [True, True, False]
    for problem in (letters, wide):  # only traits are blurred
        assert np.array_equal(problem.choice_traits.patches, problem.choices) is not problem.narrow
        assert np.array_equal(problem.cell_traits.patches, problem.cells) is not problem.narrow


def test_letters_show_a_gradient() -> None:
    """A fit shows more of a gradient than the target as it is, with `nearest` and with `solve`."""
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
