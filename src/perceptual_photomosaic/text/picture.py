"""Text pictures: rows of characters with their colours, between a mosaic and its text formats."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.errors import OutputError
from perceptual_photomosaic.tiles.text import home_of, text_of

if TYPE_CHECKING:
    from perceptual_photomosaic.features.ink import Ink
    from perceptual_photomosaic.pixels import Colour
    from perceptual_photomosaic.tiles.glyphs import Placement
    from perceptual_photomosaic.tiles.tile_set import TileSet

__all__ = ["EMOJI", "Run", "TextPicture", "text_picture"]

EMOJI = -1
"""Number that stands for the font of emoji."""

_BLANK = frozenset(" \u2800")


@dataclass(frozen=True)
class Run:
    """Neighbouring cells of a row with the same colours and font.

    Attributes:
        column: Column of the first cell.
        texts: The text of each cell.
        colour: sRGB colour of the characters.
        paper: sRGB colour of the paper.
        font: Number of their font, or `EMOJI`.
    """

    column: int
    texts: tuple[str, ...]
    colour: Colour
    paper: Colour
    font: int

    @property
    def text(self) -> str:
        """The text of all cells."""
        return "".join(self.texts)


@dataclass(frozen=True)
class TextPicture:
    """Rows of characters with their colours.

    Attributes:
        texts: Rows of cells: one character each, or one emoji.
        colours: sRGB colours of the characters, uint8, (rows, columns, 3).
        papers: sRGB colours of the papers, uint8, (rows, columns, 3).
        foreground: The colour of most characters.
        background: The colour of most papers.
        cell_px: (width, height) of a cell in drawings.
        fonts: Fonts, with the placement of characters in cells.
        font_of: Number of the font in each cell, or `EMOJI`, int64, (rows, columns).
    """

    texts: tuple[tuple[str, ...], ...]
    colours: NDArray[np.uint8]
    papers: NDArray[np.uint8]
    foreground: Colour
    background: Colour
    cell_px: tuple[int, int]
    fonts: tuple[Placement, ...]
    font_of: NDArray[np.int64]

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        return len(self.texts), len(self.texts[0])

    @cached_property
    def is_spaced(self) -> bool:
        """Tell whether some cells are two columns wide in a terminal; then a space follows all others."""
        return any(is_wide(text) for text in {text for row in self.texts for text in row})

    @property
    def lines(self) -> list[str]:
        """Return the text of each row, with aligned columns in a terminal."""
        return ["".join(map(self.spaced, row)) for row in self.texts]

    def spaced(self, text: str) -> str:
        """Return the text of a cell, as wide as all others in a terminal."""
        return f"{text} " if self.is_spaced and not is_wide(text) else text

    def runs(self, row: int) -> Iterator[Run]:
        """Divide a row into runs of equal colour, paper and font; blanks take the colour before them."""
        texts, fonts = self.texts[row], self.font_of[row].tolist()
        inked = [text not in _BLANK and font != EMOJI for text, font in zip(texts, fonts, strict=True)]
        colours: list[Colour] = list(map(tuple, self.colours[row].tolist()))
        papers: list[Colour] = list(map(tuple, self.papers[row].tolist()))
        colour = colours[inked.index(True)] if True in inked else self.foreground
        looks: list[tuple[Colour, Colour, int]] = []
        for column, font in enumerate(fonts):
            colour = colours[column] if inked[column] else colour
            looks.append((colour, papers[column], font))
        start = 0
        for column in range(1, len(texts) + 1):
            if column == len(texts) or looks[column] != looks[start]:
                yield Run(start, texts[start:column], *looks[start])
                start = column


def is_wide(text: str) -> bool:
    """Tell whether a text takes two columns in a terminal: emoji, and full-width letters."""
    return len(text) > 1 or unicodedata.east_asian_width(text) in "WF" or 0x1F900 <= ord(text) <= 0x1FAFF


def text_picture(
    tiles: TileSet,
    choices: NDArray[np.int64],
    cell_px: tuple[int, int],
    *,
    ink: Ink | None = None,
    shifts: NDArray[np.float32] | None = None,
) -> TextPicture:
    """Convert a mosaic to text.

    Args:
        tiles: Letters, emoji, or sets of both joined.
        choices: Choice numbers, (rows, columns).
        cell_px: (width, height) of a cell in drawings.
        ink: Colours of characters and papers; None takes those of the tiles.
        shifts: sRGB values added to each cell, (rows, columns, 3), or None.
    Raises:
        TileError: A tile is not text.
        OutputError: A tile is turned.
    """
    numbers, turns = np.divmod(choices, len(tiles.variants))
    if turns.any():
        raise OutputError("text is not turned or mirrored; leave variants out, or write a picture.")
    used, position = np.unique(numbers, return_inverse=True)
    position = position.reshape(choices.shape)
    fonts: dict[Placement, int] = {}
    looks = [_look(tiles, tile, cell_px, fonts) for tile in used.tolist()]
    texts = [look[0] for look in looks]
    colours = np.array([look[1] for look in looks], np.uint8)[position] if ink is None else ink.colours
    papers = np.array([look[2] for look in looks], np.uint8)[position] if ink is None else ink.papers
    if shifts is not None:
        colours, papers = (_shifted(each, shifts) for each in (colours, papers))
    return TextPicture(
        tuple(tuple(texts[tile] for tile in row.tolist()) for row in position),
        colours,
        papers,
        _commonest(colours),
        _commonest(papers),
        cell_px,
        tuple(fonts),
        np.array([look[3] for look in looks])[position],
    )


def _look(
    tiles: TileSet, tile: int, cell_px: tuple[int, int], fonts: dict[Placement, int]
) -> tuple[str, Colour, Colour, int]:
    """Return text, colour, paper and font of a tile; a new font is added to `fonts`."""
    text, named = text_of(tiles.source(tile))
    home, number = home_of(tiles, tile)
    paper: Colour = getattr(home, "background", (255, 255, 255))
    if not hasattr(home, "placement"):
        return text, named or (0, 0, 0), paper, EMOJI
    colour = home.foreground[number // len(home.characters)]  # type: ignore[attr-defined]
    return text, named or colour, paper, fonts.setdefault(home.placement(cell_px), len(fonts))


def _shifted(colours: NDArray[np.uint8], shifts: NDArray[np.float32]) -> NDArray[np.uint8]:
    shifted: NDArray[np.uint8] = np.clip(np.rint(colours + shifts), 0, 255).astype(np.uint8)
    return shifted


def _commonest(colours: NDArray[np.uint8]) -> Colour:
    """Return the colour of most cells."""
    found, counts = np.unique(colours.reshape(-1, 3), axis=0, return_counts=True)
    red, green, blue = found[counts.argmax()].tolist()
    return red, green, blue
