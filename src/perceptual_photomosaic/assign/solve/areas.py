"""Areas: rectangles of cells that one choice is laid over at once.

A calm place is best made of one tile, turned one way. Where two such tiles have met, no single cell gains by going
over from one to the other, for it would stand alone among strangers: only a whole area does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Areas", "gathered"]


@dataclass(frozen=True)
class Areas:
    """Rectangles of cells, all of one size, and the choice that each is to be laid with.

    Attributes:
        cells: Cell numbers, row by row, (n, height * width).
        size: (height, width) in cells.
        choices: One for each rectangle, (n,).
    """

    cells: NDArray[np.int64]
    size: tuple[int, int]
    choices: NDArray[np.int64]

    def part(self, which: slice | NDArray[np.integer]) -> Areas:
        """Some of them."""
        return Areas(self.cells[which], self.size, self.choices[which])

    def apart(self, gains: NDArray[np.floating], shape: tuple[int, int]) -> NDArray[np.int64]:
        """Which of them are a gain and share no cell: of those that do, that with the largest gain.

        Args:
            gains: One for each area, (n,).
            shape: (rows, columns) of the grid.
        """
        kept, taken = [], np.zeros(shape[0] * shape[1], bool)
        for area in np.argsort(-gains, kind="stable").tolist():
            if gains[area] <= 0:
                break
            if not taken[self.cells[area]].any():
                taken[self.cells[area]] = True
                kept.append(area)
        return np.array(kept, np.int64)


def gathered(choices: NDArray[np.int64], size: tuple[int, int], step: int, most: int) -> Areas:
    """Areas and choices that they may be laid with: those that come most often in them and in the ring around.

    A choice that comes there but once has no start from which to spread, and is left out.

    Args:
        choices: The assignment, (rows, columns).
        size: (height, width) of an area.
        step: Cells from one area to the next.
        most: Choices to try for each area.
    """
    (rows, columns), (height, width) = choices.shape, size
    if rows < height or columns < width:
        return Areas(np.zeros((0, height * width), np.int64), size, np.zeros(0, np.int64))
    number = np.arange(rows * columns).reshape(rows, columns)
    inside = np.lib.stride_tricks.sliding_window_view(number, size)[::step, ::step].reshape(-1, height * width)
    framed = np.pad(choices, 1, constant_values=-1)
    ring = (height + 2, width + 2)
    seen = np.lib.stride_tricks.sliding_window_view(framed, ring)[::step, ::step].reshape(len(inside), -1)
    seen = np.sort(seen, axis=1)
    lengths = _runs(seen)
    lengths[seen < 0] = 0
    found = []
    for _ in range(most):
        at = lengths.argmax(axis=1)[:, None]
        often, choice = np.take_along_axis(lengths, at, axis=1)[:, 0], np.take_along_axis(seen, at, axis=1)[:, 0]
        np.put_along_axis(lengths, at, 0, axis=1)
        new = (often > 1) & (choices.ravel()[inside] != choice[:, None]).any(axis=1)
        found.append(Areas(inside[new], size, choice[new]))
    return Areas(np.concatenate([a.cells for a in found]), size, np.concatenate([a.choices for a in found]))


def _runs(ordered: NDArray[np.integer]) -> NDArray[np.int64]:
    """How often each value comes, at the first place of it, and 0 elsewhere; rows are in order, (n, m)."""
    number = ordered.shape[1]
    first = np.ones(ordered.shape, bool)
    first[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    starts = np.full((len(ordered), number + 1), number)
    starts[:, :-1] = np.where(first, np.arange(number), number)
    following = np.minimum.accumulate(starts[:, ::-1], axis=1)[:, ::-1][:, 1:]  # where the next value starts
    return np.where(first, following - np.arange(number), 0)
