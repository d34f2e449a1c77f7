"""Tests of shortlists: they keep the choices of a full search, and plans find their tiles again."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from perceptual_photomosaic.features.colour import linear_to_oklab
from perceptual_photomosaic.features.patches import tile_patches
from perceptual_photomosaic.library import shortlist as module
from perceptual_photomosaic.library.shortlist import Shortlist, choice_patches, shortlist
from perceptual_photomosaic.tiles.arrays import ArrayTiles
from perceptual_photomosaic.tiles.variants import Variants


@pytest.fixture
def tiles() -> ArrayTiles:
    return ArrayTiles(np.random.default_rng(0).integers(0, 256, (500, 8, 8, 3), np.uint8))


@pytest.mark.parametrize("flip", [False, True])
def test_the_best_choice_of_every_cell_is_on_the_list(tiles: ArrayTiles, flip: bool) -> None:
    whole = Variants(tiles, flip=flip)
    patches = choice_patches(whole, (8, 8))
    cells = tile_patches(np.random.default_rng(1).integers(0, 256, (20, 8, 8, 3), np.uint8))
    some, kept = shortlist(whole, patches, cells, above=100)
    assert isinstance(some, Shortlist)
    assert len(kept) == len(some) < len(whole)
    assert len(some.numbers) >= 4 * len(cells)
    best, found = (nearest_in_oklab(cells, among) for among in (patches, kept))
    variants = len(whole.variants)
    back = some.numbers[found // variants] * variants + found % variants
    np.testing.assert_array_equal(back, best)
    np.testing.assert_array_equal(some.pictures((8, 8), found.tolist()), whole.pictures((8, 8), best.tolist()))
    assert some.source(3) == whole.source(int(some.numbers[3]))
    assert len(some.pictures((4, 4))) == len(some)


def nearest_in_oklab(cells: NDArray[np.float32], among: NDArray[np.float32]) -> NDArray[np.int64]:
    """The nearest of each cell at 4 x 4 samples, by comparing all with all."""
    one, other = (
        linear_to_oklab(patches).reshape(len(patches), 4, 2, 4, 2, 3).mean(axis=(2, 4)) for patches in (cells, among)
    )
    return np.square(one[:, None] - other).sum(axis=(2, 3, 4)).argmin(axis=1)


def test_dark_cells_find_dark_greys() -> None:
    """In linear light ten saturated colours are nearer to a dark grey than a grey that is hardly lighter."""
    greys = [(value, value, value) for value in range(24, 44)]
    colours = [tuple(value * (k == channel) for k in range(3)) for value in range(24, 44) for channel in range(3)]
    tiles = ArrayTiles(np.array(greys + colours, np.uint8)[:, None, None].repeat(8, axis=1).repeat(8, axis=2))
    dark = tile_patches(np.full((1, 8, 8, 3), 12, np.uint8))
    some, _ = shortlist(tiles, choice_patches(tiles, (8, 8)), dark, above=10)
    assert len(some.numbers) == 10
    assert {0, 1} <= set(some.numbers.tolist())


def test_small_sets_stay_as_they_are(tiles: ArrayTiles) -> None:
    patches = choice_patches(tiles, (8, 8))
    same, kept = shortlist(tiles, patches, patches[:5])
    assert same is tiles
    assert kept is patches


def test_patches_in_blocks_are_those_of_all_at_once(tiles: ArrayTiles, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = tile_patches(tiles.pictures((8, 8)))
    monkeypatch.setattr(module, "_BLOCK_BYTES", 70 * 8 * 8 * 3)
    np.testing.assert_array_equal(choice_patches(tiles, (8, 8)), expected)
