"""Tests of a library as tiles: pictures equal those of the files, copies count once, and the spec opens it again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from perceptual_photomosaic.api import make_mosaic, open_plan
from perceptual_photomosaic.errors import TileError
from perceptual_photomosaic.image import decode
from perceptual_photomosaic.library.build import update_library
from perceptual_photomosaic.library.library_tiles import LibraryTiles
from perceptual_photomosaic.library.search import nearest, search_library
from perceptual_photomosaic.tiles import TileOptions, open_tiles
from tests.library.conftest import smooth


@pytest.fixture
def library(tmp_path: Path, photos: Path) -> Path:
    update_library(tmp_path / "lib", [str(photos)], create=True, workers=1)
    return tmp_path / "lib"


@pytest.mark.parametrize("aspect", [(1, 1), (3, 2), (2, 3)])
def test_small_pictures_are_those_of_the_files_nearly(library: Path, aspect: tuple[int, int]) -> None:
    tiles = LibraryTiles(library, TileOptions(cell_aspect=aspect))
    size_px = (16 * aspect[0], 16 * aspect[1])
    drawn = tiles.pictures(size_px, [3, 0, 3])
    exact = np.stack([decode(tiles.source(tile), size_px, aspect=aspect) for tile in (3, 0, 3)])
    assert np.abs(drawn.astype(int) - exact).mean() < 1.5
    np.testing.assert_array_equal(drawn[0], drawn[2])


def test_photos_of_any_shape_are_taken(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    rng = np.random.default_rng(0)
    for number, (width, height) in enumerate(rng.integers(1, 700, (60, 2)).tolist()):
        Image.fromarray(smooth(number, (width, height))).save(photos / f"{number}.jpg")
    assert update_library(tmp_path / "lib", [str(photos)], create=True).skipped == []
    options = TileOptions(cell_aspect=(118, 117))
    assert len(LibraryTiles(tmp_path / "lib", options, duplicates=True).pictures((24, 24))) == 60


def test_large_pictures_come_from_the_files(library: Path) -> None:
    tiles = LibraryTiles(library)
    large = tiles.pictures((118, 118), [5, 5])
    np.testing.assert_array_equal(large[1], decode(tiles.source(5), (118, 118), aspect=(1, 1)))
    Path(tiles.source(5)).unlink()
    tiles.pictures((32, 32), [5])
    with pytest.raises(TileError, match="library update"):
        tiles.pictures((118, 118), [5])


def test_transparent_photos_show_the_background_that_is_asked_for(tmp_path: Path, photos: Path) -> None:
    Image.fromarray(np.zeros((40, 40, 4), np.uint8)).save(photos / "0.png")
    update_library(tmp_path / "lib", [str(photos)], create=True, workers=1)
    for colour in ((255, 255, 255), (10, 20, 30)):
        tiles = LibraryTiles(tmp_path / "lib", TileOptions(background=colour))
        number = tiles.paths.index(str(photos / "0.png"))
        np.testing.assert_array_equal(tiles.pictures((8, 8), [number])[0, 4, 4], colour)


def test_the_order_is_natural_and_independent_of_how_it_was_built(tmp_path: Path, photos: Path, library: Path) -> None:
    other = tmp_path / "other"
    update_library(other, [str(photos / "below")], create=True, workers=3)
    update_library(other, [str(photos)], workers=2)
    one, two = LibraryTiles(library), LibraryTiles(other)
    assert one.paths == two.paths
    assert one.identity() == two.identity()
    np.testing.assert_array_equal(one.pictures((24, 24)), two.pictures((24, 24)))
    names = [Path(path).stem for path in one.paths if Path(path).parent == photos]
    assert names == sorted(names, key=int)


def test_near_duplicates_are_used_once_and_the_largest_is_kept(tmp_path: Path, photos: Path) -> None:
    original = Image.fromarray(smooth(3, (640, 480)))
    original.resize((400, 300)).save(photos / "smaller.jpg", quality=60)
    original.save(photos / "largest.png")
    original.save(photos / "other coder.webp", quality=70)
    ImageEnhance.Brightness(Image.fromarray(smooth(4))).enhance(0.5).save(photos / "much darker.jpg")
    update_library(tmp_path / "lib", [str(photos)], create=True, workers=1)
    names = {Path(path).name for path in LibraryTiles(tmp_path / "lib").paths}
    assert {"3.jpg", "smaller.jpg", "other coder.webp"} & names == set()
    assert {"largest.png", "much darker.jpg", "4.jpg"} <= names
    assert len(LibraryTiles(tmp_path / "lib", duplicates=True)) == len(names) + 3
    opened = open_tiles(f"library:{tmp_path / 'lib'},duplicates=yes")
    assert len(opened) == len(names) + 3
    assert len(open_tiles(opened.spec)) == len(opened)


def test_a_plan_from_a_library_is_drawn_again(tmp_path: Path, library: Path) -> None:
    target = np.linspace(0, 255, 64 * 64 * 3).reshape(64, 64, 3).astype(np.uint8)
    mosaic = make_mosaic(target, str(library), columns=8, tile_size=32, method="nearest")
    assert mosaic.tiles.spec == f"library:{library}"
    mosaic.save_plan(tmp_path / "plan.json")
    np.testing.assert_array_equal(open_plan(tmp_path / "plan.json").to_array(), mosaic.to_array())


def test_a_photo_finds_itself_first(library: Path, tmp_path: Path) -> None:
    tiles = LibraryTiles(library)
    Image.fromarray(smooth(11, (320, 240))).save(tmp_path / "query.png")
    found = search_library(tiles, tmp_path / "query.png", 5)
    assert Path(tiles.source(found[0][0])).name == "11.jpg"
    distances = [distance for _, distance in found]
    assert distances == sorted(distances)
    assert distances[0] < 0.02 < distances[1]


def test_nearest_is_what_comparing_all_with_all_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    queries, among = rng.normal(size=(37, 12)).astype(np.float32), rng.normal(size=(501, 12)).astype(np.float32)
    monkeypatch.setattr("perceptual_photomosaic.library.search._BLOCK_TILES", 64)
    monkeypatch.setattr("perceptual_photomosaic.library.search._BLOCK_ENTRIES", 640)
    numbers, distances = nearest(queries, among, 5)
    squares = np.square(queries[:, None].astype(np.float64) - among).sum(axis=2)
    np.testing.assert_array_equal(numbers, np.argsort(squares, axis=1)[:, :5])
    np.testing.assert_allclose(distances, np.sort(squares, axis=1)[:, :5], rtol=1e-4)
    assert nearest(queries, among[:3], 5)[0].shape == (37, 3)


def test_clusters_find_nearly_all_that_comparing_finds() -> None:
    pytest.importorskip("faiss")
    rng = np.random.default_rng(0)
    middles = rng.normal(size=(40, 24))
    among = (middles[rng.integers(0, 40, 4000)] + 0.3 * rng.normal(size=(4000, 24))).astype(np.float32)
    queries = among[::40] + np.float32(0.01)
    exact, _ = nearest(queries, among, 10, exact=True)
    found, _ = nearest(queries, among, 10, exact=False)
    recall = np.mean([len(set(a) & set(b)) / 10 for a, b in zip(exact.tolist(), found.tolist(), strict=True)])
    assert recall >= 0.95


def test_a_plan_with_relative_paths_moves_with_its_photos(tmp_path: Path, photos: Path) -> None:
    first = tmp_path / "first"
    first.mkdir()
    photos.rename(first / "photos, mine")
    Image.fromarray(smooth(1)).save(first / "target.png")
    specs = [str(first / "photos, mine"), "glyphs", f"slices:{first / 'target.png'}"]
    mosaic = make_mosaic(first / "target.png", specs, columns=8, tile_size=16, method="nearest")
    mosaic.save_plan(first / "plan.json", relative_to=first)
    text = (first / "plan.json").read_text()
    assert str(tmp_path) not in text
    drawn = mosaic.to_array()
    first.rename(tmp_path / "second")
    (tmp_path / "second" / "plan.json").rename(tmp_path / "plan.json")
    again = open_plan(tmp_path / "plan.json", relative_to=tmp_path / "second")
    np.testing.assert_array_equal(again.to_array(), drawn)
    assert again.target_path == str(tmp_path / "second" / "target.png")
