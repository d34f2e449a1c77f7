"""The weights of the energy, by viewing distance or as numbers.

The numbers are in `weights.toml`, with the command that finds them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from importlib.resources import files

from perceptual_photomosaic.assign.solve.terms import TERMS
from perceptual_photomosaic.errors import ConfigError

__all__ = ["parse_weights", "present_weights", "weights_for"]

_SHIFTS = {"near": 1.0, "balanced": 0.0, "far": -1.0}
"""Sign of the shift of weights towards terms of many samples per cell, by viewing distance."""

_SUCCESSORS = {
    "colour4": "colour8",
    "colour2": "colour8",
    "colour_half": "halftone1",
    "colour_quarter": "halftone2",
    "gradient8": "structure8",
    "contrast8": "structure8",
    "perceptual2": "structure2",
    "seams4": "structure4",
    "seams1": "halftone1",
    "structure1": "structure2",
    "structure1_luma": "structure2",
    "structure_half": "structure2",
    "structure_quarter": "structure2",
}
"""Terms that no longer exist, and the term that replaces each."""
_MOST = 1e4
"""Upper bound of weights: the price of a refused copy."""


@cache
def _tuned() -> Mapping[str, Mapping[str, float]]:
    text = files("perceptual_photomosaic.assign.solve").joinpath("weights.toml").read_text(encoding="utf-8")
    tuned: Mapping[str, Mapping[str, float]] = tomllib.loads(text)
    return tuned


def weights_for(viewing: str = "balanced", *, limited: bool = False) -> dict[str, float]:
    """Return the weight of each term by name.

    Args:
        viewing: "near", "balanced" or "far". Terms of many samples per cell count more for "near", less for "far".
        limited: True if the uses of tiles are limited; colours inside cells then count more.
    """
    tuned = _tuned()
    shift = _SHIFTS[viewing] * tuned["viewing"]["shift"]
    scales = {row.name: row.scale for row in TERMS}
    factors = tuned["limited"] if limited else {}
    return {name: weight * scales[name] ** shift * factors.get(name, 1.0) for name, weight in tuned["weights"].items()}


def parse_weights(viewing: str, text: str, *, limited: bool = False) -> dict[str, float]:
    """Read the weights that the settings give.

    Args:
        viewing: One of `config.VIEWINGS`.
        text: Weights that replace those of the viewing distance, "colour8=0.5,structure4=1"; empty replaces none.
        limited: As for `weights_for`.
    Raises:
        ConfigError: The name of a weight is unknown (the message suggests the nearest), or a number is out of range.
    """
    weights = weights_for(viewing, limited=limited)
    known = [row.name for row in TERMS]
    for item in text.split(",") if text else ():
        name, _, number = (part.strip() for part in item.partition("="))
        if name in _SUCCESSORS:
            raise ConfigError(f"weight '{name}' no longer exists; use '{_SUCCESSORS[name]}' instead.")
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            raise ConfigError(f"there is no weight '{name}'.{hint} Weights are {', '.join(known)}.")
        try:
            weights[name] = float(number)
        except ValueError:
            weights[name] = -1.0
        if not 0 <= weights[name] < _MOST:
            raise ConfigError(
                f"weight {name} is '{number}'; it must be a number from 0 to below {_MOST:g}, as in {name}=0.5."
            )
    return weights


def present_weights(text: str) -> str:
    """Remove weights of terms that no longer exist, as in old plans, from a text for `parse_weights`."""
    items = [item for item in text.split(",") if item.partition("=")[0].strip() not in _SUCCESSORS]
    return ",".join(items)
