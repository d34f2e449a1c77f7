"""Choice of characters together with their colours, for coloured text."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.assign.assignment import assign_problem
from perceptual_photomosaic.assign.problem import Assignment, Problem
from perceptual_photomosaic.features.ink import Ink, InkFit
from perceptual_photomosaic.grid import tile_size_px
from perceptual_photomosaic.progress import SILENT, Reporter
from perceptual_photomosaic.tiles.kinds import inks_of

__all__ = ["InkMatcher", "ink_of"]

_ANALYSIS_PX = 32


@dataclass(frozen=True)
class InkMatcher:
    """Choose for every cell the character that is nearest to the cell when both colours are fitted to it.

    Attributes:
        ink: "target" fits the colour of the character, "duo" the colour of its paper too.
    """

    ink: str

    def assign(self, problem: Problem, *, reporter: Reporter = SILENT) -> Assignment:
        """Choose a character for every cell, within the limits.

        Raises:
            ConstraintError: The limits cannot be met.
            ConfigError: The tiles are not letters of one colour.
        """
        choices = assign_problem(problem, _fit(problem, self.ink), reporter=reporter)
        return Assignment(choices.reshape(problem.grid.shape))


def ink_of(problem: Problem, choices: NDArray[np.int64], ink: str) -> Ink:
    """Return the colours in which the chosen characters are nearest to their cells.

    Args:
        problem: The problem.
        choices: Choice numbers, (rows, columns).
        ink: "target" or "duo".
    Raises:
        ConfigError: The tiles are not letters of one colour.
    """
    colours, papers = _fit(problem, ink).colours(choices.ravel())
    return Ink(colours.reshape(*choices.shape, 3), papers.reshape(*choices.shape, 3))


def _fit(problem: Problem, ink: str) -> InkFit:
    """Prepare the fit of colours to the characters of a problem."""
    pictures = problem.tiles.pictures(tile_size_px(_ANALYSIS_PX, problem.grid.cell_aspect))
    return InkFit.of(problem.cells, pictures, *inks_of(problem.tiles), ink, problem.grid.cell_aspect)
