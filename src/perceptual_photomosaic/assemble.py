"""The step from an assignment to a mosaic, with its figures and the colours of its cells."""

from __future__ import annotations

from dataclasses import asdict

from perceptual_photomosaic.assign.diagnosis import diagnose
from perceptual_photomosaic.assign.inked import ink_of
from perceptual_photomosaic.assign.problem import Assignment, Problem
from perceptual_photomosaic.features.tint import shifts_towards
from perceptual_photomosaic.layout import Layout
from perceptual_photomosaic.mosaic import Mosaic

__all__ = ["assemble_mosaic"]


def assemble_mosaic(
    problem: Problem, assignment: Assignment, layout: Layout, target_path: str | None, seconds: dict[str, float]
) -> Mosaic:
    """Return the mosaic of an assignment.

    Args:
        problem: The problem that was solved.
        assignment: The choice for every cell.
        layout: The grid, the size of tiles and the settings.
        target_path: File of the target, if it was read from one.
        seconds: Seconds by stage; later stages are added while they finish.
    """
    options, choices = layout.options, assignment.choices
    lacking = diagnose(problem, choices)
    figures = {**assignment.figures, "seconds": seconds, "tone": "kept" if problem.tone is None else "fitted"}
    figures["variety"] = problem.variety.facts
    figures |= {"diagnosis": lacking and str(lacking), "lacking": lacking and asdict(lacking), "crop": layout.crop}
    ink = None if options.ink == "none" else ink_of(problem, choices, options.ink)
    shifts = None
    if options.adjust > 0:
        shifts = shifts_towards(problem.cells, problem.choices, choices.ravel(), options.adjust)
        shifts = shifts.reshape(*layout.grid.shape, 3)
    return Mosaic(
        layout.grid,
        choices,
        problem.tiles,
        layout.tile_px,
        problem.target,
        options,
        target_path,
        figures,
        shifts,
        ink,
        problem.tone,
    )
