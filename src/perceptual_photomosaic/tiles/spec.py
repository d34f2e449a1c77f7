r"""The short text that names a tile set: `holiday/`, `glyphs:foreground=black/#a00,characters=.:-=+*#%@`.

    specs   = spec { ";" spec }                      several sets, joined into one
    spec    = folder | name [ ":" part { "," part } ]
    part    = key "=" value | argument               the argument, where a set has one, comes first

A comma, semicolon or backslash that belongs to a value is written with a backslash before it: `characters=a\,b`. A
folder may be written as it is, with or without `photos:`: the path of an existing folder is not taken apart. Only the
name of a built-in set wins over a folder of that name; `./emoji` is the folder.

    photos:DIR      crop=centre|attention|faces|none  background=COLOUR  duplicates=yes|no
    glyphs          set=ascii|alnum|digits|blocks|box|braille|katakana|lines  characters=TEXT|@FILE  font=FILE|FAMILY
                    weight=regular|bold  foreground=COLOUR[/COLOUR...]  background=COLOUR
    emoji           margin=crop|keep  font=FILE  background=COLOUR  skin-tones=yes|no  extras=yes|no
    slices:IMAGE    size=PX (height of a patch)
    colours:N       (none)
    library:DIR     crop, background, duplicates as for photos

COLOUR is a CSS name or hex code: white, #a00, #aa0000. `characters=@FILE` reads the characters from a text file, where
FILE has a letter or a digit in it; the sign @ itself, before letters, is written @@.
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

__all__ = [
    "WITH_PATHS",
    "Spec",
    "characters_of",
    "join_specs",
    "parse_colour",
    "parse_flag",
    "parse_specs",
    "paths_in",
    "spec_in_full",
    "spec_of_old",
    "write_characters",
    "write_colour",
    "write_spec",
]

# Keys that each kind of set knows, and what its argument is ("" where it has none).
SETS: dict[str, tuple[str, tuple[str, ...]]] = {
    "photos": ("a folder", ("crop", "background", "duplicates")),
    "glyphs": ("", ("set", "characters", "font", "weight", "foreground", "background")),
    "emoji": ("", ("margin", "font", "background", "skin-tones", "extras")),
    "slices": ("a picture", ("size",)),
    "colours": ("a number", ()),
    "library": ("a library", ("crop", "background", "duplicates")),
}

# What a spec meant that names none of some keys: the keys, then what to add, in older versions and today.
_UNSAID: dict[str, tuple[frozenset[str], dict[str, str], dict[str, str]]] = {
    "glyphs": (frozenset({"set", "characters"}), {"set": "alnum"}, {"set": "ascii"}),
    "emoji": (frozenset({"margin"}), {"margin": "keep"}, {"margin": "crop"}),
}

WITH_PATHS = ("photos", "library", "slices")
"""Those whose argument is a path."""


@dataclass(frozen=True)
class Spec:
    """One tile set as it was asked for: its kind, its argument and its own options."""

    name: str
    argument: str = ""
    options: Mapping[str, str] = field(default_factory=dict)


def parse_specs(text: str) -> list[Spec]:
    """Read one text that may name several sets.

    Raises:
        TileError: It names no known set and no folder, or an option that the set does not have.
    """
    if _is_folder(text) and text not in SETS:
        return [_folder(text)]
    if text.startswith("photos:") and _is_folder(text.removeprefix("photos:")):
        return [Spec("photos", text.removeprefix("photos:"))]
    parts = _split(text, ";")
    for before, part in pairwise(parts):
        if "characters=" in before and not _near_sets(part) and not _is_folder(_unescape(part)):
            raise TileError(
                f"{printable(before)}: a semicolon among the characters is written \\;, as in characters=a\\;b; "
                f"as it stands, {printable(part)!r} would be another tile set or a folder, and there is none"
            )
    return [_parse_one(part) for part in parts]


def paths_in(specs: Iterable[str]) -> list[Path]:
    """Files and folders that tile sets are read from; a text that is no spec names none."""
    known: list[Spec] = []
    for text in specs:
        with suppress(TileError):  # whoever opens it says so
            known += parse_specs(text)
    paths = []
    for spec in known:
        if spec.name in WITH_PATHS:
            paths.append(Path(spec.argument))
        if "font" in spec.options:
            paths.append(Path(spec.options["font"]))
        if _is_file_of_characters(spec.options.get("characters", "")):
            paths.append(Path(spec.options["characters"][1:]))
    return paths


def spec_of_old(text: str) -> str:
    """Write a saved spec so that it means what it meant when it was saved.

    Older versions did not write what they had no other way to do: emoji kept their margin, and glyphs were the letters
    and digits. Specs that this version writes name both, and come back as they are.

    Args:
        text: A spec from a plan, a model or a checkpoint; it may name several sets.
    """
    return _completed(text, old=True)


def spec_in_full(text: str) -> str:
    """Write a spec with what it leaves to today's defaults, so that later versions open the same set.

    Args:
        text: A spec that a person wrote; it may name several sets.
    """
    return _completed(text, old=False)


def _completed(text: str, *, old: bool) -> str:
    """Add what is unsaid to the sets in a text; whatever is no valid spec stays, and whoever opens it says so."""
    if _is_folder(text) and text not in SETS:
        return text
    parts = _split(text, ";")
    for place, part in enumerate(parts):
        name = part.partition(":")[0]
        if name in _UNSAID:
            with suppress(TileError):
                keys, then, now = _UNSAID[name]
                options = _parse_one(part).options
                if keys.isdisjoint(options):
                    parts[place] = write_spec(name, "", {**(then if old else now), **options})
                elif _is_file_of_characters(named := options.get("characters", "")):
                    characters = named if old else characters_of(named)  # nothing that was saved names a file
                    parts[place] = write_spec(name, "", {**options, "characters": write_characters(characters)})
    return join_specs(parts)


def characters_of(text: str) -> str:
    """Read what `characters=` says: the characters themselves, or @FILE.

    Raises:
        TileError: The file cannot be read, is no UTF-8 text, or holds no characters.
    """
    if not _is_file_of_characters(text):
        return text
    path = Path(text[1:])
    where = f"glyphs: characters: the file '{printable(path)}'"
    try:
        if path.exists() and not path.is_file():
            raise TileError(f"{where} is no regular file; name a text file")
        characters = "".join(path.read_text(encoding="utf-8-sig").splitlines())
    except UnicodeDecodeError:
        raise TileError(f"{where} is not UTF-8 text; save it as UTF-8") from None
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise TileError(
            f"{where} cannot be read: {reason.lower()}; for the sign @ itself write it twice, as in characters=@@ab"
        ) from None
    if not characters:
        raise TileError(f"{where} holds no characters; write some into it")
    return characters


def write_characters(characters: str) -> str:
    """Write characters so that `characters_of` reads them back, and none of them as the name of a file."""
    return f"@{characters}" if _is_file_of_characters(characters) else characters


def _is_file_of_characters(text: str) -> bool:
    """Tell @FILE from signs that begin with @, such as a ramp from dark to light, and from @@ and any characters."""
    return text.startswith("@") and not text.startswith("@@") and any(sign.isalnum() for sign in text)


def write_spec(name: str, argument: str = "", options: Mapping[str, str] | None = None) -> str:
    """Write the text that `parse_specs` reads back as the same set."""
    parts = [_escape(argument)] if argument else []
    parts += [f"{key}={_escape(value)}" for key, value in (options or {}).items()]
    return f"{name}:{','.join(parts)}" if parts else name


def join_specs(specs: Iterable[str]) -> str:
    """Write several specs as one text."""
    return ";".join(specs)


def parse_colour(text: str, where: str) -> tuple[int, int, int]:
    """Read a CSS colour name or hex code.

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


