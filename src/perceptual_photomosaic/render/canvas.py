"""A canvas: a window on the mosaic that returns rows of pixels.

There are three coordinate frames, each with a name prefix:

    cell_*     cells of the grid
    px_*       pixels of the mosaic
    view_*     pixels of the window, view = px - (left, top) of the window

A window may extend beyond the mosaic (bleed for print); there the mosaic is mirrored at its edge.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.features.ink import Ink
from perceptual_photomosaic.render.overlay import Overlay
from perceptual_photomosaic.render.tile_sheet import Sheet

__all__ = ["Canvas", "Window"]

Window = tuple[int, int, int, int]  # left, top, right, bottom in pixels of the mosaic
_STRIP_BYTES = 4_000_000


@dataclass(frozen=True)
class Colouring:
    """New colours of characters, and the colours in which they are drawn.

    Attributes:
        ink: The new colours.
        drawn_in: sRGB ink colour as drawn.
        drawn_on: sRGB paper colour as drawn.
    """

    ink: Ink
    drawn_in: tuple[int, int, int]
    drawn_on: tuple[int, int, int]


@dataclass(frozen=True)
class Canvas:
    """A window on a mosaic whose tiles lie on a sheet.

    Attributes:
        sheet: The pictures of tiles.
        position: Number of the picture in each cell, (rows, columns).
        tile_px: (width, height) of each picture.
        shifts: sRGB values added to each cell, float32, (rows, columns, 3), or None.
        window: The visible part of the mosaic; None shows all.
        overlay: The target, laid over the whole mosaic; None lays nothing over it.
        colouring: The colours of characters; None leaves them as they are drawn.
    """

    sheet: Sheet
    position: NDArray[np.intp]
    tile_px: tuple[int, int]
    shifts: NDArray[np.float32] | None = None
    window: Window | None = None
    overlay: Overlay | None = None
    colouring: Colouring | None = None

    @property
    def mosaic_px(self) -> tuple[int, int]:
        """(width, height) of the whole mosaic."""
        rows, columns = self.position.shape
        return columns * self.tile_px[0], rows * self.tile_px[1]

    @property
    def box(self) -> Window:
        """(left, top, right, bottom) of the window."""
        return self.window or (0, 0, *self.mosaic_px)

    @property
    def size_px(self) -> tuple[int, int]:
        """(width, height) of the window."""
        left, top, right, bottom = self.box
        return right - left, bottom - top

    @property
    def strip_rows(self) -> int:
        """Number of pixel rows to make at once: a row of cells, or about 4 MB if that is less."""
        return max(1, min(self.tile_px[1], _STRIP_BYTES // (self.size_px[0] * 3)))

    def rows(self, view_top: int, view_bottom: int) -> NDArray[np.uint8]:
        """Return the pixels of some rows: sRGB, uint8, C-contiguous (view_bottom - view_top, width, 3)."""
        px_height = self.mosaic_px[1]
        top, bottom = view_top + self.box[1], view_bottom + self.box[1]
        parts = []
        if top < 0:
            parts.append(self._inside(-min(bottom, 0), -top)[::-1])
        if max(top, 0) < min(bottom, px_height):
            parts.append(self._inside(max(top, 0), min(bottom, px_height)))
        if bottom > px_height:
            parts.append(self._inside(2 * px_height - bottom, 2 * px_height - max(top, px_height))[::-1])
        return np.ascontiguousarray(parts[0] if len(parts) == 1 else np.concatenate(parts))

    def _inside(self, px_top: int, px_bottom: int) -> NDArray[np.uint8]:
        """Return rows that are inside the mosaic, as wide as the window."""
        left, _, right, _ = self.box
        px_width = self.mosaic_px[0]
        tile_width = self.tile_px[0]
        px_left, px_right = max(left, 0), min(right, px_width)
        if left < 0:
            px_right = max(px_right, -left)  # the mirror image may need pixels outside of the window
        if right > px_width:
            px_left = min(px_left, 2 * px_width - right)
        cell_left, cell_right = px_left // tile_width, -(-px_right // tile_width)
        pixels = self._cells(px_top, px_bottom, cell_left, cell_right)
        if (left, right) == (cell_left * tile_width, cell_right * tile_width):
            return pixels
        px = np.arange(left, right)
        px = np.where(px < 0, -1 - px, px)
        px = np.where(px >= px_width, 2 * px_width - 1 - px, px)
        return pixels[:, px - cell_left * tile_width]

    def _cells(self, px_top: int, px_bottom: int, cell_left: int, cell_right: int) -> NDArray[np.uint8]:
        """Return rows of whole cells."""
        width, height = self.tile_px
        columns = cell_right - cell_left
        out = np.empty((px_bottom - px_top, columns, width * 3), np.uint8)
        for cell_row in range(px_top // height, -(-px_bottom // height)):
            first, last = max(px_top, cell_row * height), min(px_bottom, (cell_row + 1) * height)
            part = out[first - px_top : last - px_top]
            self.sheet.lay(self.position[cell_row, cell_left:cell_right], first - cell_row * height, part)
            if self.colouring is not None:
                inked = self.colouring
                cells = part.reshape(len(part), columns, width, 3)
                inked.ink.lay(cells, cell_row, slice(cell_left, cell_right), inked.drawn_in, inked.drawn_on)
            if self.shifts is not None:
                _shift(part.reshape(len(part), columns, width, 3), self.shifts[cell_row, None, cell_left:cell_right])
        pixels = out.reshape(len(out), columns * width, 3)
        if self.overlay is not None:
            self.overlay.lay(pixels, px_top, cell_left * width)
        return pixels


def _shift(pixels: NDArray[np.uint8], by: NDArray[np.float32]) -> None:
    """Add (1, columns, 3) sRGB values to (rows, columns, width, 3) pixels in place, rounded and clipped."""
    for row in pixels:
        shifted = row + by[0, :, None]
        np.clip(np.rint(shifted, out=shifted), 0, 255, out=shifted)
        row[...] = shifted
