"""Do shapes and edges survive: structural similarity and the agreement of gradients."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["SSIM_WINDOW_PX", "gradient_agreement", "ssim"]

SSIM_WINDOW_PX = 11
_SIGMA = 1.5
_C1, _C2 = 0.01**2, 0.03**2


def ssim(x: NDArray[np.floating], y: NDArray[np.floating]) -> float:
    """Compare two grey pictures by structural similarity.

    The window is a Gaussian of 11 x 11 px with a standard deviation of 1.5 px, at all places where it lies inside the
    picture, as in the paper. A picture under 11 px on its shorter side gets the largest odd window that fits.

    Args:
        x: Grey values in [0, 1], (H, W).
        y: The same shape.
    Returns:
        Mean over the places, in [-1, 1]; 1 for equal pictures.
    Source: Wang, Bovik, Sheikh, Simoncelli: Image quality assessment, IEEE Trans. Image Processing 13 (2004), eq. 13.
    """
    window = _window(min(*x.shape, SSIM_WINDOW_PX))
    mu_x, mu_y = _blur(x, window), _blur(y, window)
    sigma_xx = _blur(x * x, window) - mu_x * mu_x
    sigma_yy = _blur(y * y, window) - mu_y * mu_y
    sigma_xy = _blur(x * y, window) - mu_x * mu_y
    luminance = (2 * mu_x * mu_y + _C1) / (mu_x * mu_x + mu_y * mu_y + _C1)
    structure = (2 * sigma_xy + _C2) / (sigma_xx + sigma_yy + _C2)
    return float((luminance * structure).mean())


def gradient_agreement(x: NDArray[np.floating], y: NDArray[np.floating]) -> float:
    """Compare the edges of two grey pictures.

    With g_x and g_y the fields of differences between neighbouring pixels, right and down, this is

        2 <g_x, g_y> / (<g_x, g_x> + <g_y, g_y>)

    Every edge counts by its strength. Edges that are missing, weaker, stronger or turned, and texture where there
    should be none, all lower the value; a constant added to the lightness does not.

    Args:
        x: Lightness, (H, W).
        y: The same shape.
    Returns:
        A value in [-1, 1]: 1 for equal fields (both may be zero), 0 for unrelated ones, -1 for the negative.
    """
    right_x, right_y = np.diff(x, axis=1).ravel(), np.diff(y, axis=1).ravel()
    down_x, down_y = np.diff(x, axis=0).ravel(), np.diff(y, axis=0).ravel()
    energy = right_x @ right_x + right_y @ right_y + down_x @ down_x + down_y @ down_y
    if energy == 0:
        return 1.0
    return float(2 * (right_x @ right_y + down_x @ down_y) / energy)


def _window(largest: int) -> NDArray[np.float64]:
    radius = (largest - 1) // 2
    weights = np.exp(-0.5 * (np.arange(-radius, radius + 1) / _SIGMA) ** 2)
    return np.asarray(weights / weights.sum())


def _blur(picture: NDArray[np.floating], window: NDArray[np.float64]) -> NDArray[np.float64]:
    """Filter both axes with one window, keeping only the places where it fits: (H - n + 1, W - n + 1)."""
    height, width = (side - len(window) + 1 for side in picture.shape)
    rows = sum(weight * picture[k : k + height] for k, weight in enumerate(window))
    return np.asarray(sum(weight * rows[:, k : k + width] for k, weight in enumerate(window)))
