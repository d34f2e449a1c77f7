"""Importance: masks fitted like the target, detection of faces and edges, and balanced weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.typing import NDArray
from PIL import Image

from perceptual_photomosaic import make_mosaic
from perceptual_photomosaic.assign.solve.terms import TERMS
from perceptual_photomosaic.errors import ConfigError, ImageError, MissingExtraError
from perceptual_photomosaic.features import importance as module
from perceptual_photomosaic.features.colour import linear_to_din99d, to_linear
from perceptual_photomosaic.features.importance import (
    LEAST,
    MOST,
    _balanced,
    detail_of,
    importance_of,
    region_importance,
)
from perceptual_photomosaic.features.patches import PATCH, cell_patches, fit_target
from perceptual_photomosaic.grid import Grid


def save(picture: NDArray[np.uint8], path: Path) -> Path:
    Image.fromarray(picture).save(path)
    return path


def cells_of(target: NDArray[np.uint8], grid: Grid) -> NDArray[np.float32]:
    return cell_patches(fit_target(target, grid, (grid.columns * PATCH, grid.rows * PATCH)), grid)


@given(npst.arrays(np.float64, st.integers(1, 60), elements=st.floats(1e-3, 1e3)))
def test_balanced_weights_have_mean_one_and_keep_their_order(raw: NDArray[np.float64]) -> None:
    weights = _balanced(raw)
    assert weights.mean() == pytest.approx(1, rel=1e-4)
    assert weights.min() >= LEAST
    assert weights.max() <= MOST
    assert (np.diff(weights[np.argsort(raw, kind="stable")]) >= 0).all()


@pytest.mark.parametrize("scale", [1, 3])
@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
def test_a_mask_lies_where_the_target_lies(tmp_path: Path, fit: str, scale: int) -> None:
    """The mask is white where the target is red, so exactly the cells that contain red are important."""
    target = np.zeros((50, 83, 3), np.uint8)
    target[10:40, 30:70] = (255, 0, 0)
    mask = np.where(target[..., :1] > 0, 255, 0).astype(np.uint8)[..., 0].repeat(scale, 0).repeat(scale, 1)
    grid = Grid.fit((83, 50), columns=11, fit=fit)  # type: ignore[arg-type]
    share = fit_target(target, grid, (grid.columns, grid.rows), (0, 0, 0))[..., 0].ravel()
    weights = region_importance(save(mask, tmp_path / "mask.png"), grid)
    np.testing.assert_allclose(np.log(weights / LEAST) / np.log(MOST / LEAST), share, atol=0.01 if scale == 1 else 0.12)


def test_masks_that_are_no_use(tmp_path: Path) -> None:
    grid = Grid.fit((80, 60), columns=8)
    black = save(np.zeros((60, 80), np.uint8), tmp_path / "black.png")
    with pytest.raises(ConfigError, match=r"black.png' is black all over; paint white what matters"):
        region_importance(black, grid)
    tall = save(np.full((80, 60), 255, np.uint8), tmp_path / "tall.png")
    with pytest.raises(ConfigError, match=r"is 60 x 80 px and the target 80 x 60: the shapes differ"):
        region_importance(tall, grid)
    with pytest.raises(ImageError):
        region_importance(tmp_path / "gone.png", grid)


def test_transparent_parts_do_not_matter(tmp_path: Path) -> None:
    mask = np.full((60, 80, 4), 255, np.uint8)
    mask[:, 40:, 3] = 0
    weights = region_importance(save(mask, tmp_path / "mask.png"), Grid.fit((80, 60), columns=8)).reshape(6, 8)
    assert (weights[:, :4] == MOST).all()
    assert (weights[:, 4:] == LEAST).all()


def no_faces(picture: Image.Image) -> list[object]:
    """Raise the error of a missing scikit-image."""
    raise MissingExtraError("cropping around faces", "faces")


def test_edges_count_more_where_faces_cannot_be_looked_for(
    target: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "face_boxes", no_faces)
    flat = np.full_like(target, 120)
    flat[:, 70:] = 30
    grid = Grid.fit((96, 72), columns=12)
    found = detail_of(flat, cells_of(flat, grid), grid, "auto")
    assert found is not None
    assert found.dtype == np.float32
    found = found.reshape(9, 12)
    assert (found[:, 8] > 3).all()
    assert (found[:, :6] == 1).all()
    assert found.max() <= 4
    plain = np.full_like(target, 120)
    assert detail_of(plain, cells_of(plain, grid), grid, "auto") is None


def test_faces_get_the_best_tiles() -> None:
    data = pytest.importorskip("skimage.data")
    astronaut = data.astronaut()
    grid = Grid.fit((512, 512), columns=16)
    detail = detail_of(astronaut, cells_of(astronaut, grid), grid, "auto")
    assert detail is not None
    detail = detail.reshape(16, 16)
    assert detail[2:5, 6:8].min() > 10
    assert detail.max() <= 32
    assert (detail[8:] == 1).all()
    assert (detail[:, 12:] == 1).all()


def test_without_a_face_all_cells_count_alike(target: NDArray[np.uint8]) -> None:
    pytest.importorskip("skimage")
    grid = Grid.fit((96, 72), columns=12)
    assert detail_of(target, cells_of(target, grid), grid, "auto") is None


def test_nothing_asked_nothing_weighed(target: NDArray[np.uint8], tmp_path: Path) -> None:
    grid = Grid.fit((96, 72), columns=12)
    assert importance_of(grid, None) is None
    assert detail_of(target, cells_of(target, grid), grid, "none") is None
    mask = np.zeros((72, 96), np.uint8)
    mask[:, 48:] = 255
    weights = importance_of(grid, str(save(mask, tmp_path / "mask.png")))
    assert weights is not None
    assert weights.mean() == pytest.approx(1, rel=1e-4)
    assert (weights.reshape(9, 12)[:, 6:] == weights.max()).all()
    assert weights.max() > 2 * weights.min()


COLOUR_ALONE = ",".join(f"{row.name}=0" for row in TERMS if row.needs != "cell")
"""Weights that leave only the terms of colour inside cells."""


@pytest.mark.parametrize(
    ("limits", "share"),
    [
        ({"max_uses": 2, "variety": 0}, 0.95),
        ({"min_distance": 4, "variety": 0}, 0.97),
        ({"max_uses": 3, "min_distance": 3, "weights": COLOUR_ALONE}, 1.05),
    ],
)
@pytest.mark.parametrize("method", ["nearest", "solve"])
def test_under_limits_the_region_is_served_first(
    target: NDArray[np.uint8], tmp_path: Path, method: str, limits: dict[str, Any], share: float
) -> None:
    """The error is the mean over six tile sets, because the solver has other terms too and one set is not enough.

    With both limits at once there is no gain (a mean of 1.01 +- 0.02 over sixteen sets), so the error must only not
    rise. Since only colour is measured, the solver then uses only terms of colour.
    """
    mask = np.zeros((72, 96), np.uint8)
    mask[18:45, 40:80] = 255
    inside = np.array(Image.fromarray(mask).resize((12, 9), Image.Resampling.BOX)) > 127
    region = str(save(mask, tmp_path / "mask.png"))

    if method != "solve":
        limits = {name: value for name, value in limits.items() if name != "weights"}

    def error(tiles: NDArray[np.uint8], region: str | None) -> float:
        mosaic = make_mosaic(target, tiles, columns=12, tile_size=8, method=method, region=region, **limits)
        wanted = cells_of(target, mosaic.grid).mean(axis=(1, 2)).reshape(9, 12, 3)
        got = to_linear(mosaic.to_array()[::8, ::8])
        return float(np.linalg.norm(linear_to_din99d(wanted) - linear_to_din99d(got), axis=-1)[inside].mean())

    ratios = []
    for seed in range(6):
        colours = np.random.default_rng(seed).integers(0, 256, (60, 1, 1, 3)).astype(np.uint8)
        tiles = colours.repeat(8, 1).repeat(8, 2)
        ratios.append(error(tiles, region) / error(tiles, None))
    assert np.mean(ratios) < share
