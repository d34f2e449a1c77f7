"""Training in a straight line: settings, data, network, resume, loop.

Lightning Fabric starts the processes, moves tensors and averages gradients; it is imported here and nowhere else.
Nothing in the loop draws random numbers: pictures are a function of the seed and the step (`CropStream`), so a run
resumed from a checkpoint takes the very steps that an unbroken one would have taken.
"""

from __future__ import annotations

import ctypes
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from perceptual_photomosaic.errors import ConfigError, MissingExtraError, ModelError
from perceptual_photomosaic.features.vgg import VGG16
from perceptual_photomosaic.features.weights import load_vgg_weights
from perceptual_photomosaic.losses import LossValue, PerceptualLoss
from perceptual_photomosaic.models.mosaicnet import (
    PAPER_EPSILON,
    MosaicNet,
    MosaicNetConfig,
    entropy,
    hard_compose,
    variance,
)
from perceptual_photomosaic.models.store import ModelCard, save_model, template_identity
from perceptual_photomosaic.models.tone import tone_of
from perceptual_photomosaic.progress import SILENT, Reporter
from perceptual_photomosaic.training.checkpoint import last_checkpoint, write_checkpoint
from perceptual_photomosaic.training.cover import covering_subset
from perceptual_photomosaic.training.data import CropStream, central_square, list_pictures, to_tensor
from perceptual_photomosaic.training.notify import check_url, notify
from perceptual_photomosaic.training.optim import TFAdam
from perceptual_photomosaic.training.rundir import RunFolder
from perceptual_photomosaic.training.schedule import Schedule, paper_learning_rate, paper_temperatures
from perceptual_photomosaic.training.settings import TrainSettings
from perceptual_photomosaic.training.start import fit_decoder
from perceptual_photomosaic.training.step import Forward, forward, gradients
from perceptual_photomosaic.training.validation import to_uint8, validate

__all__ = ["Job", "train"]

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # malloc.h


@dataclass(frozen=True)
class Job:
    """A run and where it takes place.

    Args:
        settings: What is trained, and how.
        folder: The run folder.
        resume: Go on from the last checkpoint in it.
        notes: Free text kept with the run.
        devices: Processes on this machine.
        nodes: Machines.
        accelerator: "auto", "cpu", "cuda" or "mps".
        strategy: How processes are started: "auto", "ddp" or "ddp_spawn".
        stop_after: End the run early, after this step, as if it had been interrupted; 0 does not.
    """

    settings: TrainSettings
    folder: Path
    resume: bool = False
    notes: str = ""
    devices: int = 1
    nodes: int = 1
    accelerator: str = "auto"
    strategy: str = "auto"
    stop_after: int = 0


def train(job: Job, *, notify_url: str = "", reporter: Reporter = SILENT) -> Path:
    """Train a network.

    Args:
        job: What, how and where.
        notify_url: Gets a JSON message by POST when the run ends or fails.
        reporter: Hears of progress, if there is one process.
    Returns:
        The model's file in the run folder.
    Raises:
        ModelError: The loss became infinite or undefined; the message names the step and the last good checkpoint.
        ConfigError: Settings that make no sense, or a run folder in use without `resume`.
        MissingExtraError: The 'train' extra is not installed.
    """
    if notify_url:
        check_url(notify_url)
    message: dict[str, Any] = {"run": job.folder.name, "folder": str(job.folder)}
    try:
        model = _launch(job, reporter)
    except (Exception, KeyboardInterrupt) as error:
        if notify_url:
            text = f"run {job.folder.name} failed: {str(error) or type(error).__name__}"
            notify(notify_url, message | {"status": "failed", "text": text}, reporter)
        raise
    if notify_url:
        text = f"run {job.folder.name} finished: {model}"
        notify(notify_url, message | {"status": "finished", "model": str(model), "text": text}, reporter)
    return model


