"""Small pictures of a mosaic: beside its target, and in a notebook."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from PIL import Image

from perceptual_photomosaic.features.colour import from_linear
from perceptual_photomosaic.features.patches import fit_target
from perceptual_photomosaic.tiles.spec import parse_colour

if TYPE_CHECKING:
    from perceptual_photomosaic.mosaic import Mosaic

__all__ = ["notebook_png", "side_by_side"]

_NOTEBOOK_PX = 640


def side_by_side(mosaic: Mosaic, longest_px: int) -> Image.Image:
    """Draw target and mosaic side by side, each at most `longest_px` wide and high.

    Raises:
        PlanError: The target of a plan is gone, or came from no file.
    """
    drawn = _small(mosaic, longest_px)
    background = parse_colour(mosaic.options.background, "background")
    picture = mosaic.open_target("it is drawn beside the mosaic")
    target = Image.fromarray(from_linear(fit_target(picture, mosaic.grid, drawn.size, background)))
    gap = max(4, drawn.width // 100)
    sheet = Image.new("RGB", (2 * drawn.width + gap, drawn.height), "white")
    sheet.paste(target, (0, 0))
    sheet.paste(drawn, (drawn.width + gap, 0))
    return sheet


def notebook_png(mosaic: Mosaic) -> bytes:
    """Draw the mosaic as a PNG of at most 640 px a side."""
    image = _small(mosaic, _NOTEBOOK_PX)
    image.thumbnail((_NOTEBOOK_PX, _NOTEBOOK_PX))
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def _small(mosaic: Mosaic, longest_px: int) -> Image.Image:
    """Draw the mosaic with the largest whole tiles that fit into `longest_px`, at least 1 px each."""
    scale = min(1.0, longest_px / max(mosaic.size_px))
    return mosaic.to_image((max(1, round(mosaic.tile_px[0] * scale)), max(1, round(mosaic.tile_px[1] * scale))))
