"""Parts of one picture as tiles."""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from perceptual_photomosaic.errors import TileError
from perceptual_photomosaic.image import load_image, printable
from perceptual_photomosaic.tiles.derived import PlainSet, check_size, chosen, digest, resized
from perceptual_photomosaic.tiles.spec import write_spec
from perceptual_photomosaic.tiles.tile_options import TileOptions

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from perceptual_photomosaic.progress import Reporter

__all__ = ["Slices"]

_ABOUT = 1000  # number of parts if no size is given


class Slices(PlainSet):
    """Parts of a picture side by side, without overlap, row by row; left-over pixels are divided between the edges.

    Args:
        path: The picture to cut.
        options: The aspect of cells and the background are taken from here.
        size: Height of a part in pixels of the picture; None cuts about 1,000 parts.

    Raises:
        ImageError: The picture cannot be read.
        TileError: The size is larger than the picture, or below 1.
    """

    def __init__(
        self, path: str | os.PathLike[str], options: TileOptions | None = None, *, size: int | None = None
    ) -> None:
        if size is not None and size < 1:
            raise TileError(f"slices: size: expected a height of 1 px or more, got {size}")
        options = options or TileOptions()
        self.path = os.fspath(path)
        self._picture = load_image(self.path, background=options.background)
        height, width = self._picture.shape[:2]
        aspect = options.cell_aspect[0] / options.cell_aspect[1]
        self._size = max(1, math.isqrt(int(width * height / aspect / _ABOUT))) if size is None else size
        self._patch_px = (max(1, round(self._size * aspect)), self._size)
        self._columns: int = width // self._patch_px[0]
        self._rows: int = height // self._patch_px[1]
        if not self._columns or not self._rows:
            raise TileError(
                f"slices: parts of {self._patch_px[0]} x {self._patch_px[1]} px do not fit into "
                f"{printable(self.path)} with {width} x {height} px; pass a smaller size"
            )
        self._left = (width - self._columns * self._patch_px[0]) // 2
        self._top = (height - self._rows * self._patch_px[1]) // 2
        content = hashlib.sha256(self._picture.data).hexdigest()
        self._identity = digest("slices 1", content, (width, height), self._patch_px)

    def __len__(self) -> int:
        return self._columns * self._rows

    @property
    def spec(self) -> str:
        """The text that opens the same set again."""
        return write_spec("slices", self.path, {"size": str(self._size)})

    def source(self, tile: int) -> str:
        """Return the picture and the number of the part: "slices:a.png#12"."""
        return f"slices:{self.path}#{tile}"

    def identity(self) -> str:
        """Digest of the picture and the size of its parts."""
        return self._identity

    def pictures(
        self, size_px: tuple[int, int], choices: Sequence[int] | None = None, *, reporter: Reporter | None = None
    ) -> NDArray[np.uint8]:
        """Draw parts at a size, unchanged if it is their own size; see `TileSet.pictures`."""
        check_size(size_px)
        return resized((self._patch(tile) for tile in chosen(choices, len(self)).tolist()), size_px)

    def _patch(self, tile: int) -> NDArray[np.uint8]:
        row, column = divmod(tile, self._columns)
        width, height = self._patch_px
        top, left = self._top + row * height, self._left + column * width
        return np.ascontiguousarray(self._picture[top : top + height, left : left + width])