def _launch(job: Job, reporter: Reporter) -> Path:
    try:
        from lightning_fabric import Fabric
    except ImportError:
        raise MissingExtraError("training", "train") from None
    processes = job.devices * job.nodes
    job.settings.share(processes)
    strategy = "ddp" if job.strategy == "auto" and processes > 1 else job.strategy
    fabric = Fabric(
        accelerator=job.accelerator, devices=job.devices, num_nodes=job.nodes, strategy=strategy, precision="32-true"
    )
    if processes == 1:
        return _run(fabric, job, reporter)
    model: Path = fabric.launch(partial(_run, job=job, reporter=SILENT if strategy == "ddp_spawn" else reporter))
    return model


def _run(fabric: Any, job: Job, reporter: Reporter) -> Path:
    """The whole run of one process."""
    settings = job.settings
    keep_freed_memory()
    saved = _previous(job)
    done = int(saved["step"]) if saved else 0

    # Data and tiles.
    paths = list_pictures(settings.data)
    held_out = [central_square(p, settings.validate_crop) for p in list_pictures(settings.val)] if settings.val else []
    templates, sources = _templates(settings, paths, reporter)

    # The network, its loss and its optimiser.
    torch.manual_seed(settings.seed)
    weights = load_vgg_weights(settings.vgg_weights)
    vgg = VGG16(weights, _dtype(settings, fabric.device))
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
    loss = PerceptualLoss(vgg, goal)
    if saved:
        net.decoder.load_state_dict(saved["decoder"])
    net.to(fabric.device)
    loss.to(fabric.device)
    stream = CropStream(paths, settings.crop, settings.zoom, flip=settings.flip, seed=settings.seed)
    if settings.fit and not saved:
        _fit(settings, net, loss, stream, fabric.device, reporter)
    optimizer = _optimizer(settings, net)
    if saved:
        optimizer.load_state_dict(saved["optimizer"])
        torch.set_rng_state(saved["random"])
    decoder, optimizer = fabric.setup(net.decoder, optimizer)
    temperature_at, rate_at = _schedules(settings, len(paths))

    card = ModelCard(
        name=job.folder.name,
        tiles=settings.tiles,
        sources=tuple(sources),
        identity=template_identity(templates),
        vgg=weights.identity(),
        vgg_source=settings.vgg_weights,
        loss=goal,
        training=settings.plain(),
    )
    run = RunFolder(job.folder, resumed_at=done) if fabric.is_global_zero else None
    if run and not saved:
        run.describe(settings.plain(), job.notes)
    best = float(saved["best"]) if saved else math.inf
    checkpoint = f"step {done}" if done else "none yet"
    results: dict[str, float] = dict(saved["results"]) if saved else {}

    # The loop.
    share = settings.share(fabric.world_size)
    divisor = settings.accumulate * (settings.batch if settings.paper else 1)
    batches = stream.batches(_starts(settings, share, fabric.global_rank, done), share)
    last = min(settings.steps, job.stop_after or settings.steps)
    with reporter.stage("training", settings.steps, "step") as stage:
        if done:
            stage.advance(done)
        clock = time.perf_counter()
        for step in range(done + 1, last + 1):
            temperature, rate = temperature_at(step), rate_at(step)
            for group in optimizer.param_groups:
                group["lr"] = rate
            optimizer.zero_grad()
            total = torch.zeros((), device=fabric.device)
            for part in range(settings.accumulate):
                images = next(batches).to(fabric.device)
                with fabric.no_backward_sync(decoder, enabled=part + 1 < settings.accumulate):
                    passed = forward(net, loss, images, temperature, decoder)
                    value = gradients(loss, passed, divisor, fabric.backward)
                total += value.total.detach() / settings.accumulate
            total = fabric.all_reduce(total, reduce_op="mean")
            if not math.isfinite(float(total)):
                raise ModelError(
                    f"the loss became {float(total)} at step {step}; the last good checkpoint is {checkpoint}: "
                    "resume with a lower learning rate"
                )
            optimizer.step()

            figures = {"loss": float(total), "temperature": temperature, "learning rate": rate}
            if step % settings.log_every == 0 or step == last:
                figures |= _details(passed, value, settings)
                seconds, clock = time.perf_counter() - clock, time.perf_counter()
                if run:
                    run.log(step, figures | {"pictures per second": settings.batch * settings.log_every / seconds})
            if run and held_out and (step % settings.validate_every == 0 or step == settings.steps):
                found = validate(net, loss, held_out, temperature, settings.validate_batch, settings.sheet)
                results = found.figures
                run.log(step, results)
                run.sheet(step, found.sheet)
                run.images(step, _pictures(loss, net, images, passed))
                if results["val/hard"] < best:
                    best = results["val/hard"]
                    save_model(run.path / "best.safetensors", net, replace(card, results=results))
            if run and (step % settings.checkpoint_every == 0 or step == last):
                state = {
                    "decoder": net.decoder.state_dict(),
                    "optimizer": optimizer.state_dict(),
                    "random": torch.get_rng_state(),
                    "settings": settings.plain(),
                    "best": best,
                    "results": results,
                }
                save_model(run.path / "model.safetensors", net, replace(card, results=results))
                checkpoint = str(write_checkpoint(run.checkpoints, step, state, settings.keep_checkpoints))
            shown = {"loss": float(total), "temperature": temperature}
            shown |= {name: figures[name] for name in ("entropy",) if name in figures}
            stage.advance(1, **shown)
    stream.close()
    for path, reason in sorted(stream.broken.items()):
        reporter.note(f"left out {path}: {reason}")
    if run:
        run.close()
    fabric.barrier()
    return job.folder / "model.safetensors"


