"""The files that a run writes while it trains: figures, validation sheets, models and checkpoints."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from perceptual_photomosaic.losses import LossValue, PerceptualLoss
from perceptual_photomosaic.models.mosaicnet import MosaicNet, entropy, hard_compose, variance
from perceptual_photomosaic.models.store import save_model
from perceptual_photomosaic.progress import SILENT, Reporter
from perceptual_photomosaic.training.checkpoint import write_checkpoint
from perceptual_photomosaic.training.prepare import Prepared
from perceptual_photomosaic.training.rundir import RunFolder
from perceptual_photomosaic.training.settings import TrainSettings
from perceptual_photomosaic.training.step import Forward
from perceptual_photomosaic.training.validation import to_uint8, validate

__all__ = ["Record", "StepResult"]


@dataclass(frozen=True)
class StepResult:
    """The results of one training step, before its update.

    Args:
        step: The number of the step, from 1.
        total: The loss, averaged over processes and accumulated parts.
        temperature: The temperature of the step.
        rate: The learning rate of the step.
        images: The pictures of the last accumulated part.
        passed: The output of the network for these pictures.
        value: The loss of these pictures, with its parts.
    """

    step: int
    total: float
    temperature: float
    rate: float
    images: torch.Tensor
    passed: Forward
    value: LossValue


class Record:
    """The writer of the run folder. Only one process of a run has one.

    Args:
        run: The run folder.
        settings: The settings of the run.
        parts: The parts of the run.
        saved: The state from a checkpoint if the run is resumed, else None.
        reporter: Receives progress.
    """

    def __init__(
        self,
        run: RunFolder,
        settings: TrainSettings,
        parts: Prepared,
        saved: Mapping[str, Any] | None,
        reporter: Reporter = SILENT,
    ) -> None:
        self.run = run
        self.reporter = reporter
        self.settings = settings
        self.parts = parts
        self.best = float(saved["best"]) if saved else math.inf
        self.results: dict[str, float] = dict(saved["results"]) if saved else {}
        self.clock = time.perf_counter()

    def measure(self, result: StepResult, *, logged: bool, validated: bool) -> dict[str, float]:
        """Log the figures of a step, of its validation, or of both as one row, and return them."""
        figures = self._figures(result) if logged else {}
        if validated:
            figures |= self._validate(result)
        if figures:
            self.run.log(result.step, figures)
        return figures

    def _figures(self, result: StepResult) -> dict[str, float]:
        seconds, self.clock = time.perf_counter() - self.clock, time.perf_counter()
        figures = {"loss": result.total, "temperature": result.temperature, "learning rate": result.rate}
        figures |= _details(result.passed, result.value, self.settings)
        speed = {"pictures per second": self.settings.batch * self.settings.log_every / seconds}
        return figures | speed

    def _validate(self, result: StepResult) -> dict[str, float]:
        """Validate the network, write the validation sheet, and save the model if it is the best so far."""
        parts, settings = self.parts, self.settings
        found = validate(
            parts.net,
            parts.loss,
            parts.held_out,
            result.temperature,
            settings.validate_batch,
            settings.sheet,
            self.reporter,
        )
        self.results = found.figures
        self.run.sheet(result.step, found.sheet)
        self.run.images(result.step, _pictures(parts.loss, parts.net, result.images, result.passed))
        if self.results["val/hard"] < self.best:
            self.best = self.results["val/hard"]
            self._save("best.safetensors")
        return self.results

    def checkpoint(self, step: int) -> str:
        """Write the model and a checkpoint, and return the path of the checkpoint."""
        state = {
            "decoder": self.parts.net.decoder.state_dict(),
            "optimizer": self.parts.optimizer.state_dict(),
            "random": torch.get_rng_state(),
            "settings": self.settings.plain(),
            "best": self.best,
            "results": self.results,
        }
        self._save("model.safetensors")
        return str(write_checkpoint(self.run.checkpoints, step, state, self.settings.keep_checkpoints))

    def _save(self, name: str) -> None:
        save_model(self.run.path / name, self.parts.net, replace(self.parts.card, results=self.results))


def _details(passed: Forward, value: LossValue, settings: TrainSettings) -> dict[str, float]:
    """Return the figures for the log besides loss, temperature and learning rate."""
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
    """Return the pictures for TensorBoard: target, soft and hard mosaic, and the soft mosaic blurred at each scale."""
    with torch.no_grad():
        shown = {"target": images, "soft mosaic": passed.mosaic}
        shown["hard mosaic"] = hard_compose(passed.logits.argmax(1), net.templates)
        for index, scale in enumerate(loss.settings.used_scales()):
            shown[f"soft mosaic blurred, scale {scale:g}"] = loss.blurred_level(passed.mosaic, index)
    return {name: to_uint8(batch) for name, batch in shown.items()}
