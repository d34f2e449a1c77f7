"""The baselines of the paper: every cell takes the tile with the nearest descriptor.

`mean` compares mean colours, `nearest` k x k patches, `ncc` structure by normalised cross-correlation plus mean colour.
All three are squared Euclidean distances between descriptors, so one exact search is enough for all.

Source: Tesfaldet et al. 2018, section 4 (nearest template by colour, by pixels, by normalised cross-correlation). Here
colours are OKLab of means in linear light, and the structure term is taken on OKLab lightness.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.assign.assignment import assign_problem
from perceptual_photomosaic.assign.costs import EmbeddingCosts
from perceptual_photomosaic.assign.problem import Assignment, Problem
from perceptual_photomosaic.errors import ConfigError
from perceptual_photomosaic.features.colour import linear_to_oklab
from perceptual_photomosaic.features.patches import PATCH, reduce_patches
from perceptual_photomosaic.progress import SILENT, Reporter

__all__ = ["Correlation", "MeanColour", "NearestPatch"]


class _Descriptors(ABC):
    """A method that is defined by its descriptor alone."""

    @abstractmethod
    def describe(self, patches: NDArray[np.float32]) -> NDArray[np.float32]:
        """Turn patches in linear light, (N, k, k, 3), into descriptors, float32, (N, D)."""

    def costs(self, problem: Problem) -> EmbeddingCosts:
        """Return the squared distances between the descriptors of cells and of choices."""
        return EmbeddingCosts(self.describe(problem.cells), self.describe(problem.choices))

    def assign(self, problem: Problem, *, reporter: Reporter = SILENT) -> Assignment:
        """Choose the nearest tile for every cell, within the limits.

        Raises:
            ConstraintError: The limits cannot be met.
        """
        choices = assign_problem(problem, self.costs(problem), reporter=reporter)
        return Assignment(choices.reshape(problem.grid.shape))


@dataclass(frozen=True)
class MeanColour(_Descriptors):
    """The tile with the nearest mean colour: OKLab of the mean in linear light."""

    def describe(self, patches: NDArray[np.float32]) -> NDArray[np.float32]:
        return linear_to_oklab(patches.mean(axis=(1, 2)))


@dataclass(frozen=True)
class NearestPatch(_Descriptors):
    """The tile with the nearest k x k patch: mean squared OKLab distance over the samples.

    Attributes:
        k: Samples along each side, 1 to 8. Small values favour tone, large values shape.
    """

    k: int = 4

    def __post_init__(self) -> None:
        if not 1 <= self.k <= PATCH:
            raise ConfigError(f"patch is {self.k}; it must be 1 to {PATCH} samples.")

    def describe(self, patches: NDArray[np.float32]) -> NDArray[np.float32]:
        lab = linear_to_oklab(reduce_patches(patches, self.k))
        return lab.reshape(len(lab), -1) / np.float32(self.k)


@dataclass(frozen=True)
class Correlation(_Descriptors):
    """Normalised cross-correlation of lightness plus distance of mean colours.

    The cost is structure * (1 - ncc) + squared OKLab distance of the means. For unit vectors |u - v|^2 = 2 (1 - ncc),
    so this is a squared distance too. If a patch has little structure (a standard deviation of lightness below `flat`),
    its vector shrinks towards zero. All structures then cost it about the same, so noise does not decide in flat cells.

    Attributes:
        structure: Weight of the structure term.
        flat: Standard deviation of OKLab lightness at which the structure counts half (the vector's squared length).
    """

    structure: float = 0.02
    flat: float = 0.02

    def describe(self, patches: NDArray[np.float32]) -> NDArray[np.float32]:
        lightness = linear_to_oklab(patches)[..., 0].reshape(len(patches), -1)
        centred = lightness - lightness.mean(axis=1, keepdims=True)
        norm = np.sqrt(np.square(centred).sum(axis=1, keepdims=True))
        unit = centred / np.hypot(norm, self.flat * np.sqrt(lightness.shape[1]))
        means = linear_to_oklab(patches.mean(axis=(1, 2)))
        return np.concatenate([means, unit * np.float32(np.sqrt(self.structure / 2))], axis=1).astype(np.float32)
