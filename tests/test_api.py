"""The whole pipeline from Python: paths, arrays and Pillow images as input, and the mosaic with its files."""

from __future__ import annotations

import doctest
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from perceptual_photomosaic import Mosaic, MosaicError, MosaicOptions, api, make_mosaic, open_plan
from perceptual_photomosaic.compose import hard_mosaic
from perceptual_photomosaic.errors import ConfigError, GridError, ImageError, OutputError, PlanError, TileError
from perceptual_photomosaic.tiles import TileOptions, open_tiles
from perceptual_photomosaic.tiles.arrays import ArrayTiles


def small(target: NDArray[np.uint8], tiles: object, **changes: object) -> Mosaic:
    return make_mosaic(target, tiles, **{"columns": 8, "tile_size": 12, "method": "nearest", **changes})  # type: ignore[arg-type]


def test_docstrings_run() -> None:
    assert doctest.testmod(api).failed == 0


def test_every_form_of_target_and_tiles_gives_the_same(
    target: NDArray[np.uint8], target_file: Path, pictures: NDArray[np.uint8], photo_folder: Path
) -> None:
    arrays = small(target, pictures)
    for form in (target_file, str(target_file), Image.fromarray(target), Image.fromarray(target).convert("RGBA")):
        assert (small(form, pictures).choices == arrays.choices).all()
    images = [Image.fromarray(picture) for picture in pictures]
    for form in (list(pictures), images, tuple(images), str(photo_folder), photo_folder, [photo_folder]):
        assert (small(target, form).choices == arrays.choices).all()
    opened = open_tiles(str(photo_folder), TileOptions(thumbnail_px=(12, 12)))
    assert (small(target, opened).choices == arrays.choices).all()


def test_transparent_pictures_show_the_background() -> None:
    clear = Image.new("RGBA", (24, 24), (0, 0, 0, 0))
    mosaic = make_mosaic(clear, [clear], MosaicOptions(columns=4, tile_size=8, background="#0a141e"))
    assert (mosaic.target == (10, 20, 30)).all()
    assert (mosaic.to_array() == (10, 20, 30)).all()
    with pytest.raises(TileError, match="tile 1: a picture of 0 x 3 px has no pixels"):
        make_mosaic(clear, columns=4, tiles=[clear, Image.new("L", (0, 3))])


def test_options_and_names_are_one(target: NDArray[np.uint8], pictures: NDArray[np.uint8]) -> None:
    options = MosaicOptions(columns=8, tile_size=12, method="nearest", max_uses=3)
    assert (make_mosaic(target, pictures, options).choices == small(target, pictures, max_uses=3).choices).all()
    assert make_mosaic(target, pictures, options, columns=6).grid.columns == 6


@pytest.mark.parametrize("target", [None, [1, 2], 7, b"picture"])
def test_a_target_that_is_none_is_named(pictures: NDArray[np.uint8], target: object) -> None:
    with pytest.raises(ImageError, match=f"the target is a {type(target).__name__}; a file, a Pillow image or an"):
        make_mosaic(target, pictures)  # type: ignore[arg-type]


@pytest.mark.parametrize("tiles", [None, 7, iter([])])
def test_tiles_that_are_none_are_named(target: NDArray[np.uint8], tiles: object) -> None:
    with pytest.raises(TileError, match=f"the tiles are a {type(tiles).__name__}; a spec such as"):
        make_mosaic(target, tiles)  # type: ignore[arg-type]


def test_numbers_of_numpy_are_numbers(target: NDArray[np.uint8], pictures: NDArray[np.uint8], tmp_path: Path) -> None:
    mosaic = small(target, pictures, columns=np.int64(8), adjust=np.float32(0.5), seed=np.uint8(3))
    assert (mosaic.options.columns, mosaic.options.adjust, mosaic.options.seed) == (8, 0.5, 3)
    mosaic.save_plan(tmp_path / "plan.json")
    for wrong in (True, np.float64(8.5), "8"):
        with pytest.raises(ConfigError, match="a whole number"):
            small(target, pictures, columns=wrong)


def test_a_plan_of_tiles_from_memory_says_that_it_cannot_be_drawn(
    target: NDArray[np.uint8], pictures: NDArray[np.uint8], tmp_path: Path
) -> None:
    path = tmp_path / "plan.json"
    small(target, pictures).save_plan(path)
    with pytest.raises(PlanError, match="the plan's tiles were pictures in memory"):
        open_plan(path)


