"""`photomosaic train-any`: train the network for any tiles on a folder of pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from perceptual_photomosaic.errors import ConfigError
from perceptual_photomosaic.progress.shown import reporter_for

__all__ = ["train_any"]

_PARTS: dict[str, dict[str, Any]] = {
    "neighbours": {"blocks": 0},
    "summary": {"summary": False},
    "distance": {"distance": False},
}
"""Parts of the network that can be left out, and the architecture without each."""


def train_any(
    *,
    data: Annotated[Path, typer.Option(help="Folder of training pictures, searched with all folders below.")],
    run: Annotated[Path, typer.Option(help="Run folder (a bare name lies in runs/): log, checkpoints, network.")],
    val: Annotated[Path | None, typer.Option(help="Folder of validation pictures, which are not trained on.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue from the last checkpoint.")] = False,
    notes: Annotated[str, typer.Option(help="Free text kept with the run.")] = "",
    font: Annotated[
        list[str] | None,
        typer.Option(help="A font of letters, besides the built-in one: a file or a family. Repeat it."),
    ] = None,
    examples: Annotated[int | None, typer.Option(help="Problems that the solver solves, in each round.")] = None,
    rounds: Annotated[
        int | None, typer.Option(help="Rounds; in each the solver starts from the network of the one before.")
    ] = None,
    steps: Annotated[int | None, typer.Option(help="Optimiser steps in each round.")] = None,
    cells: Annotated[int | None, typer.Option(help="Rows and columns of a problem.")] = None,
    teacher: Annotated[
        float | None, typer.Option(help="Weight of the solver's answers in the loss; 1 is usual.")
    ] = None,
    perceptual: Annotated[
        float | None, typer.Option(help="Weight of the perceptual loss of the soft mosaic; 0 is usual.")
    ] = None,
    vgg_weights: Annotated[
        str | None, typer.Option(help="VGG16 of the perceptual loss: default, or a file; see docs/use/models.md.")
    ] = None,
    learning_rate: Annotated[float | None, typer.Option(help="The highest learning rate.")] = None,
    validations: Annotated[int | None, typer.Option(help="Validation problems.")] = None,
    log_every: Annotated[int | None, typer.Option(help="Steps between rows of figures.")] = None,
    checkpoint_every: Annotated[int | None, typer.Option(help="Steps between checkpoints.")] = None,
    validate_every: Annotated[int | None, typer.Option(help="Steps between validations.")] = None,
    seed: Annotated[
        int | None, typer.Option(help="Seed of the random numbers; the same seed, the same network.")
    ] = None,
    without: Annotated[
        list[str] | None, typer.Option(help="Leave out a part: neighbours, summary or distance. Repeat it.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but warnings and errors.")] = False,
) -> None:
    """Train the network that picks tiles from any tile set, with the solver as its teacher.

    photomosaic train-any --data photos/ --val kept-aside/ --run any

    photomosaic train-any --data photos/ --val kept-aside/ --run any --resume
    """
    from perceptual_photomosaic.models import require_torch

    require_torch("training", "train")
    parts: dict[str, Any] = {}
    for part in without or ():
        if part not in _PARTS:
            raise ConfigError(f"there is no part '{part}' to leave out; choose of {', '.join(_PARTS)}.")
        parts |= _PARTS[part]
    reporter = reporter_for(quiet=quiet)
    with reporter.stage("loading PyTorch"):
        from perceptual_photomosaic.training.any_tiles.settings import AnyTilesSettings
        from perceptual_photomosaic.training.any_tiles.torch_network import Architecture
        from perceptual_photomosaic.training.any_tiles.trainer import AnyTilesJob, train_any_tiles

    numbers: dict[str, Any] = {
        "examples": examples,
        "rounds": rounds,
        "steps": steps,
        "cells": cells,
        "teacher": teacher,
        "perceptual": perceptual,
        "vgg_weights": vgg_weights,
        "learning_rate": learning_rate,
        "validations": validations,
        "log_every": log_every,
        "checkpoint_every": checkpoint_every,
        "validate_every": validate_every,
        "seed": seed,
    }
    settings = AnyTilesSettings(
        data=str(data),
        val=str(val or ""),
        fonts=tuple(font or ()),
        architecture=Architecture(**parts),
        **{name: value for name, value in numbers.items() if value is not None},
    )
    folder = run if len(run.parts) > 1 else Path("runs") / run
    best = train_any_tiles(AnyTilesJob(settings, folder, resume, notes), reporter)
    if not quiet:
        print(f"the network: {best}")
        print(f"see its curves: tensorboard --logdir {folder / 'tensorboard'} (after pip install tensorboard)")