def _fit(
    settings: TrainSettings,
    net: MosaicNet,
    loss: PerceptualLoss,
    stream: CropStream,
    device: torch.device,
    reporter: Reporter,
) -> None:
    """Begin as the nearest template; the pictures are samples before number 0 of the run's own stream."""
    with reporter.stage("fitting the first decoder", settings.fit, "pictures") as stage:
        batches = []
        for number in range(-settings.fit, 0, 4):
            count = min(4, -number)
            batches.append(to_tensor([stream.sample(number + i) for i in range(count)]).to(device))
            stage.advance(count)
        fit_decoder(net, loss, batches)


def keep_freed_memory() -> None:
    """Ask glibc to keep large blocks for reuse: each step's tensors otherwise come from the kernel, page by page."""
    try:
        libc = ctypes.CDLL("libc.so.6")
        for option in (_M_MMAP_THRESHOLD, _M_TRIM_THRESHOLD):
            libc.mallopt(option, 1 << 30)
    except (OSError, AttributeError):
        pass  # another system, another allocator


def _previous(job: Job) -> dict[str, Any] | None:
    """State to go on from, checked against the settings."""
    found = last_checkpoint(job.folder / "checkpoints")
    if not job.resume:
        if found:
            raise ConfigError(f"the run {job.folder} exists, at step {found[1]['step']}: give --resume or another name")
        return None
    if found is None:
        return None
    before = TrainSettings.from_plain(found[1]["settings"])
    free = {"steps", "data", "val", "log_every", "checkpoint_every", "validate_every", "keep_checkpoints", "sheet"}
    free |= {"learning_rate", "precision", "validate_batch", "validate_crop", "accumulate"}
    changed = [
        name for name, value in job.settings.plain().items() if name not in free and before.plain()[name] != value
    ]
    if changed:
        raise ConfigError(f"the run {job.folder} was started with other settings: {', '.join(changed)} differ")
    return found[1]


