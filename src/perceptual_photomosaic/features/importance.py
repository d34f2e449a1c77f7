"""How much each cell matters: a mask that people paint, or faces and edges found in the target.

Importance decides where cells compete: for tiles under limits, and with their neighbours for tone. Its mean is 1 and
it stays within 1/4 and 4, so a picture is never sacrificed to one part of it.
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
from perceptual_photomosaic.progress import SILENT, Reporter
from perceptual_photomosaic.tiles.crop import face_boxes

__all__ = ["DETAIL", "LEAST", "MOST", "detail_importance", "importance_of", "region_importance"]

LEAST, MOST = 0.25, 4.0
DETAIL = ("none", "auto")

_ASPECT_TOLERANCE = 0.02
_FACE = 4.0  # how much more than its edges say a face matters
_ORDINARY = 0.5  # what a cell without any edge keeps, where a cell of average edges has 1.5
_SAMPLES = 4


def importance_of(
    target: NDArray[np.uint8],
    cells: NDArray[np.float32],
    grid: Grid,
    region: str | None,
    detail: str,
    *,
    reporter: Reporter = SILENT,
) -> NDArray[np.float32] | None:
    """What a mask and the target itself say about the cells, multiplied.

    Args:
        target: sRGB, uint8, (H, W, 3).
        cells: Linear light, (cells, k, k, 3).
        grid: The grid over the target.
        region: A mask, see `region_importance`; None asks for none.
        detail: One of `DETAIL`.
        reporter: Told where faces cannot be looked for.
    Returns:
        Float32, (cells,), mean 1; None where nothing is asked for.
    Raises:
        ConfigError: A mask that does not fit, or an unknown word.
        ImageError: A mask that cannot be read.
    """
    if detail not in DETAIL:
        raise ConfigError(f"detail '{detail}' is unknown; choose one of {', '.join(DETAIL)}.")
    importance = np.ones(grid.num_cells)
    if region is not None:
        importance *= region_importance(Path(region), grid)
    if detail == "auto":
        importance *= detail_importance(target, cells, grid, reporter=reporter)
    return None if region is None and detail == "none" else _balanced(importance)


def region_importance(path: Path, grid: Grid) -> NDArray[np.float32]:
    """Read a mask: white matters, black does not, grey in between.

    Args:
        path: A picture of the target's shape, of any size; transparent parts count as black.
        grid: The grid over the target. What it covers of the target it covers of the mask.
    Returns:
        Float32, (cells,): 1/4 where the mask is black, 4 where it is white, geometric between; its mean is not yet 1.
    Raises:
        ConfigError: A mask of another shape, or one that is black all over.
        ImageError: It cannot be read.
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


def detail_importance(
    target: NDArray[np.uint8], cells: NDArray[np.float32], grid: Grid, *, reporter: Reporter = SILENT
) -> NDArray[np.float32]:
    """Find what people look at: edges (local contrast of OKLab lightness) and faces.

    Args:
        target: sRGB, uint8, (H, W, 3).
        cells: Linear light, (cells, k, k, 3).
        grid: The grid over the target.
        reporter: Told where faces cannot be looked for, for want of scikit-image.
    Returns:
        Float32, (cells,), 1.5 for average edges, more in faces; its mean is not yet 1.
    """
    lightness = linear_to_oklab(reduce_patches(cells, _SAMPLES))[..., 0]
    rows, columns = grid.shape
    samples = lightness.reshape(rows, columns, _SAMPLES, _SAMPLES).swapaxes(1, 2)
    picture = np.pad(samples.reshape(rows * _SAMPLES, columns * _SAMPLES), _SAMPLES, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(picture, (3 * _SAMPLES, 3 * _SAMPLES))[::_SAMPLES, ::_SAMPLES]
    contrast = windows.std(axis=(2, 3)).ravel()
    importance = _ORDINARY + contrast / max(float(contrast.mean()), 1e-6)
    try:
        faces = _face_shares(target, grid)
    except MissingExtraError as error:
        reporter.note(f"--detail auto goes by edges alone: {error}")
    else:
        importance = importance * _FACE**faces
    return np.asarray(importance, np.float32)


def _face_shares(target: NDArray[np.uint8], grid: Grid) -> NDArray[np.float32]:
    """How much of each cell lies in a face, 0 to 1, (cells,)."""
    inside = np.zeros((*target.shape[:2], 1), np.float32)
    for left, top, right, bottom in face_boxes(Image.fromarray(target)):
        inside[int(top) : int(np.ceil(bottom)), int(left) : int(np.ceil(right))] = 1
    return _cell_means(inside, grid)


def _cell_means(picture: NDArray[np.float32], grid: Grid) -> NDArray[np.float32]:
    """Mean of a picture of one channel, (H, W, 1) in [0, 1], over every cell; 0 beyond the picture, (cells,)."""
    left, top, right, bottom = grid.target_box
    margin = int(np.ceil(max(-left, -top, 0))) + 1
    image = Image.fromarray(np.pad(picture[..., 0], margin))
    box = (left + margin, top + margin, right + margin, bottom + margin)
    return np.asarray(image.resize((grid.columns, grid.rows), Image.Resampling.BOX, box)).ravel()


def _balanced(importance: NDArray[np.floating]) -> NDArray[np.float32]:
    """Scale importance so that its mean is 1 with all of it within `LEAST` and `MOST`."""
    low, high = LEAST / float(importance.max()), MOST / float(importance.min())
    for _ in range(60):
        middle = np.sqrt(low * high)
        mean = np.clip(importance * middle, LEAST, MOST).mean()
        low, high = (middle, high) if mean < 1 else (low, middle)
    return np.asarray(np.clip(importance * np.sqrt(low * high), LEAST, MOST), np.float32)
