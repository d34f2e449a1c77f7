"""Tests of copies of photos in a folder: they count as one photo, unless the spec keeps them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from perceptual_photomosaic.api import make_mosaic, open_plan
from perceptual_photomosaic.errors import ConstraintError, TileError
from perceptual_photomosaic.tiles import Photos, TileOptions, open_tiles
from perceptual_photomosaic.tiles.names import TileNames
from tests.library.conftest import smooth

from .conftest import Heard


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """Make twelve photos: the first three times, the second also smaller and re-encoded, the third also darker."""
    folder = tmp_path / "copied"
    (folder / "more").mkdir(parents=True)
    for number in range(12):
        Image.fromarray(smooth(number)).save(folder / f"{number}.jpg", quality=92)
    for copy in (folder / "0 copy.jpg", folder / "more" / "0.jpg"):
        shutil.copy(folder / "0.jpg", copy)
    Image.fromarray(smooth(1)).resize((100, 75)).save(folder / "1 sent.jpg", quality=60)
    Image.fromarray(smooth(2) // 2).save(folder / "2 dark.jpg")
    return folder


def names(photos: Photos) -> list[str]:
    return [str(Path(path).relative_to(photos.folder)) for path in photos.paths]


@pytest.mark.parametrize("cached", [False, True])
def test_copies_are_one_photo_and_it_is_said(copied: Path, tmp_path: Path, heard: Heard, cached: bool) -> None:
    options = TileOptions(cache=tmp_path / "cache" if cached else None)
    for _ in range(2):
        heard.notes.clear()
        photos = Photos(copied, options, reporter=heard)
        assert sorted(names(photos)) == sorted(["0 copy.jpg", "2 dark.jpg", *(f"{n}.jpg" for n in range(1, 12))])
        assert heard.notes == [
            f"3 photos are copies of others (2 byte for byte, 1 nearly) and left out; "
            f"photos:{copied},duplicates=yes uses all"
        ]
    assert photos.skipped == ()


def test_all_are_there_on_request(copied: Path, heard: Heard) -> None:
    tiles = open_tiles(f"photos:{copied},duplicates=yes", reporter=heard)
    assert len(tiles) == 16
    assert tiles.spec == f"photos:{copied},duplicates=yes"
    assert not heard.notes
    assert len(open_tiles(f"photos:{copied},duplicates=no")) == 13
    with pytest.raises(TileError, match="photos: duplicates: expected yes or no, got 'maybe'"):
        open_tiles(f"photos:{copied},duplicates=maybe")


def test_the_identity_is_that_of_a_folder_without_the_copies(copied: Path) -> None:
    before = Photos(copied).identity()
    assert Photos(copied, duplicates=True).identity() != before
    for copy in ("0.jpg", "more/0.jpg", "1 sent.jpg"):
        (copied / copy).unlink()
    assert Photos(copied).identity() == before


def test_a_copy_is_found_by_its_name(copied: Path) -> None:
    photos = Photos(copied)
    names = TileNames(photos)
    for name in ("0.jpg", "more/0.jpg", "0 copy.jpg"):
        assert names.find(name if "/" not in name else str(copied / name)) == photos.paths.index(
            str(copied / "0 copy.jpg")
        )
    both = TileNames(open_tiles([str(copied), "emoji"], TileOptions(variants=("flip",))))
    assert both.find("1 sent.jpg") == photos.paths.index(str(copied / "1.jpg"))


def test_limits_count_copies_as_one(copied: Path) -> None:
    target = np.tile(smooth(0, (40, 40)), (3, 4, 1))
    with pytest.raises(ConstraintError, match="13 tiles used at most 1 times fill 13 of 16 cells"):
        make_mosaic(target, str(copied), columns=4, rows=4, fit="stretch", max_uses=1)
    mosaic = make_mosaic(target, str(copied), columns=4, rows=3, fit="stretch", max_uses=1)
    drawn = {mosaic.tiles.source(tile) for tile in mosaic.tile_numbers.ravel().tolist()}
    assert len({Path(path).read_bytes() for path in drawn}) == 12
    mosaic = make_mosaic(target, f"photos:{copied},duplicates=yes", columns=4, rows=4, fit="stretch", max_uses=1)
    assert len(np.unique(mosaic.tile_numbers)) == 16


def test_a_plan_that_names_a_copy_is_drawn_with_the_photo_that_is_used(copied: Path, tmp_path: Path) -> None:
    spec = f"photos:{copied},duplicates=yes"
    mosaic = make_mosaic(smooth(0), spec, columns=4, rows=4, fit="stretch", use_all=True, tile_size=16)
    mosaic.save_plan(tmp_path / "plan.json")
    plan = json.loads((tmp_path / "plan.json").read_text())
    plan["tiles"] = [str(copied)]
    (tmp_path / "older.json").write_text(json.dumps(plan))
    older = open_plan(tmp_path / "older.json")
    assert np.abs(older.to_array().astype(int) - mosaic.to_array()).mean() < 1
    assert np.array_equal(open_plan(tmp_path / "plan.json").to_array(), mosaic.to_array())


def test_templates_that_are_alike_and_flat_colours_stay(tmp_path: Path) -> None:
    for level in range(0, 256, 3):
        Image.new("RGB", (16, 16), (level, 90, 90)).save(tmp_path / f"{level}.png")
    assert len(Photos(tmp_path)) == 86
