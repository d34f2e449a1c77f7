"""Check that the original photos have enough pixels for a print."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from PIL import Image

from perceptual_photomosaic.image import crop_size, pillow_lenient
from perceptual_photomosaic.tiles.kinds import shows_whole
from perceptual_photomosaic.tiles.tile_set import TileSet

__all__ = ["soft_originals_note"]


def soft_originals_note(tiles: TileSet, used: Iterable[int], tile_px: tuple[int, int], crop: str = "centre") -> str:
    """Return a note of how many photos are smaller than a tile in print.

    Args:
        tiles: The tile set; tiles that do not come from files are ignored.
        used: Tile numbers.
        tile_px: (width, height) of a tile.
        crop: The crop of photos whose spec names none.
    Returns:
        One line; empty if no photo is too small.
    """
    whole = shows_whole(tiles.spec, crop)
    with pillow_lenient(), ThreadPoolExecutor(4) as pool:
        enough = list(pool.map(lambda tile: _enough(tiles.source(tile), tile_px, whole=whole), used))
    known = [found for found in enough if found is not None]
    small = known.count(False)
    if not small:
        return ""
    return (
        f"{small} of {len(known)} photos have fewer pixels than the {tile_px[0]} x {tile_px[1]} that a tile takes in "
        f"print and will look soft. More --columns, a lower --dpi or larger originals help."
    )


def _enough(path: str, tile_px: tuple[int, int], *, whole: bool) -> bool | None:
    """Tell whether a file, cropped to a tile's aspect or whole, has a tile's pixels; None if that is unknown."""
    with suppress(Exception):  # not a file, or of a format that Pillow cannot open
        if not Path(path).is_file():
            return None
        with Image.open(path) as picture:
            ways = picture.size, picture.size[::-1]
            if whole:
                return any(w >= tile_px[0] or h >= tile_px[1] for w, h in ways)
            return max(crop_size(size, tile_px)[0] for size in ways) >= tile_px[0]
    return None
