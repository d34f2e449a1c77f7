from __future__ import annotations

import subprocess
import sys
from dataclasses import asdict

import numpy as np
import pytest

from perceptual_photomosaic.evaluate import Legibility, evaluate, legibility
from perceptual_photomosaic.evaluate.legibility import compare_traits, traits_of
from perceptual_photomosaic.evaluate.views import decode_srgb


def waves(height: int, width: int, period: float) -> np.ndarray:
    """Return coloured waves: sRGB, uint8, (height, width, 3)."""
    y, x = np.mgrid[0:height, 0:width]
    planes = [np.sin(x / period), np.cos((x + 2 * y) / (1.7 * period)), np.sin(x * y / (40 * period))]
    return np.rint(127.5 + 120 * np.stack(planes, axis=-1)).astype(np.uint8)


def noise(height: int, width: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def as_numbers(found: Legibility) -> list[float]:
    return list(asdict(found).values())


def test_the_digits_of_the_script_that_the_project_is_judged_by():
    """Compare with shared/legibility/legibility.py on pictures without a whole number of pixels per sample."""
    target, other = waves(150, 230, 23.0), waves(420, 500, 37.0)
    mixed = np.rint(0.6 * target + 0.4 * other[:150, :230]).astype(np.uint8)
    printed = {"other": [-0.0999, -0.1001, -0.1003, 0.3877, 0.2901], "mixed": [0.8069, 0.8075, 0.8077, 0.6747, 0.5932]}
    for name, mosaic in (("other", other), ("mixed", mixed)):
        assert as_numbers(legibility(target, mosaic)) == pytest.approx(printed[name], abs=6e-5), name


def obvious(target: np.ndarray, mosaic: np.ndarray) -> list[float]:
    """Compute legibility with block means, sorting, and loops over samples; sides are multiples of 128 px."""

    def lightness(picture: np.ndarray, side: int) -> np.ndarray:
        y = decode_srgb(picture / 255.0) @ [0.2126, 0.7152, 0.0722]
        down, right = (length // side for length in y.shape)
        y = y.reshape(side, down, side, right).mean(axis=(1, 3))
        return np.array([[116 * v ** (1 / 3) - 16 if v > 0.008856 else 903.3 * v for v in row] for row in y])

    def correlation(a: np.ndarray, b: np.ndarray) -> float:
        ranks = []
        for values in (a.ravel().tolist(), b.ravel().tolist()):
            place = {k: rank for rank, k in enumerate(sorted(range(len(values)), key=values.__getitem__))}
            ranks.append([place[k] for k in range(len(values))])
        return float(np.corrcoef(ranks)[0, 1])

    def histograms(values: np.ndarray) -> np.ndarray:
        side = len(values)
        bell = [np.exp(-(d**2) / 2) for d in range(-4, 5)]
        window = np.outer(bell, bell) / np.sum(bell) ** 2
        padded = np.pad(values, 4, mode="symmetric")
        smooth = np.array([[(padded[r : r + 9, c : c + 9] * window).sum() for c in range(side)] for r in range(side)])
        near = np.pad(smooth, 1, mode="symmetric")
        sobel = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
        counted = np.zeros((side // 8, side // 8, 8))
        for r in range(side):
            for c in range(side):
                around = near[r : r + 3, c : c + 3]
                right, down = (around * sobel).sum(), (around * sobel.T).sum()
                degrees = np.degrees(np.arctan2(down, right)) % 180
                counted[r // 8, c // 8, int(degrees / 22.5) % 8] += np.hypot(right, down)
        middle = counted.mean()
        for place in counted.reshape(-1, 8):
            place /= np.linalg.norm(place) + middle / 2
        return counted.ravel() - counted.mean()

    found = [correlation(lightness(target, side), lightness(mosaic, side)) for side in (32, 64, 128)]
    for side in (64, 128):
        a, b = (histograms(lightness(picture, side)) for picture in (target, mosaic))
        found.append(float(a @ b / np.linalg.norm(a) / np.linalg.norm(b)))
    return found


@pytest.mark.parametrize("seed", [1, 2])
def test_legibility_is_what_its_formulas_say(seed):
    target = waves(128, 256, 9.0 + seed)
    mosaic = np.rint(0.5 * waves(256, 128, 19.0) + 0.5 * noise(256, 128, seed)).astype(np.uint8)
    assert as_numbers(legibility(target, mosaic)) == pytest.approx(obvious(target, mosaic), abs=1e-4)


def test_a_picture_reads_as_itself():
    picture = waves(90, 130, 11.0)
    assert as_numbers(legibility(picture, picture)) == pytest.approx([1.0] * 5)
    assert legibility(picture, picture).mean == pytest.approx(1.0)


def test_size_does_not_matter():
    picture, other = waves(128, 128, 11.0), noise(128, 128, 3)
    larger = other.repeat(3, axis=0).repeat(2, axis=1)
    assert as_numbers(legibility(picture, larger)) == pytest.approx(as_numbers(legibility(picture, other)), abs=1e-6)


def test_no_change_of_contrast_alters_the_order_of_tones():
    """Check one grey for each sample, mapped into a third of the range by a curve."""
    grey = np.random.default_rng(4).permutation(128 * 128).reshape(128, 128) % 241
    bent = 160 + np.rint(95 * (grey / 240.0) ** 0.25)
    target, plain, paler = (np.repeat(g.astype(np.uint8)[..., None], 3, axis=2) for g in (grey, grey, bent))
    assert legibility(target, plain).tones128 == pytest.approx(1.0)
    assert legibility(target, paler).tones128 > 0.99  # some greys have become one
    assert evaluate(paler, target, (16, 16), judge=False).at(8).delta_e_mean > 20


def test_a_negative_has_the_outlines_and_not_the_tones():
    picture = waves(128, 128, 13.0)[..., [0, 0, 0]] // 2 + 64
    found = legibility(picture, 255 - picture)
    assert max(found.tones32, found.tones64, found.tones128) < -0.8  # columns of equal greys are ranked in order
    assert min(found.outlines64, found.outlines128) > 0.8


def test_a_turned_picture_loses_its_outlines():
    y, x = np.mgrid[0:128, 0:128]
    stripes = [np.rint(127 + 90 * np.sin(along / 3.0)) for along in (0.9 * x + 0.4 * y, 0.4 * x - 0.9 * y)]
    one, other = (np.repeat(s.astype(np.uint8)[..., None], 3, axis=2) for s in stripes)
    assert legibility(one, other).outlines128 < 0
    assert legibility(one, one).outlines128 == pytest.approx(1.0)


def test_a_blank_picture_has_no_outlines():
    found = legibility(waves(64, 64, 5.0), np.full((64, 64, 3), 255, np.uint8))
    assert found.outlines64 == found.outlines128 == 0.0
    assert not np.isnan(found.mean)


def test_only_the_part_under_the_grid_counts():
    target, mosaic = waves(128, 192, 9.0), noise(70, 70, 5)
    boxed = legibility(target, mosaic, (32.0, 0.0, 160.0, 128.0))
    assert boxed == legibility(np.ascontiguousarray(target[:, 32:160]), mosaic)
    assert boxed == evaluate(mosaic, target, (8, 8), judge=False).legibility  # cropped to its middle, as make does


def test_bands_of_rows_leave_no_trace(monkeypatch):
    target, mosaic = traits_of(waves(90, 120, 7.0)), noise(300, 77, 6)
    whole = compare_traits(target, traits_of(mosaic))
    monkeypatch.setattr(sys.modules[traits_of.__module__], "_BAND", 7)
    assert compare_traits(target, traits_of(mosaic)) == whole


def test_neither_scipy_nor_torch_is_needed():
    code = """
import sys
sys.modules.update(dict.fromkeys(("scipy", "skimage", "torch")))
import numpy as np
from perceptual_photomosaic.evaluate import legibility
assert legibility(*np.zeros((2, 9, 9, 3), np.uint8)).tones32 > 0.999
"""
    subprocess.run([sys.executable, "-c", code], check=True)
