"""What people ask of a mosaic beyond its looks: tiles that must be in it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from perceptual_photomosaic import make_mosaic
from perceptual_photomosaic.config import METHODS
from perceptual_photomosaic.errors import ConstraintError, TileError


@pytest.mark.parametrize("limits", [{}, {"max_uses": 3}, {"min_distance": 3}, {"max_uses": 4, "min_distance": 2}])
@pytest.mark.parametrize("method", METHODS)
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
