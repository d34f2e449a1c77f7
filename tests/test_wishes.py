"""Special requests: tiles that must appear, colours of tiles that are shifted, and the target laid over the tiles."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from perceptual_photomosaic import make_mosaic, open_plan
from perceptual_photomosaic.errors import ConstraintError, PlanError, TileError


@pytest.mark.parametrize("limits", [{}, {"max_uses": 3}, {"min_distance": 3}, {"max_uses": 4, "min_distance": 2}])
@pytest.mark.parametrize("method", ["solve", "nearest", "mean", "ncc"])
def test_tiles_that_must_be_included_are(
    target: NDArray[np.uint8], photo_folder: Path, method: str, limits: dict[str, int]
) -> None:
    free = make_mosaic(target, str(photo_folder), columns=8, tile_size=12, method=method, **limits)
    uses = np.bincount(free.tile_numbers.ravel(), minlength=24)
    rare = np.argsort(uses, kind="stable")[:3]
    names = [f"{rare[0]:02}.png", str(photo_folder / f"{rare[1]:02}.png"), f"{rare[2]:02}.png"]
    mosaic = make_mosaic(
        target, str(photo_folder), columns=8, tile_size=12, method=method, must_include=names, variants="flip", **limits
    )
    uses = np.bincount(mosaic.tile_numbers.ravel(), minlength=24)
    assert (uses[rare] >= 1).all()
    assert uses.max() <= limits.get("max_uses", 48)
    assert mosaic.options.must_include == tuple(names)


def test_more_than_there_is_room_for(target: NDArray[np.uint8], photo_folder: Path) -> None:
    names = [f"{number:02}.png" for number in range(7)]
    with pytest.raises(ConstraintError, match="7 tiles must all appear, but there are 6 cells: 1 are missing"):
        make_mosaic(target, str(photo_folder), columns=3, rows=2, tile_size=8, method="mean", must_include=names)


def test_a_tile_that_is_not_there(target: NDArray[np.uint8], photo_folder: Path) -> None:
    with pytest.raises(TileError, match=r"has no tile 'granny.png'"):
        make_mosaic(target, str(photo_folder), columns=8, method="mean", must_include=["granny.png"])


def from_target(mosaic: NDArray[np.uint8], target: NDArray[np.uint8]) -> float:
    """Return the distance of the means of 12 x 12 cells from the target's."""
    size = mosaic.shape[1] // 8, mosaic.shape[0] // 6
    cells = mosaic.reshape(6, size[1], 8, size[0], 3).mean(axis=(1, 3))
    return float(np.abs(cells - target.reshape(6, 12, 8, 12, 3).mean(axis=(1, 3))).mean())


@pytest.mark.parametrize("wish", ["adjust", "blend"])
def test_the_more_the_nearer(target: NDArray[np.uint8], pictures: NDArray[np.uint8], wish: str) -> None:
    errors = []
    for share in (0, 0.5, 1):
        mosaic = make_mosaic(target, pictures, columns=8, tile_size=24, method="nearest", **{wish: share})
        errors.append(from_target(mosaic.to_array(), target))
    assert errors[0] > 1.5 * errors[1] > 2 * errors[2]


@pytest.mark.parametrize("wishes", [{"adjust": 0.7}, {"blend": 0.3}, {"adjust": 0.4, "blend": 0.25}])
@pytest.mark.parametrize("fit", ["crop", "pad"])
def test_memory_file_and_plan_agree(
    target_file: Path, photo_folder: Path, tmp_path: Path, wishes: dict[str, float], fit: str
) -> None:
    mosaic = make_mosaic(
        target_file,
        str(photo_folder),
        columns=7,
        fit=fit,
        tile_size=18,
        method="mean",
        out=tmp_path / "out.png",
        **wishes,
    )
    assert (np.asarray(Image.open(tmp_path / "out.png")) == mosaic.to_array()).all()
    mosaic.save_plan(tmp_path / "plan.json")
    again = open_plan(tmp_path / "plan.json")
    assert (again.to_array() == mosaic.to_array()).all()
    open_plan(tmp_path / "plan.json", tile_size=40).write(tmp_path / "large.tif")
    large = np.asarray(Image.open(tmp_path / "large.tif").resize(mosaic.size_px, Image.Resampling.BOX)).astype(float)
    assert np.abs(large - mosaic.to_array()).mean() < 6
    assert mosaic.preview().width > 2 * mosaic.size_px[0]


def test_a_plan_that_blends_needs_its_target(target_file: Path, photo_folder: Path, tmp_path: Path) -> None:
    mosaic = make_mosaic(target_file, str(photo_folder), columns=6, tile_size=8, method="mean", blend=0.2)
    mosaic.save_plan(tmp_path / "plan.json")
    Image.new("RGB", (50, 50)).save(target_file)
    with pytest.raises(PlanError, match=r"made for a target of 96 x 72 px, but '.*portrait.png' now has 50 x 50"):
        open_plan(tmp_path / "plan.json")
    target_file.unlink()
    with pytest.raises(PlanError, match=r"needs its target, as it lays .* Put it back, or say --look-in FOLDER"):
        open_plan(tmp_path / "plan.json")
    assert open_plan(tmp_path / "plan.json", blend=0).to_array().shape == mosaic.to_array().shape


def test_a_plan_that_blends_an_array(target: NDArray[np.uint8], photo_folder: Path, tmp_path: Path) -> None:
    make_mosaic(target, str(photo_folder), columns=6, tile_size=8, method="mean", blend=0.2).save_plan(
        tmp_path / "plan.json"
    )
    with pytest.raises(PlanError, match="was made from a picture without a file"):
        open_plan(tmp_path / "plan.json")
