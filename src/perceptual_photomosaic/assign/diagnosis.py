"""The diagnosis: colours that the tile set lacks, and the colour error that more such tiles would remove."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.assign.problem import Problem
from perceptual_photomosaic.features.colour import linear_to_oklab
from perceptual_photomosaic.tiles.kinds import can_grow, noun_of

__all__ = ["Diagnosis", "diagnose"]

MORE_TILES = 40
"""Number of additional tiles that the diagnosis assumes."""

_WORTH_SAYING = 0.15
_VISIBLE = 0.03
_ROUNDS = 8
_HUES = ("pink", "red", "orange", "yellow", "green", "cyan", "blue", "purple")
_HUE_ANGLES = np.radians([0.0, 29.0, 60.0, 105.0, 142.0, 195.0, 262.0, 315.0])


@dataclass(frozen=True)
class Diagnosis:
    """The colours that the tile set lacks most.

    Attributes:
        colours: Name of the missing colours: "dark", "light blue".
        share: Part of the squared colour error of all cells that `more` such tiles would remove, 0 to 1.
        more: Number of additional tiles.
        noun: Word for the tiles: photos, letters, emoji, pieces, colours, or tiles if there are several kinds.
        growing: True if people can add such tiles. Nobody can add red letters to a font.
    """

    colours: str
    share: float
    more: int
    noun: str = "tiles"
    growing: bool = True

    def __str__(self) -> str:
        """Name the missing colours, and ask for more tiles only if people can add them."""
        if self.growing:
            return f"your {self.noun} have few {self.colours} ones: about {self.more} more would help most"
        return f"these {self.noun} have few {self.colours} ones"


def diagnose(problem: Problem, choices: NDArray[np.int64], more: int = MORE_TILES) -> Diagnosis | None:
    """Find the colours that the tile set lacks.

    Cells are grouped by the name of their mean colour. For the group with the largest error, `more` new tiles are
    assumed at the k-means centres of the group's colours, each used as often as the limits allow.

    Args:
        problem: The problem.
        choices: The assignment, (rows, columns).
        more: Number of additional tiles to assume.
    Returns:
        The diagnosis, or None if the tile set is good enough: the error is invisible, or the gain is below 15%.
    """
    wanted = linear_to_oklab(problem.cells.mean(axis=(1, 2)))
    flat = choices.ravel()
    used, position = np.unique(flat, return_inverse=True)
    got = linear_to_oklab(problem.choices[used].mean(axis=(1, 2)))[position]
    error = np.square(wanted - got).sum(axis=1)
    total = float(error.sum())
    if not len(error) or np.sqrt(error.mean()) < _VISIBLE:
        return None
    names = _colour_names(wanted)
    groups = np.unique(names)
    group = groups[int(np.argmax([error[names == name].sum() for name in groups]))]
    inside = np.flatnonzero(names == group)
    gain = np.sort(np.maximum(0.0, error[inside] - _distance_with(wanted[inside], error[inside], more)))[::-1]
    if problem.limits.max_uses is not None:
        gain = gain[: more * problem.limits.max_uses]
    share = float(gain.sum()) / total
    if share < _WORTH_SAYING:
        return None
    return Diagnosis(str(group), share, more, noun_of(problem.tiles.spec), can_grow(problem.tiles.spec))


def _distance_with(wanted: NDArray[np.float32], error: NDArray[np.float32], more: int) -> NDArray[np.float32]:
    """Return the squared distance of each colour to the nearest of `more` assumed tiles."""
    worst = np.argsort(-error, kind="stable")
    centres = wanted[worst[np.linspace(0, len(worst) - 1, min(more, len(worst))).astype(int)]].copy()
    squared = np.zeros((len(wanted), len(centres)), np.float32)
    for _ in range(_ROUNDS):
        squared = np.square(wanted[:, None] - centres[None]).sum(axis=2)
        nearest = squared.argmin(axis=1)
        count = np.bincount(nearest, error, len(centres))
        for axis in range(3):
            moved = np.bincount(nearest, error * wanted[:, axis], len(centres)) / np.maximum(count, 1e-12)
            centres[:, axis] = np.where(count > 0, moved, centres[:, axis])
    nearest_squared: NDArray[np.float32] = squared.min(axis=1)
    return nearest_squared


def _colour_names(lab: NDArray[np.float32]) -> NDArray[np.str_]:
    """Name OKLab colours: greys by lightness, other colours by lightness and hue."""
    chroma = np.hypot(lab[:, 1], lab[:, 2])
    angle = np.arctan2(lab[:, 2], lab[:, 1])
    apart = np.abs((angle[:, None] - _HUE_ANGLES[None] + np.pi) % (2 * np.pi) - np.pi)
    hue = np.array(_HUES)[apart.argmin(axis=1)]
    tone = np.select([lab[:, 0] < 0.4, lab[:, 0] > 0.8], ["dark", "light"], "mid-tone")
    grey = np.select([lab[:, 0] < 0.4, lab[:, 0] > 0.8], ["dark", "light"], "grey")
    coloured = np.where(tone == "mid-tone", hue, np.char.add(np.char.add(tone, " "), hue))
    return np.where(chroma < 0.05, grey, coloured)
