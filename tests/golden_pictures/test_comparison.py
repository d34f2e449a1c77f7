"""The comparison fails if people would see a difference, and passes if only rounding differs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.golden_pictures.comparison import compare, side_by_side
from tests.golden_pictures.conftest import REFERENCES, check

CELL = 12
Picture = NDArray[np.uint8]


@pytest.fixture(scope="module")
def picture() -> Picture:
    """Return the stored mosaic of photos: 16 x 16 cells."""
    with Image.open(REFERENCES / "photos.png") as stored:
        return np.asarray(stored.convert("RGB"))


def other_tiles(picture: Picture, share: float) -> Picture:
    """Replace the tiles of a share of the cells by tiles of distant cells."""
    cells = picture.reshape(16, CELL, 16, CELL, 3).transpose(0, 2, 1, 3, 4).reshape(256, CELL, CELL, 3)
    changed = np.random.default_rng(5).permutation(256)[: round(share * 256)]
    cells[changed] = cells[(changed + 8 * 16 + 8) % 256]
    return cells.reshape(16, 16, CELL, CELL, 3).transpose(0, 2, 1, 3, 4).reshape(picture.shape)


def with_levels(picture: Picture, *levels: int) -> Picture:
    """Add some levels to red, green and blue."""
    return np.clip(picture.astype(int) + levels, 0, 255).astype(np.uint8)


def rounded_otherwise(picture: Picture) -> Picture:
    """Change a tenth of all values by one level, and change the tile of one cell."""
    moves = np.random.default_rng(6).choice([-1, 0, 1], picture.shape, p=[0.05, 0.9, 0.05])
    return other_tiles(np.clip(picture + moves, 0, 255).astype(np.uint8), 1 / 256)


SEEN: dict[str, Callable[[Picture], Picture]] = {
    "shifted by one cell": lambda picture: np.roll(picture, CELL, axis=1),
    "shifted by a pixel": lambda picture: np.roll(picture, 1, axis=0),
    "other tiles in 3% of the cells": lambda picture: other_tiles(picture, 0.03),
    "a cast of one level of red": lambda picture: with_levels(picture, 1, 0, 0),
    "a cast towards blue": lambda picture: with_levels(picture, -2, 0, 3),
    "blurred": lambda picture: np.asarray(Image.fromarray(picture).reduce(2).resize(picture.shape[1::-1])),
    "turned upside down": lambda picture: picture[::-1],
    "one row of cells too few": lambda picture: picture[CELL:],
}


@pytest.mark.parametrize("name", SEEN)
def test_what_people_see_fails(name: str, picture: Picture) -> None:
    assert not compare(SEEN[name](picture), picture, (CELL, CELL)).passed


def test_another_rounding_passes(picture: Picture) -> None:
    difference = compare(rounded_otherwise(picture), picture, (CELL, CELL))
    assert difference.passed
    assert difference.changed > 0
    assert difference.mean > 0


def test_result_reference_and_difference_are_drawn_on_failure_and_removed_after_it(
    picture: Picture, tmp_path: Path
) -> None:
    Image.fromarray(picture).save(tmp_path / "photos.png")
    changed = other_tiles(picture, 0.03)
    failures = tmp_path / "failures"
    with pytest.raises(pytest.fail.Exception, match=r"photos: [\d.]+% of the cells changed .*failures"):
        check("photos", changed, (CELL, CELL), tmp_path, failures)
    with Image.open(failures / "photos.png") as drawn:
        assert np.array_equal(np.asarray(drawn), np.asarray(side_by_side(changed, picture)))
    check("photos", picture, (CELL, CELL), tmp_path, failures)
    assert not any(failures.iterdir())


def test_the_drawing_takes_pictures_of_two_sizes(picture: Picture) -> None:
    assert side_by_side(picture[CELL:], picture[:, CELL:]).size == (3 * 192 + 16, 192)


def test_references_are_stored_and_a_missing_one_is_said(picture: Picture, tmp_path: Path) -> None:
    with pytest.raises(pytest.fail.Exception, match="--store-golden-pictures"):
        check("photos", picture, (CELL, CELL), tmp_path, tmp_path / "failures")
    with pytest.raises(pytest.skip.Exception, match="stored"):
        check("photos", picture, (CELL, CELL), tmp_path, tmp_path / "failures", store=True)
    check("photos", picture, (CELL, CELL), tmp_path, tmp_path / "failures")
