"""NVIDIA FLIP: the error that people see when two pictures alternate in one place, computed by `flip-evaluator`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perceptual_photomosaic.errors import MissingExtraError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["PIXELS_PER_DEGREE", "flip_error"]

PIXELS_PER_DEGREE = 67.0206
"""The default of FLIP: a 4K monitor, 0.7 m wide, seen from 0.7 m."""


def flip_error(target: NDArray[np.floating], mosaic: NDArray[np.floating]) -> float:
    """Measure the mean LDR-FLIP error.

    Args:
        target: sRGB in [0, 1], (H, W, 3).
        mosaic: The same shape.
    Returns:
        Mean error, 0 (equal) to 1.
    Raises:
        MissingExtraError: flip-evaluator is not installed.
    Source: Andersson et al.: FLIP: A difference evaluator for alternating images, HPG 2020; LDR, `PIXELS_PER_DEGREE`.
    """
    try:
        import flip_evaluator
    except ImportError as error:
        raise MissingExtraError("the FLIP error", "eval") from error
    reference, test = (np.ascontiguousarray(picture, dtype=np.float32) for picture in (target, mosaic))
    _, mean, _ = flip_evaluator.evaluate(
        reference, test, "LDR", applyMagma=False, parameters={"ppd": PIXELS_PER_DEGREE}
    )
    return float(mean)
