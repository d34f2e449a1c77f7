"""`photomosaic features`: draw the activations of VGG16 on a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from perceptual_photomosaic.progress.shown import reporter_for

__all__ = ["features"]


def features(
    image: Annotated[Path, typer.Argument(help="The picture.", show_default=False)],
    *,
    out: Annotated[Path, typer.Option("--out", "-o", help="Where to write the sheet: .png .jpg .webp .tif")],
    vgg_weights: Annotated[
        str, typer.Option(help="default, or a .pth, .npy or .safetensors file: see docs/use/models.md.")
    ] = "default",
    width: Annotated[int, typer.Option(min=16, max=2000, help="Width of each map in pixels.")] = 200,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but warnings and errors.")] = False,
) -> None:
    """Draw the mean activation of each VGG16 layer at scales 1, 1/2 and 1/4.

    photomosaic features portrait.jpg -o layers.png
    """
    from perceptual_photomosaic.files.protection import refuse_overwriting_inputs
    from perceptual_photomosaic.files.replacing import replacing
    from perceptual_photomosaic.models import require_torch
    from perceptual_photomosaic.render.formats import check_drawing

    check_drawing(out)
    refuse_overwriting_inputs(out, [image])
    require_torch("features")
    from perceptual_photomosaic.features.activations import SCALES, activation_sheet
    from perceptual_photomosaic.features.vgg import VGG16
    from perceptual_photomosaic.features.vgg_weights import CONVOLUTIONS, load_vgg_weights
    from perceptual_photomosaic.image import load_image, printable

    picture = load_image(image)
    sheet = activation_sheet(VGG16(load_vgg_weights(vgg_weights)), picture, width, reporter=reporter_for(quiet=quiet))
    with replacing(out) as part:
        sheet.save(part)
    if not quiet:
        size = f"{sheet.width} x {sheet.height} px"
        print(f"{printable(out)}: {len(CONVOLUTIONS)} layers of VGG16 at {len(SCALES)} scales, {size}")
