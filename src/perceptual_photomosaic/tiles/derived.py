"""Base classes of tile sets, and functions that tile sets share."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from perceptual_photomosaic.errors import TileError
from perceptual_photomosaic.tiles.tile_set import Skipped, TileSet

__all__ = ["AS_IS", "DerivedSet", "PlainSet", "chosen", "copies_in", "digest", "resized"]

AS_IS = "as is"


class PlainSet:
    """A base class of tile sets without variants, skipped files or licence terms; subclasses override these."""

    @property
    def variants(self) -> Sequence[str]:
        """Names of the variants of every tile: only the tile itself."""
        return (AS_IS,)

    @property
    def skipped(self) -> Sequence[Skipped]:
        """Files that were left out: none."""
        return ()

    @property
    def copies(self) -> Mapping[str, str]:
        """The source that is used in place of each copy, by the copy's source: none."""
        return {}

    @property
    def licence(self) -> str:
        """Terms for mosaics made with the set: none."""
        return ""


class DerivedSet:
    """A base class of tile sets made from another set; properties that it does not override are those of that set.

    Args:
        tiles: The other set.
    """

    def __init__(self, tiles: TileSet) -> None:
        self.tiles = tiles

    @property
    def spec(self) -> str:
        """The spec of the other set; it does not contain the changes to that set."""
        return self.tiles.spec

    @property
    def variants(self) -> Sequence[str]:
        """Names of the variants of every tile."""
        return self.tiles.variants

    @property
    def skipped(self) -> Sequence[Skipped]:
        """Files that were left out."""
        return self.tiles.skipped

    @property
    def copies(self) -> Mapping[str, str]:
        """The source that is used in place of each copy, by the copy's source."""
        return copies_in(self.tiles)

    @property
    def licence(self) -> str:
        """Terms for mosaics made with the set."""
        return self.tiles.licence

    def source(self, tile: int) -> str:
        """Return the source of a tile."""
        return self.tiles.source(tile)


def copies_in(tiles: TileSet) -> Mapping[str, str]:
    """Return the source that a set uses in place of each copy, by the copy's source.

    A tile set of another program may lack `copies`; the result is then empty.
    """
    found: Mapping[str, str] = getattr(tiles, "copies", {})
    return found


def chosen(choices: Sequence[int] | None, count: int) -> NDArray[np.intp]:
    """Check choices against the number of choices; None means all.

    Raises:
        TileError: A choice is out of range.
    """
    if choices is None:
        return np.arange(count)
    numbers = np.asarray(choices, dtype=np.intp).reshape(-1)
    if numbers.size and (numbers.min() < 0 or numbers.max() >= count):
        wrong = int(numbers.min() if numbers.min() < 0 else numbers.max())
        raise TileError(f"choice {wrong} is not in this tile set; its choices are 0 to {count - 1}")
    return numbers


def check_size(size_px: tuple[int, int]) -> None:
    """Check that a size has at least one pixel.

    Raises:
        TileError: Width or height is below 1.
    """
    if size_px[0] < 1 or size_px[1] < 1:
        raise TileError(f"tiles need a width and a height of 1 px or more, got {size_px[0]} x {size_px[1]}")


def digest(*parts: object) -> str:
    """Return the hex digest of the texts of values."""
    state = hashlib.sha256()
    for part in parts:
        text = str(part).encode("utf-8", "surrogateescape")
        state.update(len(text).to_bytes(8, "big") + text)
    return state.hexdigest()[:32]


def resized(pictures: Iterable[NDArray[np.uint8]], size_px: tuple[int, int]) -> NDArray[np.uint8]:
    """Resize pictures one by one with an antialiased Lanczos filter.

    Args:
        pictures: uint8, (height, width, 3) each.
        size_px: (width, height) of the results.
    Returns:
        uint8, (n, height, width, 3); pictures of that size are unchanged.
    """
    width, height = size_px
    results = [
        picture
        if picture.shape[:2] == (height, width)
        else np.asarray(Image.fromarray(picture).resize(size_px, Image.Resampling.LANCZOS))
        for picture in pictures
    ]
    return np.stack(results) if results else np.empty((0, height, width, 3), np.uint8)
