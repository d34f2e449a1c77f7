"""What a choice costs inside its own cell, whatever its neighbours are.

The mean over its k x k samples of CIEDE2000, k = 8, 4, 2, 1, on averages of linear light (`docs/solver.md`). A
distance, not its square: it is what people report, and one bad corner does not rule a tile out. Under limits each cell
is weighed against many more choices; there plain distance in DIN99d, which comes near and takes a sixth of the time,
stands for it at more than one sample. To this comes texture: differences between neighbouring samples, and their spread
over the cell, in red, green and blue, which should be those of the target. SSIM hardly tells a busy tile from a very
busy one; these do. Texture counts as far as it can be chosen apart from tone (`_free_of_tone`). Last comes what a
network that was trained on people's judgements sees of the difference, at 2 x 2 samples (`features.embedding`).

Costs are worked out for a short list of choices per cell, a block of cells at a time, on several threads.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.assign.base import Problem
from perceptual_photomosaic.assign.solve.weights import EnergyWeights
from perceptual_photomosaic.features.colour import (
    DIN99D_AS_CIEDE2000,
    LUMA,
    ciede2000,
    linear_to_din99d,
    linear_to_lab,
    linear_to_srgb,
)
from perceptual_photomosaic.features.embedding import embed
from perceptual_photomosaic.features.patches import reduce_patches
from perceptual_photomosaic.threads import share_out, slices

__all__ = ["CellCosts", "NearCosts"]

_PAIRS = 4096


class CellCosts(Protocol):
    """What choices cost inside cells, as the descent asks for it."""

    def of(self, cells: NDArray[np.integer], choices: NDArray[np.integer]) -> NDArray[np.float32]:
        """Costs of lists of choices, (n,) and (n, K) to (n, K)."""

    def closest(self, cells: NDArray[np.integer], choices: NDArray[np.integer], count: int) -> NDArray[np.int64]:
        """Those of some choices, (m,), that suit each cell best when cells have to share, (n, count)."""


class NearCosts:
    """Costs of choices inside cells.

    Args:
        cells: Linear light, (cells, 8, 8, 3).
        choices: Linear light, (choices, 8, 8, 3).
        weights: How much each term counts.
        importance: How much each cell counts, (cells,); None means all alike.
        detail: How much more colours at 8 x 8 samples count in each cell, (cells,); None means all alike.
        quick: Whether DIN99d stands for CIEDE2000 at more than one sample.
    """

    def __init__(
        self,
        cells: NDArray[np.float32],
        choices: NDArray[np.float32],
        weights: EnergyWeights,
        importance: NDArray[np.float32] | None = None,
        *,
        detail: NDArray[np.float32] | None = None,
        quick: bool = False,
    ) -> None:
        self._importance, self._detail, self._quick = importance, detail, quick
        scales = {8: weights.colour8, 4: weights.colour4, 2: weights.colour2, 1: weights.colour1}
        self._weights = {k: weight for k, weight in scales.items() if weight > 0}
        self._colours = {k: _both(cells, choices, k, quick and k > 1) for k in self._weights}
        self._shared = dict(self._colours)  # as `closest` compares them, all in one space
        if quick and 1 in self._shared:
            self._shared[1] = _both(cells, choices, 1, quick)
        self._texture: _Texture | None = None
        if weights.gradient8 > 0 or weights.contrast8 > 0:
            self._texture = _Texture(cells, choices, weights.gradient8, weights.contrast8)
        self._seen: tuple[NDArray[np.float32], NDArray[np.float32]] | None = None
        if weights.perceptual2 > 0:
            size = np.float32(weights.perceptual2**0.5)
            self._seen = embed(cells) * size, embed(choices) * size

    @classmethod
    def of_problem(cls, problem: Problem, weights: EnergyWeights) -> NearCosts:
        """Those of a problem, quick where it has limits."""
        return cls(
            problem.cells,
            problem.choices,
            weights,
            problem.weights,
            detail=problem.detail,
            quick=not problem.limits.free,
        )

    def reweigh(self, name: str, factor: float) -> None:
        """Let the distance of mean colours count more or less, if `name` is that of its weight."""
        if name == "colour1" and 1 in self._weights:
            self._weights[1] *= factor

    def of(self, cells: NDArray[np.integer], choices: NDArray[np.integer]) -> NDArray[np.float32]:
        """Costs of lists of choices.

        Args:
            cells: Cell numbers, (n,).
            choices: Choice numbers for each of them, (n, K).
        Returns:
            Costs, float32, (n, K).
        """
        result = np.empty(choices.shape, np.float32)
        step = max(1, _PAIRS // max(1, choices.shape[1]))

        def fill(block: slice) -> None:
            result[block] = self._block(cells[block], choices[block])

        share_out(fill, slices(len(cells), step))
        return result

    def closest(self, cells: NDArray[np.integer], choices: NDArray[np.integer], count: int) -> NDArray[np.int64]:
        """The choices that suit cells best when they have to share: a first look, by one product of matrices.

        What counts is how a choice differs from the mean choice in the way that the cell differs from the mean cell:
        costs that are common to a cell, or to a choice, do not change who should have which.

        Args:
            cells: Cell numbers, (n,).
            choices: Choice numbers to look among, (m,).
            count: How many to find; all where there are fewer.
        Returns:
            Choice numbers, (n, count), in no order.
        """
        if count >= len(choices):
            return np.broadcast_to(choices.astype(np.int64), (len(cells), len(choices)))
        apart = np.zeros((len(cells), len(choices)), np.float32)
        for k, weight in self._weights.items():
            mine, theirs = self._shared[k]
            wanted, offered = mine[cells].reshape(len(cells), -1), theirs[choices].reshape(len(choices), -1)
            scale = np.float32(weight / k) ** 2
            apart -= scale * ((wanted - wanted.mean(axis=0)) @ (offered - offered.mean(axis=0)).T)
        return choices.astype(np.int64)[np.argpartition(apart, count - 1, axis=1)[:, :count]]

    def _block(self, cells: NDArray[np.integer], choices: NDArray[np.integer]) -> NDArray[np.float32]:
        costs = np.zeros(choices.shape, np.float32)
        for k, weight in self._weights.items():
            distance = self._distance(k, cells, choices)
            colour = np.float32(weight / distance.shape[2]) * distance.sum(axis=2)
            costs += colour if k < 8 or self._detail is None else colour * self._detail[cells, None]
        if self._texture is not None:
            costs += self._texture.costs(cells, choices)
        if self._seen is not None:
            wanted, offered = self._seen
            between = offered[choices]
            between -= wanted[cells][:, None]
            costs += np.einsum("nkd,nkd->nk", between, between)
        if self._importance is not None:
            costs *= self._importance[cells, None]
        return costs

    def _distance(self, k: int, cells: NDArray[np.integer], choices: NDArray[np.integer]) -> NDArray[np.float32]:
        """How far apart colours are, CIEDE2000 / 100 or what stands for it, (n, K, k * k)."""
        mine, theirs = self._colours[k]
        wanted, offered = mine[cells][:, None], theirs[choices]  # (n, K, 3, k * k)
        if self._quick and k > 1:
            offered -= wanted
            np.square(offered, out=offered)
            squared: NDArray[np.float32] = offered.sum(axis=2)
            return np.sqrt(squared, out=squared)
        return np.float32(0.01) * ciede2000(wanted, offered, axis=2)


def _differences(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Differences between neighbouring samples, down and to the right, (N, k, k, ...) to (N, differences)."""
    down, right = (np.diff(samples, axis=axis).reshape(len(samples), -1) for axis in (1, 2))
    return np.concatenate([down, right], axis=1)