def _templates(settings: TrainSettings, paths: list[str], reporter: Reporter) -> tuple[NDArray[np.uint8], list[str]]:
    """Pictures of the tiles at the cell's size, (T, cell, cell, 3), and where they come from."""
    from perceptual_photomosaic.tiles import TileOptions, open_tiles

    size = (settings.cell, settings.cell)
    tiles = open_tiles(settings.tiles, TileOptions(thumbnail_px=size), reporter=reporter)
    pictures = tiles.pictures(size)
    sources = [tiles.source(i // len(tiles.variants)) for i in range(len(tiles))]
    if 0 < settings.keep_tiles < len(pictures):
        tone = tone_of(pictures) if settings.fit_tone else ()
        chosen = covering_subset(pictures, paths, settings.keep_tiles, settings.seed, tone=tone)
        pictures, sources = pictures[chosen], [sources[i] for i in chosen]
    return pictures, sources


def _optimizer(settings: TrainSettings, net: MosaicNet) -> torch.optim.Optimizer:
    """Adam, with an epsilon far below the gradients of features that were normalised to about 1."""
    if settings.paper:
        return TFAdam(net.decoder.parameters(), lr=settings.learning_rate)
    return torch.optim.Adam(net.decoder.parameters(), lr=settings.learning_rate, betas=(0.9, 0.99), eps=1e-15)


def _schedules(settings: TrainSettings, pictures: int) -> tuple[Callable[[int], float], Callable[[int], float]]:
    """Temperature and learning rate as functions of the step."""
    if settings.paper:
        cap = settings.final_temperature
        temperatures = paper_temperatures(settings.steps, settings.temperature, pictures, settings.batch, cap)
        return (lambda step: temperatures[step - 1]), (lambda step: paper_learning_rate(settings.learning_rate, step))
    plan = Schedule(settings.steps, settings.learning_rate, settings.temperature, settings.final_temperature)
    return plan.temperature_at, plan.learning_rate_at


def _starts(settings: TrainSettings, share: int, rank: int, done: int) -> Iterator[int]:
    """Number of the first sample of each part of each step, for one process."""
    for step in range(done, settings.steps):
        for part in range(settings.accumulate):
            yield step * settings.batch + (rank * settings.accumulate + part) * share


def _dtype(settings: TrainSettings, device: torch.device) -> torch.dtype:
    """Arithmetic of VGG16."""
    if settings.precision != "auto":
        return torch.bfloat16 if settings.precision == "bfloat16" else torch.float32
    if settings.paper:
        return torch.float32
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
    return torch.bfloat16 if device.type == "cpu" and bfloat16_is_fast() else torch.float32


def bfloat16_is_fast() -> bool:
    """Whether the processor multiplies bfloat16 itself."""
    try:
        return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
    except AttributeError:
        return False


def _details(passed: Forward, value: LossValue, settings: TrainSettings) -> dict[str, float]:
    """Figures for the log beyond loss, temperature and learning rate."""
    with torch.no_grad():
        figures = {
            "entropy": float(entropy(passed.coefficients)),
            "variance": float(variance(passed.coefficients)),
            "mean conv6": float(passed.hidden.mean()),
            "mean conv7": float(passed.logits.mean()),
        }
    layers = zip(settings.loss.layers, value.at_layer, strict=False)  # layers without scales have no part
    return figures | {f"loss {name}": float(part) for name, part in layers}


def _pictures(
    loss: PerceptualLoss, net: MosaicNet, images: torch.Tensor, passed: Forward
) -> dict[str, NDArray[np.uint8]]:
    """What TensorBoard shows: target, blurred soft mosaic at each scale, soft and hard mosaic."""
    with torch.no_grad():
        shown = {"target": images, "soft mosaic": passed.mosaic}
        shown["hard mosaic"] = hard_compose(passed.logits.argmax(1), net.templates)
        for index, scale in enumerate(loss.settings.used_scales()):
            shown[f"soft mosaic blurred, scale {scale:g}"] = loss.blurred_level(passed.mosaic, index)
    return {name: to_uint8(batch) for name, batch in shown.items()}
