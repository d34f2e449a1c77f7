"""The training of the network for any tiles: rounds of examples and steps, in a run folder that resumes.

settings.json  environment.json  metrics.jsonl  tensorboard/  checkpoints/  examples/round-1/ ...
network.safetensors (last)  best.safetensors (lowest excess of energy on held-out examples)
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.numpy import save

from perceptual_photomosaic.errors import ConfigError, ModelError
from perceptual_photomosaic.files.replacing import written_aside
from perceptual_photomosaic.models.any_tiles.network import ConditionedMosaicNet
from perceptual_photomosaic.progress import SILENT, Reporter
from perceptual_photomosaic.threads import one_blas_thread
from perceptual_photomosaic.tiles.fonts import font_data
from perceptual_photomosaic.training.any_tiles.examples import Example
from perceptual_photomosaic.training.any_tiles.settings import AnyTilesSettings
from perceptual_photomosaic.training.any_tiles.step import SoftMosaicLoss, logits_of, teacher_loss, view_of
from perceptual_photomosaic.training.any_tiles.teacher import Pictures, load_pictures, make_examples
from perceptual_photomosaic.training.any_tiles.tile_sets import emoji_of
from perceptual_photomosaic.training.any_tiles.torch_network import TorchNetwork
from perceptual_photomosaic.training.any_tiles.validation import validate
from perceptual_photomosaic.training.checkpoint import last_checkpoint, write_checkpoint
from perceptual_photomosaic.training.rundir import RunFolder
from perceptual_photomosaic.training.schedule import Schedule
from perceptual_photomosaic.training.settings import refuse_changed

__all__ = ["AnyTilesJob", "save_network", "train_any_tiles"]

_WARMUP = 300
_WEIGHT_DECAY = 1e-3
_LARGEST_GRADIENT = 1.0


@dataclass(frozen=True)
class AnyTilesJob:
    """A training run.

    Args:
        settings: The settings of the run.
        folder: The run folder.
        resume: Continue from the last checkpoint in the run folder.
        notes: Free text that is stored in the run folder.
        stop_after: End the run early, after this step of all, as if it were interrupted; 0 runs all steps.
    """

    settings: AnyTilesSettings
    folder: Path
    resume: bool = False
    notes: str = ""
    stop_after: int = 0


@one_blas_thread()
def train_any_tiles(job: AnyTilesJob, reporter: Reporter = SILENT) -> Path:
    """Train the network for any tiles.

    Args:
        job: The run.
        reporter: Receives progress.
    Returns:
        The file of the best network, or of the last one if there are no validation pictures.
    Raises:
        ModelError: The loss became infinite or undefined.
        ConfigError: The run exists and `resume` is not set, or the settings have changed.
        TileError: A font cannot be read.
        MissingExtraError: The 'train' extra is not installed.
    """
    for font in job.settings.fonts:
        font_data(font)  # raises before any work, as the emoji do
    emoji_of(0)
    saved = _previous(job)
    run = RunFolder(job.folder, resumed_at=int(saved["step"]) if saved else 0)
    if not saved:
        run.describe(job.settings.plain(), job.notes)
    return _Training(job, run, saved, reporter).run()


class _Training:
    def __init__(self, job: AnyTilesJob, run: RunFolder, saved: dict[str, Any] | None, reporter: Reporter) -> None:
        self.job, self.settings, self.folder, self.reporter = job, job.settings, run, reporter
        torch.manual_seed(self.settings.seed)
        self.network = TorchNetwork(self.settings.architecture)
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(), self.settings.learning_rate, weight_decay=_WEIGHT_DECAY
        )
        self.perceptual_loss = SoftMosaicLoss(self.settings.vgg_weights) if self.settings.perceptual else None
        self.step, self.best = 0, math.inf
        if saved:
            self.network.load_state_dict(saved["network"])
            self.optimizer.load_state_dict(saved["optimizer"])
            self.step, self.best = int(saved["step"]), float(saved["best"])
        self.teacher = _teacher(job.folder, self.step // self.settings.steps)
        self.schedule = Schedule(self.settings.steps, self.settings.learning_rate, 1.0, 1.0, warmup=_WARMUP)

    def run(self) -> Path:
        """Train through all rounds, and return the file of the best network."""
        settings = self.settings
        pictures = load_pictures(settings.data, self.reporter)
        held_out = load_pictures(settings.val, self.reporter) if settings.val else None
        total = settings.rounds * settings.steps
        last = min(total, self.job.stop_after or total)
        while self.step < last:
            number = self.step // settings.steps
            examples = self._examples(number, pictures)
            checks = self._checks(held_out)
            self._round(number, examples, checks, last)
        self.folder.close()
        best = self.job.folder / "best.safetensors"
        return best if best.is_file() else self.job.folder / "network.safetensors"

    def _examples(self, number: int, pictures: Pictures) -> list[Example]:
        settings, folder = self.settings, self.job.folder / "examples" / f"round-{number + 1}"
        return make_examples(
            folder,
            settings.examples,
            pictures,
            cells=settings.cells,
            seed=settings.seed + number,
            fonts=settings.fonts,
            network=self.teacher,
            reporter=self.reporter,
        )

    def _checks(self, held_out: Pictures | None) -> list[Example]:
        if held_out is None:
            return []
        settings, folder = self.settings, self.job.folder / "examples" / "validation"
        return make_examples(
            folder,
            settings.validations,
            held_out,
            cells=settings.cells,
            seed=settings.seed,
            held_out=True,
            network=_teacher(self.job.folder, 0),
            reporter=self.reporter,
        )

    def _round(self, number: int, examples: list[Example], checks: list[Example], last: int) -> None:
        """Take the steps of a round that are left."""
        settings = self.settings
        end = (number + 1) * settings.steps
        last = min(last, end)
        losses: list[float] = []
        with self.reporter.stage(f"round {number + 1} of {settings.rounds}", settings.steps, "step") as stage:
            stage.advance(self.step - number * settings.steps)
            while self.step < last:
                self.step += 1
                rate = self.schedule.learning_rate_at(self.step - number * settings.steps)
                losses.append(self._take(examples, rate))
                figures: dict[str, float] = {}
                if self.step % settings.log_every == 0 or self.step == end:
                    figures |= {"loss": float(np.mean(losses)), "learning rate": rate}
                    losses = []
                if checks and (self.step % settings.validate_every == 0 or self.step == end):
                    figures |= self._validate(checks)
                if figures:
                    self.folder.log(self.step, figures)
                if self.step == end:
                    self._end_round(number)
                if self.step % settings.checkpoint_every == 0 or self.step == last:
                    self._checkpoint()
                stage.advance(1, **({"loss": figures["loss"]} if "loss" in figures else {}))

    def _take(self, examples: list[Example], rate: float) -> float:
        """Take one step on one example, and return its loss."""
        random = np.random.default_rng([self.settings.seed, 1, self.step])
        example = examples[int(random.integers(len(examples)))]
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        view = view_of(example, random)
        logits = logits_of(self.network, view)
        loss = torch.zeros(())
        if self.settings.teacher:
            loss = loss + self.settings.teacher * teacher_loss(logits, view)
        if self.perceptual_loss is not None:
            loss = loss + self.settings.perceptual * self.perceptual_loss(logits, view)
        value = float(loss.detach())
        if not math.isfinite(value):
            raise ModelError(f"the loss became {value} at step {self.step}: resume with a lower learning rate")
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), _LARGEST_GRADIENT)
        self.optimizer.step()
        return value

    def _validate(self, checks: list[Example]) -> dict[str, float]:
        """Validate the network, and keep it if it is the best so far."""
        figures = validate(ConditionedMosaicNet(self.network.plain()), checks)
        if figures["val/excess"] < self.best:
            self.best = figures["val/excess"]
            save_network(self.job.folder / "best.safetensors", self.network)
        return figures

    def _checkpoint(self) -> None:
        save_network(self.job.folder / "network.safetensors", self.network)
        state = {
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "settings": self.settings.plain(),
            "best": self.best,
        }
        write_checkpoint(self.folder.checkpoints, self.step, state, self.settings.keep_checkpoints)

    def _end_round(self, number: int) -> None:
        """Keep the network of the round: it is the start of the solver in the next one."""
        save_network(_round_file(self.job.folder, number + 1), self.network)
        self.teacher = ConditionedMosaicNet(self.network.plain())


def save_network(path: Path, network: TorchNetwork) -> None:
    """Write the weights of a network, under a temporary name first."""
    with written_aside(path) as part:
        part.write_bytes(save(network.plain()))


def _round_file(folder: Path, number: int) -> Path:
    return folder / f"round-{number}.safetensors"


def _teacher(folder: Path, rounds_done: int) -> ConditionedMosaicNet:
    """Return the network of the round before; in the first round an untrained one, which takes the nearest patch."""
    if not rounds_done:
        with torch.random.fork_rng():
            torch.manual_seed(0)
            return ConditionedMosaicNet(TorchNetwork().plain())
    path = _round_file(folder, rounds_done)
    if not path.is_file():
        raise ModelError(f"{path} is missing: the run cannot be resumed without it")
    return ConditionedMosaicNet.from_file(path)


def _previous(job: AnyTilesJob) -> dict[str, Any] | None:
    """Return the state from the last checkpoint, None if there is none yet; check the settings of an existing run."""
    path = job.folder / "settings.json"
    if not path.is_file():
        return None
    if not job.resume:
        raise ConfigError(f"the run {job.folder} exists: give --resume or another name")
    try:
        before = AnyTilesSettings.from_plain(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{path} is damaged ({error}): give the run another name") from None
    free = ("rounds", "log_every", "checkpoint_every", "validate_every", "keep_checkpoints")
    refuse_changed(job.folder, before.plain(), job.settings.plain(), free)
    found = last_checkpoint(job.folder / "checkpoints")
    return None if found is None else found[1]
