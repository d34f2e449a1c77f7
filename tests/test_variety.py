"""Variety from Python: by default photos never lie beside themselves; letters and similar tiles may."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageOps

from perceptual_photomosaic import Mosaic, MosaicOptions, make_mosaic, open_plan
from perceptual_photomosaic.assign.spacing import conflicting_cells
from perceptual_photomosaic.config import load_options
from perceptual_photomosaic.errors import ConfigError, ConstraintError


def made(target: NDArray[np.uint8], tiles: str | Path | NDArray[np.uint8], **changes: object) -> Mosaic:
    return make_mosaic(target, tiles, **{"columns": 16, "tile_size": 12, **changes})  # type: ignore[arg-type]


def beside(mosaic: Mosaic, distance: int = 2) -> int:
    """Count the cells that have a copy of their own tile nearer than the distance."""
    return int(conflicting_cells(mosaic.tile_numbers, distance).sum())


def side_by_side(mosaic: Mosaic) -> int:
    """Count the pairs of cells that share an edge and have the same tile."""
    tiles = mosaic.tile_numbers
    return int((tiles[1:] == tiles[:-1]).sum() + (tiles[:, 1:] == tiles[:, :-1]).sum())


@pytest.mark.parametrize("variants", ["", "rotate,flip"])
def test_a_photo_never_lies_beside_itself(target: NDArray[np.uint8], photo_folder: Path, variants: str) -> None:
    mosaic = made(target, photo_folder, variants=variants)
    assert beside(mosaic) == 0
    assert beside(made(target, photo_folder, variants=variants, variety=0)) > 0


def test_nor_does_a_copy_of_it_that_was_turned_or_saved_anew(target: NDArray[np.uint8], photo_folder: Path) -> None:
    """Check a folder in which every other photo lies twice: mirrored, or as a JPEG."""
    for number in range(0, 24, 2):
        with Image.open(photo_folder / f"{number:02}.png") as photo:
            if number % 4:
                ImageOps.mirror(photo).save(photo_folder / f"{number:02} mirrored.png")
            else:
                photo.save(photo_folder / f"{number:02} again.jpg", quality=90)
    mosaic = made(target, photo_folder)
    assert len(mosaic.tiles) == 36
    names = [Path(mosaic.tiles.source(tile)).name[:2] for tile in range(36)]
    shown = np.array(names, int)[mosaic.tile_numbers]
    assert len(np.unique(mosaic.tile_numbers)) > len(np.unique(shown))
    assert not conflicting_cells(shown, 2).any()


def test_pictures_in_memory_are_photos(target: NDArray[np.uint8], pictures: NDArray[np.uint8]) -> None:
    assert beside(made(target, pictures)) == 0


@pytest.mark.parametrize("tiles", ["glyphs", "colours:64", "emoji"])
def test_letters_emoji_and_colours_may_repeat(target: NDArray[np.uint8], tiles: str) -> None:
    calm = np.broadcast_to(target.mean(axis=(0, 1)).astype(np.uint8), target.shape)
    free, varied = (made(calm, tiles, columns=10, **changes) for changes in ({}, {"variety": 0.5}))
    assert free.figures["variety"] == {"variety": 0.0, "distance": 1, "chosen": True, "note": None}
    assert beside(free) > 0
    assert beside(varied) == 0


@pytest.mark.parametrize("method", ["mean", "nearest", "ncc"])
def test_the_paper_s_baselines_are_free_unless_asked(
    target: NDArray[np.uint8], photo_folder: Path, method: str
) -> None:
    free = made(target, photo_folder, method=method)
    assert free.figures["variety"]["variety"] == 0
    assert beside(free) > 0
    assert beside(made(target, photo_folder, method=method, variety=0.5)) == 0


def test_figures_say_what_was_chosen_and_why(target: NDArray[np.uint8], photo_folder: Path) -> None:
    figures = made(target, photo_folder).figures["variety"]
    assert figures["chosen"] is True
    assert 0 < figures["variety"] < 0.5
    assert figures["distance"] == 2
    assert figures["note"] == "less than 0.5, as there are 24 different pictures"
    asked = made(target, photo_folder, variety=0.8).figures["variety"]
    assert (asked["variety"], asked["distance"], asked["chosen"]) == (0.8, 2, False)
    assert asked["note"] == "24 different pictures are too few to keep copies 3 cells apart"
    none = made(target, photo_folder, variety=0).figures["variety"]
    assert none == {"variety": 0, "distance": 1, "chosen": False, "note": None}


def test_more_variety_uses_more_photos(target: NDArray[np.uint8], photo_folder: Path) -> None:
    counts = [made(target, photo_folder, variety=value).tile_numbers for value in (0, 0.4, 1)]
    commonest = [int(np.bincount(tiles.ravel()).max()) for tiles in counts]
    assert commonest == sorted(commonest, reverse=True)
    assert commonest[-1] < 0.6 * commonest[0]


def test_a_distance_of_nought_means_nought(target: NDArray[np.uint8], photo_folder: Path) -> None:
    """Check distance 0 with and without a setting of variety; copies still have a price."""
    free = made(target, photo_folder, variety=0)
    for changes in ({}, {"variety": 0.6}):
        mosaic = made(target, photo_folder, min_distance=0, **changes)
        assert mosaic.figures["variety"]["distance"] == 1
        assert beside(mosaic) > 0
    assert side_by_side(mosaic) < 0.8 * side_by_side(free)


def test_a_distance_is_exact_whatever_the_variety(target: NDArray[np.uint8], photo_folder: Path) -> None:
    for changes in ({}, {"variety": 0}, {"variety": 1}, {"max_uses": 12}):
        mosaic = made(target, photo_folder, min_distance=3, **changes)
        assert beside(mosaic, 3) == 0
        assert mosaic.figures["variety"]["distance"] == 3
    with pytest.raises(ConstraintError, match="needs 25 different tiles in every 5 x 5 cells, but there are 24"):
        made(target, photo_folder, min_distance=5, variety=0.2)


def test_uses_are_exact_and_copies_apart(target: NDArray[np.uint8], photo_folder: Path) -> None:
    """Check 24 photos in 16 x 12 cells with eight uses each: every photo is used exactly eight times."""
    mosaic = made(target, photo_folder, max_uses=8)
    assert np.bincount(mosaic.tile_numbers.ravel()).tolist() == [8] * 24
    assert beside(mosaic) < beside(made(target, photo_folder, max_uses=8, variety=0)) / 2


def test_one_photo_alone_fills_the_picture(target: NDArray[np.uint8], pictures: NDArray[np.uint8]) -> None:
    for few in (1, 2, 3):
        mosaic = made(target, pictures[:few], columns=6)
        assert mosaic.figures["variety"]["distance"] == 1
        assert mosaic.tile_numbers.max() < few


@pytest.mark.parametrize("value", [-0.5, 1.5, float("nan")])
def test_values_out_of_range(target: NDArray[np.uint8], photo_folder: Path, value: float) -> None:
    with pytest.raises(ConfigError, match=rf"variety is {value:g}; it must be from 0 \(free\) to 1 \("):
        made(target, photo_folder, variety=value)


def test_settings_and_plans_keep_it(target_file: Path, photo_folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "calm.toml"
    path.write_text("variety = 0.3\nmin-distance = 0\ncolumns = 12\ntile-size = 12\n")
    options = load_options(path)
    assert (options.variety, options.min_distance) == (0.3, 0)
    assert (MosaicOptions().variety, MosaicOptions().min_distance) == (None, None)
    mosaic = make_mosaic(target_file, photo_folder, options)
    mosaic.save_plan(tmp_path / "plan.json")
    opened = open_plan(tmp_path / "plan.json")
    assert (opened.options.variety, opened.options.min_distance) == (0.3, 0)
    assert (opened.choices == mosaic.choices).all()
