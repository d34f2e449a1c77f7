from __future__ import annotations

import io
import itertools

import numpy as np
import pytest
from PIL import Image

from perceptual_photomosaic.evaluate import assignment_from_picture, tile_stats, variety


def photos(count: int, edge: int) -> np.ndarray:
    """Return parts of scikit-image's pictures that have some detail: (count, edge, edge, 3)."""
    data = pytest.importorskip("skimage.data")
    parts = []
    for name in ("astronaut", "chelsea", "coffee", "rocket"):
        picture = Image.fromarray(getattr(data, name)())
        for x, y in itertools.product(range(0, picture.width - 71, 72), range(0, picture.height - 71, 72)):
            part = picture.crop((x, y, x + 72, y + 72)).resize((edge, edge), Image.Resampling.LANCZOS)
            parts.append(np.asarray(part))
    detailed = [part for part in parts if part.std(axis=(0, 1)).mean() > 20]
    return np.stack(detailed[:count])


def laid(tiles: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Lay tiles side by side: (rows * height, cols * width, 3)."""
    return np.concatenate([np.concatenate(list(tiles[row]), axis=1) for row in chosen])


def kept(mosaic: np.ndarray, quality: int) -> np.ndarray:
    """Return a mosaic after a round trip through JPEG."""
    file = io.BytesIO()
    Image.fromarray(mosaic).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file).convert("RGB"))


def wrong(found: np.ndarray | None, chosen: np.ndarray) -> float:
    """Return the share of pairs of cells that are equal in only one of both, among those equal in at least one."""
    assert found is not None
    one, other = (table.ravel()[:, None] == table.ravel() for table in (found, chosen))
    np.fill_diagonal(one, val=False)
    np.fill_diagonal(other, val=False)
    return float((one != other).sum() / (one | other).sum())


CHOSEN = np.minimum(np.random.default_rng(0).integers(0, 90, (20, 25)), 70)


def test_cells_are_recognised_by_their_pixels():
    rng = np.random.default_rng(0)
    tiles = rng.integers(0, 256, (5, 4, 6, 3), dtype=np.uint8)
    chosen = rng.integers(0, 5, (7, 3))
    found = assignment_from_picture(laid(tiles, chosen), (7, 3))
    assert found is not None
    assert tile_stats(found) == tile_stats(chosen)
    assert wrong(found, chosen) == 0
    assert found.ravel()[0] == 0  # numbers in the order in which they come


@pytest.mark.parametrize("quality", [90, 80])
@pytest.mark.parametrize("edge", [16, 20, 24, 32, 37])
def test_a_jpeg_tells_its_photos(edge, quality):
    found = assignment_from_picture(kept(laid(photos(71, edge), CHOSEN), quality), CHOSEN.shape)
    assert wrong(found, CHOSEN) < 0.02
    assert variety(found).effective == pytest.approx(variety(CHOSEN).effective, rel=0.02)
    assert variety(found).commonest == pytest.approx(variety(CHOSEN).commonest, rel=0.02)


@pytest.mark.parametrize("quality", [None, 90, 80])
def test_turned_copies_are_the_same_photo(quality):
    tiles = photos(40, 24)
    turned = np.concatenate([np.rot90(side, k, axes=(1, 2)) for side in (tiles, tiles[:, :, ::-1]) for k in range(4)])
    chosen = np.random.default_rng(3).integers(0, len(turned), (20, 25))
    mosaic = laid(turned, chosen)
    mosaic = kept(mosaic, quality) if quality else mosaic
    assert wrong(assignment_from_picture(mosaic, (20, 25)), chosen % 40) < 0.02
    assert wrong(assignment_from_picture(mosaic, (20, 25), turned=False), chosen) < 0.02


def test_wide_cells_are_mirrored_and_turned_by_half():
    tiles = photos(30, 32)[:, 4:24]  # 32 x 20 px
    turned = np.concatenate([tiles, tiles[:, :, ::-1], tiles[:, ::-1], tiles[:, ::-1, ::-1]])
    chosen = np.random.default_rng(3).integers(0, len(turned), (15, 10))
    assert wrong(assignment_from_picture(laid(turned, chosen), (15, 10)), chosen % 30) == 0


def test_cells_need_not_be_a_whole_number_of_pixels():
    mosaic = Image.fromarray(laid(photos(71, 32), CHOSEN))
    smaller = np.asarray(mosaic.resize((777, 621), Image.Resampling.LANCZOS))  # 31.08 x 31.05 px a cell
    assert wrong(assignment_from_picture(smaller, CHOSEN.shape), CHOSEN) < 0.05
    assert wrong(assignment_from_picture(kept(smaller, 90), CHOSEN.shape), CHOSEN) < 0.05


def test_without_loss_nothing_but_equal_cells_is_the_same():
    """Check two shades that differ by less than the noise of compression."""
    shades = np.broadcast_to(np.array([[100, 90, 80], [102, 90, 80]])[:, None, None], (2, 8, 8, 3)).astype(np.uint8)
    chosen = np.random.default_rng(0).integers(0, 2, (12, 12))
    assert wrong(assignment_from_picture(laid(shades, chosen), (12, 12)), chosen) == 0


def test_tinted_tiles_count_as_many():
    rng = np.random.default_rng(0)
    mosaic = laid(photos(71, 16), CHOSEN).astype(int)
    tint = rng.integers(-40, 40, (20, 25, 3)).repeat(16, axis=0).repeat(16, axis=1)
    found = assignment_from_picture(np.clip(mosaic + tint, 0, 255).astype(np.uint8), CHOSEN.shape)
    assert variety(found).effective > 3 * variety(CHOSEN).effective


def test_small_cells_are_the_same_if_they_are_equal():
    tiles = np.random.default_rng(0).integers(0, 256, (5, 2, 2, 3), dtype=np.uint8)
    chosen = np.random.default_rng(1).integers(0, 5, (6, 7))
    mosaic = laid(tiles, chosen)
    assert wrong(assignment_from_picture(mosaic, (6, 7)), chosen) == 0
    assert assignment_from_picture(mosaic, (5, 6)) is None


def test_one_cell_is_one_photo():
    for edge in (1, 2, 9):
        found = assignment_from_picture(np.full((edge, edge, 3), 7, np.uint8), (1, 1))
        np.testing.assert_array_equal(found, [[0]])
