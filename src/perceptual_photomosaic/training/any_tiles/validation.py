"""Validation: the energy of the network's mosaics, between that of the nearest tiles and that of the solver."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from perceptual_photomosaic.assign.net import network_costs
from perceptual_photomosaic.assign.solve import weights_for
from perceptual_photomosaic.assign.solve.energy import Energy
from perceptual_photomosaic.models.any_tiles.network import ConditionedMosaicNet
from perceptual_photomosaic.threads import one_blas_thread
from perceptual_photomosaic.training.any_tiles.examples import Example

__all__ = ["validate"]

_LISTED = 12


@one_blas_thread()
def validate(network: ConditionedMosaicNet, examples: Sequence[Example]) -> dict[str, float]:
    """Measure a network on examples.

    Args:
        network: The network.
        examples: Held-out examples.
    Returns:
        For each family and as the mean over families: "val/excess", by how much the energy of the network's mosaics is
        above that of the solver's, as a share of it; "val/recall", the share of cells in which the solver's choice is
        among the 12 with the largest coefficients.
    """
    found: dict[str, list[tuple[float, float]]] = {}
    for example in examples:
        problem = example.problem
        rows = network_costs(problem, network).rows(slice(0, len(problem.cells)))
        choices = rows.argmin(axis=1)
        energy = Energy(problem, weights_for())
        energy.reset(choices)
        excess = energy.value() / len(choices) / float(example.energy[1]) - 1
        solved = np.take_along_axis(rows, example.choices.astype(np.int64)[:, None], axis=1)
        recall = float(((rows < solved).sum(axis=1) < _LISTED).mean())
        found.setdefault(example.family, []).append((excess, recall))
    means = {family: np.mean(values, axis=0) for family, values in sorted(found.items())}
    figures = {}
    for place, name in enumerate(("excess", "recall")):
        figures[f"val/{name}"] = float(np.mean([mean[place] for mean in means.values()]))
        figures |= {f"val/{name} {family}": float(mean[place]) for family, mean in means.items()}
    return figures
