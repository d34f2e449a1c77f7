"""The short list: for each cell the choices that could be worth their place there."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.assign.costs import EmbeddingCosts, blocks
from perceptual_photomosaic.features.colour import linear_to_din99d
from perceptual_photomosaic.features.patches import reduce_patches
from perceptual_photomosaic.progress import SILENT, Reporter
from perceptual_photomosaic.threads import share_out

__all__ = ["look_alikes", "looks"]

_SCALES = (8, 4, 2, 1)


def looks(patches: NDArray[np.float32], *, tones_only: bool = False) -> NDArray[np.float32]:
    """Descriptors whose squared distance is the mean squared DIN99d error over scales, float32.

    Args:
        patches: Linear light, (N, 8, 8, 3).
        tones_only: Whether means are all that counts.
    Returns:
        Of four scales, (N, 255), or of means, (N, 3).
    """
    scales = (1,) if tones_only else _SCALES
    parts = [linear_to_din99d(reduce_patches(patches, k)).reshape(len(patches), -1) / (2 * k) for k in scales]
    return np.concatenate(parts, axis=1).astype(np.float32)


def look_alikes(
    costs: EmbeddingCosts, count: int, allowed: NDArray[np.bool_] | None = None, *, reporter: Reporter = SILENT
) -> NDArray[np.int32]:
    """The nearest choices of each cell by descriptors, nearest first.

    Args:
        costs: Squared distances of descriptors, (cells, choices).
        count: How many choices a cell keeps; all where there are fewer.
        allowed: Choices that may be used, (choices,); None allows all.
        reporter: Hears of progress.
    Returns:
        Choice numbers, int32, (cells, K).
    """
    cells, choices = costs.shape
    usable = np.arange(choices) if allowed is None else np.flatnonzero(allowed)
    keep = min(count, len(usable))
    nearest = np.empty((cells, keep), np.int32)

    def fill(block: slice) -> None:
        rows = costs.rows(block)
        if len(usable) < choices:
            rows = rows[:, usable]
        part = (
            np.argpartition(rows, keep - 1, axis=1)[:, :keep]
            if keep < rows.shape[1]
            else np.broadcast_to(np.arange(keep), rows.shape)
        )
        near = np.take_along_axis(rows, part, axis=1)
        order = np.argsort(near, axis=1, kind="stable")
        nearest[block] = usable[np.take_along_axis(part, order, axis=1)]
        stage.advance(len(rows))

    with reporter.stage("looking for likely tiles", cells, "cells") as stage:
        share_out(fill, blocks(costs))
    return nearest
