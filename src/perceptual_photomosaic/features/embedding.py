"""Where a perceptual network puts small patches, without the network.

VGG16, as it was trained on people's judgements of similarity, tells a calm patch from a grained one at once, and a
brown one from a grey one; no distance of colours does. What its layer `conv3_3` makes of a patch of 2 x 2 samples with
its mirror image around it, normalised and weighted as LPIPS does, varies in 16 directions only (99.9% of the variance
over photos). A small network, taught by `training/distil.py`, works these 16 numbers out in a few milliseconds.

Sources: Zhang et al., "The unreasonable effectiveness of deep features as a perceptual metric", CVPR 2018, section 3
(the distance); Ghildyal and Liu, "Shift-tolerant perceptual similarity metric", ECCV 2022 (the weights of VGG16).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.features.colour import linear_to_srgb
from perceptual_photomosaic.features.patches import reduce_patches

__all__ = ["SAMPLES", "WEIGHTS", "embed", "inputs"]

SAMPLES = 2
"""Samples along each side of a patch."""

WEIGHTS = Path(__file__).parent / "data" / "embedding.safetensors"
"""Layers in turn, float16: `matrix0` (inputs, outputs), `offset0` (outputs,), and so on."""


def embed(patches: NDArray[np.float32]) -> NDArray[np.float32]:
    """Put patches where squared distances are what VGG16 sees of their differences.

    Args:
        patches: Linear light in [0, 1], (N, k, k, 3), k at least `SAMPLES`.
    Returns:
        Points, float32, (N, 16). Squared distances are those of LPIPS at one layer: 0 for equal patches, about 0.1
        between photos.
    """
    *hidden, (matrix, offset) = _layers()
    values = inputs(patches)
    for inner, shift in hidden:
        values = np.maximum(values @ inner + shift, 0)
    return values @ matrix + offset


def inputs(patches: NDArray[np.float32]) -> NDArray[np.float32]:
    """What the network is given: sRGB in [-1, 1], float32, (N, 12)."""
    reduced = patches if patches.shape[1] == SAMPLES else reduce_patches(patches, SAMPLES)
    flat: NDArray[np.float32] = linear_to_srgb(reduced).reshape(len(patches), -1)
    return flat * np.float32(2) - np.float32(1)


@cache
def _layers() -> tuple[tuple[NDArray[np.float32], NDArray[np.float32]], ...]:
    from safetensors.numpy import load_file

    stored = {name: values.astype(np.float32) for name, values in load_file(WEIGHTS).items()}
    return tuple((stored[f"matrix{number}"], stored[f"offset{number}"]) for number in range(len(stored) // 2))
