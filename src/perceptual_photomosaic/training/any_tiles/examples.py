"""Examples to learn from: a random part of a photo, a random tile set, and the solver's answer to both."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.assign.costs import Nearest
from perceptual_photomosaic.assign.net import network_costs
from perceptual_photomosaic.assign.problem import Problem
from perceptual_photomosaic.assign.solve import Solve
from perceptual_photomosaic.assign.solve.energy import Energy
from perceptual_photomosaic.features.colour import from_linear, to_linear
from perceptual_photomosaic.features.patches import PATCH, cell_patches, fit_target
from perceptual_photomosaic.features.tone import is_narrow, tone_fit
from perceptual_photomosaic.files.replacing import written_aside
from perceptual_photomosaic.grid import Grid
from perceptual_photomosaic.models.any_tiles.network import ConditionedMosaicNet
from perceptual_photomosaic.threads import one_blas_thread
from perceptual_photomosaic.tiles.arrays import ArrayTiles
from perceptual_photomosaic.training.any_tiles.tile_sets import DrawnSet

__all__ = ["Example", "answer", "as_problem", "draw_target", "fitted", "read_example", "write_example"]

_CONTRAST = 0.3
_SMALLEST = 1 / 3.5
"""Smallest part of a photo that serves as a target, as a share of its side."""
_CANDIDATES = 32
"""Number of candidates of a cell for the solver."""
_OPTIONS = 16
"""Number of options of a cell whose energy is known, besides the solver's choice."""


@dataclass(frozen=True)
class Example:
    """A problem and the solver's answer.

    Attributes:
        cells: The target, already fitted in tone if the tiles are narrow; sRGB, uint8, (rows, columns, 8, 8, 3).
        tiles: sRGB, uint8, (T, 8, 8, 3).
        narrow: True if the tiles are narrow; cells and tiles are then blurred before they are compared.
        family: The family of the tile set.
        choices: The solver's choice in every cell, int16, (cells,).
        options: Likely choices of every cell, int16, (cells, K); the last is the solver's.
        costs: Energy of each option, while all other cells keep the solver's choice, less that of the best option,
            float16, (cells, K).
        energy: Energy per cell of the nearest tiles and of the solver's answer, (2,).
    """

    cells: NDArray[np.uint8]
    tiles: NDArray[np.uint8]
    narrow: bool
    family: str
    choices: NDArray[np.int16]
    options: NDArray[np.int16]
    costs: NDArray[np.float16]
    energy: NDArray[np.float32]

    @property
    def problem(self) -> Problem:
        """The problem without limits and variety."""
        return as_problem(self.cells, self.tiles, self.narrow)


def as_problem(cells: NDArray[np.uint8], tiles: NDArray[np.uint8], narrow: bool) -> Problem:
    """Return the problem of cells, sRGB (rows, columns, 8, 8, 3), and tiles, sRGB (T, 8, 8, 3)."""
    rows, columns = cells.shape[:2]
    grid = Grid.fit((columns * PATCH, rows * PATCH), columns=columns, rows=rows)
    light = to_linear(cells.reshape(-1, PATCH, PATCH, 3))
    empty = np.zeros((1, 1, 3), np.uint8)  # only networks for one tile set look at the target itself
    return Problem(grid, light, to_linear(tiles), ArrayTiles(tiles), empty, narrow=narrow)


def draw_target(photo: NDArray[np.uint8], cells: int, random: np.random.Generator) -> NDArray[np.float32]:
    """Cut a random square out of a photo, sRGB (side, side, 3), and return its cells in linear light.

    Returns:
        Cells x cells patches, float32, (cells * cells, 8, 8, 3).
    """
    side = len(photo)
    size = int(np.exp(random.uniform(np.log(side * _SMALLEST), np.log(side))))
    top, left = random.integers(0, side - size + 1, 2)
    part = photo[top : top + size, left : left + size]
    grid = Grid.fit((size, size), columns=cells, rows=cells)
    light = fit_target(part, grid, (cells * PATCH, cells * PATCH))
    if random.random() < 0.3:
        light = light ** np.float32(np.exp(random.uniform(-0.4, 0.4)))
    if random.random() < 0.15:
        light = light[..., random.permutation(3)]
    return cell_patches(np.clip(light, 0, 1), grid)


