"""Tests of tiles shown whole over the background: equal from files, libraries and memory, and in plans drawn again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from perceptual_photomosaic import make_mosaic, open_plan
from perceptual_photomosaic.image import decode, whole_size
from perceptual_photomosaic.library.build import update_library
from perceptual_photomosaic.render.originals import soft_originals_note
from perceptual_photomosaic.tiles import Photos, TileOptions, open_tiles
from perceptual_photomosaic.tiles.arrays import ArrayTiles

RED, BLUE = (255, 0, 0), (0, 0, 255)


@pytest.fixture
def shapes(tmp_path: Path) -> Path:
    """Make flat red photos: twice as wide as high, twice as high as wide, and square."""
    folder = tmp_path / "shapes"
    folder.mkdir()
    for name, size_px in (("a", (400, 200)), ("b", (200, 400)), ("c", (300, 300))):
        Image.new("RGB", size_px, RED).save(folder / f"{name}.png")
    return folder


def blue_around(size_px: tuple[int, int], inner_px: tuple[int, int]) -> NDArray[np.uint8]:
    """Return a red box in the middle of blue."""
    drawn = Image.new("RGB", size_px, BLUE)
    drawn.paste(RED, ((size_px[0] - inner_px[0]) // 2, (size_px[1] - inner_px[1]) // 2, *_end(size_px, inner_px)))
    return np.asarray(drawn)


def _end(size_px: tuple[int, int], inner_px: tuple[int, int]) -> tuple[int, int]:
    return (size_px[0] + inner_px[0]) // 2, (size_px[1] + inner_px[1]) // 2


def as_files(folder: Path, options: TileOptions) -> object:
    return open_tiles(str(folder), options)


def as_library(folder: Path, options: TileOptions) -> object:
    update_library(folder.parent / "lib", [str(folder)], create=True, workers=1)
    return open_tiles(f"library:{folder.parent / 'lib'},duplicates=yes", options)


def as_memory(folder: Path, options: TileOptions) -> object:
    pictures = [Image.open(path) for path in sorted(folder.iterdir())]
    return ArrayTiles(pictures, background=options.background, whole=True)


@pytest.mark.parametrize("opened", [as_files, as_library, as_memory])
@pytest.mark.parametrize(
    ("aspect", "size_px", "inner"),
    [
        ((1, 1), (32, 32), ((32, 16), (16, 32), (32, 32))),
        ((1, 1), (200, 200), ((200, 100), (100, 200), (200, 200))),  # from the files
        ((1, 1), (8, 8), ((8, 4), (4, 8), (8, 8))),
        ((2, 1), (64, 32), ((64, 32), (16, 32), (32, 32))),
        ((1, 2), (16, 32), ((16, 8), (16, 32), (16, 16))),
    ],
)
def test_photos_stay_whole(shapes: Path, opened: object, aspect: object, size_px: object, inner: object) -> None:
    options = TileOptions(cell_aspect=aspect, thumbnail_px=size_px, crop="none", background=BLUE)  # type: ignore[arg-type]
    tiles = opened(shapes, options)  # type: ignore[operator]
    for picture, inner_px in zip(tiles.pictures(size_px), inner, strict=True):  # type: ignore[call-overload]
        np.testing.assert_array_equal(picture, blue_around(size_px, inner_px))  # type: ignore[arg-type]


def test_small_photos_and_turned_ones_stay_whole(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (8, 4), RED).save(tmp_path / "a.png")
    Image.new("RGB", (400, 100), RED).save(tmp_path / "b.jpg", exif=exif, quality=100)
    tiles = Photos(tmp_path, TileOptions(crop="none", background=BLUE))
    assert (tiles.pictures((64, 64))[0] == blue_around((64, 64), (64, 32))).all()
    for side in (32, 64):  # the thumbnail, the file
        found = np.abs(tiles.pictures((side, side))[1].astype(int) - blue_around((side, side), (side // 4, side)))
        assert found.max() <= 2


@given(
    own=st.tuples(st.integers(1, 5000), st.integers(1, 5000)),
    aspect=st.tuples(st.integers(1, 20), st.integers(1, 20)),
    longer=st.integers(1, 300),
)
def test_drawn_size_keeps_the_shape_to_half_a_pixel(own: tuple[int, int], aspect: tuple[int, int], longer: int) -> None:
    size_px = (longer * aspect[0], longer * aspect[1])
    drawn = whole_size(own, aspect, size_px)
    scale = min(size_px[0] / own[0], size_px[1] / own[1])
    assert all(1 <= side <= most for side, most in zip(drawn, size_px, strict=True))
    assert any(side == most for side, most in zip(drawn, size_px, strict=True))
    assert all(side == 1 or abs(side - of * scale) <= 0.5001 for side, of in zip(drawn, own, strict=True))


def test_a_photo_that_fills_the_cell_is_as_with_any_crop(tmp_path: Path, target: NDArray[np.uint8]) -> None:
    Image.fromarray(target).save(tmp_path / "a.png")  # 4:3
    np.testing.assert_array_equal(
        decode(tmp_path / "a.png", (32, 24), crop=None, background=BLUE), decode(tmp_path / "a.png", (32, 24))
    )


def test_a_spec_may_say_it_for_one_folder(shapes: Path) -> None:
    tiles = open_tiles(f"photos:{shapes},crop=none,background=blue")
    assert tiles.spec == f"photos:{shapes},crop=none,background=#0000ff"
    assert (tiles.pictures((32, 32))[0] == blue_around((32, 32), (32, 16))).all()
    assert tiles.identity() == Photos(shapes, TileOptions(crop="none", background=BLUE)).identity()
    assert tiles.identity() != Photos(shapes, TileOptions(crop="none")).identity()


def test_matching_sees_what_is_drawn(shapes: Path) -> None:
    """Check that a cell with blue sides takes the upright photo; centred crops of both photos are equal."""
    cell = blue_around((32, 32), (16, 32))
    target = np.concatenate([cell, cell.transpose(1, 0, 2)], axis=1)
    for method in ("solve", "nearest"):
        mosaic = make_mosaic(
            target, shapes, columns=2, tile_size=32, crop="none", background="blue", method=method, cell_aspect="1:1"
        )
        assert mosaic.choices.tolist() == [[1, 0]]
        assert (mosaic.to_array() == target).all()


def test_a_plan_and_pictures_in_memory_are_drawn_alike(shapes: Path, target: NDArray[np.uint8], tmp_path: Path) -> None:
    asked = {"columns": 6, "crop": "none", "background": "blue", "method": "nearest"}
    mosaic = make_mosaic(target, shapes, tile_size=32, **asked)  # type: ignore[arg-type]
    mosaic.save_plan(tmp_path / "plan.json")
    assert (open_plan(tmp_path / "plan.json").to_array() == mosaic.to_array()).all()
    large = open_plan(tmp_path / "plan.json", tile_size=128)
    assert (large.to_array()[::4, ::4] == mosaic.to_array()).all()
    memory = [Image.open(path) for path in sorted(shapes.iterdir())]
    assert (make_mosaic(target, memory, tile_size=32, **asked).to_array() == mosaic.to_array()).all()  # type: ignore[arg-type]


def test_whole_photos_need_fewer_pixels_in_print(shapes: Path) -> None:
    assert "2 of 3 photos" in soft_originals_note(open_tiles(str(shapes)), range(3), (300, 300))
    assert soft_originals_note(open_tiles(str(shapes)), range(3), (300, 300), "none") == ""
    assert "1 of 3 photos" in soft_originals_note(open_tiles(f"photos:{shapes},crop=none"), range(3), (400, 400))
