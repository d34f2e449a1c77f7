"""Variety: one number from 0 to 1 for how strongly copies of a picture are kept apart.

At 0 copies are ignored. Above 0 copies keep a smallest distance, and each pair of copies within six cells has a price
that falls with their distance (`repeats`). Both grow with the number:

    variety     0     below 0.7     0.7 to 0.85     0.85 to 1     1
    distance    1     2             3               4             5       cells

    price = 0.88 * variety^2        in the solver's energy, for two copies side by side
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from perceptual_photomosaic.errors import ConfigError

__all__ = ["DEFAULT", "FREE", "Variety"]

DEFAULT = 0.5
"""The default variety of photos, chosen by comparing mosaics by eye (docs/understand/solver.md)."""

_PRICE = 0.88
_DISTANCES = ((1.0, 5), (0.85, 4), (0.7, 3), (0.0, 2))
_PLENTY = 256
"""Number of pictures from which the default applies in full; fewer pictures get less variety."""


@dataclass(frozen=True)
class Variety:
    """The distance and the price that keep copies of a picture apart.

    Attributes:
        value: The variety, 0 to 1.
        distance: Smallest distance of copies of a picture, in cells, except between pins; 1 sets no limit.
        price: Price of two copies side by side in the solver's energy, per cell; it falls with their distance.
        chosen: True if the value was derived from the tiles, because none was given.
        note: The reason if the value or the distance is less than usual, or else empty.
    """

    value: float = 0.0
    distance: int = 1
    price: float = 0.0
    chosen: bool = False
    note: str = ""

    @classmethod
    def choose(cls, asked: float | None, distance: int | None, pictures: int, *, varied: bool) -> Variety:
        """Determine value, distance and price.

        Args:
            asked: The value given; None derives it from the tiles.
            distance: The distance given, which is used unchanged; None derives it from the value.
            pictures: Number of different pictures that the tiles show.
            varied: True if such tiles have variety by default, as photos have.
        Raises:
            ConfigError: The value is not from 0 to 1.
        """
        if asked is not None and not 0 <= asked <= 1:
            raise ConfigError(f"variety is {asked:g}; it must be from 0 (free) to 1 (copies as far apart as can be).")
        value, note = asked, ""
        if value is None:
            value = round(DEFAULT * min(1.0, (pictures / _PLENTY) ** 0.5), 2) if varied and pictures > 1 else 0.0
            if 0 < value < DEFAULT:
                note = f"less than {DEFAULT:g}, as there are {pictures:,} different pictures"
        apart = next(cells for least, cells in _DISTANCES if value >= least) if value > 0 else 1
        enough = int((pictures**0.5 + 1) // 2)  # leaves a picture for a cell, whatever is around it
        if apart > enough and distance is None:
            note = f"{pictures:,} different pictures are too few to keep copies {apart} cells apart"
            apart = max(1, enough)
        if distance is not None:
            apart = max(1, distance)
        return cls(value, apart, _PRICE * value**2, asked is None, note)

    @property
    def facts(self) -> dict[str, Any]:
        """Value, distance, and how they were determined, as plain values."""
        return {"variety": self.value, "distance": self.distance, "chosen": self.chosen, "note": self.note or None}


FREE = Variety()
