"""Ink: the best colours of characters in cells, and the error that remains.

A character is ink on paper. Seen from afar, each of its samples has the light `paper + cover * (ink - paper)`, where
cover is the share of ink. For one character in one cell the best ink, and with "duo" the best paper too, follow from
least squares. The remaining error is the cost of the character in the cell. Pixels at the edge of a stroke are mixed in
sRGB values, as text on screens is, so the colours are finally adjusted until character and cell have the same mean
light.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.features.colour import linear_to_srgb, srgb_to_linear, to_linear
from perceptual_photomosaic.features.patches import blurred, reduce_patches

__all__ = ["Ink", "InkFit", "cover_of", "fit_to_ink"]

_AFAR = 3.0
"""Weight of the error of the mean colour; the mean error of samples has weight 1."""
_TEXTURE = 0.25
"""Weight of the error that strokes add inside a cell. With 1 the densest letter would be the best everywhere."""
_LEAST_CONTRAST = 0.14
"""Smallest difference of ink and paper, in sRGB values from 0 to 1, so that characters are readable."""
_STEPS = 4
_HALVINGS = 9
_SAME = 1e-4
_IN_REACH = 0.9


@dataclass(frozen=True)
class Ink:
    """The colours of ink and paper in all cells of a mosaic.

    Attributes:
        colours: Colours of the characters, sRGB, uint8, (rows, columns, 3).
        papers: Colours of the paper behind them, sRGB, uint8, (rows, columns, 3).
    """

    colours: NDArray[np.uint8]
    papers: NDArray[np.uint8]

    def lay(
        self,
        pixels: NDArray[np.uint8],
        row: int,
        columns: slice,
        drawn_in: Sequence[int],
        drawn_on: Sequence[int],
    ) -> None:
        """Colour characters of one row of cells in place.

        Args:
            pixels: The drawn characters, sRGB, uint8, (height, n, width, 3).
            row: The row of their cells.
            columns: The n columns of their cells.
            drawn_in: Colour of the ink in `pixels`, (3,).
            drawn_on: Colour of the paper in `pixels`, (3,).
        """
        cover = cover_of(pixels, drawn_in, drawn_on)[..., None]
        paper = self.papers[row, columns, None].astype(np.float32)
        ink = self.colours[row, columns, None].astype(np.float32)
        np.copyto(pixels, np.rint(paper + cover * (ink - paper)), casting="unsafe")


def cover_of(pixels: NDArray[np.uint8], ink: Sequence[int], paper: Sequence[int]) -> NDArray[np.float32]:
    """Return the share of ink in pixels, 0 to 1.

    Args:
        pixels: Characters as drawn, sRGB, uint8, (..., 3).
        ink: The colour they are drawn with, (3,).
        paper: The colour they are drawn on, (3,); it must differ from `ink`.
    """
    along = np.asarray(ink, np.float32) - np.asarray(paper, np.float32)
    cover = (pixels.astype(np.float32) - np.asarray(paper, np.float32)) @ (along / np.float32(along @ along))
    shares: NDArray[np.float32] = np.clip(cover, 0.0, 1.0, dtype=np.float32)
    return shares


def fit_to_ink(
    cells: NDArray[np.float32], choices: NDArray[np.float32], ink: Sequence[int], paper: Sequence[int]
) -> NDArray[np.float32]:
    """Move the colours of a target towards the paper until ink of any colour can show them.

    The densest character covers only a share of its cell; the rest is paper. So light can differ from that of the paper
    by this share at most. The 10% of samples that differ most may exceed it.

    Args:
        cells: The target, linear light, float32, (cells, k, k, 3).
        choices: The characters as drawn, linear light, float32, (choices, k, k, 3).
        ink: The colour they are drawn with, sRGB, (3,).
        paper: The colour they are drawn on, sRGB, (3,).
    Returns:
        The fitted target, linear light, (cells, k, k, 3).
    """
    drawn, blank = (to_linear(np.array([colour], np.uint8))[0] for colour in (ink, paper))
    channel = int(np.abs(drawn - blank).argmax())
    share = (choices[..., channel].mean(axis=(1, 2)) - blank[channel]) / (drawn[channel] - blank[channel])
    apart = cells - blank
    most = float(np.quantile(np.abs(apart).max(axis=-1), _IN_REACH))
    fitted: NDArray[np.float32] = blank + apart * np.float32(min(1.0, float(share.max()) / max(most, 1e-3)))
    return fitted


class InkFit:
    """The fit of colours, by least squares, for all characters in all cells.

    Args:
        cells: The target, linear light, float32, (cells, k, k, 3).
        covers: Shares of ink at k x k samples, (characters, k, k, 3), equal in all channels.
        fine: Shares of ink at all pixels as drawn, (characters, pixels), for the mean light.
        paper: Linear light of a fixed paper, (3,); None fits the paper to each cell.
        cell_aspect: Width to height of a cell.
    """

    def __init__(
        self,
        cells: NDArray[np.float32],
        covers: NDArray[np.float32],
        fine: NDArray[np.float32],
        paper: NDArray[np.float32] | None,
        cell_aspect: tuple[int, int] = (1, 1),
    ) -> None:
        self._light = cells.mean(axis=(1, 2))
        self._wanted = blurred(cells, cell_aspect).reshape(len(cells), -1, 3)
        self._cover = blurred(covers, cell_aspect)[..., 0].reshape(len(covers), -1)
        self._levels = _levels(fine)
        self._paper = paper
        self._mean = self._wanted.mean(axis=1)
        self._square = np.square(self._wanted).mean(axis=1)
        self._mean_cover = self._cover.mean(axis=1)
        self._square_cover = np.square(self._cover).mean(axis=1)

    @classmethod
    def of(
        cls,
        cells: NDArray[np.float32],
        pictures: NDArray[np.uint8],
        drawn_in: Sequence[int],
        drawn_on: Sequence[int],
        ink: str,
        cell_aspect: tuple[int, int],
    ) -> Self:
        """Make a fit for characters as they are drawn.

        Args:
            cells: The target, linear light, float32, (cells, k, k, 3).
            pictures: The characters, sRGB, uint8, (characters, height, width, 3).
            drawn_in: The colour they are drawn with, sRGB.
            drawn_on: The colour they are drawn on, sRGB.
            ink: "target" fits the colour of the character, "duo" the colour of its paper too.
            cell_aspect: Width to height of a cell.
        """
        cover = cover_of(pictures, drawn_in, drawn_on)
        samples = reduce_patches(np.repeat(cover[..., None], 3, axis=-1), cells.shape[1])
        paper = to_linear(np.array([drawn_on], np.uint8))[0] if ink == "target" else None
        return cls(cells, samples, cover.reshape(len(cover), -1), paper, cell_aspect)

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of cells and characters."""
        return len(self._wanted), len(self._cover)

    def rows(self, cells: NDArray[np.integer] | slice) -> NDArray[np.float32]:
        """Return the error in some cells of each character in its best colours, float32, (n, characters)."""
        product = np.einsum("nsc,gs->ngc", self._wanted[cells], self._cover, optimize=True) / self._cover.shape[1]
        mean = self._mean[cells][:, None]
        ink, paper = self._solved(product, mean, self._mean_cover[None, :, None], self._square_cover[None, :, None])
        along = ink - paper
        cover, square = self._mean_cover[None, :, None], self._square_cover[None, :, None]
        left = self._square[cells][:, None] - np.square(mean)
        left = left - 2 * along * (product - mean * cover)
        left += np.float32(_TEXTURE) * np.square(along) * (square - np.square(cover))
        left += np.float32(1 + _AFAR) * np.square(paper + along * cover - mean)
        costs: NDArray[np.float32] = left.sum(axis=2, dtype=np.float32)
        if self._paper is None and (self._square_cover > _SAME).any():
            costs[:, self._square_cover <= _SAME] = np.float32(1e3)  # blanks, which would show one colour
        return costs

    def _solved(
        self,
        product: NDArray[np.float32],
        mean: NDArray[np.float32],
        cover: NDArray[np.float32],
        square: NDArray[np.float32],
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the best ink and paper, linear light, from means over samples; all shapes broadcast."""
        afar = np.float32(_AFAR)
        if self._paper is not None:
            paper = self._paper
            against = product - paper * cover + afar * cover * (mean - paper)
            ink = paper + against / np.maximum(square + afar * np.square(cover), np.float32(_SAME))
            return np.clip(ink, 0, 1), np.broadcast_to(paper, ink.shape)
        spread = np.maximum(square - np.square(cover), np.float32(_SAME))
        along = (product - cover * mean) / spread
        return np.clip(mean + along * (1 - cover), 0, 1), np.clip(mean - along * cover, 0, 1)

    def colours(self, choices: NDArray[np.integer]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Return the ink and the paper of every cell.

        Args:
            choices: The character in each cell, (cells,).
        Returns:
            Colours of ink and of paper, sRGB, uint8, (cells, 3) both.
        """
        product = np.einsum("nsc,ns->nc", self._wanted, self._cover[choices]) / np.float32(self._cover.shape[1])
        cover, square = self._mean_cover[choices, None], self._square_cover[choices, None]
        ink, paper = self._solved(product, self._mean, cover, square)
        ink, paper = linear_to_srgb(ink), linear_to_srgb(paper)
        levels = self._levels[choices]
        if self._paper is not None:
            return _bytes(_ink_of_light(self._light, paper, levels)), _bytes(paper)
        ink, paper = _readable(ink, paper, cover)
        for _ in range(_STEPS):
            missing = self._light - _mean_light(ink, paper, levels)
            step = missing / np.maximum(_slope(paper + cover * (ink - paper)), np.float32(0.05))
            ink, paper = np.clip(ink + step, 0, 1), np.clip(paper + step, 0, 1)
        return _bytes(ink), _bytes(paper)


_BINS = 17


def _levels(fine: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the histogram of shares of ink from 0 to 1 in 17 steps, (characters, 17); each row has sum 1."""
    bins = np.rint(fine * (_BINS - 1)).astype(np.int64)
    numbers = bins + np.arange(len(fine))[:, None] * _BINS
    counts = np.bincount(numbers.ravel(), minlength=len(fine) * _BINS).reshape(len(fine), _BINS)
    shares: NDArray[np.float32] = (counts / np.float32(fine.shape[1])).astype(np.float32)
    return shares


def _mean_light(
    ink: NDArray[np.float32], paper: NDArray[np.float32], levels: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return the mean linear light, (n, 3), of characters with ink and paper, (n, 3), and histograms, (n, 17)."""
    share = np.linspace(0, 1, _BINS, dtype=np.float32)[None, :, None]
    drawn = paper[:, None] + share * (ink - paper)[:, None]
    light: NDArray[np.float32] = np.einsum("nb,nbc->nc", levels, srgb_to_linear(drawn))
    return light


def _ink_of_light(
    light: NDArray[np.float32], paper: NDArray[np.float32], levels: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Find the ink, sRGB, (n, 3), with which characters on their paper have a given mean light, by bisection."""
    low, high = np.zeros_like(paper), np.ones_like(paper)
    for _ in range(_HALVINGS):
        middle = (low + high) / np.float32(2)
        dark = _mean_light(middle, paper, levels) < light
        low, high = np.where(dark, middle, low), np.where(dark, high, middle)
    ink: NDArray[np.float32] = (low + high) / np.float32(2)
    return ink


def _slope(srgb: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the derivative of linear light by sRGB."""
    low, high = np.clip(srgb - 0.02, 0, 1), np.clip(srgb + 0.02, 0, 1)
    slope: NDArray[np.float32] = (srgb_to_linear(high) - srgb_to_linear(low)) / (high - low)
    return slope


def _readable(
    ink: NDArray[np.float32], paper: NDArray[np.float32], cover: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Move ink and paper away from their mean where they are too similar."""
    apart = (ink - paper).mean(axis=1, keepdims=True)
    mean = paper + cover * (ink - paper)
    sign = np.where(np.abs(apart) > 1e-3, np.sign(apart), np.where(mean.mean(axis=1, keepdims=True) > 0.5, -1.0, 1.0))
    more = np.maximum(0, _LEAST_CONTRAST - np.abs(apart)) * sign
    return (
        np.clip(ink + more * (1 - cover), 0, 1).astype(np.float32),
        np.clip(paper - more * cover, 0, 1).astype(np.float32),
    )


def _bytes(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    whole: NDArray[np.uint8] = np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)
    return whole
