"""The views of one picture, in the colour spaces that the figures need."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from perceptual_photomosaic.evaluate.colour_difference import lab_from_light, light_from_lab, luma
from perceptual_photomosaic.evaluate.judge import load_judge
from perceptual_photomosaic.evaluate.views import area_average, encode_srgb

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from perceptual_photomosaic.evaluate.tone_map import ToneMap
    from perceptual_photomosaic.evaluate.views import Box
    from perceptual_photomosaic.progress import Stage

__all__ = ["PictureView", "picture_views"]

_BAND = 32  # rows converted at a time


@dataclass(frozen=True)
class PictureView:
    """The view of one picture at one distance, in several colour spaces; float32, because views can be large.

    Attributes:
        light: Linear light in [0, 1], (H, W, 3).
    """

    light: NDArray[np.float32]

    @cached_property
    def srgb(self) -> NDArray[np.float32]:
        """sRGB values in [0, 1], (H, W, 3)."""
        return _banded(encode_srgb, self.light)

    @cached_property
    def lab(self) -> NDArray[np.float32]:
        """CIELAB, (H, W, 3)."""
        return _banded(lab_from_light, self.light)

    @cached_property
    def luma(self) -> NDArray[np.float32]:
        """Luma of the sRGB values in [0, 1], (H, W)."""
        return _banded(lambda light: luma(encode_srgb(light)), self.light)

    @cached_property
    def features(self) -> list[Tensor]:
        """Features of the judge's network, layer by layer."""
        return load_judge().features(self.srgb)

    def in_tones(self, tones: ToneMap) -> PictureView:
        """Return the same view with its tones mapped."""
        return PictureView(_banded(lambda lab: light_from_lab(tones.apply(lab)), self.lab))


def _banded(
    convert: Callable[[NDArray[np.float32]], NDArray[np.float64]], light: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Convert a picture a few rows at a time."""
    bands = [convert(light[top : top + _BAND]).astype(np.float32) for top in range(0, len(light), _BAND)]
    return np.concatenate(bands)


def picture_views(
    picture: NDArray[np.uint8], shapes: dict[float, tuple[int, int]], box: Box, stage: Stage
) -> dict[float, PictureView]:
    """Return the view of a picture at each distance.

    A view is averaged from the nearer view where its pixels divide evenly: the same result, faster.

    Args:
        picture: uint8, (H, W, 3).
        shapes: (height, width) of the view at each distance, from near to far.
        box: The part to measure, (left, top, right, bottom) in pixels.
        stage: Advanced by one for each distance.
    """
    views_by_px: dict[float, PictureView] = {}
    finer: NDArray[np.float32] | None = None
    for cell_px, (height, width) in shapes.items():
        if finer is not None and finer.shape[0] % height == 0 and finer.shape[1] % width == 0:
            light = area_average(finer, (height, width))
        else:
            light = area_average(picture, (height, width), box)
        views_by_px[cell_px] = PictureView(light)
        finer = light
        stage.advance()
    return views_by_px