def test_the_mosaic_resembles_its_target(target: NDArray[np.uint8]) -> None:
    """Check that a mosaic of many flat colours equals the target at the grid's resolution."""
    mosaic = make_mosaic(target, "colours:2000", columns=32, tile_size=3, method="mean")
    error = mosaic.to_array().astype(float) - target
    means = np.abs(error.reshape(24, 3, 32, 3, 3).mean(axis=(1, 3)))
    assert means.mean() < 8
    worse = make_mosaic(target, "colours:20", columns=32, tile_size=3, method="mean").to_array().astype(float) - target
    assert np.abs(worse.reshape(24, 3, 32, 3, 3).mean(axis=(1, 3))).mean() > means.mean()


def test_a_mosaic_of_its_own_slices_is_the_picture(target: NDArray[np.uint8], target_file: Path) -> None:
    mosaic = make_mosaic(target, f"slices:{target_file},size=6", columns=16, tile_size=6, method="nearest", patch=8)
    assert (mosaic.to_array() == target).all()


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"variants": "rotate,flip"},
        {"cell_aspect": "2:3"},
        {"fit": "pad"},
        {"rows": 5},
        {"tile_size": 41, "columns": 5},
    ],
)
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_what_is_written_is_what_is_composed(
    target: NDArray[np.uint8], photo_folder: Path, tmp_path: Path, changes: dict[str, object], suffix: str
) -> None:
    """Check that a streamed file and the mosaic in memory have the same pixels, and that every cell is its tile."""
    path = tmp_path / f"out{suffix}"
    mosaic = small(target, str(photo_folder), out=path, **changes)
    written = np.asarray(Image.open(path))
    assert written.shape == (mosaic.size_px[1], mosaic.size_px[0], 3)
    assert (written == mosaic.to_array()).all()
    width, height = mosaic.tile_px
    for (row, column), choice in np.ndenumerate(mosaic.choices):
        cell = written[row * height : (row + 1) * height, column * width : (column + 1) * width]
        assert (cell == mosaic.tiles.pictures(mosaic.tile_px, [int(choice)])[0]).all()


@pytest.mark.parametrize("suffix", [".jpg", ".webp"])
def test_lossy_formats_come_near(
    target: NDArray[np.uint8], pictures: NDArray[np.uint8], tmp_path: Path, suffix: str
) -> None:
    mosaic = small(target, pictures)
    sizes = []
    for quality in (50, 95):
        mosaic.write(tmp_path / f"out{suffix}", quality=quality)
        written = np.asarray(Image.open(tmp_path / f"out{suffix}").convert("RGB")).astype(float)
        assert np.abs(written - mosaic.to_array()).mean() < 12
        sizes.append((tmp_path / f"out{suffix}").stat().st_size)
    assert sizes[0] < sizes[1]


