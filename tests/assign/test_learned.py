"""The network as a method: its own argmax without limits, and within every limit otherwise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from perceptual_photomosaic import make_mosaic
from perceptual_photomosaic.assign.learned import _costs
from perceptual_photomosaic.errors import ModelError


def test_costs_rank_as_the_logits_do_and_strangers_come_last() -> None:
    logits = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    costs = _costs(logits, np.array([4, 0, 2]), 6)
    np.testing.assert_array_equal(costs.argmin(axis=1), np.array([4, 0, 2])[logits.argmax(axis=1)])
    assert costs[:, [1, 3, 5]].min() > costs[:, [4, 0, 2]].max()


def test_the_shipped_model_of_the_tiles_is_taken(target: np.ndarray) -> None:
    pytest.importorskip("torch", reason="the perceptual extra is not installed")
    asked = {"columns": 8, "method": "mosaicnet"}
    for colours, name in (("", "glyphs"), (",foreground=white,background=black", "glyphs-white")):
        mosaic = make_mosaic(target, f"glyphs:set=alnum{colours}", **asked)
        named = make_mosaic(target, f"glyphs:set=alnum{colours}", model=name, **asked)
        np.testing.assert_array_equal(mosaic.choices, named.choices)
        assert mosaic.figures["model"] == named.figures["model"]


def test_where_no_model_ships_for_the_tiles_it_says_for_which_there_are(target: np.ndarray) -> None:
    pytest.importorskip("torch", reason="the perceptual extra is not installed")
    with pytest.raises(ModelError, match=r"has no network for 'glyphs:set=ascii.*--model FILE, or use --tiles"):
        make_mosaic(target, "glyphs", columns=8, method="mosaicnet")


def test_an_unknown_model_is_named(target: np.ndarray, tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="the perceptual extra is not installed")
    with pytest.raises(ModelError, match="nowhere"):
        make_mosaic(target, "glyphs", columns=8, method="mosaicnet", model=str(tmp_path / "nowhere.safetensors"))


def test_under_limits_cells_that_matter_are_served_first(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="the perceptual extra is not installed")
    ramp = np.tile(np.linspace(0, 255, 96).astype(np.uint8)[None, :, None], (72, 1, 3))
    mask = np.zeros((72, 96), np.uint8)
    mask[24:48, 24:72] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    asked = {"columns": 12, "method": "mosaicnet", "model": "glyphs"}
    free = make_mosaic(ramp, "glyphs:set=alnum", **asked).choices
    plain, served = (
        make_mosaic(ramp, "glyphs:set=alnum", max_uses=2, region=region, **asked).choices
        for region in (None, str(tmp_path / "mask.png"))
    )
    inside = np.zeros((9, 12), bool)
    inside[3:6, 3:9] = True
    assert (served == free)[inside].sum() > (plain == free)[inside].sum()


def test_cells_must_be_square(target: np.ndarray) -> None:
    pytest.importorskip("torch", reason="the perceptual extra is not installed")
    with pytest.raises(ModelError, match="3:2"):
        make_mosaic(target, "glyphs", columns=8, cell_aspect="3:2", method="mosaicnet", model="glyphs")
