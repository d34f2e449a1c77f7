"""Text with terminal colours: escapes of ECMA-48, with 16 million, 256 or 16 colours."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from perceptual_photomosaic.text.picture import TextPicture

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from perceptual_photomosaic.pixels import Colour

__all__ = ["PALETTE", "ansi"]

_LEVELS = (0, 95, 135, 175, 215, 255)
_BASIC = (
    "000000 cd0000 00cd00 cdcd00 0000ee cd00cd 00cdcd e5e5e5 7f7f7f ff0000 00ff00 ffff00 5c5cff ff00ff 00ffff ffffff"
)
PALETTE = np.array(
    [
        *(tuple(bytes.fromhex(code)) for code in _BASIC.split()),
        *((red, green, blue) for red in _LEVELS for green in _LEVELS for blue in _LEVELS),
        *((8 + 10 * step,) * 3 for step in range(24)),
    ],
    np.uint8,
)
"""The 256 colours of xterm, sRGB, (256, 3): 16 that people may change, a cube of six levels per channel, 24 greys."""

_RESET = "\x1b[0m"


def ansi(picture: TextPicture, colours: str = "24bit", *, paper: Colour | None = None) -> str:
    """Write characters with their colours and papers; each row ends with a reset and a newline.

    Args:
        picture: The rows of characters.
        colours: One of `config.ANSI_COLOURS`.
        paper: The terminal's own background; papers of this colour are not coloured. None colours all papers.
    """
    code = _Codes(colours)
    rows = []
    for row in range(picture.shape[0]):
        parts: list[str] = []
        now: list[str] = ["", ""]
        for run in picture.runs(row):
            wanted = [code.of(run.colour, 30), "49" if run.paper == paper else code.of(run.paper, 40)]
            if not now[1] and wanted[1] == "49":
                now[1] = "49"
            changed = [new for new, old in zip(wanted, now, strict=True) if new != old]
            if changed:
                parts.append(f"\x1b[{';'.join(changed)}m")
            now = wanted
            parts += map(picture.spaced, run.texts)
        rows.append("".join(parts) + _RESET + "\n")
    return "".join(rows)


class _Codes:
    """The codes that select colours, each computed once.

    Args:
        colours: One of `config.ANSI_COLOURS`.
    """

    def __init__(self, colours: str) -> None:
        self._first, self._last = {"256": (16, 256), "16": (0, 16)}.get(colours, (0, 0))
        self._known: dict[Colour, int] = {}

    def of(self, colour: Colour, start: int) -> str:
        """Return the code of a colour: for characters with start 30, for papers with start 40."""
        if not self._last:
            return f"{start + 8};2;{colour[0]};{colour[1]};{colour[2]}"
        if colour not in self._known:
            self._known[colour] = self._first + _nearest(colour, self._first, self._last)
        number = self._known[colour]
        if self._last == 256:
            return f"{start + 8};5;{number}"
        return str(start + number if number < 8 else start + 52 + number)


def _nearest(colour: Colour, first: int, last: int) -> int:
    from perceptual_photomosaic.features.colour import to_oklab

    wanted = to_oklab(np.array([colour], np.uint8))
    return int(np.square(_lab(first, last) - wanted).sum(axis=1).argmin())


@lru_cache
def _lab(first: int, last: int) -> NDArray[np.float32]:
    from perceptual_photomosaic.features.colour import to_oklab

    return to_oklab(PALETTE[first:last])
