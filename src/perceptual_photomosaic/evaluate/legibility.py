"""Legibility: five measures of how well a mosaic can be read as its target, which do not depend on contrast.

Letters and emoji reach few tones, so a mosaic of them is always paler or darker than its target. People recognise it by
two things that remain: the order of lightness of its parts, and the directions of its outlines.

    tones      similarity of the orders of lightness; unchanged by any monotone change of tones
    outlines   similarity of the directions of edges, block by block; unchanged by any gain of contrast
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from perceptual_photomosaic.evaluate.colour_difference import LUMA
from perceptual_photomosaic.evaluate.views import LIGHT_OF_BYTE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from perceptual_photomosaic.evaluate.views import Box

__all__ = ["Legibility", "compare_traits", "legibility", "traits_of"]

_TONES = {"tones32": 32, "tones64": 64, "tones128": 128}
_OUTLINES = {"outlines64": 64, "outlines128": 128}
"""Samples along each side of the picture."""

_LIGHT_OF_CHANNEL = LIGHT_OF_BYTE[:, None] * LUMA
"""The part of a byte of red, green or blue in the luminance Y, (256, 3): weights of ITU-R BT.709."""

_PLACE, _DIRECTIONS = 8, 8
"""Samples along a side of the blocks in which directions are counted, and directions from 0 to 180 degrees."""
_GAUSS = np.exp(-0.5 * np.arange(-4, 5) ** 2) / np.exp(-0.5 * np.arange(-4, 5) ** 2).sum()
_SLOPE, _ACROSS = np.array([-1.0, 0.0, 1.0]), np.array([1.0, 2.0, 1.0])  # together the Sobel operator
_BAND = 256  # rows whose luminance is held at a time


@dataclass(frozen=True)
class Legibility:
    """The five figures of legibility: 1 is perfect, 0 is no likeness, below 0 is the negative of the target.

    Attributes:
        tones32: Correlation of the ranks of L*, both pictures averaged to 32 x 32 samples.
        tones64: The same at 64 x 64 samples.
        tones128: The same at 128 x 128 samples.
        outlines64: Cosine between histograms of the directions of edges, at 64 x 64 samples.
        outlines128: The same at 128 x 128 samples.
    """

    tones32: float
    tones64: float
    tones128: float
    outlines64: float
    outlines128: float

    @property
    def mean(self) -> float:
        """The plain mean of the five figures."""
        return float(np.mean(list(asdict(self).values())))

    def to_dict(self) -> dict[str, float]:
        """Return the five figures and their mean by name."""
        return {**asdict(self), "mean": self.mean}


def legibility(target: NDArray[np.uint8], mosaic: NDArray[np.uint8], box: Box | None = None) -> Legibility:
    """Measure how well one mosaic can be read as its target.

    Args:
        target: sRGB, uint8, (H, W, 3).
        mosaic: sRGB, uint8, (H, W, 3), the whole grid and nothing else, of any size.
        box: The part of the target that the grid covers, (left, top, right, bottom) in its pixels; all by default.
    """
    return compare_traits(traits_of(target, box), traits_of(mosaic))


def traits_of(picture: NDArray[np.uint8], box: Box | None = None) -> dict[str, NDArray[np.float64]]:
    """Return the vectors of one picture that `compare_traits` compares.

    Args:
        picture: sRGB, uint8, (H, W, 3).
        box: The part to measure, as for `legibility`.
    Returns:
        For each figure a vector of mean 0 and length 1; all 0 where a picture has no outline at all.
    """
    sides = sorted({*_TONES.values(), *_OUTLINES.values()})
    lightness = dict(zip(sides, _lightness(picture, sides, box), strict=True))
    described = {name: _ranks(lightness[side]) for name, side in _TONES.items()}
    return described | {name: _directions(lightness[side]) for name, side in _OUTLINES.items()}


def compare_traits(target: Mapping[str, NDArray[np.float64]], mosaic: Mapping[str, NDArray[np.float64]]) -> Legibility:
    """Return the legibility from the vectors of both pictures."""
    return Legibility(**{name: float(target[name] @ mosaic[name]) for name in target})


def _lightness(picture: NDArray[np.uint8], sides: list[int], box: Box | None) -> list[NDArray[np.float64]]:
    """Return L* of a picture at side x side samples, for each of `sides`.

    Pillow's box filter averages luminance over the pixels whose centres lie in a sample: across first, which can be
    done a band of rows at a time, then down.
    """
    height, width = picture.shape[:2]
    left, top, right, bottom = box or (0.0, 0.0, float(width), float(height))
    bands: list[list[NDArray[np.float32]]] = [[] for _ in sides]
    for start in range(0, height, _BAND):
        rows = picture[start : start + _BAND]
        light = Image.fromarray(sum(_LIGHT_OF_CHANNEL[rows[..., k], k] for k in range(3)).astype(np.float32))
        for side, narrowed in zip(sides, bands, strict=True):
            shape = side, len(rows)
            narrowed.append(np.asarray(light.resize(shape, Image.Resampling.BOX, (left, 0, right, len(rows)))))
    found = []
    for side, narrowed in zip(sides, bands, strict=True):
        tall = Image.fromarray(np.concatenate(narrowed))
        light = tall.resize((side, side), Image.Resampling.BOX, (0, top, side, bottom))
        y = np.clip(np.asarray(light, np.float64), 0.0, 1.0)
        found.append(np.where(y <= 0.008856, y * 903.3, 116 * np.cbrt(y) - 16))
    return found


def _ranks(lightness: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the ranks of all samples, equal ones in reading order; mean 0 and length 1."""
    order = np.argsort(lightness, axis=None, kind="stable")
    ranks = np.empty(order.size)
    ranks[order] = np.arange(order.size) - (order.size - 1) / 2
    return np.asarray(ranks / np.linalg.norm(ranks))


