"""Importance and detail of cells: from a mask that people paint, and from faces or edges in the target.

Importance matters where cells compete: for tiles under limits, and with their neighbours for tone. It has a mean of 1
and stays within 1/4 and 4, so that no part of the picture is lost. Detail is different: in a face the colours inside
each cell count more, and nothing changes elsewhere.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from perceptual_photomosaic.errors import ConfigError, MissingExtraError
from perceptual_photomosaic.features.colour import linear_to_oklab
from perceptual_photomosaic.features.patches import reduce_patches
from perceptual_photomosaic.grid import Grid
from perceptual_photomosaic.image import load_image, printable
from perceptual_photomosaic.tiles.crop import face_boxes

__all__ = ["LEAST", "MOST", "detail_of", "importance_of", "region_importance"]

LEAST, MOST = 0.25, 4.0

_ASPECT_TOLERANCE = 0.02
_FACE = 32.0
"""Factor of the colours inside a cell in a face; it lowers CIEDE2000 at 8 x 8 samples by 10% there."""
_EDGES = 4.0
"""Factor at the strongest edges, used if faces cannot be detected."""
_STRONG = 3.0  # times the mean contrast
_SAMPLES = 4


def importance_of(grid: Grid, region: str | None) -> NDArray[np.float32] | None:
    """Return the importance of cells from a mask.

    Args:
        grid: The grid over the target.
        region: Path of a mask, see `region_importance`, or None.
    Returns:
        Importance, float32, (cells,), mean 1; None if there is no mask.
    Raises:
        ConfigError: The mask does not fit.
        ImageError: The mask cannot be read.
    """
    return None if region is None else _balanced(region_importance(Path(region), grid))


def detail_of(
    target: NDArray[np.uint8], cells: NDArray[np.float32], grid: Grid, detail: str
) -> NDArray[np.float32] | None:
    """Return the factor of the colours inside each cell, which is larger where people look.

    Args:
        target: sRGB, uint8, (H, W, 3).
        cells: Linear light, (cells, k, k, 3).
        grid: The grid over the target.
        detail: One of `config.DETAILS`: "auto" detects faces, or edges if scikit-image is not installed.
    Returns:
        Factors, float32, (cells,), from 1 to 32; None if all are 1.
    """
    if detail == "none":
        return None
    try:
        share, most = _face_shares(target, grid), _FACE
    except MissingExtraError:
        share, most = _edge_shares(cells, grid), _EDGES
    return np.asarray(1 + (most - 1) * share, np.float32) if share.any() else None


def region_importance(path: Path, grid: Grid) -> NDArray[np.float32]:
    """Read a mask: white parts are important, black parts are not.

    Args:
        path: A picture of the target's shape, of any size; transparent parts count as black.
        grid: The grid over the target; it covers the same part of the mask.
    Returns:
        Importance, float32, (cells,): 1/4 for black, 4 for white, geometric between; the mean is not scaled to 1.
    Raises:
        ConfigError: The mask has another shape, or is all black.
        ImageError: The mask cannot be read.
    """
    mask = load_image(path, background=(0, 0, 0))
    left, top, right, bottom = grid.target_box
    width, height = left + right, top + bottom  # the box is centred, so its edges add up to the target's size
    across, down = mask.shape[1] / width, mask.shape[0] / height
    if not 1 - _ASPECT_TOLERANCE < across / down < 1 + _ASPECT_TOLERANCE:
        raise ConfigError(
            f"the region '{printable(path)}' is {mask.shape[1]} x {mask.shape[0]} px and the target {width:.0f} x "
            f"{height:.0f}: the shapes differ. Draw the mask over the target, at any scale."
        )
    over_mask = replace(grid, target_box=(left * across, top * down, right * across, bottom * down))
    grey = Image.fromarray(mask).convert("L")
    light = np.asarray(grey, np.float32)[..., None] / np.float32(255)
    value = _cell_means(light, over_mask)
    if value.max() <= 0:
        raise ConfigError(
            f"the region '{printable(path)}' is black all over; paint white what matters "
            f"(what is transparent counts as black)."
        )
    return np.asarray(LEAST * (MOST / LEAST) ** value, np.float32)


def _edge_shares(cells: NDArray[np.float32], grid: Grid) -> NDArray[np.float32]:
    """Find edges by local contrast of OKLab lightness, (cells,): 0 up to the mean, 1 from three times the mean."""
    lightness = linear_to_oklab(reduce_patches(cells, _SAMPLES))[..., 0]
    rows, columns = grid.shape
    samples = lightness.reshape(rows, columns, _SAMPLES, _SAMPLES).swapaxes(1, 2)
    picture = np.pad(samples.reshape(rows * _SAMPLES, columns * _SAMPLES), _SAMPLES, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(picture, (3 * _SAMPLES, 3 * _SAMPLES))[::_SAMPLES, ::_SAMPLES]
    contrast = windows.std(axis=(2, 3)).ravel()
    relative = contrast / max(float(contrast.mean()), 1e-6)
    return np.asarray(np.clip((relative - 1) / (_STRONG - 1), 0, 1), np.float32)


def _face_shares(target: NDArray[np.uint8], grid: Grid) -> NDArray[np.float32]:
    """Return the share of each cell that is in a face, 0 to 1, (cells,)."""
    inside = np.zeros((*target.shape[:2], 1), np.float32)
    for left, top, right, bottom in face_boxes(Image.fromarray(target)):
        inside[int(top) : int(np.ceil(bottom)), int(left) : int(np.ceil(right))] = 1
    return _cell_means(inside, grid)


def _cell_means(picture: NDArray[np.float32], grid: Grid) -> NDArray[np.float32]:
    """Return the means of cells, (cells,), of a picture of one channel, (H, W, 1) in [0, 1], with 0 around it."""
    left, top, right, bottom = grid.target_box
    margin = int(np.ceil(max(-left, -top, 0))) + 1
    image = Image.fromarray(np.pad(picture[..., 0], margin))
    box = (left + margin, top + margin, right + margin, bottom + margin)
    return np.asarray(image.resize((grid.columns, grid.rows), Image.Resampling.BOX, box)).ravel()


def _balanced(importance: NDArray[np.floating]) -> NDArray[np.float32]:
    """Scale importance to mean 1, clipped to `LEAST` and `MOST`."""
    low, high = LEAST / float(importance.max()), MOST / float(importance.min())
    for _ in range(60):
        middle = np.sqrt(low * high)
        mean = np.clip(importance * middle, LEAST, MOST).mean()
        low, high = (middle, high) if mean < 1 else (low, middle)
    return np.asarray(np.clip(importance * np.sqrt(low * high), LEAST, MOST), np.float32)