@given(st.integers(1, 6), st.integers(1, 6), st.integers(1, 5), st.integers(1, 5), st.integers(0, 99))
def test_layout_against_a_loop(rows: int, columns: int, height: int, width: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    tiles = rng.integers(0, 256, (4, height, width, 3)).astype(np.uint8)
    choices = rng.integers(0, 4, (rows, columns))
    slow = np.zeros((rows * height, columns * width, 3), np.uint8)
    for row, column in np.ndindex(rows, columns):
        for y, x in np.ndindex(height, width):
            slow[row * height + y, column * width + x] = tiles[choices[row, column], y, x]
    assert (hard_mosaic(tiles, choices) == slow).all()


def test_limits_hold_in_the_end(target: NDArray[np.uint8], pictures: NDArray[np.uint8]) -> None:
    mosaic = small(target, pictures, variants="", max_uses=2, use_all=True)
    uses = np.bincount(mosaic.tile_numbers.ravel(), minlength=24)
    assert uses.tolist() == [2] * 24
    apart = small(target, pictures, min_distance=3).tile_numbers
    for row, column in np.ndindex(*apart.shape):
        near = apart[max(0, row - 2) : row + 3, max(0, column - 2) : column + 3]
        assert (near == apart[row, column]).sum() == 1


def test_preview_shows_target_and_mosaic(
    target: NDArray[np.uint8], pictures: NDArray[np.uint8], tmp_path: Path
) -> None:
    mosaic = small(target, pictures, fit="pad", rows=8, columns=8, background="#204060")
    mosaic.save_preview(tmp_path / "preview.png")
    preview = np.asarray(Image.open(tmp_path / "preview.png"))
    width, height = mosaic.size_px
    assert preview.shape[0] == height
    assert (preview[:, -width:] == mosaic.to_array()).all()
    assert preview[0, 0].tolist() == [0x20, 0x40, 0x60]


def test_large_mosaics_get_small_previews(target: NDArray[np.uint8], pictures: NDArray[np.uint8]) -> None:
    assert max(small(target, pictures, tile_size=200).preview(160).size) <= 2 * 160 + 4


class OwnTiles:
    """A tile set of the caller's own."""

    spec = "my own"
    variants = ("as is",)
    skipped = ()

    def __init__(self, pictures: NDArray[np.uint8]) -> None:
        self._tiles = ArrayTiles(pictures)

    def __len__(self) -> int:
        return len(self._tiles)

    def source(self, tile: int) -> str:
        return f"mine {tile}"

    def pictures(self, size_px: tuple[int, int], choices: Any = None, **others: Any) -> NDArray[np.uint8]:
        return self._tiles.pictures(size_px, choices, **others)


@pytest.mark.parametrize("kind", [ArrayTiles, OwnTiles])
def test_tile_sets_may_be_the_callers_own(
    target: NDArray[np.uint8], pictures: NDArray[np.uint8], tmp_path: Path, kind: Any
) -> None:
    mosaic = small(target, kind(pictures))
    np.testing.assert_array_equal(mosaic.choices, small(target, list(pictures)).choices)
    mosaic.save_plan(tmp_path / "plan.json")
    with pytest.raises(MosaicError):
        open_plan(tmp_path / "plan.json")


def test_a_plan_has_no_target_to_show(target: NDArray[np.uint8], photo_folder: Path, tmp_path: Path) -> None:
    small(target, str(photo_folder)).save_plan(tmp_path / "plan.json")
    with pytest.raises(PlanError, match="needs its target, as it is drawn beside the mosaic"):
        open_plan(tmp_path / "plan.json").preview()


@pytest.mark.parametrize(
    ("target_shape", "dtype"),
    [((4, 4), np.uint8), ((4, 4, 4), np.uint8), ((4, 4, 3), np.float32), ((0, 4, 3), np.uint8)],
)
def test_arrays_of_another_form_are_refused(
    target_shape: tuple[int, ...], dtype: type, pictures: NDArray[np.uint8], target: NDArray[np.uint8]
) -> None:
    odd = np.zeros(target_shape, dtype)
    with pytest.raises(ImageError, match=r"uint8 \(height, width, 3\) is expected"):
        small(odd, pictures)
    with pytest.raises(TileError, match=r"tile 0 is .*uint8 \(height, width, 3\) is expected"):
        small(target, [odd])


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"colums": 3}, ConfigError),
        ({"columns": "3"}, ConfigError),
        ({"method": "best"}, ConfigError),
        ({"columns": 0}, GridError),
        ({"tile_size": 0}, GridError),
        ({"out": "out.xyz"}, OutputError),
        ({"out": "no folder/out.png"}, OutputError),
        ({"tile_size": 9000, "out": "out.jpg"}, OutputError),
    ],
)
def test_mistakes_are_mosaic_errors(
    target: NDArray[np.uint8], pictures: NDArray[np.uint8], changes: dict[str, object], kind: type[MosaicError]
) -> None:
    with pytest.raises(kind):
        small(target, pictures, **changes)


def test_no_tiles(target: NDArray[np.uint8]) -> None:
    with pytest.raises(TileError, match="empty"):
        small(target, [])


def test_figures_tell_the_seconds(target: NDArray[np.uint8], pictures: NDArray[np.uint8], tmp_path: Path) -> None:
    mosaic = small(target, pictures, out=tmp_path / "out.png")
    assert list(mosaic.figures["seconds"]) == ["load", "tiles", "features", "assign", "write"]
    assert all(seconds >= 0 for seconds in mosaic.figures["seconds"].values())
