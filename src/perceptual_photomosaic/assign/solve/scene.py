"""The scene: what every part of the energy looks at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Scene"]


@dataclass(frozen=True)
class Scene:
    """The cells of a target, the choices for them, and how they lie.

    Attributes:
        cells: Linear light, (cells, 8, 8, 3).
        choices: Linear light, (choices, 8, 8, 3).
        shape: (rows, columns) of the grid.
        importance: How much each cell counts, (cells,); None means all alike.
    """

    cells: NDArray[np.float32]
    choices: NDArray[np.float32]
    shape: tuple[int, int]
    importance: NDArray[np.float32] | None = None
