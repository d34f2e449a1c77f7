"""Sizes on a wall: centimetres, inches and paper, and the cells and tile pixels that follow from them."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace

from perceptual_photomosaic.config import MosaicOptions
from perceptual_photomosaic.errors import ConfigError
from perceptual_photomosaic.grid import DEFAULT_CELLS, Grid, parse_aspect

__all__ = [
    "DEFAULT_DPI",
    "PrintSize",
    "hang",
    "parse_length",
    "parse_paper",
    "parse_size",
    "px_per_mm",
    "tile_size_for",
    "words_about_fit",
]

DEFAULT_DPI = 150.0
SMALL_TILE_MM = 13.0
"""Below this a photo is hard to make out at arm's length."""

_SAME_SHAPE = 0.02
_TILE_MM = 20.0  # what tiles of a poster are made when nothing is said, if that makes cells enough
_MM = {"mm": 1.0, "cm": 10.0, "m": 1000.0, "in": 25.4, '"': 25.4, "inch": 25.4, "inches": 25.4, "pt": 25.4 / 72}
_LETTER = {"LETTER": (215.9, 279.4), "LEGAL": (215.9, 355.6), "TABLOID": (279.4, 431.8)}
_NUMBER = r"(\d+(?:\.\d+)?)"


@dataclass(frozen=True)
class PrintSize:
    """How large a mosaic is to be: on paper, or in pixels.

    Attributes:
        width: In millimetres, or pixels.
        height: Likewise.
        in_px: Which of them.
    """

    width: float
    height: float
    in_px: bool = False

    def pixels(self, dpi: float | None) -> tuple[int, int]:
        """(width, height) in pixels."""
        scale = 1.0 if self.in_px else (dpi or DEFAULT_DPI) / 25.4
        return max(1, round(self.width * scale)), max(1, round(self.height * scale))

    def millimetres(self, dpi: float | None) -> tuple[float, float] | None:
        """(width, height) on paper; None for pixels without a resolution."""
        if not self.in_px:
            return self.width, self.height
        return (self.width / dpi * 25.4, self.height / dpi * 25.4) if dpi else None


def parse_length(text: str, what: str) -> float:
    """Read a length in millimetres: 3mm, 0.5cm, 0.125in; a bare 0 needs no unit.

    Raises:
        ConfigError: It is no length.
    """
    match = re.fullmatch(rf"\s*{_NUMBER}\s*([a-z\"]*)\s*", text.lower())
    unit = match[2] if match else ""
    if match is None or (unit not in _MM and float(match[1]) != 0):
        raise ConfigError(f"{what} is '{text}'; a length such as 3mm, 0.5cm or 0.125in is expected.")
    return float(match[1]) * _MM.get(unit, 1.0)


def parse_size(text: str, *, landscape: bool, what: str = "size") -> PrintSize:
    """Read a size: 200x150cm, 80x60in, 40000x30000px, or paper (A2), which is turned to suit the picture.

    Args:
        text: The size.
        landscape: Whether the picture is wider than high.
        what: What errors call it.
    Raises:
        ConfigError: It is none of these.
    """
    paper = _paper(text)
    if paper is not None:
        return PrintSize(*(paper[::-1] if landscape else paper))
    match = re.fullmatch(rf"\s*{_NUMBER}\s*([a-z\"]*)\s*[x×]\s*{_NUMBER}\s*([a-z\"]*)\s*", text.lower())
    unit = match[4] if match else ""
    if match is None or match[2] not in ("", unit) or (unit != "px" and unit not in _MM):
        raise ConfigError(f"{what} is '{text}'; 200x150cm, 80x60in, 40000x30000px or A2 (A0 to A8) is expected.")
    width, height = float(match[1]), float(match[3])
    if not width or not height:
        raise ConfigError(f"{what} is '{text}'; both sides must be above 0.")
    scale = 1.0 if unit == "px" else _MM[unit]
    return PrintSize(width * scale, height * scale, unit == "px")


def parse_paper(text: str) -> tuple[float, float]:
    """Read a paper format, upright, in millimetres: A3, letter, 297x420mm.

    Raises:
        ConfigError: It is none.
    """
    paper = _paper(text)
    if paper is None:
        size = parse_size(text, landscape=False, what="sheets")
        if size.in_px:
            raise ConfigError(f"sheets are '{text}'; paper such as A4, A3, letter or 297x420mm is expected.")
        paper = size.width, size.height
    return min(paper), max(paper)


def _paper(text: str) -> tuple[float, float] | None:
    name = text.strip().upper()
    if match := re.fullmatch(r"A([0-8])", name):
        width, height = 841, 1189
        for _ in range(int(match[1])):
            width, height = height // 2, width
        return float(width), float(height)
    return _LETTER.get(name)


