"""What a choice costs from afar: the error of neighbourhoods of cells.

The residual of a cell is its tile's mean colour minus its own (DIN99d, means in linear light). Seen from afar residuals
blur into each other, so the energy is weight * sum |g * residual|^2 with g a Gaussian over cells; residuals outside the
grid are zero. With a = g correlated with itself this is sum_ij residual_i a(i - j) residual_j: quadratic in the chosen
tiles, so the change of any move is known exactly from the field a * residual.

Where cells do not matter alike, the sum weighs every place with the importance of its cell (outside the grid that of
the nearest one): weight * sum w |g * residual|^2, so a cell gives way for its neighbours only as far as they matter.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.assign.solve.space import perceived

__all__ = ["FAR_LIGHTNESS", "SIGMA_CELLS", "FarField"]

SIGMA_CELLS = 1.5
"""Standard deviation of the blur, in cells: about what the eye does where a cell covers half a pixel."""

FAR_LIGHTNESS = 0.5
"""How much errors of lightness count here: little, as noise of lightness between cells shows much more than that of
colour, and the structure terms see to lightness at these distances."""


class FarField:
    """Residuals of an assignment and the field they make.

    Args:
        cells: Linear light, (cells, k, k, 3).
        choices: Linear light, (choices, k, k, 3).
        shape: (rows, columns).
        weight: Weight of the energy.
        importance: How much each cell matters, (cells,); None means all alike.
    """

    def __init__(
        self,
        cells: NDArray[np.float32],
        choices: NDArray[np.float32],
        shape: tuple[int, int],
        weight: float,
        importance: NDArray[np.float32] | None = None,
    ) -> None:
        self.shape = shape
        self.wanted = perceived(cells.mean(axis=(1, 2)), FAR_LIGHTNESS)
        self.means = perceived(choices.mean(axis=(1, 2)), FAR_LIGHTNESS)
        reach = int(np.ceil(3 * SIGMA_CELLS))
        taps = np.exp(-0.5 * (np.arange(-reach, reach + 1) / SIGMA_CELLS) ** 2)
        line = np.correlate(taps / taps.sum(), taps / taps.sum(), mode="full")
        self._line = (np.sqrt(weight) * line).astype(np.float32)
        self.own = np.full(len(cells), float(self._line[len(line) // 2]) ** 2, np.float32)
        self._places: NDArray[np.float32] | None = None  # importance of every place that residuals blur into
        if importance is not None:
            self._taps = (weight**0.25 * taps / taps.sum()).astype(np.float32)
            self._places = np.pad(importance.reshape(shape), reach, mode="edge")
            squared = _correlate(_correlate(self._places, self._taps**2, 0), self._taps**2, 1)
            self.own = squared[reach:-reach, reach:-reach].ravel()
        self.field = np.zeros_like(self.wanted)

    def reset(self, choices: NDArray[np.int64]) -> None:
        """Take up an assignment, (cells,)."""
        self.field = self.spread(self.means[choices] - self.wanted)

    def reweigh(self, factor: float) -> None:
        """Let this part count more or less."""
        self._line = self._line * np.float32(np.sqrt(factor))
        self.own = self.own * np.float32(factor)
        if self._places is not None:
            self._taps = self._taps * np.float32(factor**0.25)

    def energy(self, choices: NDArray[np.int64]) -> float:
        """Energy of an assignment, (cells,), from scratch."""
        residual = self.means[choices] - self.wanted
        return float(np.einsum("nc,nc->", residual, self.spread(residual), dtype=np.float64))

    def spread(self, residual: NDArray[np.float32]) -> NDArray[np.float32]:
        """The field that residuals make, both (cells, 3)."""
        field = residual.reshape(*self.shape, 3)
        if self._places is not None:
            return self._spread_weighted(field).reshape(residual.shape)
        for axis in (0, 1):
            field = _correlate(field, self._line, axis)
        return field.reshape(residual.shape)

    def _spread_weighted(self, residual: NDArray[np.float32]) -> NDArray[np.float32]:
        """Blur, weigh every place, blur again, (rows, columns, 3)."""
        assert self._places is not None
        reach = len(self._taps) // 2
        seen = np.pad(residual, ((reach, reach), (reach, reach), (0, 0)))
        seen = _correlate(_correlate(seen, self._taps, 0), self._taps, 1) * self._places[..., None]
        seen = _correlate(_correlate(seen, self._taps, 0), self._taps, 1)
        return seen[reach:-reach, reach:-reach]

    def costs(
        self, cells: NDArray[np.integer], current: NDArray[np.integer], options: NDArray[np.integer]
    ) -> NDArray[np.float32]:
        """What options would change against nothing else moving, up to a constant per cell.

        Args:
            cells: Cell numbers, (n,).
            current: Their choices now, (n,).
            options: Choices to try, (n, K).
        Returns:
            Costs, float32, (n, K); differences between options of one cell are exact differences of energy.
        """
        own = self.own[cells, None]
        others = self.field[cells] - own * (self.means[current] - self.wanted[cells])
        residual = self.means[options] - self.wanted[cells][:, None]
        far: NDArray[np.float32] = np.einsum("nkc,nkc->nk", residual, own[..., None] * residual + 2 * others[:, None])
        return far

    def move(self, cells: NDArray[np.integer], change: NDArray[np.float32]) -> NDArray[np.float32]:
        """The field that changes of mean colour in some cells, (n, 3), would add, (cells, 3)."""
        sparse = np.zeros_like(self.field)
        sparse[cells] = change
        return self.spread(sparse)


def _correlate(picture: NDArray[np.float32], line: NDArray[np.float32], axis: int) -> NDArray[np.float32]:
    """Correlate with a symmetric line along one axis, zeros outside."""
    length = picture.shape[axis]
    reach = len(line) // 2
    result: NDArray[np.float32] = line[reach] * picture
    for shift in range(1, min(reach, length - 1) + 1):
        near = [slice(None)] * picture.ndim
        away = [slice(None)] * picture.ndim
        near[axis], away[axis] = slice(None, length - shift), slice(shift, None)
        result[tuple(near)] += line[reach + shift] * picture[tuple(away)]
        result[tuple(away)] += line[reach + shift] * picture[tuple(near)]
    return result
