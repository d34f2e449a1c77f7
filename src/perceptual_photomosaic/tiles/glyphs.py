"""Letters, digits and signs of a font as tiles."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from perceptual_photomosaic.errors import TileError
from perceptual_photomosaic.image import printable
from perceptual_photomosaic.pixels import Colour
from perceptual_photomosaic.tiles.character_files import write_characters
from perceptual_photomosaic.tiles.characters import SETS, drawn
from perceptual_photomosaic.tiles.derived import PlainSet, check_size, chosen, digest
from perceptual_photomosaic.tiles.fonts import WEIGHTS, font_data, has_weights, is_bold, sized
from perceptual_photomosaic.tiles.spec import write_colour, write_spec

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from perceptual_photomosaic.progress import Reporter

__all__ = ["Glyphs", "Placement"]

_MEASURED_PX = 1000  # font size at which glyphs are measured: large enough for hinting to vanish
_CHECKED_PX = 48  # font size at which missing glyphs are detected
_DRAWN_PX = 160  # glyphs are drawn at least this large and averaged down


class Glyphs(PlainSet):
    """Characters of one font, in one or several colours on a background.

    A cell of the font's own shape is as wide as the font's advance and as high as its lines (`cell_aspect`). There
    characters are placed as in a text, without gaps, so that blocks and lines join. In a cell of another shape all
    characters share the largest size at which the ink and the advance box of each fit, centred horizontally.

    Glyphs are drawn several times larger and averaged, so that small ones show the true share of ink in each pixel
    (hinting would thicken or drop strokes). Ink and paper are mixed in sRGB values, like text on screens.

    Args:
        characters: One tile each; repeated ones count once. None takes those of `set_name`.
        set_name: A name in `characters.SETS`; "ascii" by default.
        font: A font file or the name of an installed family; None takes the built-in JetBrains Mono.
        weight: "regular" or "bold".
        foreground: Ink colours: all characters in the first, then all in the second, and so on.
        background: The colour of the paper.

    Raises:
        TileError: The font cannot be read, has no such weight, or cannot draw a character; the set or the weight is
            unknown.
    """

    def __init__(
        self,
        characters: str | None = None,
        *,
        set_name: str | None = None,
        font: str | Path | None = None,
        weight: str = "regular",
        foreground: Sequence[Colour] = ((0, 0, 0),),
        background: Colour = (255, 255, 255),
    ) -> None:
        if characters is not None and set_name is not None:
            raise TileError("glyphs: set= and characters= were both named; one of them is enough")
        self.set_name = (set_name or "ascii") if characters is None else None
        if self.set_name is not None and self.set_name not in SETS:
            raise TileError(f"glyphs: there is no set {printable(self.set_name)!r}; choose one of {', '.join(SETS)}")
        named = SETS[self.set_name] if self.set_name is not None else characters or ""
        self.characters = "".join(dict.fromkeys(named))
        if weight not in WEIGHTS:
            raise TileError(f"glyphs: weight: expected one of {', '.join(WEIGHTS)}, got {weight!r}")
        self.font = None if font is None else str(font)
        self.weight = weight
        self.foreground = tuple(foreground)
        self.background = background
        if not self.characters or not self.foreground:
            raise TileError("glyphs: expected one character and one foreground colour or more")
        self._name = self.font or "the built-in font"
        self._data = font_data(self.font, weight)
        if weight == "bold" and not (has_weights(self._data) or is_bold(self._data)):
            raise TileError(f"glyphs: {printable(self._name)} has no bold; name a bold font file, or leave weight= out")
        _refuse_missing(sized(self._data, _CHECKED_PX, weight), self.characters, self._name)

    @cached_property
    def cell_aspect(self) -> tuple[int, int]:
        """Width to height of the font's own cell, in lowest terms: its widest advance to its line height."""
        line = self._line
        width, height = max(1, round(1000 * line.advance)), max(1, round(1000 * (line.above + line.below)))
        common = math.gcd(width, height)
        return width // common, height // common

    @cached_property
    def _line(self) -> _Line:
        font = sized(self._data, _MEASURED_PX, self.weight)
        above, below = font.getmetrics()
        advance = max(font.getlength(character) for character in self.characters)
        return _Line(advance / _MEASURED_PX, above / _MEASURED_PX, below / _MEASURED_PX)

    @cached_property
    def _extent(self) -> _Extent:
        return _measure(sized(self._data, _MEASURED_PX, self.weight), self.characters)

    def __len__(self) -> int:
        return len(self.characters) * len(self.foreground)

    @property
    def spec(self) -> str:
        """The text that opens the same set again."""
        options = {"characters": write_characters(self.characters)} if self.set_name is None else {"set": self.set_name}
        if self.font is not None:
            options["font"] = self.font
        if self.weight != "regular":
            options["weight"] = self.weight
        options["foreground"] = "/".join(write_colour(colour) for colour in self.foreground)
        options["background"] = write_colour(self.background)
        return write_spec("glyphs", "", options)

    def source(self, tile: int) -> str:
        """Name of a tile: "glyph:A", or "glyph:A:#ff0000" where there are several colours."""
        colour, character = divmod(tile, len(self.characters))
        suffix = f":{write_colour(self.foreground[colour])}" if len(self.foreground) > 1 else ""
        return f"glyph:{self.characters[character]}{suffix}"

    def identity(self) -> str:
        """Digest of the font file, the characters and the colours."""
        return digest("glyphs 2", self._data_digest, self.weight, self.characters, self.foreground, self.background)

    @cached_property
    def _data_digest(self) -> str:
        return digest(self._data.hex())

    def pictures(
        self, size_px: tuple[int, int], choices: Sequence[int] | None = None, *, reporter: Reporter | None = None
    ) -> NDArray[np.uint8]:
        """Draw characters at a size; see `TileSet.pictures`."""
        check_size(size_px)
        colours, characters = np.divmod(chosen(choices, len(self)), len(self.characters))
        wanted, index = np.unique(characters, return_inverse=True)
        ink = np.stack(
            [np.zeros(size_px[::-1], np.float32), *(self._ink(self.characters[number], size_px) for number in wanted)]
        )[1:][index, ..., None]  # (n, height, width, 1)
        foreground = np.array(self.foreground, np.float32)[colours, None, None]
        background = np.array(self.background, np.float32)
        pictures: NDArray[np.uint8] = np.rint(background + ink * (foreground - background)).astype(np.uint8)
        return pictures

    def _ink(self, character: str, size_px: tuple[int, int]) -> NDArray[np.float32]:
        """Return the share of ink in each pixel, (height, width), 0 to 1."""
        if self._is_own(size_px):
            return self._ink_in_line(character, size_px)
        width, height = size_px
        finer = math.ceil(_DRAWN_PX / min(width, height))
        font_px, baseline = self._largest(size_px, finer)
        font = sized(self._data, font_px, self.weight)
        left = width * finer / 2 - font.getlength(character) / 2
        canvas = Image.new("L", (width * finer, height * finer))
        ImageDraw.Draw(canvas).text((left, baseline), character, fill=255, font=font, anchor="ls")
        return np.asarray(canvas.reduce(finer), dtype=np.float32) / np.float32(255)

    def placement(self, size_px: tuple[int, int]) -> Placement:
        """Return the size and position of characters in a cell of a size, for output as text."""
        width, height = size_px
        if self._is_own(size_px):
            line = self._line
            size = 1 / (line.above + line.below)
            stretch = width / (height * size * line.advance)
            return Placement(self._data, self.weight, size, size * line.above, stretch, True)
        finer = math.ceil(_DRAWN_PX / min(width, height))
        font_px, baseline = self._largest(size_px, finer)
        return Placement(self._data, self.weight, font_px / (height * finer), baseline / (height * finer), 1.0, False)

    def _largest(self, size_px: tuple[int, int], finer: int) -> tuple[float, float]:
        """Return the font size at which all characters fit a cell of another shape, and the baseline, in subpixels."""
        width, height = size_px
        extent = self._extent
        room = (width * finer - 2, height * finer - 2)  # one fine pixel on each side for the rounding of outlines
        font_px = min(room[0] / (2 * extent.half_width), room[1] / (extent.above + extent.below))
        return font_px, height * finer / 2 + font_px * (extent.above - extent.below) / 2

    def _is_own(self, size_px: tuple[int, int]) -> bool:
        """Tell whether a cell has the font's own shape, to within one pixel."""
        line, (width, height) = self._line, size_px
        return abs(width - height * line.advance / (line.above + line.below)) <= 1

    def _ink_in_line(self, character: str, size_px: tuple[int, int]) -> NDArray[np.float32]:
        """Return the share of ink in each pixel of a cell of the font's own shape, (height, width), 0 to 1."""
        joined = drawn(character, size_px)
        if joined is not None:
            return joined
        line, (width, height) = self._line, size_px
        font_px = math.ceil(_DRAWN_PX / min(size_px)) * height / (line.above + line.below)
        font = sized(self._data, font_px, self.weight)
        box = round(font_px * line.advance), round(font_px * (line.above + line.below))
        canvas = Image.new("L", box)
        left = (box[0] - font.getlength(character)) / 2
        ImageDraw.Draw(canvas).text((left, font_px * line.above), character, fill=255, font=font, anchor="ls")
        ink = canvas.resize((width, height), Image.Resampling.BOX)
        return np.asarray(ink, dtype=np.float32) / np.float32(255)


