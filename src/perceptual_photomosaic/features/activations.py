"""Pictures of the activations of VGG16: the mean over channels of each layer, at several scales."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from perceptual_photomosaic.features.pyramid import pyramid_level
from perceptual_photomosaic.features.vgg import VGG16
from perceptual_photomosaic.features.vgg_weights import CONVOLUTIONS
from perceptual_photomosaic.progress import SILENT, Reporter

__all__ = ["activation_sheet", "mean_activations"]

SCALES = (0.0, 1.0, 2.0)


def mean_activations(
    vgg: VGG16, picture: NDArray[np.uint8], *, reporter: Reporter = SILENT
) -> dict[str, list[NDArray[np.float32]]]:
    """Compute the mean over channels of every convolution's features, at full, half and quarter size.

    Args:
        vgg: The network.
        picture: sRGB, uint8, (H, W, 3).
        reporter: Receives progress.
    Returns:
        One map, (h, w), per scale, by name of the layer.
    """
    images = torch.from_numpy(picture.copy()).permute(2, 0, 1)[None].float()
    found: dict[str, list[NDArray[np.float32]]] = {name: [] for name in CONVOLUTIONS}
    with torch.no_grad(), reporter.stage("computing VGG16 features", len(SCALES), "scales") as stage:
        for scale in SCALES:
            features = vgg(pyramid_level(images, scale), CONVOLUTIONS)
            for name in CONVOLUTIONS:
                found[name].append(features[name][0].float().mean(0).numpy())
            stage.advance()
    return found


def activation_sheet(
    vgg: VGG16, picture: NDArray[np.uint8], width: int = 200, *, reporter: Reporter = SILENT
) -> Image.Image:
    """Draw the mean activations: a row per layer, a column per scale; the range of each map is black to white."""
    height = max(1, round(width * picture.shape[0] / picture.shape[1]))
    label, gap = 70, 4
    maps = mean_activations(vgg, picture, reporter=reporter)
    size = (label + len(SCALES) * (width + gap), (len(maps) + 1) * (height + gap))
    sheet = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(sheet)
    target = Image.fromarray(picture).resize((width, height), Image.Resampling.LANCZOS)
    draw.text((4, height // 2), "target", fill="black")
    for column, scale in enumerate(SCALES):
        small = target.reduce(2 ** int(scale)).resize((width, height), Image.Resampling.NEAREST)
        sheet.paste(small, (label + column * (width + gap), 0))
    for row, (name, levels) in enumerate(maps.items(), start=1):
        draw.text((4, row * (height + gap) + height // 2), name, fill="black")
        for column, level in enumerate(levels):
            span = float(level.max() - level.min()) or 1.0
            grey = ((level - level.min()) / span * 255).astype(np.uint8)
            tile = Image.fromarray(grey).resize((width, height), Image.Resampling.NEAREST)
            sheet.paste(tile.convert("RGB"), (label + column * (width + gap), row * (height + gap)))
    return sheet