def parse_flag(text: str, where: str) -> bool:
    """Read yes or no.

    Raises:
        TileError: It is neither.
    """
    if text not in {"yes", "no"}:
        raise TileError(f"{where}: expected yes or no, got {text!r}")
    return text == "yes"


def _parse_one(text: str) -> Spec:
    name, _, rest = text.partition(":")
    if name not in SETS:
        if _is_folder(_unescape(text)):
            return _folder(_unescape(text))
        raise TileError(_unknown(text, name))
    what, keys = SETS[name]
    if what and not rest:
        raise TileError(f"{name}: expected {what}, as in {name}:{what.split()[-1].upper()}")
    if name in ("photos", "library") and _is_folder(rest):
        return Spec(name, rest)
    parts = _split(rest, ",") if rest else []
    argument = _unescape(parts.pop(0)) if what and parts else ""
    return Spec(name, argument, _read_options(name, keys, parts))


def _read_options(name: str, keys: tuple[str, ...], parts: list[str]) -> dict[str, str]:
    options: dict[str, str] = {}
    for part in parts:
        key, equals, value = part.partition("=")
        if not equals or key not in keys:
            near = difflib.get_close_matches(key, keys, 1)
            hint = f"did you mean {near[0]}=...?" if near else f"it knows {', '.join(keys) or 'no options'}"
            if "characters" in options and not near:
                hint = "a comma among the characters is written \\,, as in characters=a\\,b"
            raise TileError(f"{name}: {part!r} is not an option of this tile set; {hint}")
        options[key] = _unescape(value)
    return options


def _folder(path: str) -> Spec:
    """A folder as it is: a library, or photos."""
    return Spec("library" if (Path(path) / "library.sqlite").is_file() else "photos", path)


def _unknown(text: str, name: str) -> str:
    shown = printable(text)
    path = Path(_unescape(text))
    try:
        if path.is_file():
            return f"{shown} is a file, not a folder; for patches cut from it write slices:{shown}"
    except (OSError, ValueError):
        pass
    near = _near_sets(text)
    if near:
        return f"no tile set is called {printable(name)!r}, and there is no such folder; did you mean {near[0]}?"
    return f"the folder {shown} does not exist, and no tile set is called so; there are {', '.join(SETS)}"


def _near_sets(text: str) -> list[str]:
    """The set that a spec names, or nearly."""
    return difflib.get_close_matches(text.partition(":")[0].strip().lower(), SETS, 1, cutoff=0.5)


def _is_folder(text: str) -> bool:
    try:
        return bool(text) and Path(text).is_dir()
    except (OSError, ValueError):
        return False


def _split(text: str, separator: str) -> list[str]:
    """Cut at separators that have no backslash before them; escapes stay as they are."""
    parts, start, position = [], 0, 0
    while position < len(text):
        if text[position] == "\\":
            position += 1  # whatever follows is taken as it is
        elif text[position] == separator:
            parts.append(text[start:position])
            start = position + 1
        position += 1
    return [*parts, text[start:]]


def _escape(text: str) -> str:
    return re.sub(r"([\\,;])", r"\\\1", text)


def _unescape(text: str) -> str:
    return re.sub(r"\\([\\,;])", r"\1", text)
