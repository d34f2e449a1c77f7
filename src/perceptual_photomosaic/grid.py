"""The grid: all arithmetic between rows, columns, cells and pixels.

It uses three kinds of coordinates:

    target     pixels of the target picture as it was loaded; names begin with target_
    cell       numbered row by row, cell = row * columns + column
    mosaic     pixels of the mosaic, whose cells are all `tile_px` large

The grid covers `target_box`. With fit="crop" the box lies inside the target and leaves less than one cell off; with
"pad" it reaches less than one cell beyond; with "stretch" it is the whole target, and the aspect of cells changes a
little.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal, get_args

from perceptual_photomosaic.errors import GridError

__all__ = ["AUTO", "Fit", "Grid", "parse_aspect", "tile_size_px"]

Fit = Literal["crop", "pad", "stretch"]

AUTO = "auto"
"""The aspect that follows from the tiles: square, unless tiles have a shape of their own (`tiles.own_aspect`)."""

DEFAULT_CELLS = 4096
"""Approximate number of cells by default: 64 x 64 on a square target. `layout` makes fewer for few photos."""

_ROUNDING = 1e-9


def parse_aspect(text: str) -> tuple[int, int]:
    """Read a cell's aspect: "3:2" -> (3, 2), "1.5" -> (3, 2), "4x3" -> (4, 3); "auto" is square.

    Raises:
        GridError: Not two positive numbers, or so far from square that no picture can fill it (beyond 20:1).
    """
    if text.strip() == AUTO:
        return 1, 1
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(?:[:x/]\s*(\d+(?:\.\d+)?))?\s*", text)
    width, height = (float(match[1]), float(match[2] or 1)) if match else (0.0, 0.0)
    if width <= 0 or height <= 0 or not 1 / 20 <= width / height <= 20:
        raise GridError(f"cell aspect '{text}' is not W:H with both above 0 and within 20:1. Try 1:1, 3:2 or 4:3.")
    scale = 1 if width.is_integer() and height.is_integer() else 1000
    whole = round(width * scale), round(height * scale)
    common = math.gcd(*whole)
    return whole[0] // common, whole[1] // common


def tile_size_px(tile_size: int, cell_aspect: tuple[int, int]) -> tuple[int, int]:
    """Return (width, height) of a tile whose longer side is `tile_size` px.

    Raises:
        GridError: A size below 1.
    """
    if tile_size < 1:
        raise GridError(f"tile size is {tile_size} px; it must be at least 1.")
    width, height = cell_aspect
    longer = max(width, height)
    return max(1, round(tile_size * width / longer)), max(1, round(tile_size * height / longer))


@dataclass(frozen=True)
class Grid:
    """Rows and columns of cells over a part of the target.

    Attributes:
        rows: Number of rows, at least 1.
        columns: Number of columns, at least 1.
        cell_aspect: Width to height of a cell, in lowest terms.
        target_box: (left, top, right, bottom) of the part that the grid covers, in target pixels; may be fractions.
    """

    rows: int
    columns: int
    cell_aspect: tuple[int, int]
    target_box: tuple[float, float, float, float]

    @classmethod
    def fit(
        cls,
        target_size_px: tuple[int, int],
        *,
        columns: int | None = None,
        rows: int | None = None,
        cells: int | None = None,
        cell_aspect: tuple[int, int] = (1, 1),
        fit: Fit = "crop",
    ) -> Grid:
        """Lay a grid over a target.

        Args:
            target_size_px: (width, height) of the target in pixels.
            columns: Number of columns; rows follow from the aspect unless given too.
            rows: Number of rows; columns follow in the same way.
            cells: Approximate number of cells, only without columns and rows; by default about 4,096.
            cell_aspect: Width to height of a cell.
            fit: Way to make the target a whole number of cells.
        Raises:
            GridError: Counts below 1, contradicting counts, an unknown fit, or more cells than the target has pixels.
        """
        width, height = target_size_px
        if fit not in get_args(Fit):
            raise GridError(f"fit '{fit}' is unknown; choose one of {', '.join(get_args(Fit))}.")
        for name, count in (("columns", columns), ("rows", rows), ("cells", cells)):
            if count is not None and count < 1:
                raise GridError(f"{name} is {count}; it must be at least 1.")
        if cells is not None and (columns is not None or rows is not None):
            raise GridError("cells says how many there are in all; give either cells, or columns and rows.")
        shape = width / height * cell_aspect[1] / cell_aspect[0]  # columns per row when cells keep their aspect
        if columns is None and rows is None:
            columns, rows = _about(cells or DEFAULT_CELLS, shape, fit)
        if columns is None:
            assert rows is not None
            columns = _whole(rows * shape, fit)
            if columns < 1:
                raise _too_thin("rows", rows, "wide", width, width / (rows * shape), 1 / shape)
        elif rows is None:
            rows = _whole(columns / shape, fit)
            if rows < 1:
                raise _too_thin("columns", columns, "high", height, height * shape / columns, shape)
        if columns > width or rows > height:
            raise GridError(
                f"{columns} x {rows} cells are more than the target's {width} x {height} px can tell apart. "
                f"Ask for at most {width} columns and {height} rows, or enlarge the target first."
            )
        return cls(
            rows,
            columns,
            cell_aspect,
            _covered(target_size_px, columns * cell_aspect[0] / (rows * cell_aspect[1]), fit),
        )

    @property
    def num_cells(self) -> int:
        """Number of cells in all."""
        return self.rows * self.columns

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        return self.rows, self.columns

    @property
    def cropped(self) -> tuple[float, float]:
        """Shares of the target's width and height that the grid leaves off, 0 to 1."""
        left, top, right, bottom = self.target_box  # centred, so opposite edges add up to the target's size
        return max(0.0, 2 * left / (left + right)), max(0.0, 2 * top / (top + bottom))

    def size_px(self, tile_px: tuple[int, int]) -> tuple[int, int]:
        """(width, height) of the mosaic when each tile is `tile_px` = (width, height)."""
        return self.columns * tile_px[0], self.rows * tile_px[1]


