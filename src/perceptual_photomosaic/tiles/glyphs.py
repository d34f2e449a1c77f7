"""Letters, digits and signs of a font as tiles."""

from __future__ import annotations

import math
import string
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from perceptual_photomosaic.errors import TileError
from perceptual_photomosaic.image import printable, read_file
from perceptual_photomosaic.pixels import Colour
from perceptual_photomosaic.tiles.plain import PlainSet, check_size, chosen, digest
from perceptual_photomosaic.tiles.spec import write_colour, write_spec

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from perceptual_photomosaic.progress import Reporter

__all__ = ["DEFAULT_CHARACTERS", "SETS_OF_CHARACTERS", "Glyphs"]

SETS_OF_CHARACTERS = {"alnum": string.ascii_lowercase + string.ascii_uppercase + string.digits}
"""Characters by the names that specs have for them."""

DEFAULT_CHARACTERS = SETS_OF_CHARACTERS["alnum"]
_MEASURED_PX = 1000  # font size at which glyphs are measured: large enough for hinting to vanish
_DRAWN_PX = 160  # glyphs are drawn at least this large and averaged down


class Glyphs(PlainSet):
    """Characters of one font, in one or several colours on a background.

    All characters share one font size and one baseline: the largest size at which the ink of every character and the
    advance box it stands in fit the cell. Each stands in the middle of its advance box's width. Glyphs are drawn
    several times larger and averaged, so that small ones show the true share of ink in each pixel (hinting would
    thicken or drop strokes); ink and background are mixed in sRGB values, as text on screens is.

    Args:
        characters: One tile each; repeated ones count once.
        font: A font file; None takes JetBrains Mono, which comes with this package.
        foreground: Ink colours: all characters in the first, then all in the second, and so on.
        background: The colour behind them.

    Raises:
        TileError: The font cannot be read, or has no picture for a character.
    """

    def __init__(
        self,
        characters: str = DEFAULT_CHARACTERS,
        *,
        font: str | Path | None = None,
        foreground: Sequence[Colour] = ((0, 0, 0),),
        background: Colour = (255, 255, 255),
    ) -> None:
        self.characters = "".join(dict.fromkeys(characters))
        self.font = None if font is None else str(font)
        self.foreground = tuple(foreground)
        self.background = background
        if not self.characters or not self.foreground:
            raise TileError("glyphs: expected one character and one foreground colour or more")
        self._data = _default_font() if self.font is None else _font_file(self.font)
        self._extent = _measure(self._data, self.characters, self.font or "the built-in font")

    def __len__(self) -> int:
        return len(self.characters) * len(self.foreground)

    @property
    def spec(self) -> str:
        """The text that opens the same set again."""
        named = [name for name, characters in SETS_OF_CHARACTERS.items() if characters == self.characters]
        options = {"set": named[0]} if named else {"characters": self.characters}
        if self.font is not None:
            options["font"] = self.font
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
        return digest("glyphs 1", digest(self._data.hex()), self.characters, self.foreground, self.background)

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
        """Share of ink in each pixel, (height, width), 0 to 1."""
        width, height = size_px
        finer = math.ceil(_DRAWN_PX / min(width, height))
        extent = self._extent
        room = (width * finer - 2, height * finer - 2)  # one fine pixel on each side for the rounding of outlines
        font_px = min(room[0] / (2 * extent.half_width), room[1] / (extent.above + extent.below))
        font = _font(self._data, font_px)
        left = width * finer / 2 - font.getlength(character) / 2
        baseline = height * finer / 2 + font_px * (extent.above - extent.below) / 2
        canvas = Image.new("L", (width * finer, height * finer))
        ImageDraw.Draw(canvas).text((left, baseline), character, fill=255, font=font, anchor="ls")
        return np.asarray(canvas.reduce(finer), dtype=np.float32) / np.float32(255)


@dataclass(frozen=True)
class _Extent:
    """How far the characters of a set reach from the middle of the baseline of their advance box, in font sizes."""

    half_width: float
    above: float
    below: float


def _measure(data: bytes, characters: str, font_name: str) -> _Extent:
    font = _font(data, _MEASURED_PX)
    _refuse_missing(font, characters, font_name)
    half_width = above = below = 0.0
    for character in characters:
        left, top, right, bottom = _ink_box(font, character)
        middle = font.getlength(character) / 2
        half_width = max(half_width, middle, middle - left, right - middle)
        above, below = max(above, -top), max(below, bottom)
    if above + below <= 0:  # a set of blanks
        above = font.getmetrics()[0]
    half_width, above, below = (value / _MEASURED_PX for value in (half_width, above, below))
    return _Extent(max(half_width, 1e-3), above, below)


def _ink_box(font: ImageFont.FreeTypeFont, character: str) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of what is really drawn, from the left end of the baseline."""
    mask, (x, y) = font.getmask2(character, mode="L", anchor="ls")
    box = Image.Image()._new(mask).getbbox()
    return (0, 0, 0, 0) if box is None else (box[0] + x, box[1] + y, box[2] + x, box[3] + y)


def _refuse_missing(font: ImageFont.FreeTypeFont, characters: str, font_name: str) -> None:
    """Refuse characters that have no picture of their own."""
    blank_box = [_drawn(font, chr(code)) for code in (0x10FFFF, 0xFFFF)]  # never assigned: drawn as the missing glyph
    missing = [
        character
        for character in characters
        if not character.isprintable()
        or unicodedata.category(character).startswith("M")
        or (character != " " and _drawn(font, character) in blank_box)
    ]
    if missing:
        named = ", ".join(f"{c!r} (U+{ord(c):04X})" for c in missing[:8]) + (" ..." if len(missing) > 8 else "")
        raise TileError(f"glyphs: {printable(font_name)} cannot draw {named}; leave them out or pass another font")


def _drawn(font: ImageFont.FreeTypeFont, character: str) -> tuple[tuple[int, int], bytes]:
    mask = font.getmask(character, mode="1")
    return mask.size, bytes(mask)


@lru_cache(maxsize=64)
def _font(data: bytes, size: float) -> ImageFont.FreeTypeFont:
    import io

    return ImageFont.truetype(io.BytesIO(data), size, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=1)
def _default_font() -> bytes:
    return resources.files("fontpkg_jetbrains_mono").joinpath("files", "JetBrainsMono[wght].ttf").read_bytes()


def _font_file(path: str) -> bytes:
    data = read_file(path)
    try:
        _font(data, 16)
    except OSError as error:
        raise TileError(f"glyphs: {printable(path)} is not a font that can be read: {error}") from None
    return data
