"""Measures of shapes and edges: structural similarity, and the agreement of gradients."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["SSIM_WINDOW_PX", "gradient_agreement", "ssim"]

SSIM_WINDOW_PX = 11
_SIGMA = 1.5
_C1, _C2 = 0.01**2, 0.03**2
_BAND = 32  # rows at a time: the working set then stays in the cache, and small on large pictures


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
    places = x.shape[0] - len(window) + 1
    total = 0.0
    for top in range(0, places, _BAND):
        band = slice(top, min(top + _BAND, places) + len(window) - 1)
        grey_x, grey_y = (picture[band].astype(np.float64) for picture in (x, y))
        total += float(_ssim_map(grey_x, grey_y, window).sum())
    return total / float(places * (x.shape[1] - len(window) + 1))


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
    product = energy = 0.0
    for top in range(0, x.shape[0], _BAND):
        for axis in (0, 1):
            # Downward differences reach into the first row of the next band.
            band = slice(top, top + _BAND + (axis == 0))
            g_x, g_y = (np.diff(picture[band].astype(np.float64), axis=axis).ravel() for picture in (x, y))
            product += float(g_x @ g_y)
            energy += float(g_x @ g_x + g_y @ g_y)
    return 2 * product / energy if energy else 1.0


def _ssim_map(x: NDArray[np.floating], y: NDArray[np.floating], window: NDArray[np.float64]) -> NDArray[np.float64]:
    mu_x, mu_y = _blur(x, window), _blur(y, window)
    sigma_xx = _blur(x * x, window) - mu_x * mu_x
    sigma_yy = _blur(y * y, window) - mu_y * mu_y
    sigma_xy = _blur(x * y, window) - mu_x * mu_y
    luminance = (2 * mu_x * mu_y + _C1) / (mu_x * mu_x + mu_y * mu_y + _C1)
    structure = (2 * sigma_xy + _C2) / (sigma_xx + sigma_yy + _C2)
    return np.asarray(luminance * structure)


def _window(largest: int) -> NDArray[np.float64]:
    radius = (largest - 1) // 2
    weights = np.exp(-0.5 * (np.arange(-radius, radius + 1) / _SIGMA) ** 2)
    return np.asarray(weights / weights.sum())


def _blur(picture: NDArray[np.floating], window: NDArray[np.float64]) -> NDArray[np.float64]:
    """Filter both axes with one window, keeping only the places where it fits: (H - n + 1, W - n + 1)."""
    height, width = (side - len(window) + 1 for side in picture.shape)
    rows = sum(weight * picture[k : k + height] for k, weight in enumerate(window))
    return np.asarray(sum(weight * rows[:, k : k + width] for k, weight in enumerate(window)))
