"""Settings of a mosaic: the one home of defaults, of their help, and of their form in a TOML file.

The command line builds its options from the fields below, so the two cannot drift apart.
"""

from __future__ import annotations

import json
import types
from dataclasses import Field, dataclass, field, fields, replace
from difflib import get_close_matches
from numbers import Integral, Real
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

from perceptual_photomosaic.errors import ConfigError

__all__ = [
    "ANSI_COLOURS",
    "INKS",
    "METHODS",
    "MosaicOptions",
    "check_options",
    "field_types",
    "load_options",
    "option_fields",
    "save_options",
    "with_values",
]

_ONLY_FOR = (("method", "mosaicnet", ("model",)),)
"""Settings that do nothing where another one is not what they are for."""

METHODS = ("solve", "nearest", "mean", "ncc", "mosaicnet")
"""Ways to choose tiles, best first."""

ANSI_COLOURS = ("24bit", "256", "16")
"""The numbers of colours that text for terminals is written with."""

INKS = ("none", "target", "duo")
"""Leave letters as they are, colour them, colour them and their paper."""

_GONE = {
    "quality": "standard",
    "steps": 200,
    "time_limit": None,
    "watch": None,
    "loss": "lpips",
    "device": "auto",
}
"""Settings of `--quality best`, which was removed, and the values with which files that name them mean the same."""


def _option(default: Any, group: str, text: str) -> Any:
    return field(default=default, metadata={"help": text, "group": group})


@dataclass(frozen=True)
class MosaicOptions:
    """All that decides how a mosaic looks."""

    columns: int | None = _option(None, "Grid", "Cells across; rows follow from the target's shape.")
    rows: int | None = _option(None, "Grid", "Cells down; columns follow from the target's shape.")
    cells: int | None = _option(
        None, "Grid", "Approximate number of cells (4096; more with letters, fewer with few photos)."
    )
    cell_aspect: str = _option(
        "auto", "Grid", "Width to height of a cell, such as 3:2, or auto: 1:1, and for letters the shape of the font."
    )
    fit: str = _option("crop", "Grid", "Make a target fit whole cells: crop, pad or stretch.")
    tile_size: int = _option(64, "Grid", "Longer side of each tile in the mosaic, in pixels.")
    crop: str = _option(
        "centre",
        "Tiles",
        "Which part of a photo fills the cell: centre, attention or faces; none shows all of it over --background.",
    )
    background: str = _option(
        "white", "Tiles", "Colour behind transparent pictures, padding and --crop none: a name or #rrggbb."
    )
    accept_damaged: bool = _option(
        False, "Tiles", "Use photos, and a target, whose last part is damaged; else they are skipped or refused."
    )
    variants: str = _option("", "Tiles", "Also use turned tiles: rotate, flip or rotate,flip.")
    method: str = _option("solve", "Choosing", f"How tiles are chosen: {', '.join(METHODS)}.")
    model: str = _option("", "Choosing", "The network of method 'mosaicnet': a name, or a file that 'train' made.")
    tone: str = _option(
        "auto",
        "Choosing",
        "Map the target's range of tones onto the range that the tiles can show, so that detail is kept in shadows and "
        "highlights that they cannot: auto (only for tiles of few tones, such as letters and emoji; right for nearly "
        "all), fit (always), keep (never). It takes no time worth counting.",
    )
    contrast: float = _option(0.3, "Choosing", "Contrast of a target that is fitted to letters or emoji, 0 to 1.")
    viewing: str = _option(
        "balanced", "Choosing", "Viewing distance that the mosaic is made for: near, balanced or far."
    )
    weights: str = _option("", "Choosing", "Weights by name, over those of --viewing: structure8=2,halftone1=1.")
    region: str | None = _option(
        None, "Choosing", "A mask of the target's shape: white cells matter most, black ones least."
    )
    detail: str = _option("auto", "Choosing", "Give the best photos to faces (auto), or treat all cells alike (none).")
    variety: float | None = _option(
        None,
        "Choosing",
        "Variety of the tiles, 0 (each cell takes what fits best) to 1; 0.5 for photos, 0 for letters and emoji.",
    )
    patch: int = _option(4, "Choosing", "Samples along a cell's side that method 'nearest' compares, 1 to 8.")
    max_uses: int | None = _option(None, "Limits", "Use each tile at most this many times.")
    min_distance: int | None = _option(
        None, "Limits", "Keep copies of a tile at least this many cells apart; by default as far as --variety says."
    )
    use_all: bool = _option(False, "Limits", "Use every tile at least once.")
    must_include: tuple[str, ...] = _option(
        (),
        "Limits",
        "Use this tile at least once: a path, a file name, or a name such as emoji:1F600. Repeat for more.",
    )
    adjust: float = _option(
        0.0, "Colour", "Shift each tile's colour towards its cell's mean, 0 to 1; this changes the tiles."
    )
    ink: str = _option(
        "none", "Colour", "Colour letters by their cells: target (the letters), duo (their paper too), or none."
    )
    blend: float = _option(0.0, "Colour", "Lay the target over the mosaic, with this opacity from 0 to 1.")
    seed: int = _option(0, "Choosing", "Seed of the random numbers; the same seed gives the same picture.")
    size: str | None = _option(
        None, "Print", "Size of the print: 60x90cm, 24x36in, A2 or 4000x3000px, turned to the target; 60x90cm! is not."
    )
    dpi: float | None = _option(None, "Print", "Dots per inch of the print (150 if only --size is given).")
    compression: str = _option("deflate", "Print", "Compression of a TIFF: deflate, lzw, jpeg or none.")
    cmyk: str | None = _option(None, "Print", "Convert colours to this ICC profile of a press (TIFF, JPEG, PDF).")
    bleed: str = _option("0", "Print", "Continue the picture beyond the trim of a PDF by this much: 3mm, 0.125in.")
    marks: bool = _option(False, "Print", "Show where to cut a PDF.")
    sheets: str | None = _option(None, "Print", "Split a PDF onto sheets of paper: A4, A3, letter, 297x420mm.")
    overlap: str = _option("5mm", "Print", "Overlap of neighbouring sheets.")
    ansi_colours: str = _option("24bit", "Text", "Colours of an .ans file: 24bit, 256 or 16.")
    outlines: bool = _option(False, "Text", "Draw letters in an .svg as paths, without a font.")


