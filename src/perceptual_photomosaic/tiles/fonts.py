"""Fonts from a file, from an installed family or built in, and their weights."""

from __future__ import annotations

import difflib
import io
import os
import sys
from collections.abc import Iterator
from functools import lru_cache
from importlib import resources
from pathlib import Path

from PIL import ImageFont

from perceptual_photomosaic.errors import TileError
from perceptual_photomosaic.image import printable, read_file

__all__ = ["WEIGHTS", "font_data", "sized"]

WEIGHTS = {"regular": 400, "bold": 700}
"""OpenType weights by name."""

_SUFFIXES = (".ttf", ".otf", ".ttc", ".otc")


def font_data(font: str | None, weight: str = "regular") -> bytes:
    """Read the file of a font.

    Args:
        font: A file, or the name of an installed family such as "DejaVu Sans Mono"; None takes JetBrains Mono.
        weight: One of `WEIGHTS`; selects the file of a family.
    Raises:
        TileError: There is no such file or family (names the most similar one), or the file is not a font.
    """
    if font is None:
        return resources.files("fontpkg_jetbrains_mono").joinpath("files", "JetBrainsMono[wght].ttf").read_bytes()
    path = Path(font)
    if not path.is_file() and not path.suffix and os.sep not in font:
        path = _installed(font, weight)
    data = read_file(path)
    try:
        sized(data, 16)
    except OSError as error:
        raise TileError(f"glyphs: {printable(path)} is not a font that can be read: {error}") from None
    return data


@lru_cache(maxsize=64)
def sized(data: bytes, size: float, weight: str = "regular") -> ImageFont.FreeTypeFont:
    """Open a font at a size in pixels, and at a weight if it has several.

    Raises:
        OSError: It is not a font.
    """
    font = ImageFont.truetype(io.BytesIO(data), size, layout_engine=ImageFont.Layout.BASIC)
    try:
        axes = font.get_variation_axes()
    except OSError:  # it has one weight
        return font
    if weight != "regular" and any(_is_weight(axis["name"]) for axis in axes):
        values: list[float] = [WEIGHTS[weight] if _is_weight(axis["name"]) else axis["default"] or 0 for axis in axes]
        font.set_variation_by_axes(values)
    return font


def has_weights(data: bytes) -> bool:
    """Tell whether a font has several weights in one file."""
    try:
        return any(_is_weight(axis["name"]) for axis in sized(data, 16).get_variation_axes())
    except OSError:
        return False


def is_bold(data: bytes) -> bool:
    """Tell whether a font's style is bold by its name."""
    return "bold" in (sized(data, 16).getname()[1] or "").lower()


def _is_weight(name: bytes | str | None) -> bool:
    return (name.decode("latin-1") if isinstance(name, bytes) else name or "").lower() in ("weight", "wght")


def _installed(family: str, weight: str) -> Path:
    """Find the file of an installed family in a weight; another file of the family if it has no such weight."""
    wanted = family.casefold()
    families: dict[str, str] = {}
    best: tuple[int, str] | None = None
    for path in _font_files():
        try:
            name, style = ImageFont.truetype(str(path), 16).getname()
        except OSError:
            continue
        families[(name or "").casefold()] = name or ""
        if (name or "").casefold() != wanted:
            continue
        style = (style or "").lower()
        plain = style in ("regular", "book", "roman", "normal", "medium")
        rank = int((style == "bold") if weight == "bold" else plain) * 2 + int(
            "ital" not in style and "obl" not in style
        )
        if best is None or (-rank, str(path)) < best:
            best = (-rank, str(path))
    if best is not None:
        return Path(best[1])
    near = difflib.get_close_matches(wanted, families, 1, cutoff=0.5)
    hint = f"did you mean '{families[near[0]]}'?" if near else "name a font file, or leave font= out."
    raise TileError(f"glyphs: there is no font file and no installed font '{printable(family)}'; {hint}")


def _font_files() -> Iterator[Path]:
    """Yield all font files of the system's font folders, sorted by path in each folder."""
    home = Path.home()
    if sys.platform == "darwin":
        folders = [home / "Library/Fonts", Path("/Library/Fonts"), Path("/System/Library/Fonts")]
    elif sys.platform == "win32":
        folders = [Path(os.environ.get("LOCALAPPDATA", home)) / "Microsoft/Windows/Fonts"]
        folders.append(Path(os.environ.get("WINDIR", "C:/Windows")) / "Fonts")
    else:
        data = Path(os.environ.get("XDG_DATA_HOME") or home / ".local/share")
        folders = [data / "fonts", home / ".fonts", Path("/usr/local/share/fonts"), Path("/usr/share/fonts")]
    for folder in folders:
        yield from sorted(path for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES)
