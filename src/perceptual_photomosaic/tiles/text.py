"""The text of tiles: letters and emoji are characters, and their names contain them."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from perceptual_photomosaic.errors import TileError
from perceptual_photomosaic.image import printable

if TYPE_CHECKING:
    from perceptual_photomosaic.tiles.tile_set import TileSet

__all__ = ["home_of", "text_of"]

_GLYPH = re.compile(r"glyph:(.)(?::#([0-9a-f]{6}))?", re.DOTALL | re.IGNORECASE)
_EMOJI = re.compile(r"emoji:([0-9a-f]+(?:-[0-9a-f]+)*)", re.IGNORECASE)
_AS_PICTURE = "\N{VARIATION SELECTOR-16}"


def text_of(source: str) -> tuple[str, tuple[int, int, int] | None]:
    """Return the text of a tile, from its name.

    A single emoji that is shown as a plain sign by default, such as a heart or the sun, is followed by the selector
    that requests its picture.

    Args:
        source: Name as in `TileSet.source`: "glyph:A", "glyph:A:#ff0000", "emoji:1F600", "emoji:1F1E9-1F1EA".
    Returns:
        One character, or the code points of one emoji; and the colour in the name, sRGB, or None.
    Raises:
        TileError: The tile is not text.
    """
    glyph = _GLYPH.fullmatch(source)
    if glyph:
        return glyph[1], None if glyph[2] is None else tuple(bytes.fromhex(glyph[2]))  # type: ignore[return-value]
    emoji = _EMOJI.fullmatch(source)
    try:
        text = "".join(chr(int(code, 16)) for code in emoji[1].split("-")) if emoji else ""
    except (ValueError, OverflowError):
        text = ""
    if not text:
        raise TileError(f"'{printable(source)}' is not text; letters and emoji are.")
    return text if len(text) > 1 or _is_picture(text) else text + _AS_PICTURE, None


def _is_picture(character: str) -> bool:
    """Tell whether an emoji is shown as a picture by default: the wide ones, and those newer than Python."""
    return unicodedata.east_asian_width(character) == "W" or ord(character) >= 0x1F900


def home_of(tiles: TileSet, tile: int) -> tuple[TileSet, int]:
    """Find the set that a tile comes from, inside joined sets and sets made from others.

    Args:
        tiles: The outer set.
        tile: Number of the tile (not choice) in it.
    Returns:
        The innermost set and the tile's number there.
    """
    from perceptual_photomosaic.tiles.derived import DerivedSet
    from perceptual_photomosaic.tiles.joined import Joined

    if isinstance(tiles, Joined):
        for part in tiles.sets:
            count = len(part) // len(part.variants)
            if tile < count:
                return home_of(part, tile)
            tile -= count
        raise IndexError(tile)
    if not isinstance(tiles, DerivedSet):
        return tiles, tile
    numbers = getattr(tiles, "numbers", None)  # a shortlist has these
    return home_of(tiles.tiles, tile if numbers is None else int(numbers[tile]))
