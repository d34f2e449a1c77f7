"""The training loop, and how a run starts, resumes and ends.

Lightning Fabric starts the processes, moves tensors and averages gradients; only this module imports it. The loop draws
no random numbers: the seed and the step decide the pictures (`CropStream`). So a run that is resumed from a checkpoint
takes the same steps as a run without a break.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from perceptual_photomosaic.errors import ConfigError, MissingExtraError, ModelError
from perceptual_photomosaic.progress import SILENT, Reporter, Stage
from perceptual_photomosaic.tiles.saved_spec import spec_in_full, spec_of_old
from perceptual_photomosaic.training.checkpoint import last_checkpoint
from perceptual_photomosaic.training.notify import check_url, notify
from perceptual_photomosaic.training.prepare import Prepared, find_pictures, prepare
from perceptual_photomosaic.training.record import Record, StepResult
from perceptual_photomosaic.training.rundir import RunFolder
from perceptual_photomosaic.training.settings import TrainSettings, refuse_changed
from perceptual_photomosaic.training.step import forward, gradients

__all__ = ["Job", "train"]

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # malloc.h


@dataclass(frozen=True)
class Job:
    """A training run: its settings, its folder and its devices.

    Args:
        settings: The settings of the run.
        folder: The run folder.
        resume: Continue from the last checkpoint in the run folder.
        notes: Free text that is stored in the run folder.
        devices: The number of processes on this machine.
        nodes: The number of machines.
        accelerator: "auto", "cpu", "cuda" or "mps".
        strategy: The way to start processes: "auto", "ddp" or "ddp_spawn".
        stop_after: End the run early, after this step, as if it were interrupted; 0 runs all steps.
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
        job: The run.
        notify_url: A URL that gets a JSON message by POST when the run ends or fails; empty for none.
        reporter: Receives progress; not with the strategy "ddp_spawn".
    Returns:
        The model file in the run folder.
    Raises:
        ModelError: The loss became infinite or undefined; the message names the step and the last good checkpoint.
        ConfigError: The settings are not valid, or the run folder has checkpoints and `resume` is not set.
        MissingExtraError: The 'train' extra is not installed.
    """
    if notify_url:
        check_url(notify_url)
    job = replace(job, settings=replace(job.settings, tiles=spec_in_full(job.settings.tiles)))
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
        with reporter.stage("loading Lightning Fabric"):
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
    """Run the whole training in one process, and return the model file."""
    keep_freed_memory()
    saved = _previous(job)
    done = int(saved["step"]) if saved else 0
    found = find_pictures(job.settings)
    run = RunFolder(job.folder, resumed_at=done) if fabric.is_global_zero else None
    if run and not saved:
        run.describe(job.settings.plain(), job.notes)
    parts = prepare(job.settings, found, job.folder.name, fabric.device, saved, reporter)
    decoder, optimizer = fabric.setup(parts.net.decoder, parts.optimizer)
    parts = replace(parts, decoder=decoder, optimizer=optimizer)
    record = Record(run, job.settings, parts, saved, reporter) if run else None
    with reporter.stage("training", job.settings.steps, "step") as stage:
        if done:
            stage.advance(done)
        _loop(fabric, job, parts, record, done, stage)
    parts.stream.close()
    for path, reason in sorted(parts.stream.broken.items()):
        reporter.note(f"left out {path}: {reason}")
    if record:
        record.run.close()
    fabric.barrier()
    return job.folder / "model.safetensors"


def _loop(fabric: Any, job: Job, parts: Prepared, record: Record | None, done: int, stage: Stage) -> None:
    """Take all steps after `done`, with logs, validations and checkpoints between them."""
    settings = job.settings
    share = settings.share(fabric.world_size)
    batches = parts.stream.batches(_starts(settings, share, fabric.global_rank, done), share)
    checkpoint = f"step {done}" if done else "none yet"
    last = min(settings.steps, job.stop_after or settings.steps)
    for step in range(done + 1, last + 1):
        taken = _gradients(fabric, settings, parts, batches, step)
        if not math.isfinite(taken.total):
            raise ModelError(
                f"the loss became {taken.total} at step {step}; the last good checkpoint is {checkpoint}: "
                "resume with a lower learning rate"
            )
        parts.optimizer.step()
        shown = {"loss": taken.total, "temperature": taken.temperature}
        if record:
            logged = step % settings.log_every == 0 or step == last
            validated = bool(parts.held_out) and (step % settings.validate_every == 0 or step == settings.steps)
            figures = record.measure(taken, logged=logged, validated=validated)
            if logged:
                shown["entropy"] = figures["entropy"]
            if step % settings.checkpoint_every == 0 or step == last:
                checkpoint = record.checkpoint(step)
        stage.advance(1, **shown)
        del taken  # frees its large features before the next step needs memory


def _gradients(
    fabric: Any,
    settings: TrainSettings,
    parts: Prepared,
    batches: Iterator[torch.Tensor],
    step: int,
) -> StepResult:
    """Compute the gradients of one step for the optimiser, and return the results of the step."""
    temperature, rate = parts.temperature_at(step), parts.rate_at(step)
    for group in parts.optimizer.param_groups:
        group["lr"] = rate
    parts.optimizer.zero_grad()
    divisor = settings.accumulate * (settings.batch if settings.paper else 1)
    total = torch.zeros((), device=fabric.device)
    for part in range(settings.accumulate):
        images = next(batches).to(fabric.device)
        with fabric.no_backward_sync(parts.decoder, enabled=part + 1 < settings.accumulate):
            passed = forward(parts.net, parts.loss, images, temperature, parts.decoder)
            value = gradients(parts.loss, passed, divisor, fabric.backward)
        total += value.total.detach() / settings.accumulate
    total = fabric.all_reduce(total, reduce_op="mean")
    return StepResult(step, float(total), temperature, rate, images, passed, value)


def _starts(settings: TrainSettings, share: int, rank: int, done: int) -> Iterator[int]:
    """Yield the number of the first sample of each accumulated part of each step, for one process."""
    for step in range(done, settings.steps):
        for part in range(settings.accumulate):
            yield step * settings.batch + (rank * settings.accumulate + part) * share


def _previous(job: Job) -> dict[str, Any] | None:
    """Return the state from the last checkpoint, checked against the settings; None if the run is new."""
    found = last_checkpoint(job.folder / "checkpoints")
    if not job.resume:
        if found:
            raise ConfigError(f"the run {job.folder} exists, at step {found[1]['step']}: give --resume or another name")
        return None
    if found is None:
        return None
    before = TrainSettings.from_plain(found[1]["settings"])
    before = replace(before, tiles=spec_of_old(before.tiles))
    free = {"steps", "data", "val", "log_every", "checkpoint_every", "validate_every", "keep_checkpoints", "sheet"}
    free |= {"learning_rate", "precision", "validate_batch", "validate_crop", "accumulate"}
    refuse_changed(job.folder, before.plain(), job.settings.plain(), free)
    return found[1]


def keep_freed_memory() -> None:
    """Make glibc keep large freed blocks for reuse, which is faster than new memory from the kernel in each step."""
    try:
        libc = ctypes.CDLL("libc.so.6")
        for option in (_M_MMAP_THRESHOLD, _M_TRIM_THRESHOLD):
            libc.mallopt(option, 1 << 30)
    except (OSError, AttributeError):
        pass  # the system has no glibc