def _directions(lightness: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return histograms of the directions of edges in blocks of 8 x 8 samples, joined; mean 0 and length 1.

    Every sample counts by the strength of its edge. The histogram of a block is divided by its own length plus half the
    mean of all, so that a faint outline counts nearly as much as a strong one, and noise in a calm block does not.
    """
    smooth = _filter(_filter(lightness, _GAUSS, 0), _GAUSS, 1)
    down = _filter(_filter(smooth, _SLOPE, 0), _ACROSS, 1)
    right = _filter(_filter(smooth, _SLOPE, 1), _ACROSS, 0)
    angle = np.arctan2(down, right) % np.pi  # an edge from dark to light is the same as one from light to dark
    direction = (angle / np.pi * _DIRECTIONS).astype(np.intp) % _DIRECTIONS
    row, column = np.indices(lightness.shape) // _PLACE
    places = lightness.shape[0] // _PLACE
    bins = (row * places + column) * _DIRECTIONS + direction
    counted = np.bincount(bins.ravel(), np.hypot(down, right).ravel(), places * places * _DIRECTIONS)
    histograms = counted.reshape(-1, _DIRECTIONS)
    length = np.linalg.norm(histograms, axis=1, keepdims=True)
    scaled = (histograms / (length + histograms.mean() / 2 + 1e-9)).ravel()
    centred = scaled - scaled.mean()
    return np.asarray(centred / (np.linalg.norm(centred) or 1.0))


def _filter(values: NDArray[np.float64], weights: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
    """Filter a table along one axis; beyond its edges it is mirrored, with the edge samples repeated."""
    radius, size = len(weights) // 2, values.shape[axis]
    padded = np.pad(values, [(radius * (axis == k),) * 2 for k in (0, 1)], mode="symmetric")
    return np.asarray(sum(w * padded.take(range(k, k + size), axis) for k, w in enumerate(weights)))
