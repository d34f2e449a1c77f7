"""Views: pictures as an eye at a distance receives them, averaged over areas in linear light.

At a distance where one cell covers d pixels of the retina (or screen), each of these pixels receives the mean light of
the area that it covers. Light adds up linearly and sRGB values do not, so both pictures are decoded, averaged over
exact areas, and encoded again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perceptual_photomosaic.errors import GridError, ImageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "LIGHT_OF_BYTE",
    "VIEW_CELLS_PX",
    "Box",
    "area_average",
    "centred_box",
    "check_picture",
    "decode_srgb",
    "encode_srgb",
    "view_shape",
]

Box = tuple[float, float, float, float]

VIEW_CELLS_PX = (16.0, 8.0, 4.0, 2.0, 1.0, 0.5, 0.25)
"""Pixels that one cell covers, from near to far: the viewing distances that are measured."""

_BLOCK = 16  # outputs averaged by one matrix product: wide enough for BLAS, narrow enough to skip the zero weights


def decode_srgb(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Turn sRGB values into linear light.

    Args:
        values: sRGB in [0, 1], any shape.
    Returns:
        Linear light in [0, 1], same shape.
    Source: IEC 61966-2-1.
    """
    values = np.asarray(values, np.float64)
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def encode_srgb(light: NDArray[np.floating]) -> NDArray[np.float64]:
    """Turn linear light in [0, 1] into sRGB values in [0, 1]: the inverse of `decode_srgb`."""
    light = np.clip(np.asarray(light, np.float64), 0.0, 1.0)
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


LIGHT_OF_BYTE = decode_srgb(np.arange(256) / 255.0)
"""Linear light of each sRGB byte, (256,)."""


def check_picture(picture: NDArray[np.uint8], name: str) -> None:
    """Check that an array is a picture of bytes.

    Raises:
        ImageError: `picture` is not uint8, (height, width, 3), with at least one pixel.
    """
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8 or picture.size == 0:
        raise ImageError(
            f"the {name} must be a uint8 array of shape (height, width, 3), got {picture.dtype} of shape "
            f"{picture.shape}; load it with image.load_image()"
        )


def view_shape(grid_shape: tuple[int, int], cell_px: float, cell_aspect: float = 1.0) -> tuple[int, int]:
    """Return the size of a view in pixels.

    Args:
        grid_shape: (rows, cols) of the mosaic.
        cell_px: Pixels that one cell covers, as the side of a square of the cell's area; may be a fraction.
        cell_aspect: Width to height of a cell: pixels of a view are square, cells need not be.
    Returns:
        (height, width) in pixels, rounded, at least 1 x 1.
    Raises:
        GridError: No row, no column, or no pixel at all.
    """
    rows, cols = grid_shape
    if rows < 1 or cols < 1:
        raise GridError(f"a grid needs at least one row and one column, got {rows} rows x {cols} columns")
    if not cell_px > 0:
        raise GridError(f"the pixels that a cell covers must be more than 0, got {cell_px:g}")
    stretch = cell_aspect**0.5
    return max(1, round(rows * cell_px / stretch)), max(1, round(cols * cell_px * stretch))


def centred_box(size_px: tuple[int, int], aspect: float) -> Box:
    """Return the largest centred part of a picture that has a given aspect.

    Args:
        size_px: (width, height) of the picture.
        aspect: Width to height.
    Returns:
        (left, top, right, bottom) in pixels, which may be fractions.
    """
    width, height = size_px
    box_width = min(float(width), height * aspect)
    box_height = min(float(height), box_width / aspect)
    left, top = (width - box_width) / 2, (height - box_height) / 2
    return left, top, left + box_width, top + box_height


def area_average(
    picture: NDArray[np.uint8] | NDArray[np.floating], shape: tuple[int, int], box: Box | None = None
) -> NDArray[np.float32]:
    """Average a picture's light over the exact area of each pixel of a coarser (or finer) raster.

    The picture counts as constant within each of its pixels; output pixels that cut through one take their share of it.

    Args:
        picture: sRGB bytes, or linear light as floats in [0, 1]; (H, W, 3).
        shape: (height, width) of the result.
        box: (left, top, right, bottom): the part of the picture to average; all of it by default.
    Returns:
        Linear light in [0, 1], float32, (height, width, 3).
    """
    height, width = shape
    left, top, right, bottom = box or (0.0, 0.0, float(picture.shape[1]), float(picture.shape[0]))
    across = _shares(left, right, picture.shape[1], width)
    result = np.empty((height, width, 3), np.float32)
    done = 0
    for first, last, weights in _shares(top, bottom, picture.shape[0], height):
        strip = picture[first:last]
        light = LIGHT_OF_BYTE[strip] if strip.dtype == np.uint8 else strip
        rows = weights @ light.reshape(last - first, -1)
        columns = np.ascontiguousarray(rows.reshape(len(rows), -1, 3).transpose(1, 0, 2)).reshape(picture.shape[1], -1)
        averaged = [shares @ columns[start:stop] for start, stop, shares in across]
        result[done : done + len(rows)] = np.concatenate(averaged).reshape(width, len(rows), 3).transpose(1, 0, 2)
        done += len(rows)
    return result


def _shares(low: float, high: float, n_in: int, n_out: int) -> list[tuple[int, int, NDArray[np.float64]]]:
    """Return the weights that average an axis from low to high into n_out outputs, in blocks of outputs.

    Each block is (first input, end of inputs, weights (outputs, inputs)); the weights of an output sum to 1.
    """
    edges = low + np.arange(n_out + 1) * ((high - low) / n_out)
    blocks = []
    for begin in range(0, n_out, _BLOCK):
        end = min(begin + _BLOCK, n_out)
        lower, upper = edges[begin:end], edges[begin + 1 : end + 1]
        first = min(int(lower[0]), n_in - 1)
        last = min(max(int(np.ceil(upper[-1])), first + 1), n_in)
        inputs = np.arange(first, last)
        overlap = np.minimum(upper[:, None], inputs + 1) - np.maximum(lower[:, None], inputs)
        weights = np.clip(overlap, 0.0, None)
        blocks.append((first, last, weights / weights.sum(axis=1, keepdims=True)))
    return blocks
