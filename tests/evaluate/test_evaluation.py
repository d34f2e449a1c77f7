from __future__ import annotations

import json
import sys

import numpy as np
import pytest

from perceptual_photomosaic.errors import GridError, ImageError, MissingExtraError
from perceptual_photomosaic.evaluate import Ruler, evaluate
from perceptual_photomosaic.evaluate.judge import load_judge
from perceptual_photomosaic.evaluate.views import VIEW_CELLS_PX, area_average, encode_srgb


def photo(height: int = 64, width: int = 96, seed: int = 0) -> np.ndarray:
    """Return a picture with large shapes and fine noise."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    colours = np.stack([x / width, y / height, np.hypot(x - width / 3, y - height / 2) < height / 4], axis=-1)
    return (np.clip(colours * 0.8 + rng.normal(0.1, 0.05, (height, width, 3)), 0, 1) * 255).astype(np.uint8)


def blocks(picture: np.ndarray, rows: int, cols: int) -> np.ndarray:
    """Return a mosaic of flat cells, each with the mean colour of its part of the target."""
    height, width = picture.shape[:2]
    cells = np.rint(encode_srgb(area_average(picture, (rows, cols))) * 255).astype(np.uint8)
    return cells.repeat(height // rows, axis=0).repeat(width // cols, axis=1)


def test_a_picture_is_a_perfect_mosaic_of_itself():
    result = evaluate(photo(), photo(), (8, 12), judge=False)
    assert [view.cell_px for view in result.views] == list(VIEW_CELLS_PX)
    for view in result.views:
        assert view.delta_e_mean == 0
        assert view.delta_e_p95 == 0
        assert view.ssim == pytest.approx(1)
        assert view.gradient == pytest.approx(1)


def test_better_from_afar():
    result = evaluate(blocks(photo(), 8, 12), photo(), (8, 12), judge=False)
    means = [result.at(cell_px).delta_e_mean for cell_px in (8, 4, 2, 1)]
    assert means == sorted(means, reverse=True)
    assert result.at(1).size_px == (12, 8)
    assert result.at(1).delta_e_mean < 0.5
    assert result.at(8).delta_e_p95 > result.at(8).delta_e_mean > 3


def test_pixels_per_cell_do_not_matter():
    mosaic = blocks(photo(seed=1), 8, 12)
    one = evaluate(mosaic, photo(), (8, 12), judge=False)
    two = evaluate(mosaic.repeat(3, axis=0).repeat(3, axis=1), photo(), (8, 12), judge=False)
    for a, b in zip(one.views, two.views, strict=True):
        assert a.delta_e_mean == pytest.approx(b.delta_e_mean, abs=1e-4)
        assert a.ssim == pytest.approx(b.ssim)


def test_the_target_is_cropped_like_make_does():
    wide = photo(64, 120)
    mosaic = blocks(photo(seed=2), 8, 12)
    uncropped = evaluate(mosaic, wide, (8, 12), judge=False)
    cropped = evaluate(mosaic, np.ascontiguousarray(wide[:, 12:108]), (8, 12), judge=False)
    assert uncropped == cropped


def test_cells_need_not_be_square():
    mosaic = blocks(photo(seed=3), 8, 6)  # cells of 16 x 8 px
    result = evaluate(mosaic, photo(), (8, 6), judge=False)
    assert result.at(4).size_px == (34, 23)  # as large as 24 x 32 px, with the pictures' aspect of 3:2


def test_one_ruler_measures_many_mosaics():
    ruler = Ruler(photo(), (8, 12), judge=False)
    for seed in (1, 2):
        mosaic = blocks(photo(seed=seed), 8, 12)
        assert ruler.measure(mosaic) == evaluate(mosaic, photo(), (8, 12), judge=False)


def test_the_judge_speaks_at_three_distances_where_it_can_see():
    pytest.importorskip("torch")
    pytest.importorskip("flip_evaluator")
    result = evaluate(blocks(photo(), 8, 12), photo(), (8, 12))
    heard = {view.cell_px: (view.judge, view.flip) for view in result.views}
    assert heard[8.0][0] > 0.05
    assert 0 < heard[8.0][1] < 1
    assert heard[4.0][0] is not None
    assert heard[2.0] == (None, None)  # 16 px high: too small
    assert heard[16.0] == heard[1.0] == (None, None)
    assert result.mean("judge") is None
    assert result.mean("judge", (8, 4)) == pytest.approx((heard[8.0][0] + heard[4.0][0]) / 2)


def test_without_torch_the_rest_still_works(monkeypatch):
    load_judge.cache_clear()
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingExtraError, match="'eval' extra"):
        evaluate(photo(), photo(), (8, 12))
    assert evaluate(photo(), photo(), (8, 12), judge=False).at(1).delta_e_mean == 0


def test_everything_fits_into_json():
    assignment = np.arange(96).reshape(8, 12) % 90
    result = evaluate(photo(), photo(), (8, 12), judge=False, assignment=assignment)
    data = json.loads(json.dumps(result.to_dict()))
    assert data["grid"] == {"rows": 8, "columns": 12}
    assert data["tiles"] == {"cells": 96, "distinct": 90, "most_used": 2, "nearest_repeat": 7}
    assert data["views"][1]["cell_px"] == 8
    assert data["views"][1]["judge"] is None


def test_what_does_not_fit_is_refused():
    with pytest.raises(ImageError, match="the mosaic must be"):
        evaluate(photo()[..., 0], photo(), (8, 12), judge=False)
    with pytest.raises(ImageError, match="the target must be"):
        evaluate(photo(), photo() / 255, (8, 12), judge=False)
    with pytest.raises(GridError, match="at least one row"):
        evaluate(photo(), photo(), (0, 12), judge=False)
    with pytest.raises(GridError, match="the assignment"):
        evaluate(photo(), photo(), (8, 12), judge=False, assignment=np.zeros((12, 8), int))
    with pytest.raises(GridError, match="was not measured, only 1"):
        evaluate(photo(), photo(), (8, 12), judge=False, cells_px=(1,)).at(3)
