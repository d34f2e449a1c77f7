"""Traits: colours and tones of patches, computed once and shared by all code that compares them."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.features.colour import DIN99D_AS_CIEDE2000, linear_to_din99d, linear_to_luma
from perceptual_photomosaic.features.patches import reduce_patches

__all__ = ["Traits"]

_SCALES = (8, 4, 2, 1)


class Traits:
    """Colours and tones of patches at several numbers of samples.

    Args:
        patches: Linear light, float32, (N, 8, 8, 3).
    """

    def __init__(self, patches: NDArray[np.float32]) -> None:
        self.patches = patches
        self._light: dict[int, NDArray[np.float32]] = {patches.shape[1]: patches}
        self._colours: dict[int, NDArray[np.float32]] = {}
        self._luma: dict[int, NDArray[np.float32]] = {}

    def __len__(self) -> int:
        return len(self.patches)

    def light(self, k: int) -> NDArray[np.float32]:
        """Return linear light at k x k samples, (N, k, k, 3)."""
        if k not in self._light:
            self._light[k] = reduce_patches(self.patches, k)
        return self._light[k]

    @cached_property
    def means(self) -> NDArray[np.float32]:
        """The mean linear light, (N, 3)."""
        means: NDArray[np.float32] = self.patches.mean(axis=(1, 2))
        return means

    def colours(self, k: int) -> NDArray[np.float32]:
        """Return DIN99d at k x k samples, (N, 3, k * k): distances are about CIEDE2000 / 100."""
        if k not in self._colours:
            lab = np.float32(DIN99D_AS_CIEDE2000) * linear_to_din99d(self.light(k))
            self._colours[k] = np.ascontiguousarray(lab.reshape(len(lab), k * k, 3).swapaxes(1, 2))
        return self._colours[k]

    def luma(self, k: int) -> NDArray[np.float32]:
        """Return the luma of sRGB at k x k samples, in [0, 1], (N, k * k)."""
        if k not in self._luma:
            self._luma[k] = linear_to_luma(self.light(k).reshape(-1, 3)).reshape(len(self), k * k)
        return self._luma[k]

    @cached_property
    def descriptors(self) -> NDArray[np.float32]:
        """Vectors whose squared distance is the mean squared DIN99d error over 8, 4, 2 and 1 samples, (N, 255)."""
        return np.concatenate([_descriptor(self.light(k), k) for k in _SCALES], axis=1)


def _descriptor(light: NDArray[np.float32], k: int) -> NDArray[np.float32]:
    """Return DIN99d at k x k samples as one vector, scaled by 1 / (2 k)."""
    return np.asarray(linear_to_din99d(light).reshape(len(light), -1) / (2 * k), np.float32)