def hang(options: MosaicOptions, target_px: tuple[int, int]) -> tuple[MosaicOptions, list[str]]:
    """Settle cells and tile pixels by the size on the wall.

    Tiles are 20 mm large where nothing is said, or smaller where that would make fewer than 4,096 cells. The cells'
    aspect gives way by less than half a cell, so that whole cells fill the size exactly; pictures are cropped to it,
    never stretched.

    Args:
        options: Settings; nothing happens without `size`.
        target_px: (width, height) of the target.
    Returns:
        The settings with columns, rows, cell aspect and tile size filled in, and words for the person who asked.
    Raises:
        ConfigError: A size or resolution that makes no sense.
    """
    if options.dpi is not None and not 1 <= options.dpi <= 10_000:
        raise ConfigError(f"dpi is {options.dpi:g}; 1 to 10,000 is expected (150 for a poster, 300 for a book).")
    if options.size is None:
        return options, []
    size = parse_size(options.size, landscape=target_px[0] > target_px[1])
    width_px, height_px = size.pixels(options.dpi)
    columns, rows = _counts(options, size, target_px)
    columns, rows = min(columns, width_px), min(rows, height_px)
    tile = max(1, round(width_px / columns)), max(1, round(height_px / rows))
    dpi = options.dpi if size.in_px else options.dpi or DEFAULT_DPI
    settled = replace(
        options,
        columns=columns,
        rows=rows,
        cells=None,
        cell_aspect=f"{tile[0]}:{tile[1]}",
        tile_size=max(tile),
        dpi=dpi,
    )
    paper = size.millimetres(dpi)
    return settled, [] if paper is None else _words(paper, columns, rows)


def tile_size_for(size: str, dpi: float | None, grid: Grid) -> int:
    """Longer side of a tile, in pixels, that makes a grid as large as asked for."""
    width, height = grid.size_px(grid.cell_aspect)
    wanted = parse_size(size, landscape=width > height).pixels(dpi)
    aspect = grid.cell_aspect
    along = min(wanted[0] / (grid.columns * aspect[0]), wanted[1] / (grid.rows * aspect[1]))
    return max(1, round(along * max(aspect)))


def words_about_fit(size: str, dpi: float | None, grid: Grid, tile_px: tuple[int, int]) -> list[str]:
    """What a person should know before a plan is drawn at a size: that its grid has another shape."""
    made = grid.size_px(tile_px)
    asked = parse_size(size, landscape=made[0] > made[1]).pixels(dpi)
    if _same_shape(made[0] / made[1] / (asked[0] / asked[1]), tile_px):
        return []
    return [
        f"the plan has another shape than {size}: the mosaic will be as large as fits, {made[0]} x {made[1]} px of "
        f"{asked[0]} x {asked[1]}."
    ]


def px_per_mm(
    size: str | None, dpi: float | None, size_px: tuple[int, int], tile_px: tuple[int, int]
) -> tuple[float, float] | None:
    """Resolution that makes a mosaic exactly as large as asked for, in both directions.

    They differ by as much as tiles were rounded to whole pixels. Where they would differ by more, the mosaic, from a
    plan, has another shape than was asked for; it is then as large as fits.

    Args:
        size: As `parse_size` reads it; None where none was asked for.
        dpi: Resolution; None where none was asked for.
        size_px: (width, height) of the mosaic.
        tile_px: (width, height) of its tiles.
    """
    paper = None if size is None else parse_size(size, landscape=size_px[0] > size_px[1]).millimetres(dpi)
    if paper is not None:
        across, down = size_px[0] / paper[0], size_px[1] / paper[1]
        if _same_shape(across / down, tile_px):
            return across, down
        return max(across, down), max(across, down)
    return None if dpi is None else (dpi / 25.4, dpi / 25.4)


def _same_shape(ratio: float, tile_px: tuple[int, int]) -> bool:
    """Whether a mosaic has the shape that was asked for but for tiles that were rounded to whole pixels.

    Args:
        ratio: Its width to height, over that of what was asked for.
        tile_px: (width, height) of its tiles.
    """
    width, height = tile_px
    least = width / (width + 0.5) * (height - 0.5) / height
    most = width / (width - 0.5) * (height + 0.5) / height
    return min(least, 1 - _SAME_SHAPE) < ratio < max(most, 1 + _SAME_SHAPE)


def _counts(options: MosaicOptions, size: PrintSize, target_px: tuple[int, int]) -> tuple[int, int]:
    """Columns and rows: as asked for, or by the size of a tile."""
    aspect = parse_aspect(options.cell_aspect)
    shape = size.width / size.height * aspect[1] / aspect[0]  # columns per row
    if options.columns is not None or options.rows is not None:
        columns = options.columns or max(1, round((options.rows or 1) * shape))
        return columns, options.rows or max(1, round(columns / shape))
    paper = size.millimetres(options.dpi)
    cells = options.cells or max(DEFAULT_CELLS, 0 if paper is None else paper[0] * paper[1] / _TILE_MM**2)
    columns = max(1, round(math.sqrt(cells * shape)))
    return min(columns, target_px[0]), min(max(1, round(columns / shape)), target_px[1])


def _words(paper: tuple[float, float], columns: int, rows: int) -> list[str]:
    tile = paper[0] / columns, paper[1] / rows
    if max(tile) >= SMALL_TILE_MM:
        return []
    enough = max(1, int(paper[0] / SMALL_TILE_MM * max(tile) / tile[0]))
    return [
        f"tiles will be {tile[0]:.1f} x {tile[1]:.1f} mm; below {SMALL_TILE_MM:.0f} mm the photos in them are hard "
        f"to make out. --columns {enough} or a larger --size would make them larger."
    ]