def check_options(options: MosaicOptions) -> None:
    """Make sure that `adjust` and `blend` are shares, that the seed is one, and that no setting would do nothing.

    Raises:
        ConfigError: A share is not from 0 to 1, the seed is negative, or a setting is for another quality or method.
    """
    if options.seed < 0:
        raise ConfigError(f"seed is {options.seed}; it must be at least 0.")
    for what, needed, names in _ONLY_FOR:
        for name in names if getattr(options, what) != needed else ():
            if getattr(options, name) != getattr(MosaicOptions(), name):
                shown = name.replace("_", " ")
                raise ConfigError(f"{shown} is for {what} '{needed}' only; ask for that, or leave {shown} out.")
    if options.ansi_colours not in ANSI_COLOURS:
        raise ConfigError(
            f"ansi colours '{options.ansi_colours}' are unknown; choose one of {', '.join(ANSI_COLOURS)}."
        )
    if options.ink not in INKS:
        raise ConfigError(f"ink '{options.ink}' is unknown; choose one of {', '.join(INKS)}.")
    if options.ink != "none" and options.adjust > 0:
        raise ConfigError(
            "ink gives letters the colours of their cells, so there is nothing left for adjust; drop one."
        )
    for name, share in (("adjust", options.adjust), ("blend", options.blend)):
        if not 0 <= share <= 1:
            raise ConfigError(f"{name} is {share:g}; it must be from 0 (off) to 1 (all of it).")


def option_fields() -> tuple[Field[Any], ...]:
    """Fields of `MosaicOptions` in the order people read them."""
    return fields(MosaicOptions)


def field_types() -> dict[str, Any]:
    """Types of the fields by name."""
    return get_type_hints(MosaicOptions)


def with_values(options: MosaicOptions, values: dict[str, Any], where: str) -> MosaicOptions:
    """Replace settings by name.

    Args:
        options: What to start from.
        values: New values by name; hyphens read as underscores.
        where: Named in errors: a file, or "make_mosaic()".
    Raises:
        ConfigError: An unknown name (with the nearest known one) or a value of the wrong type.
    """
    kinds = field_types()
    clean: dict[str, Any] = {}
    for key, value in values.items():
        name = key.replace("-", "_")
        if name in _GONE:
            if value == _GONE[name]:
                continue
            raise ConfigError(f"{where}: {key} is no more, as quality 'best' was removed; leave it out.")
        if name not in kinds:
            near = get_close_matches(name, kinds, n=1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            raise ConfigError(f"{where}: there is no setting '{key}'.{hint}")
        if not _fits(value, kinds[name]):
            raise ConfigError(f"{where}: {key} is {value!r}, but {_words(kinds[name])} is expected.")
        clean[name] = tuple(value) if isinstance(value, list) else _plain(value)
    return replace(options, **clean)


def load_options(path: Path, options: MosaicOptions | None = None) -> MosaicOptions:
    """Read settings from a TOML file; what it does not name stays as it is.

    Raises:
        ConfigError: A missing file, bad TOML, an unknown setting or a value of the wrong type.
    """
    import tomllib

    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"settings file '{path}' cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"settings file '{path}' is not TOML: {error}.") from error
    return with_values(options or MosaicOptions(), values, f"settings file '{path}'")


def save_options(options: MosaicOptions) -> str:
    """The settings as TOML, each with its help; unset ones are left as comments."""
    lines = []
    for item in option_fields():
        value = getattr(options, item.name)
        key = item.name.replace("_", "-")
        lines.append(f"# {item.metadata['help']}")
        lines.append(f"# {key} =" if value is None else f"{key} = {_toml(value)}")
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")  # TOML takes JSON's escapes
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return repr(value)


def _fits(value: Any, kind: Any) -> bool:
    if get_origin(kind) in (Union, types.UnionType):
        return any(_fits(value, part) for part in get_args(kind))
    if get_origin(kind) is tuple:
        return isinstance(value, list | tuple) and all(isinstance(item, str) for item in value)
    if kind is float:
        return isinstance(value, Real) and not isinstance(value, bool)
    if kind is int:
        return isinstance(value, Integral) and not isinstance(value, bool)
    return isinstance(value, kind)


def _plain(value: Any) -> Any:
    """A number as Python has it, where it was numpy's."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return value
    return int(value) if isinstance(value, Integral) else float(value)


def _words(kind: Any) -> str:
    names = {int: "a whole number", float: "a number", str: "a text", bool: "true or false", types.NoneType: "nothing"}
    if get_origin(kind) in (Union, types.UnionType):
        return " or ".join(_words(part) for part in get_args(kind) if part is not types.NoneType)
    return names.get(kind, "a list of texts")