def _about(cells: int, shape: float, fit: Fit) -> tuple[int, int | None] | tuple[None, int]:
    """Return the columns or the rows, whichever lie along the longer side, for about `cells` cells."""
    longer = max(1, round(math.sqrt(cells * max(shape, 1 / shape))))
    if fit == "crop":  # enough that the shorter side holds a cell
        longer = max(longer, math.ceil(max(shape, 1 / shape) - _ROUNDING))
    return (longer, None) if shape >= 1 else (None, longer)


def _whole(count: float, fit: Fit) -> int:
    """Return the number of whole cells along a side of `count` cells; 0 where a crop would not hold one."""
    if fit == "crop":
        return math.floor(count + _ROUNDING)
    return max(1, math.ceil(count - _ROUNDING) if fit == "pad" else round(count))


def _too_thin(asked: str, count: int, side: str, target_px: int, cell_px: float, least: float) -> GridError:
    return GridError(
        f"{asked} is {count}, so one cell would be {cell_px:.0f} px {side}, but the target is {target_px} px {side}. "
        f"Ask for at least {math.ceil(least - _ROUNDING)} {asked}, or choose fit pad or stretch."
    )


def _covered(size_px: tuple[int, int], aspect: float, fit: Fit) -> tuple[float, float, float, float]:
    """Return the centred box of the given aspect inside ("crop") or around ("pad") the target."""
    width, height = size_px
    if fit == "stretch":
        return 0.0, 0.0, float(width), float(height)
    pick = min if fit == "crop" else max
    box_width = pick(float(width), height * aspect)
    box_height = box_width / aspect
    left, top = (width - box_width) / 2, (height - box_height) / 2
    return left, top, left + box_width, top + box_height
