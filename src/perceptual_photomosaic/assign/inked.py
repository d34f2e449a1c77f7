"""Characters chosen together with their colours, as terminals do: the pair that comes nearest to each cell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.assign.assignment import assign_choices
from perceptual_photomosaic.assign.base import Assignment, Problem
from perceptual_photomosaic.errors import ConfigError
from perceptual_photomosaic.features.colour import to_linear
from perceptual_photomosaic.features.ink import Ink, InkFit, cover_of
from perceptual_photomosaic.features.patches import PATCH, reduce_patches
from perceptual_photomosaic.grid import tile_size_px
from perceptual_photomosaic.progress import SILENT, Reporter
from perceptual_photomosaic.tiles.base import TileSet
from perceptual_photomosaic.tiles.kinds import kinds_of
from perceptual_photomosaic.tiles.spec import parse_colour, parse_specs

__all__ = ["Inked", "ink_of", "inks_of"]

_ANALYSIS_PX = 32


@dataclass(frozen=True)
class Inked:
    """Choose for every cell the character that comes nearest to it in its own best colours.

    Attributes:
        ink: "target" colours the character, "duo" its paper too.
    """

    ink: str

    def assign(self, problem: Problem, *, reporter: Reporter = SILENT) -> Assignment:
        """Choose characters, as far as the limits allow.

        Raises:
            ConstraintError: The limits cannot be met.
            ConfigError: The tiles are not letters of one colour.
        """
        choices = assign_choices(
            _fit(problem, self.ink),
            problem.grid.shape,
            problem.variants,
            problem.limits,
            repeats=problem.repeats(),
            importance=problem.weights,
            seed=problem.seed,
            reporter=reporter,
        )
        return Assignment(choices.reshape(problem.grid.shape))


def ink_of(problem: Problem, choices: NDArray[np.int64], ink: str) -> Ink:
    """Return the colours in which chosen characters come nearest to their cells.

    Args:
        problem: The problem.
        choices: Choice numbers, (rows, columns).
        ink: "target" or "duo".
    Raises:
        ConfigError: The tiles are not letters of one colour.
    """
    colours, papers = _fit(problem, ink).colours(choices.ravel())
    return Ink(colours.reshape(*choices.shape, 3), papers.reshape(*choices.shape, 3))


def inks_of(tiles: TileSet) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    """Return the one colour that all characters of a set are drawn in, and that of their paper.

    Raises:
        ConfigError: The tiles are not letters, or are letters of several colours.
    """
    if kinds_of(tiles.spec) != {"glyphs"} or len(tiles.variants) > 1:
        raise ConfigError("ink colours letters, and these tiles are others. Use --tiles glyphs, or leave --ink out.")
    found = {
        (spec.options.get("foreground", "black"), spec.options.get("background", "white"))
        for spec in parse_specs(tiles.spec)
    }
    if len(found) > 1 or "/" in next(iter(found))[0]:
        raise ConfigError("ink colours letters anew; name one foreground and one background, or leave --ink out.")
    foreground, background = next(iter(found))
    return parse_colour(foreground, "foreground"), parse_colour(background, "background")


def _fit(problem: Problem, ink: str) -> InkFit:
    """Look at the characters, and get ready to fit colours to them."""
    drawn_in, drawn_on = inks_of(problem.tiles)
    pictures = problem.tiles.pictures(tile_size_px(_ANALYSIS_PX, problem.grid.cell_aspect))
    cover = cover_of(pictures, drawn_in, drawn_on)
    samples = reduce_patches(np.repeat(cover[..., None], 3, axis=-1), PATCH)
    paper = to_linear(np.array([drawn_on], np.uint8))[0] if ink == "target" else None
    return InkFit(problem.cells, samples, cover.reshape(len(cover), -1), paper, problem.grid.cell_aspect)
