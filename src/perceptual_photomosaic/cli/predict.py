"""`photomosaic predict`: make mosaics of many pictures with one trained model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from perceptual_photomosaic.errors import ConfigError, ModelError
from perceptual_photomosaic.progress.shown import reporter_for

__all__ = ["predict"]


def predict(
    sources: Annotated[list[Path], typer.Argument(help="Pictures, and folders of pictures.", show_default=False)],
    *,
    model: Annotated[str, typer.Option("--model", "-m", help="Name of a model of this package, or a file.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the mosaics; each keeps its source's name.")],
    suffix: Annotated[str, typer.Option("--format", help="Format of the mosaics: png, jpg, webp or tif.")] = "png",
    tile_size: Annotated[int, typer.Option(min=0, help="Side of each tile in pixels; 0 is the model's own.")] = 0,
    columns: Annotated[
        int,
        typer.Option(
            min=0,
            help="Cells across each mosaic. 0, which is usual: as many as the picture holds at the model's cell size, "
            "so 1600 px make 200 cells of 8 px. Twice as many take four times as long.",
        ),
    ] = 0,
    vgg_weights: Annotated[
        str | None,
        typer.Option(
            help="File of the VGG16 that the model was trained with, where its path has changed: see "
            "docs/use/models.md."
        ),
    ] = None,
    precision: Annotated[str, typer.Option(help="Arithmetic of VGG16: float32 or bfloat16.")] = "float32",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but warnings and errors.")] = False,
) -> None:
    """Make a mosaic of every picture with a trained network.

    photomosaic predict holiday/ --model glyphs -o mosaics/

    photomosaic predict a.jpg b.jpg --model runs/mine/best.safetensors --tile-size 32 -o mosaics/
    """
    from perceptual_photomosaic.models import require_torch

    if precision not in ("float32", "bfloat16"):
        raise ConfigError(f"precision is float32 or bfloat16, not '{precision}'")
    require_torch("predicting")
    import torch

    from perceptual_photomosaic.features.vgg import VGG16
    from perceptual_photomosaic.features.vgg_weights import load_vgg_weights
    from perceptual_photomosaic.image import printable
    from perceptual_photomosaic.models.predict_many import find_sources, predict_batch
    from perceptual_photomosaic.models.store import load_model

    pairs = find_sources(sources, out, f".{suffix.lstrip('.')}")
    reporter = reporter_for(quiet=quiet)
    dtype = getattr(torch, precision)
    vgg = VGG16(load_vgg_weights(vgg_weights), dtype) if vgg_weights else None
    net, card = load_model(model, vgg=vgg, dtype=dtype)
    result = predict_batch(net, card, pairs, tile_px=tile_size, columns=columns, reporter=reporter)
    for entry in result.skipped:
        reporter.note(f"left out {entry.reason}")
    if not result.written:
        raise ModelError(f"none of {len(pairs)} pictures could be read")
    if not quiet:
        print(f"{len(result.written)} mosaic{'' if len(result.written) == 1 else 's'} in {printable(out)}")
