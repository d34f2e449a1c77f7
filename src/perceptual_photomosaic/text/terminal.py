"""Properties of a terminal: its size and its colours."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TextIO

from perceptual_photomosaic.errors import ConfigError

__all__ = ["WISHES", "Terminal"]

WISHES = ("auto", "always", "never")
"""Use of colour: if the terminal has it, always, or never."""

_UNKNOWN = 80


@dataclass(frozen=True)
class Terminal:
    """The output for text: a terminal, a file or another program.

    Attributes:
        columns: Its width.
        rows: Its height; None if text goes to a file or another program.
        colours: One of `config.ANSI_COLOURS`; None if no colours are wanted.
    """

    columns: int
    rows: int | None
    colours: str | None

    @classmethod
    def of(cls, stream: TextIO, environment: Mapping[str, str], wish: str = "auto") -> Terminal:
        """Find the properties of a terminal.

        Args:
            stream: The stream that text is written to.
            environment: Variables: COLORTERM and TERM describe the terminal, NO_COLOR turns colours off.
            wish: One of `WISHES`.
        Raises:
            ConfigError: The wish is unknown.
        """
        if wish not in WISHES:
            raise ConfigError(f"colour '{wish}' is unknown; choose one of {', '.join(WISHES)}.")
        is_terminal, kind = stream.isatty(), environment.get("TERM", "")
        wanted = is_terminal and kind != "dumb" and not environment.get("NO_COLOR")
        colours = _colours(environment) if wish == "always" or (wish == "auto" and wanted) else None
        if not is_terminal:
            return cls(_UNKNOWN, None, colours)
        size = shutil.get_terminal_size((_UNKNOWN, 24))
        return cls(max(1, size.columns), max(1, size.lines), colours)


def _colours(environment: Mapping[str, str]) -> str:
    if environment.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        return "24bit"
    return "256" if "256color" in environment.get("TERM", "") else "16"
