"""The network as a method: its logits become costs, so all limits apply to it as to the other methods."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.assign.assignment import assign_problem
from perceptual_photomosaic.assign.costs import DenseCosts
from perceptual_photomosaic.assign.problem import Assignment, Problem
from perceptual_photomosaic.errors import ModelError
from perceptual_photomosaic.features.colour import from_linear
from perceptual_photomosaic.features.patches import fit_target
from perceptual_photomosaic.progress import SILENT, Reporter
from perceptual_photomosaic.threads import fixed_torch_threads

__all__ = ["Learned"]


@dataclass(frozen=True)
class Learned:
    """MosaicNet, trained for one tile set.

    Attributes:
        model: Name of a model of the package, or a file; empty takes the model of the package for these tiles.
        background: sRGB colour around a padded target.
    """

    model: str
    background: tuple[int, int, int] = (255, 255, 255)

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that decide the assignment: the model file, or all models of the package."""
        from perceptual_photomosaic.models.shipped import available_models

        path = Path(self.model)
        return (path,) if path.is_file() else tuple(available_models().values())

    def assign(self, problem: Problem, *, reporter: Reporter = SILENT) -> Assignment:
        """Choose the template with the highest coefficient for every cell, within the limits.

        Raises:
            ModelError: The model does not exist, there is none for these tiles, it was trained for another tile set, or
                the cells are not square.
            MissingExtraError: torch is not installed.
            ConstraintError: The limits cannot be met.
        """
        from perceptual_photomosaic.models import require_torch

        require_torch("method 'mosaicnet'")
        from perceptual_photomosaic.models.prediction import predict_logits
        from perceptual_photomosaic.models.shipped import model_for
        from perceptual_photomosaic.models.store import load_model, match_tiles

        grid = problem.grid
        if grid.cell_aspect != (1, 1):
            width, height = grid.cell_aspect
            raise ModelError(f"a network has square cells, these are {width}:{height}. Leave --cell-aspect at 1:1.")
        with reporter.stage("looking at the target", 2, "steps") as stage:
            net, card = load_model(self.model or model_for(problem.tiles))
            cell = net.config.cell
            templates = match_tiles(net, card, problem.tiles.pictures((cell, cell)), problem.tiles.spec)
            stage.advance()
            fitted = fit_target(problem.target, grid, (grid.columns * cell, grid.rows * cell), self.background)
            with fixed_torch_threads():
                logits = predict_logits(net, from_linear(fitted), grid.shape)
            stage.advance()
        costs = DenseCosts(_costs(logits.reshape(grid.num_cells, -1), templates, len(problem.choices)))
        choices = assign_problem(problem, costs, reporter=reporter)
        return Assignment(choices.reshape(grid.shape), {"model": card.name})


def _costs(logits: NDArray[np.float32], templates: NDArray[np.int64], num_choices: int) -> NDArray[np.float32]:
    """Return the costs of all choices, (cells, choices); choices that are no template cost more than all templates."""
    highest, lowest = float(logits.max()), float(logits.min())
    costs = np.full((len(logits), num_choices), 2 * (highest - lowest) + 1, np.float32)
    costs[:, templates] = highest - logits
    return costs