@dataclass(frozen=True)
class Placement:
    """The size and position of a font's characters in cells, each centred horizontally.

    Attributes:
        data: The font's file.
        weight: One of `fonts.WEIGHTS`.
        size: The font's size, in heights of a cell.
        baseline: Distance of the baseline from the top of a cell, in heights of a cell.
        stretch: Factor that widens characters to fill whole pixels: about 1.
        own: Whether cells have the font's own shape, so that blocks and braille fill them.
    """

    data: bytes = field(repr=False)
    weight: str
    size: float
    baseline: float
    stretch: float
    own: bool


@dataclass(frozen=True)
class _Line:
    """The widest advance of characters, and the reach of its lines above and below the baseline (in font sizes)."""

    advance: float
    above: float
    below: float


@dataclass(frozen=True)
class _Extent:
    """The reach of all characters of a set from the middle of the baseline of their advance box, in font sizes."""

    half_width: float
    above: float
    below: float


def _measure(font: ImageFont.FreeTypeFont, characters: str) -> _Extent:
    half_width = above = below = 0.0
    for character in characters:
        left, top, right, bottom = _ink_box(font, character)
        middle = font.getlength(character) / 2
        half_width = max(half_width, middle, middle - left, right - middle)
        above, below = max(above, -top), max(below, bottom)
    if above + below <= 0:  # all characters are blank
        above = font.getmetrics()[0]
    half_width, above, below = (value / _MEASURED_PX for value in (half_width, above, below))
    return _Extent(max(half_width, 1e-3), above, below)


