from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perceptual_photomosaic.evaluate import Ruler, Tone, evaluate, tone
from perceptual_photomosaic.evaluate.colour_difference import ciede2000, lab_from_light
from perceptual_photomosaic.evaluate.views import decode_srgb


def waves(height: int, width: int, period: float) -> np.ndarray:
    """Return coloured waves: sRGB, uint8, (height, width, 3)."""
    y, x = np.mgrid[0:height, 0:width]
    planes = [np.sin(x / period), np.cos((x + 2 * y) / (1.7 * period)), np.sin(x * y / (40 * period))]
    return np.rint(127.5 + 120 * np.stack(planes, axis=-1)).astype(np.uint8)


def test_the_figures_of_the_script_that_the_project_is_judged_by():
    found = tone(waves(128, 192, 23.0), waves(384, 576, 31.0), (16, 24))
    assert found.plates == pytest.approx(SCRIPT["plates"], abs=1e-2)
    assert found.grain == pytest.approx(SCRIPT["grain"], abs=1e-2)
    assert found.bias == pytest.approx(SCRIPT["bias"], abs=1e-2)


SCRIPT = {"plates": 88.0319214, "grain": 16.1164513, "bias": 22.6010609}
"""Figures of shared/variety/variety.py on the same pictures."""


def obvious_tone(target: np.ndarray, mosaic: np.ndarray, grid_shape: tuple[int, int]) -> Tone:
    """Compute plates, grain and bias with block means and loops over pairs of pixels."""

    def view(picture: np.ndarray, side: int) -> np.ndarray:
        down, right = picture.shape[0] // grid_shape[0] * side, picture.shape[1] // grid_shape[1] * side
        light = decode_srgb(picture / 255.0)
        blocks = light.reshape(light.shape[0] // down, down, light.shape[1] // right, right, 3)
        return lab_from_light(blocks.mean(axis=(1, 3)))

    def pairs(side: int) -> list[list[tuple[np.ndarray, np.ndarray]]]:
        t, m = view(target, side), view(mosaic, side)
        rows, cols = t.shape[:2]
        down = [(t[r + 1, c] - t[r, c], m[r + 1, c] - m[r, c]) for r in range(rows - 1) for c in range(cols)]
        right = [(t[r, c + 1] - t[r, c], m[r, c + 1] - m[r, c]) for r in range(rows) for c in range(cols - 1)]
        return [down, right]

    plates = []
    for steps in pairs(4):
        middle = np.median([np.linalg.norm(t) for t, _ in steps])
        plates.append(np.percentile([np.linalg.norm(m - t) for t, m in steps if np.linalg.norm(t) < middle], 95))
    grain = [np.mean([max(0.0, np.linalg.norm(m) - np.linalg.norm(t)) for t, m in steps]) for steps in pairs(1)]
    bias = float(ciede2000(view(target, 8), view(mosaic, 8)).mean())
    return Tone(float(np.mean(plates)), float(np.mean(grain)), bias)


@given(st.sampled_from([(8, 16), (16, 8), (24, 24)]), st.integers(0, 99))
def test_tone_is_what_its_formulas_say(grid_shape, seed):
    rng = np.random.default_rng(seed)
    rows, cols = grid_shape
    target, mosaic = (rng.integers(0, 256, (rows * side, cols * side, 3), dtype=np.uint8) for side in (2, 3))
    found, expected = tone(target, mosaic, grid_shape), obvious_tone(target, mosaic, grid_shape)
    for name in ("plates", "grain", "bias"):
        assert getattr(found, name) == pytest.approx(getattr(expected, name), abs=1e-3), name


def test_a_picture_has_its_own_tones():
    picture = waves(64, 96, 11.0)
    assert tone(picture, picture, (8, 12)) == Tone(0.0, 0.0, 0.0)


def test_a_flat_target_has_plates_all_the_same():
    grey, black = np.array([128] * 3, np.uint8), np.zeros(3, np.uint8)
    target = np.broadcast_to(grey, (64, 64, 3)).copy()
    mosaic = target.copy()
    mosaic[:, 32:] = black
    found = tone(target, mosaic, (16, 16))

    def lab(srgb):
        return lab_from_light(decode_srgb(srgb / 255.0))

    edge = float(np.linalg.norm(lab(grey) - lab(black)))
    assert found.plates == pytest.approx(edge / 2, abs=1e-3)  # across: a third of all pairs; down: none
    assert found.grain == pytest.approx(edge / 15 / 2, abs=1e-3)  # one pair in fifteen across
    assert found.bias == pytest.approx(
        float(ciede2000(lab_from_light(decode_srgb(grey / 255.0)), lab_from_light(decode_srgb(black / 255.0)))) / 2,
        abs=1e-3,
    )


def test_small_grids_have_no_steps():
    picture, other = waves(20, 20, 5.0), waves(20, 20, 8.0)
    assert tone(picture, other, (1, 1)).grain is None
    assert tone(picture, other, (5, 7)).plates is None
    assert tone(picture, other, (1, 9)).plates is not None


def test_the_ruler_says_the_same_on_any_grid():
    target, mosaic = waves(90, 130, 9.0), waves(120, 180, 14.0)
    for grid_shape, box in (((8, 12), None), ((9, 13), (3.5, 2.0, 120.0, 88.0)), ((10, 5), None)):
        ruled = evaluate(mosaic, target, grid_shape, judge=False, box=box or (0.0, 0.0, 130.0, 90.0)).tone
        plain = tone(target, mosaic, grid_shape, box)
        for name in ("plates", "grain", "bias"):
            assert getattr(ruled, name) == pytest.approx(getattr(plain, name), abs=1e-3), (grid_shape, name)
    far = Ruler(target, (8, 12), cells_px=(0.5,), cell_aspect=1.0, box=(0.0, 0.0, 130.0, 90.0), judge=False)
    assert far.measure(mosaic).tone.bias == pytest.approx(tone(target, mosaic, (8, 12)).bias, abs=1e-3)
