"""How much each part of the energy counts: one knob for people, numbers for researchers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from difflib import get_close_matches

from perceptual_photomosaic.errors import ConfigError
from perceptual_photomosaic.features.tone import Reach

__all__ = ["VIEWING", "EnergyWeights", "parse_weights"]


@dataclass(frozen=True)
class EnergyWeights:
    """Weights of the energy, see docs/solver.md.

    Attributes:
        colour8: Colour error at 8 x 8 samples a cell, this and what follows in CIEDE2000 / 100.
        colour4: At 4 x 4.
        colour2: At 2 x 2.
        colour1: At the cell's mean.
        colour_half: Where one sample covers 2 x 2 cells: what one cell gets wrong its neighbours put right.
        halftone1: The same blurred by 0.8 cells, wherever the eye rests (`halftone`).
        halftone2: Blurred by 1.8 cells.
        colour_quarter: Where one sample covers 4 x 4 cells.
        gradient8: Error of the differences between neighbouring samples of a cell, at 8 x 8, in red, green and blue.
        contrast8: Error of the standard deviation over the samples of a cell, at 8 x 8, likewise.
        perceptual2: What VGG16 sees of the difference at 2 x 2 samples (`features.embedding`).
        seams4: What changes between neighbouring cells and not in the target, at 4 x 4 samples a cell, in DIN99d.
        seams1: The same of their mean colours.
        structure8: Loss of structural similarity (1 - SSIM of luma, across cells) at 8 x 8 samples a cell.
        structure4: At 4 x 4.
        structure2: At 2 x 2, mean over red, green and blue.
        structure1: At one sample a cell, likewise.
        structure1_luma: At one sample a cell, of luma; `--quality best` holds on to it.
        structure_half: Where one sample covers 2 x 2 cells, of luma again.
        structure_quarter: Where one sample covers 4 x 4 cells.
        repeat: Price of two copies of a picture side by side, less farther apart; None takes that of --variety.
    """

    colour8: float = 0.83
    colour4: float = 0.0
    colour2: float = 0.0
    colour1: float = 3.34
    colour_half: float = 0.42
    halftone1: float = 0.0
    halftone2: float = 0.0
    colour_quarter: float = 0.46
    gradient8: float = 0.9
    contrast8: float = 1.42
    perceptual2: float = 0.5
    seams4: float = 0.27
    seams1: float = 0.23
    structure8: float = 0.95
    structure4: float = 0.18
    structure2: float = 0.143
    structure1: float = 0.135
    structure1_luma: float = 0.105
    structure_half: float = 0.096
    structure_quarter: float = 0.54
    repeat: float | None = None


VIEWING: Mapping[str, EnergyWeights] = {
    "near": EnergyWeights(
        colour1=1.4, colour_half=0.12, colour_quarter=0.2, gradient8=1.4, contrast8=2.2, structure8=0.62
    ),
    "balanced": EnergyWeights(),
    "far": EnergyWeights(
        colour8=0.37,
        colour2=0.37,
        colour1=1.6,
        colour_half=0.8,
        colour_quarter=0.9,
        gradient8=0.2,
        contrast8=0.1,
        perceptual2=0.0,
        seams4=0.0,
        structure8=0.2,
        structure4=0.05,
    ),
}
"""Weights by where a mosaic is looked at from."""

_TURNED: Mapping[str, float] = {
    "colour8": 1.23,
    "colour1": 0.13,
    "colour_half": 0.265,
    "colour_quarter": 0.509,
    "gradient8": 1.26,
    "contrast8": 0.437,
    "perceptual2": 0.732,
    "seams4": 1.98,
    "seams1": 0.54,
    "structure8": 0.0573,
    "structure4": 0.327,
    "structure2": 0.423,
    "structure1": 0.878,
    "structure1_luma": 3.0,
    "structure_half": 3.73,
    "structure_quarter": 1.06,
}
"""By how much weights change where tiles may be turned or mirrored: among so many more choices shapes inside cells are
found anyway; grain inside them, what repeats from cell to cell, and outlines from afar, are asked for more."""

_SCARCE: Mapping[str, float] = {"colour8": 2.5}
"""By how much weights change where each tile may only be used so often: cells take what is left, which looks like them
little enough, and to ask for the nearest colours costs nothing else."""

_SCARCE_INKED: Mapping[str, float] = {**_SCARCE, "structure1": 2.5, "structure1_luma": 2.5}
"""The same for black characters on white: nearly every cell takes one that is too light, and outlines from cell to cell
are what is left to see."""

_NARROW: Mapping[str, float] = {
    "colour8": 1.8,
    "colour1": 0.53,
    "colour_half": 0.68,
    "colour_quarter": 1.4,
    "gradient8": 1.1,
    "contrast8": 0.59,
    "perceptual2": 0.0,
    "seams4": 0.19,
    "seams1": 0.26,
    "structure8": 0.71,
    "structure4": 0.41,
    "structure2": 0.19,
    "structure1": 0.23,
    "structure1_luma": 0.17,
    "structure_half": 0.17,
    "structure_quarter": 0.079,
}
"""By how much weights change where tiles reach little of the target's tones (`features.tone.reach_of`), as emoji do:
contrast between cells then comes at the cost of colours that are far off as it is, and less of it will do."""

_INKED: Mapping[str, float] = {
    **_NARROW,
    "colour1": 0.583,
    "colour_half": 0.748,
    "colour_quarter": 1.54,
    "structure8": 1.3,
    "structure4": 1.11,
    "structure2": 0.323,
    "structure1": 0.368,
    "structure1_luma": 0.272,
}
"""The same where tiles have no colour either (`features.tone.inked`), as a thousand characters in black on white:
colour tells little apart there, and shapes inside cells can be had for next to none of it."""

_FITTED: Mapping[str, float] = {
    "colour8": 0.0,
    "colour4": 0.0,
    "colour2": 0.0,
    "colour1": 2.4,
    "gradient8": 0.0,
    "contrast8": 0.0,
    "perceptual2": 0.0,
    "seams4": 0.0,
    "seams1": 2.6,
    "structure8": 0.32,
}
"""The same where the target was drawn into the few tones of such tiles. Tones can be had exactly then, and are what is
seen; the ink inside a cell is far more contrast than the target has left anywhere, so whatever compares samples would
only ask for tiles with little of it, which are the light ones."""

_VARIED: Mapping[str, float] = {
    "colour1": 1.6,
    "colour_half": 0.0,
    "colour_quarter": 1.74,
    "structure8": 2.0,
    "structure4": 2.0,
    "structure2": 1.5,
    "structure_quarter": 2.0,
}
_HALFTONE = 2.4, 1.6
"""By how much weights change where copies have a price, and what the halftones count beside colours from afar. Calm
places are woven from several photos then: blurs that overlap see to it that they form neither rows nor lattices, and
shapes inside cells, which the best photos had for nothing, are asked for more."""

_BY_REACH: Mapping[Reach, Mapping[str, float]] = {"narrow": _NARROW, "inked": _INKED, "fitted": _FITTED}

_FAINT: Mapping[str, EnergyWeights] = {
    "near": EnergyWeights(
        colour8=1.6,
        colour4=0.7,
        colour1=0.7,
        colour_half=0.3,
        colour_quarter=0.2,
        gradient8=1.0,
        contrast8=1.1,
        perceptual2=0.0,
        seams4=0.1,
        seams1=0.048,
        structure8=0.45,
        structure4=0.11,
        structure2=0.034,
        structure1=0.018,
        structure1_luma=0.011,
        structure_half=0.015,
        structure_quarter=0.045,
    ),
    "balanced": EnergyWeights(
        colour8=2.13,
        colour4=1.41,
        colour1=0.94,
        colour_half=0.62,
        colour_quarter=0.346,
        gradient8=0.97,
        contrast8=1.02,
        perceptual2=0.0,
        seams4=0.1,
        seams1=0.048,
        structure8=0.306,
        structure4=0.084,
        structure2=0.0215,
        structure1=0.0115,
        structure1_luma=0.0073,
        structure_half=0.011,
        structure_quarter=0.0285,
    ),
    "far": EnergyWeights(
        colour8=1.5,
        colour4=1.75,
        colour1=1.35,
        colour_half=0.8,
        colour_quarter=0.45,
        gradient8=0.5,
        contrast8=0.6,
        perceptual2=0.0,
        seams4=0.1,
        seams1=0.048,
        structure8=0.215,
        structure4=0.06,
        structure2=0.03,
        structure1=0.02,
        structure1_luma=0.011,
        structure_half=0.02,
        structure_quarter=0.024,
    ),
}
"""The same as `VIEWING` where tiles reach next to nothing, as letters do: colours are far off everywhere, and so little
tells letters apart that what structure costs in colour has to be weighed anew."""

_MOST = 1e6


def parse_weights(
    viewing: str,
    changes: str,
    *,
    turned: bool = False,
    scarce: bool = False,
    reach: Reach = "wide",
    varied: bool = False,
) -> EnergyWeights:
    """Read the knob and the numbers: "balanced" and "structure8=0.3,colour_half=1".

    Args:
        viewing: A key of `VIEWING`.
        changes: Weights by name, which stand as they are.
        turned: Whether tiles may be turned or mirrored.
        scarce: Whether each tile may only be used so often.
        reach: How much of the target's tones the tiles reach.
        varied: Whether copies near each other have a price.
    Raises:
        ConfigError: An unknown word, an unknown weight, or a value that is no number from 0 to below 1e6.
    """
    if viewing not in VIEWING:
        raise ConfigError(f"viewing '{viewing}' is unknown; choose one of {', '.join(VIEWING)}.")
    values: dict[str, float] = {}
    known = [field.name for field in fields(EnergyWeights)]
    for part in filter(None, (part.strip() for part in changes.split(","))):
        name, _, text = part.partition("=")
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            raise ConfigError(f"there is no weight '{name}'.{hint} Known are {', '.join(known)}.")
        try:
            values[name] = float(text)
        except ValueError:
            values[name] = -1.0
        if not 0 <= values[name] < _MOST:
            raise ConfigError(
                f"weight {name} is '{text}'; it must be a number from 0 to below {_MOST:g}, as in {name}=0.5."
            )
    weights = (_FAINT if reach == "faint" else VIEWING)[viewing]
    scarcity = _SCARCE_INKED if reach == "inked" else _SCARCE
    if varied:
        blurred = _HALFTONE[0] * weights.colour_half, _HALFTONE[1] * weights.colour_quarter
        weights = replace(weights, halftone1=blurred[0], halftone2=blurred[1])
    for factors in [_TURNED] * turned + [scarcity] * scarce + [_BY_REACH.get(reach, {})] + [_VARIED] * varied:
        weights = replace(weights, **{name: factor * getattr(weights, name) for name, factor in factors.items()})
    return replace(weights, **values)