def _ink_box(font: ImageFont.FreeTypeFont, character: str) -> tuple[float, float, float, float]:
    """Return left, top, right and bottom of the ink, from the left end of the baseline."""
    mask, (x, y) = font.getmask2(character, mode="L", anchor="ls")
    box = Image.Image()._new(mask).getbbox()
    return (0, 0, 0, 0) if box is None else (box[0] + x, box[1] + y, box[2] + x, box[3] + y)


def _refuse_missing(font: ImageFont.FreeTypeFont, characters: str, font_name: str) -> None:
    """Check that the font can draw every character."""
    blank_box = [_bitmap(font, chr(code)) for code in (0x10FFFF, 0xFFFF)]  # never assigned: drawn as the missing glyph
    missing = [
        character
        for character in characters
        if drawn(character, (2, 4)) is None
        and (
            not character.isprintable()
            or unicodedata.category(character).startswith("M")
            or (character != " " and _bitmap(font, character) in blank_box)
        )
    ]
    if missing:
        named = ", ".join(f"{c!r} (U+{ord(c):04X})" for c in missing[:8]) + (" ..." if len(missing) > 8 else "")
        raise TileError(f"glyphs: {printable(font_name)} cannot draw {named}; leave them out or pass another font")


def _bitmap(font: ImageFont.FreeTypeFont, character: str) -> tuple[tuple[int, int], bytes]:
    mask = font.getmask(character, mode="1")
    return mask.size, bytes(mask)
