"""Specs in plans, models and checkpoints: written in full, and read with the meaning that they had."""

from __future__ import annotations

from contextlib import suppress

from perceptual_photomosaic.errors import TileError
from perceptual_photomosaic.tiles.character_files import characters_of, is_character_file, write_characters
from perceptual_photomosaic.tiles.spec import SETS, is_folder, join_specs, parse_spec, split_specs, write_spec

__all__ = ["spec_in_full", "spec_of_old"]

# Defaults of specs that contain none of some keys: the keys, then what to add for older versions, and for this one.
_DEFAULTS: dict[str, tuple[frozenset[str], dict[str, str], dict[str, str]]] = {
    "glyphs": (frozenset({"set", "characters"}), {"set": "alnum"}, {"set": "ascii"}),
    "emoji": (frozenset({"margin"}), {"margin": "keep"}, {"margin": "crop"}),
}


def spec_of_old(text: str) -> str:
    """Rewrite a saved spec so that it keeps the meaning it had when it was saved.

    Older versions did not write options that had only one value then: emoji kept their margin, and glyphs were the
    letters and digits. Specs of this version contain both options, and are returned unchanged.

    Args:
        text: A spec from a plan, a model or a checkpoint; it may name several sets.
    """
    return _completed(text, old=True)


def spec_in_full(text: str) -> str:
    """Add the defaults to a spec, so that later versions open the same set.

    Args:
        text: A spec that a person wrote; it may name several sets.
    """
    return _completed(text, old=False)


def _completed(text: str, *, old: bool) -> str:
    """Add the missing defaults to the sets in a text; invalid specs stay, and are reported when they are opened."""
    if is_folder(text) and text not in SETS:
        return text
    parts = split_specs(text, ";")
    for place, part in enumerate(parts):
        name = part.partition(":")[0]
        if name in _DEFAULTS:
            with suppress(TileError):
                keys, then, now = _DEFAULTS[name]
                options = parse_spec(part).options
                if keys.isdisjoint(options):
                    parts[place] = write_spec(name, "", {**(then if old else now), **options})
                elif is_character_file(named := options.get("characters", "")):
                    characters = named if old else characters_of(named)  # saved specs never name a file
                    parts[place] = write_spec(name, "", {**options, "characters": write_characters(characters)})
    return join_specs(parts)
