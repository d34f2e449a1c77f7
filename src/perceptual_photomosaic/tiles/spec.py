r"""Specs, the short texts that name tile sets: `holiday/`, `glyphs:foreground=black/#a00,characters=.:-=+*#%@`.

    specs   = spec { ";" spec }                      several sets, joined into one
    spec    = folder | name [ ":" part { "," part } ]
    part    = key "=" value | argument               the argument, where a set has one, comes first

A comma, semicolon or backslash inside a value needs a backslash before it: `characters=a\,b`. The path of an existing
folder needs no backslashes, with or without `photos:` before it. The name of a built-in set takes precedence over a
folder of that name; `./emoji` is the folder.

    photos:DIR      crop=centre|attention|faces|none  background=COLOUR  duplicates=yes|no
    glyphs          set=ascii|alnum|digits|blocks|box|braille|katakana|lines  characters=TEXT|@FILE  font=FILE|FAMILY
                    weight=regular|bold  foreground=COLOUR[/COLOUR...]  background=COLOUR
    emoji           margin=crop|keep  font=FILE  background=COLOUR  skin-tones=yes|no  extras=yes|no
    slices:IMAGE    size=PX (height of a tile in the picture)
    colours:N       (none)
    library:DIR     crop, background, duplicates as for photos

COLOUR is a CSS name or hex code: white, #a00, #aa0000. `characters=@FILE` reads the characters from a text file; FILE
must contain a letter or a digit. The character @ itself, before letters, is written @@.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from PIL import ImageColor

from perceptual_photomosaic.errors import TileError
from perceptual_photomosaic.image import printable
from perceptual_photomosaic.tiles.character_files import is_character_file

__all__ = [
    "SETS",
    "WITH_PATHS",
    "Spec",
    "is_folder",
    "join_specs",
    "known_specs",
    "own_options",
    "parse_colour",
    "parse_flag",
    "parse_spec",
    "parse_specs",
    "paths_in",
    "split_specs",
    "write_colour",
    "write_spec",
]

# Argument of each kind of set ("" if it has none), and its keys.
SETS: dict[str, tuple[str, tuple[str, ...]]] = {
    "photos": ("a folder", ("crop", "background", "duplicates")),
    "glyphs": ("", ("set", "characters", "font", "weight", "foreground", "background")),
    "emoji": ("", ("margin", "font", "background", "skin-tones", "extras")),
    "slices": ("a picture", ("size",)),
    "colours": ("a number", ()),
    "library": ("a library", ("crop", "background", "duplicates")),
}

WITH_PATHS = ("photos", "library", "slices")
"""Kinds of sets whose argument is a path."""


@dataclass(frozen=True)
class Spec:
    """One parsed spec: the kind of tile set, its argument and its options."""

    name: str
    argument: str = ""
    options: Mapping[str, str] = field(default_factory=dict)


def parse_specs(text: str) -> list[Spec]:
    """Parse a text that may name several sets.

    Raises:
        TileError: It names an unknown set or folder, or an option that the set does not have.
    """
    if is_folder(text) and text not in SETS:
        return [_folder(text)]
    if text.startswith("photos:") and is_folder(text.removeprefix("photos:")):
        return [Spec("photos", text.removeprefix("photos:"))]
    parts = split_specs(text, ";")
    for before, part in pairwise(parts):
        if "characters=" in before and not _near_sets(part) and not is_folder(_unescape(part)):
            raise TileError(
                f"{printable(before)}: a semicolon among the characters is written \\;, as in characters=a\\;b; "
                f"as it stands, {printable(part)!r} would be another tile set or a folder, and there is none"
            )
    return [parse_spec(part) for part in parts]


def known_specs(texts: Iterable[str]) -> list[Spec]:
    """Return the sets that texts name; a text that is not a spec, as of tiles from memory, names none."""
    known: list[Spec] = []
    for text in texts:
        with suppress(TileError):  # reported when the set is opened
            known += parse_specs(text)
    return known


def paths_in(specs: Iterable[str]) -> list[Path]:
    """Return the files and folders that specs read from; a text that is not a spec has none."""
    paths = []
    for spec in known_specs(specs):
        if spec.name in WITH_PATHS:
            paths.append(Path(spec.argument))
        if "font" in spec.options:
            paths.append(Path(spec.options["font"]))
        if is_character_file(spec.options.get("characters", "")):
            paths.append(Path(spec.options["characters"][1:]))
    return paths


def write_spec(name: str, argument: str = "", options: Mapping[str, str] | None = None) -> str:
    """Write a spec that `parse_specs` reads back as the same set."""
    parts = [_escape(argument)] if argument else []
    parts += [f"{key}={_escape(value)}" for key, value in (options or {}).items()]
    return f"{name}:{','.join(parts)}" if parts else name


def join_specs(specs: Iterable[str]) -> str:
    """Join several specs into one text."""
    return ";".join(specs)


def parse_colour(text: str, where: str) -> tuple[int, int, int]:
    """Parse a CSS colour name or hex code.

    Raises:
        TileError: It is neither, or it is partly transparent.
    """
    try:
        values = ImageColor.getrgb(text.strip())
    except ValueError:
        raise TileError(f"{where}: expected a colour such as white or #a00, got {text!r}") from None
    if len(values) != 3:
        raise TileError(f"{where}: expected a colour without transparency, got {text!r}")
    return values


def write_colour(colour: Sequence[int]) -> str:
    """Write a colour as a hex code."""
    return "#" + "".join(f"{value:02x}" for value in colour)


def own_options(crop: str | None, background: Sequence[int] | None, duplicates: bool) -> dict[str, str]:
    """Return the options of a set of photos that differ from those of all sets, as its spec has them."""
    options = {"crop": crop} if crop else {}
    if background:
        options["background"] = write_colour(background)
    if duplicates:
        options["duplicates"] = "yes"
    return options


def parse_flag(text: str, where: str) -> bool:
    """Parse yes or no.

    Raises:
        TileError: It is neither.
    """
    if text not in {"yes", "no"}:
        raise TileError(f"{where}: expected yes or no, got {text!r}")
    return text == "yes"


def parse_spec(text: str) -> Spec:
    name, _, rest = text.partition(":")
    if name not in SETS:
        if is_folder(_unescape(text)):
            return _folder(_unescape(text))
        raise TileError(_unknown(text, name))
    what, keys = SETS[name]
    if what and not rest:
        raise TileError(f"{name}: expected {what}, as in {name}:{what.split()[-1].upper()}")
    if name in ("photos", "library") and is_folder(rest):
        return Spec(name, rest)
    parts = split_specs(rest, ",") if rest else []
    argument = _unescape(parts.pop(0)) if what and parts else ""
    return Spec(name, argument, _read_options(name, keys, parts))


def _read_options(name: str, keys: tuple[str, ...], parts: list[str]) -> dict[str, str]:
    options: dict[str, str] = {}
    for part in parts:
        key, equals, value = part.partition("=")
        if not equals or key not in keys:
            near = difflib.get_close_matches(key, keys, 1)
            hint = f"did you mean {near[0]}=...?" if near else f"its options are {', '.join(keys) or 'none'}"
            if "characters" in options and not near:
                hint = "a comma among the characters is written \\,, as in characters=a\\,b"
            raise TileError(f"{name}: {part!r} is not an option of this tile set; {hint}")
        options[key] = _unescape(value)
    return options


def _folder(path: str) -> Spec:
    """Return the spec of a folder: a library, or photos."""
    return Spec("library" if (Path(path) / "library.sqlite").is_file() else "photos", path)


def _unknown(text: str, name: str) -> str:
    shown = printable(text)
    path = Path(_unescape(text))
    try:
        if path.is_file():
            return f"{shown} is a file, not a folder; for tiles cut from it write slices:{shown}"
    except (OSError, ValueError):
        pass
    near = _near_sets(text)
    if near:
        return f"no tile set is called {printable(name)!r}, and there is no such folder; did you mean {near[0]}?"
    return f"the folder {shown} does not exist, and no tile set has that name; the tile sets are {', '.join(SETS)}"


def _near_sets(text: str) -> list[str]:
    """Return the names of sets that are most similar to a spec's name: one or none."""
    return difflib.get_close_matches(text.partition(":")[0].strip().lower(), SETS, 1, cutoff=0.5)


def is_folder(text: str) -> bool:
    try:
        return bool(text) and Path(text).is_dir()
    except (OSError, ValueError):
        return False


def split_specs(text: str, separator: str) -> list[str]:
    """Split a text at separators without a backslash before them; escapes stay as they are."""
    parts, start, position = [], 0, 0
    while position < len(text):
        if text[position] == "\\":
            position += 1  # the next character is not a separator
        elif text[position] == separator:
            parts.append(text[start:position])
            start = position + 1
        position += 1
    return [*parts, text[start:]]


def _escape(text: str) -> str:
    return re.sub(r"([\\,;])", r"\\\1", text)


def _unescape(text: str) -> str:
    return re.sub(r"\\([\\,;])", r"\1", text)
