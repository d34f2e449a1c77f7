"""The parts of a training run, made from its settings: tiles, pictures, network, loss, optimiser and schedules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from perceptual_photomosaic.features.vgg import VGG16, fast_dtype
from perceptual_photomosaic.features.vgg_weights import load_vgg_weights
from perceptual_photomosaic.losses import PerceptualLoss
from perceptual_photomosaic.models.mosaicnet import PAPER_EPSILON, MosaicNet, MosaicNetConfig
from perceptual_photomosaic.models.store import ModelCard, template_identity
from perceptual_photomosaic.models.template_tone import tone_of
from perceptual_photomosaic.progress import Reporter
from perceptual_photomosaic.training.cover import covering_subset
from perceptual_photomosaic.training.data import CropStream, central_square, list_pictures, to_tensor
from perceptual_photomosaic.training.optim import TFAdam
from perceptual_photomosaic.training.schedule import Schedule, paper_learning_rate, paper_temperatures
from perceptual_photomosaic.training.settings import TrainSettings
from perceptual_photomosaic.training.start import fit_decoder

__all__ = ["Prepared", "find_pictures", "prepare"]


@dataclass(frozen=True)
class Prepared:
    """The parts of a run before its first step, or before the next step of a resumed run.

    Args:
        net: The network, on its device.
        decoder: The decoder of the network, or a wrapper around it for training on several devices.
        loss: The loss to minimise, on the same device.
        optimizer: The optimiser of the decoder.
        stream: The training pictures.
        held_out: The validation pictures, uint8, (H, W, 3); may be empty.
        card: The model card, still without results.
        temperature_at: Returns the temperature of a step.
        rate_at: Returns the learning rate of a step.
    """

    net: MosaicNet
    decoder: torch.nn.Module
    loss: PerceptualLoss
    optimizer: torch.optim.Optimizer
    stream: CropStream
    held_out: list[NDArray[np.uint8]]
    card: ModelCard
    temperature_at: Callable[[int], float]
    rate_at: Callable[[int], float]


def find_pictures(settings: TrainSettings) -> tuple[list[str], list[str]]:
    """Find the training and the validation pictures.

    Raises:
        TileError: There is no such folder.
        ImageError: A folder contains no picture.
    """
    return list_pictures(settings.data), list_pictures(settings.val) if settings.val else []


def prepare(
    settings: TrainSettings,
    found: tuple[list[str], list[str]],
    name: str,
    device: torch.device,
    saved: dict[str, Any] | None,
    reporter: Reporter,
) -> Prepared:
    """Make the parts of a run.

    Args:
        settings: The settings of the run.
        found: The result of `find_pictures`.
        name: The name of the run.
        device: The device that trains.
        saved: The state from a checkpoint, to resume a run; None starts a new run.
        reporter: Receives progress.
    """
    paths, held_out_paths = found
    held_out = _held_out(held_out_paths, settings.validate_crop, reporter)
    templates, sources = _templates(settings, paths, reporter)
    torch.manual_seed(settings.seed)
    with reporter.stage("loading VGG16"):
        net, loss = _network(settings, templates, device)
    if saved:
        net.decoder.load_state_dict(saved["decoder"])
    net.to(device)
    loss.to(device)
    stream = CropStream(paths, settings.crop, settings.zoom, flip=settings.flip, seed=settings.seed)
    if settings.fit and not saved:
        _fit(settings, net, loss, stream, device, reporter)
    optimizer = _optimizer(settings, net)
    if saved:
        optimizer.load_state_dict(saved["optimizer"])
        torch.set_rng_state(saved["random"])
    card = ModelCard(
        name=name,
        tiles=settings.tiles,
        sources=tuple(sources),
        identity=template_identity(templates),
        vgg=net.encoder.weights.identity(),
        vgg_source=settings.vgg_weights,
        loss=loss.settings,
        training=settings.plain(),
    )
    return Prepared(net, net.decoder, loss, optimizer, stream, held_out, card, *_schedules(settings, len(paths)))


def _held_out(paths: list[str], side: int, reporter: Reporter) -> list[NDArray[np.uint8]]:
    """Return the central squares of the validation pictures."""
    squares = []
    with reporter.stage("reading the validation pictures", len(paths), "pictures") as stage:
        for path in paths:
            squares.append(central_square(path, side))
            stage.advance()
    return squares


def _network(
    settings: TrainSettings, templates: NDArray[np.uint8], device: torch.device
) -> tuple[MosaicNet, PerceptualLoss]:
    """Return the network with random weights, and its loss."""
    vgg = VGG16(load_vgg_weights(settings.vgg_weights), _dtype(settings, device))
    config = MosaicNetConfig(
        num_templates=len(templates),
        in_channels=vgg.channels(MosaicNetConfig(2, cell=settings.cell).pool),
        cell=settings.cell,
        hidden=settings.hidden,
        pixels=settings.pixels,
        norm_epsilon=PAPER_EPSILON if settings.paper else MosaicNetConfig.norm_epsilon,
    )
    net = MosaicNet(vgg, torch.from_numpy(templates).permute(0, 3, 1, 2), config)
    goal = replace(settings.loss, tone=tone_of(templates)) if settings.fit_tone else settings.loss
    return net, PerceptualLoss(vgg, goal)


def _templates(settings: TrainSettings, paths: list[str], reporter: Reporter) -> tuple[NDArray[np.uint8], list[str]]:
    """Return the templates, (T, cell, cell, 3), and the source of each."""
    from perceptual_photomosaic.tiles import TileOptions, open_tiles

    size = (settings.cell, settings.cell)
    tiles = open_tiles(settings.tiles, TileOptions(thumbnail_px=size), reporter=reporter)
    pictures = tiles.pictures(size)
    sources = [tiles.source(i // len(tiles.variants)) for i in range(len(tiles))]
    if 0 < settings.keep_tiles < len(pictures):
        tone = tone_of(pictures) if settings.fit_tone else ()
        with reporter.stage(f"choosing the {settings.keep_tiles} tiles that cover the set best"):
            chosen = covering_subset(pictures, paths, settings.keep_tiles, settings.seed, tone=tone)
        pictures, sources = pictures[chosen], [sources[i] for i in chosen]
    return pictures, sources


def _fit(
    settings: TrainSettings,
    net: MosaicNet,
    loss: PerceptualLoss,
    stream: CropStream,
    device: torch.device,
    reporter: Reporter,
) -> None:
    """Fit the first decoder. Its pictures are the samples of the stream with negative numbers."""
    batches = []
    with reporter.stage("reading pictures for the first decoder", settings.fit, "pictures") as stage:
        for number in range(-settings.fit, 0, 4):
            count = min(4, -number)
            batches.append(to_tensor([stream.sample(number + i) for i in range(count)]).to(device))
            stage.advance(count)
    fit_decoder(net, loss, batches, reporter)


def _optimizer(settings: TrainSettings, net: MosaicNet) -> torch.optim.Optimizer:
    """Return Adam with an epsilon far below the size of the gradients, or the published Adam."""
    if settings.paper:
        return TFAdam(net.decoder.parameters(), lr=settings.learning_rate)
    return torch.optim.Adam(net.decoder.parameters(), lr=settings.learning_rate, betas=(0.9, 0.99), eps=1e-15)


def _schedules(settings: TrainSettings, pictures: int) -> tuple[Callable[[int], float], Callable[[int], float]]:
    """Return the temperature and the learning rate as functions of the step."""
    if settings.paper:
        cap = settings.final_temperature
        temperatures = paper_temperatures(settings.steps, settings.temperature, pictures, settings.batch, cap)
        return (lambda step: temperatures[step - 1]), (lambda step: paper_learning_rate(settings.learning_rate, step))
    plan = Schedule(settings.steps, settings.learning_rate, settings.temperature, settings.final_temperature)
    return plan.temperature_at, plan.learning_rate_at


def _dtype(settings: TrainSettings, device: torch.device) -> torch.dtype:
    """Return the data type in which VGG16 computes."""
    if settings.precision != "auto":
        return torch.bfloat16 if settings.precision == "bfloat16" else torch.float32
    if settings.paper:
        return torch.float32
    return fast_dtype(device.type)
