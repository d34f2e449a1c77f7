"""The table of the terms of the energy. A new term is one class and one row here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.assign.problem import Problem
from perceptual_photomosaic.assign.solve.cell_colour import CellColour
from perceptual_photomosaic.assign.solve.halftone import Halftone
from perceptual_photomosaic.assign.solve.repetition import Repetition
from perceptual_photomosaic.assign.solve.structure import Structure

__all__ = ["TERMS", "Row", "Term"]


class Term(Protocol):
    """One part of the energy: a function of the choices of all cells, and its change by moves."""

    def reset(self, choices: NDArray[np.int64]) -> None:
        """Set the current assignment, (cells,)."""

    def energy(self) -> float:
        """Return the value of the term for the current assignment."""

    def block(self, options: int) -> int:
        """Return the number of cells to pass to `costs` at a time, with this number of options each."""

    def costs(
        self, cells: NDArray[np.integer], current: NDArray[np.integer], options: NDArray[np.integer]
    ) -> NDArray[np.float32]:
        """Return the costs of options in cells while all other cells stay.

        Args:
            cells: Cell numbers, (n,).
            current: Their current choices, (n,).
            options: Choices to try, (n, K).
        Returns:
            Costs, float32, (n, K): differences within a row are exact differences of energy.
        """

    def change(self, cells: NDArray[np.integer], current: NDArray[np.integer], choices: NDArray[np.integer]) -> float:
        """Return the change of energy if cells, (n,), change together; `commit` then applies it."""

    def commit(self) -> None:
        """Apply the move that `change` evaluated last."""

    def rescale(self, factor: float) -> None:
        """Multiply the weight."""


@dataclass(frozen=True)
class Row:
    """A row of the table.

    Attributes:
        name: Name of the term in `--weights`.
        asks: The aim of the term, in words.
        sees: The resolution of the term, in words.
        scale: Samples along each side of a cell; below 1 if a sample covers several cells.
        needs: "cell" if costs depend on the cell alone, and are computed once; "means" if they follow from mean
            colours, and are cheap; "samples" if they are computed for the best few options only.
        build: Function that makes the term from a problem and a weight.
        narrow: True if the term also serves for narrow tiles, such as letters.
    """

    name: str
    asks: str
    sees: str
    scale: float
    needs: Literal["cell", "means", "samples"]
    build: Callable[[Problem, float], Term]
    narrow: bool = True


TERMS = (
    Row("colour8", "Each cell has the target's colours.", "8 x 8 samples a cell", 8, "cell",
        partial(CellColour, k=8, detail=True)),
    Row("colour1", "Each cell has the target's mean colour.", "1 sample a cell", 1, "cell", partial(CellColour, k=1)),
    Row("halftone1", "Neighbours make up for each other's colours.", "a blur of 0.8 cells", 0.8, "means",
        partial(Halftone, sigma=0.8)),
    Row("halftone2", "The same from farther away.", "a blur of 1.8 cells", 0.4, "means",
        partial(Halftone, sigma=1.8)),
    Row("structure8", "Shapes inside cells are the target's.", "8 x 8 samples a cell", 8, "samples",
        partial(Structure, k=8), narrow=False),
    Row("structure4", "The same from farther away.", "4 x 4 samples a cell", 4, "samples", partial(Structure, k=4)),
    Row("structure2", "Outlines across cells are the target's.", "2 x 2 samples a cell", 2, "samples",
        partial(Structure, k=2)),
    Row("repeat", "Copies of a picture lie apart.", "pairs within 6 cells", 1, "means", Repetition),
)  # fmt: skip
"""Every term of the energy. `docs/understand/solver.md` shows this table."""
