"""Tile sets: photos, glyphs, emoji, slices of a picture and flat colours, opened by a short spec.

>>> tiles = open_tiles("glyphs:characters=abc")
>>> len(tiles), tiles.source(0), tiles.pictures((8, 8)).shape
(3, 'glyph:a', (3, 8, 8, 3))

`perceptual_photomosaic.tiles.spec` describes the grammar of specs.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from perceptual_photomosaic.config import CROPS
from perceptual_photomosaic.errors import TileError
from perceptual_photomosaic.progress import SILENT
from perceptual_photomosaic.tiles.character_files import characters_of
from perceptual_photomosaic.tiles.spec import SETS, Spec, parse_colour, parse_flag, parse_specs
from perceptual_photomosaic.tiles.tile_options import TileOptions, default_cache_dir, unknown_crop
from perceptual_photomosaic.tiles.tile_set import Skipped, TileSet

if TYPE_CHECKING:
    from perceptual_photomosaic.progress import Reporter
    from perceptual_photomosaic.tiles.colours import Colours
    from perceptual_photomosaic.tiles.emoji import Emoji
    from perceptual_photomosaic.tiles.glyphs import Glyphs
    from perceptual_photomosaic.tiles.joined import Joined
    from perceptual_photomosaic.tiles.photos import Photos
    from perceptual_photomosaic.tiles.slices import Slices
    from perceptual_photomosaic.tiles.variants import Variants

__all__ = [
    "Colours",
    "Emoji",
    "Glyphs",
    "Joined",
    "Photos",
    "Skipped",
    "Slices",
    "TileOptions",
    "TileSet",
    "Variants",
    "default_cache_dir",
    "open_tiles",
]

_HOMES = {
    "Colours": "colours",
    "Emoji": "emoji",
    "Glyphs": "glyphs",
    "Joined": "joined",
    "Photos": "photos",
    "Slices": "slices",
    "Variants": "variants",
}


def __getattr__(name: str) -> Any:
    """Import a kind of tile set when it is first used."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def open_tiles(
    specs: str | Sequence[str], options: TileOptions | None = None, *, reporter: Reporter = SILENT
) -> TileSet:
    """Open one or several tile sets as one.

    Args:
        specs: Specs or folders of the sets.
        options: Options that all sets share.
        reporter: Receives progress, and notes such as the licence of emoji.
    Returns:
        One tile set; tiles are in the order of the specs.
    Raises:
        TileError: A spec names nothing that exists, or nothing in it can be used.
        MissingExtraError: A set needs a package that is not installed.
    """
    from perceptual_photomosaic.tiles.joined import Joined

    options = options or TileOptions()
    texts = [specs] if isinstance(specs, str) else list(specs)
    sets = [_open_one(spec, options, reporter) for text in texts for spec in parse_specs(text)]
    tiles: TileSet = sets[0] if len(sets) == 1 else Joined(sets)
    if tiles.licence:
        reporter.note(tiles.licence)
    return with_variants(tiles, options)


def with_variants(tiles: TileSet, options: TileOptions) -> TileSet:
    """Return a tile set with the variants of its tiles that the options ask for."""
    from perceptual_photomosaic.tiles.variants import Variants

    if not options.variants:
        return tiles
    square = options.cell_aspect[0] == options.cell_aspect[1]
    return Variants(tiles, rotate="rotate" in options.variants, flip="flip" in options.variants, square=square)


def own_aspect(tiles: Sequence[str] | TileSet) -> tuple[int, int] | None:
    """Return the cell shape of a tile set whose tiles are all glyphs of one font: the shape of the font's cell.

    Args:
        tiles: Specs, or an open set.
    Returns:
        Width to height in lowest terms; None for other tiles, and if fonts differ.
    Raises:
        TileError: A font cannot be opened.
    """
    from perceptual_photomosaic.progress import SILENT

    if not isinstance(tiles, Sequence):
        return getattr(tiles, "cell_aspect", None)
    try:
        parts = [part for text in tiles for part in parse_specs(text)]
    except TileError:  # the caller's own tile set, or a misspelt spec, which is reported when it is opened
        return None
    if not parts or any(part.name != "glyphs" for part in parts):
        return None
    aspects = {getattr(_open_one(part, TileOptions(), SILENT), "cell_aspect", None) for part in parts}
    return aspects.pop() if len(aspects) == 1 else None


def _open_one(spec: Spec, options: TileOptions, reporter: Reporter) -> TileSet:
    if spec.name in SETS and not spec.argument and not spec.options and Path(spec.name).is_dir():
        reporter.note(f"{spec.name} is the built-in tile set; for the folder of that name write ./{spec.name}")
    background = _colour(spec, "background", options)
    if spec.name == "photos":
        from perceptual_photomosaic.tiles.photos import Photos

        crop = spec.options.get("crop")
        if crop not in (None, *CROPS):
            raise TileError(f"photos: {unknown_crop(crop)}")
        keep = _flag(spec, "duplicates")
        return Photos(spec.argument, options, crop=crop, background=background, duplicates=keep, reporter=reporter)
    if spec.name == "library":
        from perceptual_photomosaic.library.library_tiles import LibraryTiles

        crop = spec.options.get("crop")
        if crop not in (None, *CROPS):
            raise TileError(f"library: {unknown_crop(crop)}")
        keep = _flag(spec, "duplicates")
        return LibraryTiles(
            spec.argument, options, crop=crop, background=background, duplicates=keep, reporter=reporter
        )
    if spec.name == "glyphs":
        from perceptual_photomosaic.tiles.glyphs import Glyphs

        inks = spec.options.get("foreground", "black").split("/")
        characters = spec.options.get("characters")
        return Glyphs(
            None if characters is None else characters_of(characters),
            set_name=spec.options.get("set"),
            font=spec.options.get("font"),
            weight=spec.options.get("weight", "regular"),
            foreground=[parse_colour(ink, "glyphs: foreground") for ink in inks],
            background=background or options.background,
        )
    if spec.name == "emoji":
        from perceptual_photomosaic.tiles.emoji import Emoji

        return Emoji(
            options,
            background=background,
            margin=spec.options.get("margin", "crop"),
            font=spec.options.get("font"),
            skin_tones=_flag(spec, "skin-tones"),
            extras=_flag(spec, "extras"),
        )
    if spec.name == "slices":
        from perceptual_photomosaic.tiles.slices import Slices

        return Slices(spec.argument, options, size=_number(spec, spec.options.get("size")))
    from perceptual_photomosaic.tiles.colours import Colours

    return Colours(_number(spec, spec.argument) or 0)


def _colour(spec: Spec, key: str, options: TileOptions) -> tuple[int, int, int] | None:
    return parse_colour(spec.options[key], f"{spec.name}: {key}") if key in spec.options else None


def _flag(spec: Spec, key: str) -> bool:
    return parse_flag(spec.options.get(key, "no"), f"{spec.name}: {key}")


def _number(spec: Spec, text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return int(text)
    except ValueError:
        raise TileError(f"{spec.name}: expected a whole number, got {text!r}") from None
