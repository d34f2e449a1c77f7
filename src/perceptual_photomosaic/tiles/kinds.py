"""Kinds of tiles in a set, found from its spec: some advice applies to photos and not to letters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perceptual_photomosaic.errors import ConfigError, TileError
from perceptual_photomosaic.tiles.spec import parse_colour, parse_specs

if TYPE_CHECKING:
    from perceptual_photomosaic.pixels import Colour
    from perceptual_photomosaic.tiles.tile_set import TileSet

__all__ = ["can_grow", "inks_of", "kinds_of", "may_vary", "noun_of", "only_photos", "only_text", "shows_whole"]

_PHOTOS = frozenset({"photos", "library"})
_TEXT = frozenset({"glyphs", "emoji"})
_NOUNS = {"glyphs": "letters", "emoji": "emoji", "slices": "pieces", "colours": "colours"}


def kinds_of(*specs: str) -> frozenset[str]:
    """Return the kinds of the sets in specs: photos and emoji for "holiday/;emoji".

    Args:
        specs: Specs, each of one set or several.
    Returns:
        Names as in specs: photos, library, glyphs, emoji, slices, colours. Empty for a text that is not a spec, such as
        the name of tiles in memory.
    """
    try:
        return frozenset(part.name for spec in specs for part in parse_specs(spec))
    except TileError:
        return frozenset()


def only_photos(*specs: str) -> bool:
    """Tell whether all tiles of some specs are photos, from folders or libraries."""
    kinds = kinds_of(*specs)
    return bool(kinds) and kinds <= _PHOTOS


def only_text(*specs: str) -> bool:
    """Tell whether all tiles of some specs are characters or emoji."""
    kinds = kinds_of(*specs)
    return bool(kinds) and kinds <= _TEXT


def shows_whole(spec: str, crop: str) -> bool:
    """Tell whether all photos of a spec are shown whole, not cropped.

    Args:
        spec: The spec of one set or several.
        crop: The crop of sets whose spec names none.
    """
    photos = [part for part in parse_specs(spec) if part.name in _PHOTOS] if kinds_of(spec) else []
    return bool(photos) and all(part.options.get("crop", crop) == "none" for part in photos)


def can_grow(spec: str) -> bool:
    """Tell whether people can add tiles to a set: yes for photos and pictures in memory; no for letters and emoji."""
    kinds = kinds_of(spec)
    return not kinds or bool(kinds & _PHOTOS)


def may_vary(spec: str) -> bool:
    """Tell whether variety matters for tiles: yes for all but letters, emoji and flat colours."""
    return not kinds_of(spec) <= {"glyphs", "emoji", "colours"} or not kinds_of(spec)


def noun_of(spec: str) -> str:
    """Return the everyday word for the tiles of a spec: photos, letters, emoji, pieces or colours.

    Returns:
        The word in the plural; "tiles" for several kinds together, and for a text that is not a spec.
    """
    if only_photos(spec):
        return "photos"
    kinds = kinds_of(spec)
    return _NOUNS[next(iter(kinds))] if len(kinds) == 1 else "tiles"


def inks_of(tiles: TileSet) -> tuple[Colour, Colour]:
    """Return the ink colour and the paper colour of a set of characters that all have the same ones.

    Raises:
        ConfigError: The tiles are not letters, or have several colours.
    """
    if kinds_of(tiles.spec) != {"glyphs"} or len(tiles.variants) > 1:
        raise ConfigError("ink is for letters, and these tiles are not. Use --tiles glyphs, or leave --ink out.")
    found = {
        (spec.options.get("foreground", "black"), spec.options.get("background", "white"))
        for spec in parse_specs(tiles.spec)
    }
    if len(found) > 1 or "/" in next(iter(found))[0]:
        raise ConfigError("ink needs one foreground and one background colour; name one of each, or leave --ink out.")
    foreground, background = next(iter(found))
    return parse_colour(foreground, "foreground"), parse_colour(background, "background")
