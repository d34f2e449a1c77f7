"""`photomosaic train`: train a MosaicNet for a tile set on a folder of pictures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from perceptual_photomosaic.errors import ConfigError
from perceptual_photomosaic.progress.shown import reporter_for

if TYPE_CHECKING:
    from perceptual_photomosaic.loss_settings import LossSettings

__all__ = ["train"]

_SETTINGS = frozenset(  # options that are fields of TrainSettings as they stand
    "keep_tiles steps batch accumulate crop zoom flip fit_tone cell hidden learning_rate temperature "  # noqa: SIM905
    "final_temperature fit pixels vgg_weights precision validate_batch validate_crop log_every checkpoint_every "
    "validate_every seed".split()
)


def train(
    *,
    tiles: Annotated[str, typer.Option("--tiles", "-t", help="The tile set, as for make: glyphs, emoji, a folder.")],
    data: Annotated[Path, typer.Option(help="Folder of training pictures, searched with all folders below.")],
    run: Annotated[Path, typer.Option(help="Run folder (a bare name lies in runs/): log, checkpoints, model.")],
    val: Annotated[Path | None, typer.Option(help="Folder of validation pictures, which are not trained on.")] = None,
    preset: Annotated[str, typer.Option(help="Preset of the settings: paper, laptop or gpu.")] = "laptop",
    resume: Annotated[bool, typer.Option("--resume", help="Continue from the last checkpoint.")] = False,
    notes: Annotated[str, typer.Option(help="Free text kept with the run.")] = "",
    keep_tiles: Annotated[
        int | None, typer.Option(help="Train on this many tiles, chosen to cover the set best.")
    ] = None,
    steps: Annotated[int | None, typer.Option(help="Optimiser steps in the whole run.")] = None,
    batch: Annotated[int | None, typer.Option(help="Pictures a step, over all devices.")] = None,
    accumulate: Annotated[
        int | None,
        typer.Option(
            help="Compute the batch in this many parts, one after the other, before each step: less memory, a little "
            "slower, the same step. Raise it when memory runs out; 1 is usual."
        ),
    ] = None,
    crop: Annotated[int | None, typer.Option(help="Side of the random square crops, in pixels.")] = None,
    zoom: Annotated[
        float | None,
        typer.Option(
            help="Largest random zoom of the crops. 1 never zooms: a crop has the picture's whole shorter side. 3, "
            "which is usual, goes down to a third of that side. More shows the network more detail at the same speed."
        ),
    ] = None,
    flip: Annotated[bool | None, typer.Option("--flip/--no-flip", help="Mirror half of the crops.")] = None,
    fit_tone: Annotated[
        bool | None,
        typer.Option("--fit-tone/--keep-tone", help="Fit the target's tones to those that the tiles can show."),
    ] = None,
    cell: Annotated[int | None, typer.Option(help="Cell side in pixels: 4, 8, 16 or 32.")] = None,
    hidden: Annotated[int | None, typer.Option(help="Channels of the decoder's hidden layer.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="The highest learning rate.")] = None,
    temperature: Annotated[float | None, typer.Option(help="Temperature at the start.")] = None,
    final_temperature: Annotated[float | None, typer.Option(help="Temperature at the end of its rise.")] = None,
    fit: Annotated[int | None, typer.Option(help="Pictures for a least-squares start; 0 starts at random.")] = None,
    pixels: Annotated[
        bool | None, typer.Option("--pixels/--no-pixels", help="Show the decoder the cell's own colours too.")
    ] = None,
    layers: Annotated[str | None, typer.Option(help="VGG16 layers of the loss: conv1_1,conv2_1,...")] = None,
    layer_factors: Annotated[str | None, typer.Option(help="Weight of each layer: 1,1,0.5")] = None,
    scales: Annotated[str | None, typer.Option(help="Scales of each layer, 0 is full size: 0,1,2:0,1:0")] = None,
    blur_sigmas: Annotated[str | None, typer.Option(help="Blur of the mosaic at each scale used: 3,3,3")] = None,
    blur_windows: Annotated[str | None, typer.Option(help="Window of that blur in pixels: 8,8,8")] = None,
    loss: Annotated[str | None, typer.Option(help="Form of the loss: reconstruction or lpips.")] = None,
    vgg_weights: Annotated[
        str | None, typer.Option(help="default, or a .pth, .npy or .safetensors file: see docs/use/models.md.")
    ] = None,
    precision: Annotated[str | None, typer.Option(help="Arithmetic of VGG16: auto, float32 or bfloat16.")] = None,
    validate_batch: Annotated[int | None, typer.Option(help="Validation pictures at a time.")] = None,
    validate_crop: Annotated[int | None, typer.Option(help="Side of the validation pictures, in pixels.")] = None,
    log_every: Annotated[int | None, typer.Option(help="Steps between rows of figures.")] = None,
    checkpoint_every: Annotated[int | None, typer.Option(help="Steps between checkpoints.")] = None,
    validate_every: Annotated[int | None, typer.Option(help="Steps between validations.")] = None,
    seed: Annotated[
        int | None, typer.Option(help="Seed of the random numbers; the same seed gives the same network.")
    ] = None,
    accelerator: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    devices: Annotated[int, typer.Option(min=1, help="Processes on this machine, one per GPU.")] = 1,
    nodes: Annotated[int, typer.Option(min=1, help="Machines; start the command on each with torchrun.")] = 1,
    notify: Annotated[str, typer.Option(help="POST a JSON message to this URL when the run ends or fails.")] = "",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but warnings and errors.")] = False,
) -> None:
    """Train a network that picks tiles for a fixed tile set.

    photomosaic train --tiles glyphs --data photos/ --val kept-aside/ --run my-glyphs

    photomosaic train --tiles emoji --keep-tiles 400 --data photos/ --run emoji --preset gpu --devices 2

    photomosaic train --tiles glyphs --data photos/ --run my-glyphs --resume
    """
    from perceptual_photomosaic.models import require_torch

    require_torch("training", "train")
    reporter = reporter_for(quiet=quiet)
    with reporter.stage("loading PyTorch"):
        from perceptual_photomosaic.training.outcome import outcome
        from perceptual_photomosaic.training.settings import preset as start_from
        from perceptual_photomosaic.training.trainer import Job
        from perceptual_photomosaic.training.trainer import train as run_training

    here = locals()
    names = [name for name in here if name in _SETTINGS]
    changes: dict[str, Any] = {name: here[name] for name in names if here[name] is not None}
    settings = start_from(preset, tiles=tiles, data=str(data), val=str(val or ""), **changes)
    settings = replace(
        settings, loss=_loss(settings.loss, layers, layer_factors, scales, blur_sigmas, blur_windows, loss)
    )
    folder = run if len(run.parts) > 1 else Path("runs") / run
    job = Job(settings, folder, resume, notes, devices, nodes, accelerator)
    run_training(job, notify_url=notify, reporter=reporter)
    if not quiet:
        print(*outcome(folder), sep="\n")


def _loss(
    before: LossSettings,
    layers: str | None,
    factors: str | None,
    scales: str | None,
    sigmas: str | None,
    windows: str | None,
    form: str | None,
) -> LossSettings:
    """Return the preset's loss, changed by the options of the command line."""
    from perceptual_photomosaic.loss_settings import LossSettings

    def words(values: Any) -> str:
        return ",".join(f"{value:g}" if isinstance(value, float) else str(value) for value in values)

    count = len(layers.split(",")) if layers is not None else len(before.layers)
    if layers is not None and count != len(before.layers):
        factors = factors or words((1.0,) * count)
        scales = scales or ":".join([words(before.used_scales())] * count)
    if scales is not None and ":" not in scales:
        scales = ":".join([scales] * count)
    made = LossSettings.parse(
        layers if layers is not None else ",".join(before.layers),
        factors if factors is not None else words(before.layer_factors),
        scales if scales is not None else ":".join(words(group) for group in before.scales),
        sigmas if sigmas is not None else words(before.blur_sigmas),
        windows if windows is not None else words(before.blur_windows),
        form or before.form,  # type: ignore[arg-type]
    )
    if len(made.scales) != count or len(made.layer_factors) != count:
        raise ConfigError(
            f"{count} layers, but {len(made.scales)} groups of scales and {len(made.layer_factors)} layer factors: "
            "give one of each per layer"
        )
    return replace(made, border=before.border, tone=before.tone, smooth=before.smooth)
