"""Run `photomosaic show` and `--version` without the parser of the other commands, which takes long to load.

`parsed` reads plain command lines only. It leaves all others (--help, a misspelt option, a bad number) to the parser of
the other commands. A test compares its options with the declaration in `show`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from perceptual_photomosaic import __version__
from perceptual_photomosaic.errors import ConfigError, TileError

if TYPE_CHECKING:
    from perceptual_photomosaic.text.picture import TextPicture
    from perceptual_photomosaic.text.terminal import Terminal
    from perceptual_photomosaic.tiles.glyphs import Glyphs

__all__ = ["FLAGS", "VALUES", "parsed", "say_version", "show_text"]

VALUES: dict[str, tuple[str, type]] = {
    "--tiles": ("tiles", str),
    "-t": ("tiles", str),
    "--columns": ("columns", int),
    "--colour": ("colour", str),
    "--ink": ("ink", str),
    "--font-ratio": ("font_ratio", str),
    "--plan": ("plan", Path),
}
"""Options with a value: option -> argument of `show_text`, and its type."""

FLAGS = {"--dark": ("dark", True), "--light": ("dark", False)}
"""Options without a value: option -> argument of `show_text`, and its value."""

_INKS = ("auto", "none", "target", "duo")


def parsed(words: list[str]) -> dict[str, Any] | None:
    """Read a command line of `show`.

    Args:
        words: The words after the name of the command.
    Returns:
        Arguments of `show_text`; None where the usual parser must read the line.
    """
    found: dict[str, Any] = {}
    rest = iter(words)
    for word in rest:
        if not word.startswith("-"):
            if "target" in found:
                return None
            found["target"] = Path(word)
            continue
        name, equals, value = word.partition("=")
        if word in FLAGS:
            key, found_value = FLAGS[word]
            found[key] = found_value
            continue
        if name not in VALUES or (equals and not name.startswith("--")):
            return None
        key, kind = VALUES[name]
        value = value if equals else next(rest, "")
        if not value or value.startswith("-") or (kind is int and not (value.isdecimal() and int(value) > 0)):
            return None
        found[key] = kind(value)
    return found


def say_version() -> None:
    """Print the name of the command and its version."""
    print(f"photomosaic {__version__}")


def show_text(
    target: Path | None = None,
    tiles: str = "glyphs",
    columns: int | None = None,
    colour: str = "auto",
    ink: str = "auto",
    dark: bool = True,
    font_ratio: str | None = None,
    plan: Path | None = None,
) -> None:
    """Print a picture, or a plan, as text; `show` explains the arguments.

    Raises:
        ConfigError: An unknown word, or a picture and a plan both named, or neither.
        TileError: Tiles that are not letters of one colour.
        ImageError: The picture cannot be read.
        PlanError: The plan cannot be used.
    """
    from perceptual_photomosaic.text.terminal import Terminal

    if target is None and plan is None:
        raise ConfigError("no picture was named. Add one, as in photomosaic show portrait.jpg, or --plan plan.json.")
    if target is not None and plan is not None:
        raise ConfigError(f"'{target}' and plan '{plan}' were both named; show one of them.")
    if ink not in _INKS:
        raise ConfigError(f"ink '{ink}' is unknown; choose one of {', '.join(_INKS)}.")
    terminal = Terminal.of(sys.stdout, os.environ, colour)
    if plan is None and target is not None and target.suffix.lower() == ".json":
        plan = target
    if plan is not None:
        picture, paper = _planned(plan), None
    else:
        assert target is not None
        glyphs = _glyphs(tiles, dark)
        picture, paper = _drawn(target, glyphs, terminal, columns, ink, font_ratio), glyphs.background
    if terminal.colours is None:
        from perceptual_photomosaic.text.plain_text import plain

        text = plain(picture) + "\n"
    else:
        from perceptual_photomosaic.text.ansi import ansi

        text = ansi(picture, terminal.colours, paper=paper)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # for terminals of another encoding than UTF-8
    sys.stdout.write(text)


def _glyphs(spec: str, dark: bool) -> Glyphs:
    """Open letters in the colours of the terminal, where the spec names none."""
    from perceptual_photomosaic.tiles import open_tiles
    from perceptual_photomosaic.tiles.spec import parse_specs, write_spec

    parts = parse_specs(spec)
    if len(parts) != 1 or parts[0].name != "glyphs":
        raise TileError(f"'{spec}': show draws with letters of one kind; use glyphs, or make with -o portrait.ans.")
    ink, paper = ("white", "black") if dark else ("black", "white")
    options = {"foreground": ink, "background": paper, **parts[0].options}
    if "/" in options["foreground"]:
        raise TileError(f"'{spec}': show draws with letters of one colour; name one foreground.")
    glyphs: Glyphs = open_tiles(write_spec("glyphs", "", options))  # type: ignore[assignment]
    return glyphs


def _drawn(
    target: Path, glyphs: Glyphs, terminal: Terminal, columns: int | None, ink: str, font_ratio: str | None
) -> TextPicture:
    from perceptual_photomosaic.grid import parse_aspect
    from perceptual_photomosaic.text.quick import quick_text

    if terminal.colours is None:
        ink = "none"
    elif ink == "auto":
        ink = "target" if terminal.colours == "16" else "duo"
    rows = None if columns is not None or terminal.rows is None else max(1, terminal.rows - 1)  # one row for the prompt
    aspect = None if font_ratio is None else parse_aspect(font_ratio)
    return quick_text(target, glyphs, columns or terminal.columns, rows, ink=ink, aspect=aspect)


def _planned(plan: Path) -> TextPicture:
    from perceptual_photomosaic.api import open_plan
    from perceptual_photomosaic.tiles import default_cache_dir

    return open_plan(plan, cache=default_cache_dir()).to_text_picture()