def fitted(
    cells: NDArray[np.float32], shape: tuple[int, int], drawn: DrawnSet
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], bool]:
    """Fit the target to the tones of the tiles if these are narrow.

    Returns:
        Cells and tiles, sRGB, (rows, columns, 8, 8, 3) and (T, 8, 8, 3), and whether the tiles are narrow.
    """
    narrow = is_narrow(cells, drawn.tiles, drawn=drawn.drawn)
    tone = tone_fit(cells, drawn.tiles, "fit", _CONTRAST) if narrow else None
    if tone is not None:
        grid = Grid.fit((shape[1] * PATCH, shape[0] * PATCH), columns=shape[1], rows=shape[0])
        cells = tone.apply(cells, grid)
    return from_linear(cells).reshape(*shape, PATCH, PATCH, 3), from_linear(drawn.tiles), narrow


@one_blas_thread()
def answer(
    cells: NDArray[np.uint8], tiles: NDArray[np.uint8], narrow: bool, family: str, network: ConditionedMosaicNet
) -> Example:
    """Solve a problem, and compute the energy of the likely options of every cell around the answer.

    Args:
        cells: sRGB, uint8, (rows, columns, 8, 8, 3).
        tiles: sRGB, uint8, (T, 8, 8, 3).
        narrow: True if the tiles are narrow.
        family: The family of the tile set.
        network: The network that lists the candidates and the start.
    """
    problem = as_problem(cells, tiles, narrow)
    solver = Solve(listed=_CANDIDATES, network=network)
    found = solver.assign(problem)
    choices = found.choices.ravel()
    energy = Energy(problem, solver.weights)
    energy.reset(choices)
    near = Nearest.of(network_costs(problem, network), _CANDIDATES)
    options = np.concatenate([near.choices, choices[:, None]], axis=1)
    options, known = option_costs(energy, choices, options)
    start, *_, end = found.figures["energy"]
    return Example(
        cells,
        tiles,
        narrow,
        family,
        choices.astype(np.int16),
        options.astype(np.int16),
        known.astype(np.float16),
        np.array([start, end], np.float32),
    )


def option_costs(
    energy: Energy, choices: NDArray[np.int64], options: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Return the likeliest options of every cell, and their costs while all other cells stay.

    Args:
        energy: The energy, set to the choices.
        choices: The current choices, (cells,).
        options: Options, (cells, K'); the last is the current choice.
    Returns:
        At most 16 options and the current choice, (cells, K), and their costs less the smallest of the cell. An option
        that is listed twice costs infinitely much the second time.
    """
    cells = np.arange(len(choices))
    cheap = energy.inside(cells, options) + energy.by_means(cells, choices, options) + energy.estimate(options)
    cheap[_repeated(options)] = np.inf
    cheap[:, -1] = np.inf  # is kept anyway
    keep = min(_OPTIONS, options.shape[1] - 1)
    best = np.argpartition(cheap, keep - 1, axis=1)[:, :keep]
    twice = np.isinf(np.take_along_axis(cheap, best, axis=1))
    kept = np.concatenate([np.take_along_axis(options, best, axis=1), choices[:, None]], axis=1).astype(np.int32)
    known = energy.inside(cells, kept) + energy.by_means(cells, choices, kept) + energy.by_samples(cells, choices, kept)
    known -= known.min(axis=1, keepdims=True)
    known[:, :-1][twice] = np.inf
    return kept, known


def _repeated(options: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Mark all but the last occurrence of each option in its row, (cells, K)."""
    order = np.argsort(options, axis=1, kind="stable")
    ordered = np.take_along_axis(options, order, axis=1)
    again = np.zeros(options.shape, bool)
    again[:, :-1] = ordered[:, :-1] == ordered[:, 1:]
    marked = np.zeros(options.shape, bool)
    np.put_along_axis(marked, order, again, axis=1)
    return marked


def write_example(path: Path, example: Example) -> None:
    """Write an example to a file, under a temporary name first."""
    with written_aside(path) as part, open(part, "wb") as file:
        np.savez(file, **asdict(example))


def read_example(path: Path) -> Example | None:
    """Read an example; return None if the file is missing or damaged."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as data:
            values = {name: data[name] for name in data.files}
        return Example(**values | {"family": str(values["family"]), "narrow": bool(values["narrow"])})
    except (OSError, ValueError, KeyError, TypeError, EOFError, BadZipFile):
        return None
