"""The network for any tiles as a method, and its coefficients as costs for the solver."""

from __future__ import annotations

from dataclasses import dataclass

from perceptual_photomosaic.assign.assignment import assign_problem
from perceptual_photomosaic.assign.costs import ProductCosts
from perceptual_photomosaic.assign.problem import Assignment, Problem
from perceptual_photomosaic.models.any_tiles.network import ENERGY_PER_LOGIT, ConditionedMosaicNet
from perceptual_photomosaic.progress import SILENT, Reporter

__all__ = ["Net", "network_costs"]


def network_costs(problem: Problem, network: ConditionedMosaicNet | None = None) -> ProductCosts:
    """Return the costs of all choices by the network, in the unit of the solver's energy per cell.

    Args:
        problem: The problem; its limits and its variety do not count.
        network: The network; None takes the one of the package.
    """
    network = network or ConditionedMosaicNet.shipped()
    keys = network.keys(problem.choice_traits, narrow=problem.narrow)
    queries = network.queries(problem.cell_traits, problem.grid.shape, keys)
    return ProductCosts(queries, keys.keys, ENERGY_PER_LOGIT)


@dataclass(frozen=True)
class Net:
    """The network for any tiles: one pass chooses for every cell, nearly as the solver would."""

    def assign(self, problem: Problem, *, reporter: Reporter = SILENT) -> Assignment:
        """Choose the tile with the largest coefficient for every cell, within the limits.

        Raises:
            ConstraintError: The limits cannot be met.
        """
        choices = assign_problem(problem, network_costs(problem), priced=True, reporter=reporter)
        return Assignment(choices.reshape(problem.grid.shape))
