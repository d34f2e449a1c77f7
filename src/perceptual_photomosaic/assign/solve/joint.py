"""What choices cost across cells: structure seen from six distances, seams, and colour from afar.

Structure is SSIM over the whole mosaic (`scales`), seams are what changes between neighbours and not in the target
(`seams`), colour from afar is that of blocks of cells (`blocks`). Shapes inside cells and from afar are those of luma;
at two samples and one sample a cell, where noise of colour between cells is seen, the three channels count alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.assign.solve.areas import Areas
from perceptual_photomosaic.assign.solve.blocks import BlockColour
from perceptual_photomosaic.assign.solve.halftone import Halftone
from perceptual_photomosaic.assign.solve.scales import CHANNELS, CoarseScale, Scale
from perceptual_photomosaic.assign.solve.scene import Scene
from perceptual_photomosaic.assign.solve.seams import Seams
from perceptual_photomosaic.assign.solve.weights import EnergyWeights
from perceptual_photomosaic.features.colour import linear_to_din99d
from perceptual_photomosaic.threads import WORKERS, slices

__all__ = ["JointCosts"]

_Part = Scale | BlockColour | Halftone | Seams

_AREA_CELLS = 1 << 11
"""Cells of areas that one job judges: few enough to stay in cache."""


class JointCosts:
    """SSIM, seams, and colour of blocks of cells: all that has a weight.

    Args:
        cells: Linear light, (cells, 8, 8, 3).
        choices: Linear light, (choices, 8, 8, 3).
        shape: (rows, columns) of the grid.
        weights: How much each distance counts.
        importance: How much each cell counts, (cells,); None means all alike.

    Attributes:
        wanted: Mean colours of the cells in DIN99d, (cells, 3).
        num_choices: How many choices there are.
    """

    def __init__(
        self,
        cells: NDArray[np.float32],
        choices: NDArray[np.float32],
        shape: tuple[int, int],
        weights: EnergyWeights,
        importance: NDArray[np.float32] | None = None,
    ) -> None:
        scene = Scene(cells, choices, shape, importance)
        makers: dict[str, Callable[[float], _Part]] = {
            "structure8": lambda weight: Scale(scene, 8, weight),
            "structure4": lambda weight: Scale(scene, 4, weight),
            "structure1_luma": lambda weight: Scale(scene, 1, weight),
            "structure2": lambda weight: Scale(scene, 2, weight, CHANNELS),
            "structure1": lambda weight: Scale(scene, 1, weight, CHANNELS),
            "structure_half": lambda weight: CoarseScale(scene, 2, weight),
            "structure_quarter": lambda weight: CoarseScale(scene, 4, weight),
            "colour_half": lambda weight: BlockColour(scene, 2, weight),
            "colour_quarter": lambda weight: BlockColour(scene, 4, weight),
            "halftone1": lambda weight: Halftone(scene, 0.8, weight),
            "halftone2": lambda weight: Halftone(scene, 1.8, weight),
            "seams4": lambda weight: Seams(scene, 4, weight),
            "seams1": lambda weight: Seams(scene, 1, weight),
        }
        counted = {name: weight for name, weight in asdict(weights).items() if weight}
        self._parts = {name: make(counted[name]) for name, make in makers.items() if name in counted}
        self._all = list(self._parts.values())
        self.wanted = linear_to_din99d(cells.mean(axis=(1, 2)))
        self.num_choices = len(choices)
        means = "colour_half", "colour_quarter", "halftone1", "halftone2", "seams1"
        self._colours = [self._parts[name] for name in means if name in self._parts]
        self._structures = [part for part in self._all if part not in self._colours]
        self._seams = [part for part in self._all if isinstance(part, Seams)]
        self._seamless = [part for part in self._all if not isinstance(part, Seams)]
        self._pool = ThreadPoolExecutor(WORKERS)

    def reweigh(self, name: str, factor: float) -> None:
        """Let a part count more or less, if there is one whose weight is called `name`."""
        if name in self._parts:
            self._parts[name].reweigh(factor)

    def reset(self, choices: NDArray[np.int64]) -> None:
        """Take up an assignment, (cells,)."""
        for part in self._all:
            part.reset(choices)

    def energy(self) -> float:
        """Energy of the assignment taken up."""
        return sum(part.energy() for part in self._all)

    def glance(self, options: NDArray[np.integer]) -> NDArray[np.float32]:
        """What a list of options for every cell costs about, (cells, K), whatever the neighbours: shapes inside cells.

        It serves to look closer only at those that may turn out well.
        """
        shapes = self._parts.get("structure8")
        return shapes.alone(options) if isinstance(shapes, Scale) else np.zeros(options.shape, np.float32)

    def colour(
        self, cells: NDArray[np.integer], current: NDArray[np.integer], options: NDArray[np.integer]
    ) -> NDArray[np.float32]:
        """What options cost by their mean colours, from afar and at seams, (n, K): exact, and cheaper than `costs`."""
        return self._costs(self._colours, cells, current, options)

    def structure(
        self, cells: NDArray[np.integer], current: NDArray[np.integer], options: NDArray[np.integer]
    ) -> NDArray[np.float32]:
        """What options cost by their samples, in SSIM and at seams, (n, K): the rest of `costs`."""
        return self._costs(self._structures, cells, current, options)

    def costs(
        self, cells: NDArray[np.integer], current: NDArray[np.integer], options: NDArray[np.integer]
    ) -> NDArray[np.float32]:
        """What options cost, (n, K): see `Scale.costs`."""
        return self._costs(self._all, cells, current, options)

    def _costs(
        self,
        parts: Sequence[_Part],
        cells: NDArray[np.integer],
        current: NDArray[np.integer],
        options: NDArray[np.integer],
    ) -> NDArray[np.float32]:
        jobs = [(part, block) for part in parts for block in slices(len(cells), part.block(options.shape[1]))]
        found = self._pool.map(lambda job: job[0].costs(cells[job[1]], current[job[1]], options[job[1]]), jobs)
        return _added_up(np.zeros(options.shape, np.float32), jobs, found)

    def spread_seams(self, areas: Areas, current: NDArray[np.integer]) -> NDArray[np.float32]:
        """By how much areas laid over with one choice change the seams, each by itself, (n,): see `spread`."""
        return self._spread(self._seams, areas, current)

    def spread(self, areas: Areas, current: NDArray[np.integer]) -> NDArray[np.float32]:
        """By how much areas laid over with one choice change all but the seams, each by itself, (n,).

        Args:
            areas: What is laid over.
            current: Choices in use there, (n, cells).
        """
        return self._spread(self._seamless, areas, current)

    def _spread(self, parts: Sequence[_Part], areas: Areas, current: NDArray[np.integer]) -> NDArray[np.float32]:
        blocks = slices(len(areas.cells), max(1, _AREA_CELLS // areas.cells.shape[1]))
        jobs = [(part, block) for part in parts for block in blocks]
        found = self._pool.map(lambda job: job[0].spread(areas.part(job[1]), current[job[1]]), jobs)
        return _added_up(np.zeros(len(areas.cells), np.float32), jobs, found)

    def change(self, cells: NDArray[np.integer], current: NDArray[np.integer], choices: NDArray[np.integer]) -> float:
        """By how much cells that move together change the energy: see `Scale.change`."""
        return sum(part.change(cells, current, choices) for part in self._all)

    def make(self) -> None:
        """Make the move that was judged last."""
        for part in self._all:
            part.make()


def _added_up(
    total: NDArray[np.float32], jobs: Sequence[tuple[_Part, slice]], found: Iterable[NDArray[np.float32]]
) -> NDArray[np.float32]:
    """`total` with what each part found for its block added, in the order of the jobs."""
    for (_, block), each in zip(jobs, found, strict=True):
        total[block] += each
    return total
