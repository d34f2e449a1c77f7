"""The protocol of tile sets: objects that return small pictures of one shape.

A *tile* is one picture of the set (a photo, a glyph). It may be used in several *variants* (rotated, mirrored). One
tile in one variant is a *choice*, and a cell gets one choice: choice = tile * variants + variant. Limits on repetition
count tiles, so a photo and its mirror image are the same photo.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from perceptual_photomosaic.progress import Reporter

__all__ = ["Skipped", "TileSet"]


@dataclass(frozen=True)
class Skipped:
    """A file that cannot be used as a tile, and the reason."""

    path: str
    reason: str


class TileSet(Protocol):
    """A sequence of choices, numbered 0 .. len - 1, all cropped to one aspect.

    Opening a tile set finds the usable tiles, so `len` and the numbering never change afterwards.
    """

    @property
    def spec(self) -> str:
        """The text that opens the same set again: "photos:/home/me/holiday"."""

    @property
    def variants(self) -> Sequence[str]:
        """Names of the variants of every tile, the first always "as is"."""

    @property
    def skipped(self) -> Sequence[Skipped]:
        """Files that were left out, in order of their names."""

    @property
    def licence(self) -> str:
        """Terms for mosaics made with the set, in one line; empty if there are none."""

    def __len__(self) -> int:
        """Number of choices: tiles times variants."""

    def source(self, tile: int) -> str:
        """Return the source of tile number `tile` (not choice): a path, "emoji:1F600", "glyph:A", "slices:a.png#12"."""

    def identity(self) -> str:
        """Return a hex digest of everything that determines the pictures: equal for sets with equal pictures."""

    def pictures(
        self, size_px: tuple[int, int], choices: Sequence[int] | None = None, *, reporter: Reporter | None = None
    ) -> NDArray[np.uint8]:
        """Draw choices at a size.

        Args:
            size_px: (width, height) of each picture in pixels. Its aspect is that of the cell.
            choices: Choices to draw, in this order; None draws all.
            reporter: Receives progress if drawing takes long.
        Returns:
            sRGB pictures, uint8, (n, height, width, 3), at full quality: read from the original if the set's thumbnails
            are smaller than `size_px`.
        Raises:
            TileError: An original file that existed when the set was opened is now missing or broken.
        """
