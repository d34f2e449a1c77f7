"""Kinds of tiles that a set holds, read from its spec: some advice suits photos and not letters."""

from __future__ import annotations

from perceptual_photomosaic.errors import TileError
from perceptual_photomosaic.tiles.spec import parse_specs

__all__ = ["can_grow", "kinds_of", "may_vary", "noun_of", "only_photos"]

_PHOTOS = frozenset({"photos", "library"})
_NOUNS = {"glyphs": "letters", "emoji": "emoji", "slices": "pieces", "colours": "colours"}


def kinds_of(*specs: str) -> frozenset[str]:
    """Name the kinds of sets in specs: "holiday/;emoji" has photos and emoji.

    Args:
        specs: Each the spec of one set or several.
    Returns:
        Names as in specs: photos, library, glyphs, emoji, slices, colours. Empty for what is no spec, such as tiles
        that a program holds in memory.
    """
    try:
        return frozenset(part.name for spec in specs for part in parse_specs(spec))
    except TileError:
        return frozenset()


def only_photos(*specs: str) -> bool:
    """Tell whether all tiles of some specs are photos, of folders or libraries."""
    kinds = kinds_of(*specs)
    return bool(kinds) and kinds <= _PHOTOS


def can_grow(spec: str) -> bool:
    """Tell whether people can add tiles to a set: photos and pictures in memory, but not letters, emoji or colours."""
    kinds = kinds_of(spec)
    return not kinds or bool(kinds & _PHOTOS)


def may_vary(spec: str) -> bool:
    """Tell whether tiles are pictures of which people want to see many: all but letters, emoji and flat colours."""
    return not kinds_of(spec) <= {"glyphs", "emoji", "colours"} or not kinds_of(spec)


def noun_of(spec: str) -> str:
    """Find the word for the tiles of a spec that people use: photos, letters, emoji, pieces or colours.

    Returns:
        The word in the plural; "tiles" for several kinds together, and for what is no spec.
    """
    if only_photos(spec):
        return "photos"
    kinds = kinds_of(spec)
    return _NOUNS[next(iter(kinds))] if len(kinds) == 1 else "tiles"
