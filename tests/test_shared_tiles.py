"""Tiles shared by several mosaics: opened once, with the same mosaics as without sharing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from perceptual_photomosaic import make_mosaic
from perceptual_photomosaic.errors import TileError
from perceptual_photomosaic.inputs import open_tile_set
from perceptual_photomosaic.shared_tiles import SharedTiles

Counted = list[object]


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Counted:
    """The tile options of each opening of tiles."""
    cuts: Counted = []

    def counting(tiles: object, cut: object, reporter: object) -> object:
        cuts.append(cut)
        return open_tile_set(tiles, cut, reporter)  # type: ignore[arg-type]

    monkeypatch.setattr("perceptual_photomosaic.shared_tiles.open_tile_set", counting)
    return cuts


def test_each_mosaic_is_what_it_would_be_alone(target: NDArray[np.uint8], photo_folder: Path, opened: Counted) -> None:
    targets = [target, target[:, ::-1], 255 - target]
    shared = SharedTiles(str(photo_folder))
    together = [make_mosaic(each, shared, columns=12, tile_size=12, adjust=0.3) for each in targets]
    assert len(opened) == 1
    for each, mosaic in zip(targets, together, strict=True):
        alone = make_mosaic(each, str(photo_folder), columns=12, tile_size=12, adjust=0.3)
        np.testing.assert_array_equal(mosaic.to_array(), alone.to_array())


def test_targets_that_want_other_cells_open_the_tiles_again(
    target: NDArray[np.uint8], photo_folder: Path, opened: Counted
) -> None:
    shared = SharedTiles(str(photo_folder))
    for each in (target, target.swapaxes(0, 1), target, target.swapaxes(0, 1)):
        make_mosaic(each, shared, columns=9, size="500x400px", method="nearest")
    assert len(opened) == len(set(map(str, opened))) == 2


def test_what_is_wrong_with_the_tiles_is_kept_apart_from_what_is_wrong_with_a_target(
    target: NDArray[np.uint8], tmp_path: Path
) -> None:
    shared = SharedTiles(str(tmp_path))
    with pytest.raises(TileError) as caught:
        make_mosaic(target, shared)
    assert shared.failure is caught.value