def _free_of_tone(luma: NDArray[np.float32], texture: NDArray[np.float32]) -> float:
    """How much of the texture of choices, (N,), can be chosen whatever their tone: the variance that tone leaves.

    Photos have any texture at any tone. A letter on white is the darker the more ink it has, and so the busier: to ask
    for little texture there is to ask for white.

    Returns:
        1 minus the coefficient of determination of a quadratic fit over mean luma; 0 where all textures are alike.
    """
    tone = luma.mean(axis=(1, 2), dtype=np.float64)
    powers = np.stack([np.ones_like(tone), tone, np.square(tone)], axis=1)
    left = texture - powers @ np.linalg.lstsq(powers, texture.astype(np.float64), rcond=None)[0]
    whole = float(texture.var(dtype=np.float64))
    return float(left.var()) / whole if whole > 1e-12 else 0.0


class _Texture:
    """What is compared: differences between neighbouring samples, and standard deviations, of sRGB.

    Args:
        cells: Linear light, (cells, 8, 8, 3).
        choices: Linear light, (choices, 8, 8, 3).
        gradient: Weight of the mean error of differences.
        contrast: Weight of the mean error of standard deviations.
    """

    def __init__(
        self, cells: NDArray[np.float32], choices: NDArray[np.float32], gradient: float, contrast: float
    ) -> None:
        offered, wanted = linear_to_srgb(choices), linear_to_srgb(cells)
        luma = offered @ np.array(LUMA, np.float32)
        gradient *= _free_of_tone(luma, np.abs(_differences(luma)).mean(axis=1))
        contrast *= _free_of_tone(luma, luma.std(axis=(1, 2)))
        self._offered, self._wanted = (self._textures(values, gradient, contrast) for values in (offered, wanted))

    @staticmethod
    def _textures(values: NDArray[np.float32], gradient: float, contrast: float) -> NDArray[np.float32]:
        """Differences and deviations, (N, numbers), scaled so that the sum of errors is their weighted mean."""
        steps, deviations = _differences(values), values.std(axis=(1, 2))
        parts = np.float32(gradient / steps.shape[1]) * steps, np.float32(contrast / 3) * deviations
        return np.concatenate(parts, axis=1)

    def costs(self, cells: NDArray[np.integer], choices: NDArray[np.integer]) -> NDArray[np.float32]:
        """Weighted errors of choices, (n, K), in cells, (n,): (n, K)."""
        apart = self._offered[choices]
        apart -= self._wanted[cells][:, None]
        errors: NDArray[np.float32] = np.abs(apart, out=apart).sum(axis=2)
        return errors


def _both(
    cells: NDArray[np.float32], choices: NDArray[np.float32], k: int, quick: bool
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Colours of cells and of choices at k x k samples, (N, 3, k * k): CIELAB, or DIN99d where it has to be quick."""
    return _planes(cells, k, quick), _planes(choices, k, quick)


def _planes(patches: NDArray[np.float32], k: int, quick: bool) -> NDArray[np.float32]:
    light = patches if k == patches.shape[1] else reduce_patches(patches, k)
    colours = np.float32(DIN99D_AS_CIEDE2000) * linear_to_din99d(light) if quick else linear_to_lab(light)
    return np.ascontiguousarray(colours.reshape(len(colours), k * k, 3).swapaxes(1, 2))
