"""Sizes as people write them: centimetres, inches, pixels and paper formats, turned to match a picture."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from perceptual_photomosaic.errors import ConfigError

__all__ = [
    "DEFAULT_DPI",
    "PrintSize",
    "as_written",
    "is_landscape",
    "parse_length",
    "parse_paper",
    "parse_size",
    "shown",
    "turned",
    "unit_of",
]

DEFAULT_DPI = 150.0
"""Resolution of a print if none is given."""

_MM = {"mm": 1.0, "cm": 10.0, "m": 1000.0, "in": 25.4, '"': 25.4, "inch": 25.4, "inches": 25.4, "pt": 25.4 / 72}
_LETTER = {"LETTER": (215.9, 279.4), "LEGAL": (215.9, 355.6), "TABLOID": (279.4, 431.8)}
_NUMBER = r"(\d+(?:\.\d+)?)"
_SIDES = re.compile(rf"\s*{_NUMBER}\s*([a-z\"]*)\s*[x×]\s*{_NUMBER}\s*([a-z\"]*)\s*")


@dataclass(frozen=True)
class PrintSize:
    """The size of a mosaic, on paper or in pixels.

    Attributes:
        width: Width in millimetres or pixels.
        height: Height in the same unit.
        in_px: Whether the unit is pixels.
    """

    width: float
    height: float
    in_px: bool = False

    def pixels(self, dpi: float | None) -> tuple[int, int]:
        """Return (width, height) in pixels."""
        scale = 1.0 if self.in_px else (dpi or DEFAULT_DPI) / 25.4
        return max(1, round(self.width * scale)), max(1, round(self.height * scale))

    def millimetres(self, dpi: float | None) -> tuple[float, float] | None:
        """Return (width, height) in millimetres; None for pixels without a resolution."""
        if not self.in_px:
            return self.width, self.height
        return (self.width / dpi * 25.4, self.height / dpi * 25.4) if dpi else None


def parse_length(text: str, what: str) -> float:
    """Parse a length in millimetres: 3mm, 0.5cm, 0.125in; a bare 0 needs no unit.

    Raises:
        ConfigError: It is not a length.
    """
    match = re.fullmatch(rf"\s*{_NUMBER}\s*([a-z\"]*)\s*", text.lower())
    unit = match[2] if match else ""
    if match is None or (unit not in _MM and float(match[1]) != 0):
        raise ConfigError(f"{what} is '{text}'; a length such as 3mm, 0.5cm or 0.125in is expected.")
    return float(match[1]) * _MM.get(unit, 1.0)


def is_landscape(width: float, height: float) -> bool | None:
    """Tell whether a picture is wider than high; None for a square one."""
    return None if width == height else width > height


def parse_size(text: str, *, landscape: bool | None, what: str = "size") -> PrintSize:
    """Parse a size (60x90cm, 80x60in, 40000x30000px or paper: A2) and turn it to match the picture.

    Args:
        text: The size. A size with an exclamation mark at its end, 60x90cm!, is not turned.
        landscape: Whether the picture is wider than high. None for a square one: sizes then stay as they are written,
            and paper is upright.
        what: Name of the setting in error messages.
    Raises:
        ConfigError: It is not a size.
    """
    exact = text.rstrip().endswith("!")
    plain = text.rstrip().removesuffix("!")
    paper = _paper(plain)
    if paper is not None:
        size = PrintSize(*paper)
    else:
        width, height, unit = _sides(plain, text, what)
        scale = 1.0 if unit == "px" else _MM[unit]
        size = PrintSize(width * scale, height * scale, unit == "px")
    if exact or landscape in (None, is_landscape(size.width, size.height)):
        return size
    return replace(size, width=size.height, height=size.width)


def _sides(plain: str, text: str, what: str) -> tuple[float, float, str]:
    """Return width, height and unit of a size that is not a paper format; errors quote `text`."""
    match = _SIDES.fullmatch(plain.lower())
    unit = match[4] if match else ""
    if match is None or match[2] not in ("", unit) or (unit != "px" and unit not in _MM):
        raise ConfigError(
            f"{what} is '{text}'; 60x90cm, 80x60in, 40000x30000px or A2 (A0 to A8) is expected. It turns to the "
            f"target's orientation; 60x90cm! does not."
        )
    width, height = float(match[1]), float(match[3])
    if not width or not height:
        raise ConfigError(f"{what} is '{text}'; both sides must be above 0.")
    return width, height, unit


def turned(text: str, landscape: bool | None) -> str:
    """Write a size so that it has the same meaning for every picture: 60x90cm of a landscape becomes 90x60cm!.

    Args:
        text: As `parse_size` reads it. A paper format is unchanged: a mosaic made for it has its orientation.
        landscape: Whether the picture is wider than high; None for a square one.
    Raises:
        ConfigError: It is not a size.
    """
    asked, settled = parse_size(text, landscape=None), parse_size(text, landscape=landscape)
    match = _SIDES.fullmatch(text.rstrip().removesuffix("!").lower())
    if match is None:
        return text
    sides = (match[1], match[3]) if asked == settled else (match[3], match[1])
    return f"{sides[0]}x{sides[1]}{match[4]}!"


def as_written(text: str) -> str:
    """Mark a size in lengths or pixels as not to be turned; any other text is returned unchanged.

    Plans contain the size of their mosaic. Plans made before sizes were turned have no exclamation mark.
    """
    return f"{text.rstrip()}!" if _SIDES.fullmatch(text.lower()) else text


def parse_paper(text: str) -> tuple[float, float]:
    """Parse a paper format, A3, letter or 297x420mm, and return its upright size in millimetres.

    Raises:
        ConfigError: It is not a paper format.
    """
    paper = _paper(text)
    if paper is None:
        size = None if "!" in text else parse_size(text, landscape=None, what="sheets")
        if size is None or size.in_px:
            raise ConfigError(f"sheets are '{text}'; paper such as A4, A3, letter or 297x420mm is expected.")
        paper = size.width, size.height
    return min(paper), max(paper)


def _paper(text: str) -> tuple[float, float] | None:
    name = text.strip().upper()
    if match := re.fullmatch(r"A([0-8])", name):
        width, height = 841, 1189
        for _ in range(int(match[1])):
            width, height = height // 2, width
        return float(width), float(height)
    return _LETTER.get(name)


def unit_of(text: str) -> tuple[str, float]:
    """Return the unit of a size, and its millimetres (1 for px); paper formats are in centimetres."""
    match = _SIDES.fullmatch(text.rstrip().removesuffix("!").lower())
    unit = match[4] if match else "cm"
    return unit, _MM.get(unit, 1.0)


def shown(text: str, landscape: bool | None) -> str:
    """Write a size for use in sentences, turned to match a picture: 90 x 60 cm, A2."""
    match = _SIDES.fullmatch(turned(text, landscape).removesuffix("!"))
    return f"{match[1]} x {match[3]} {match[4]}" if match else text.strip().removesuffix("!")
