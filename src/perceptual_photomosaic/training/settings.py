"""The settings of a training run, their presets, and their plain values for the run folder."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal

from perceptual_photomosaic.errors import ConfigError
from perceptual_photomosaic.loss_settings import LossSettings

__all__ = ["LIGHT_LOSS", "PRESETS", "TrainSettings", "preset", "refuse_changed", "refuse_unknown"]

Precision = Literal["auto", "float32", "bfloat16"]


@dataclass(frozen=True)
class TrainSettings:
    """The settings of a training run.

    Args:
        tiles: The spec of the tile set.
        data: The folder of training pictures; its subfolders are searched too.
        val: The folder of validation pictures; empty for none.
        keep_tiles: Train on this number of tiles, those that fit the training pictures best; 0 takes all.
        steps: Optimiser steps in the whole run.
        batch: Pictures per step, over all devices and accumulated parts.
        accumulate: The number of parts of each device's share of a batch, computed one after the other to save
            memory.
        crop: The side of the square crops in pixels, a multiple of `cell`.
        zoom: A crop shows between the whole shorter side of a picture and 1 / zoom of it.
        flip: Mirror half of the crops.
        fit_tone: Compare mosaics with the target mapped into the range of tones that the tiles can show.
        cell: The side of a cell in pixels: 4, 8, 16 or 32.
        hidden: The number of the decoder's hidden channels.
        loss: The settings of the loss to minimise.
        learning_rate: The highest learning rate.
        temperature: The temperature at the start.
        final_temperature: The temperature after its rise.
        fit: The number of pictures to which the first decoder is fitted by least squares, so that it starts by
            choosing the nearest template (see training/start.py); 0 starts with random weights.
        pixels: Give the decoder the cell's colours besides the features of VGG16.
        paper: Use the published schedules, Adam and epsilon, and divide the loss by the batch size once more.
        vgg_weights: "default" or a file.
        precision: The data type in which VGG16 computes: "float32", "bfloat16" or "auto", which takes bfloat16 where
            that is fast.
        validate_batch: Validation pictures per pass through the network.
        validate_crop: The side of the validation pictures' central square in pixels, a multiple of `cell`.
        log_every: Steps between rows of figures.
        checkpoint_every: Steps between checkpoints.
        validate_every: Steps between validations.
        sheet: Pictures on a validation sheet.
        keep_checkpoints: The number of checkpoints to keep.
        seed: Decides the first weights, the order of the pictures, and the crops.
    """

    tiles: str = "glyphs"
    data: str = ""
    val: str = ""
    keep_tiles: int = 0
    steps: int = 4000
    batch: int = 8
    accumulate: int = 1
    crop: int = 128
    zoom: float = 2.5
    flip: bool = True
    fit_tone: bool = False
    cell: int = 8
    hidden: int = 256
    loss: LossSettings = field(default_factory=LossSettings)
    learning_rate: float = 1e-3
    temperature: float = 1.0
    final_temperature: float = 15.0
    fit: int = 0
    pixels: bool = True
    paper: bool = False
    vgg_weights: str = "default"
    precision: Precision = "auto"
    validate_batch: int = 8
    validate_crop: int = 256
    log_every: int = 10
    checkpoint_every: int = 250
    validate_every: int = 500
    sheet: int = 8
    keep_checkpoints: int = 3
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("steps", "batch", "accumulate", "crop", "log_every", "checkpoint_every", "validate_every"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name.replace('_', '-')} is 1 or more, not {getattr(self, name)}")
        for name in ("crop", "validate_crop"):
            if getattr(self, name) % self.cell:
                raise ConfigError(
                    f"{name.replace('_', '-')} is a number of whole cells of {self.cell} px, not {getattr(self, name)}"
                )
        if self.precision not in ("auto", "float32", "bfloat16"):
            raise ConfigError(f"precision is auto, float32 or bfloat16, not '{self.precision}'")
        if self.zoom < 1 or self.learning_rate <= 0 or self.temperature <= 0:
            raise ConfigError("zoom is 1 or more, learning-rate and temperature are more than 0")

    def plain(self) -> dict[str, Any]:
        """Return the settings as plain values, for JSON and checkpoints."""
        return asdict(self)

    @classmethod
    def from_plain(cls, values: dict[str, Any]) -> TrainSettings:
        """Return the settings from plain values, as `plain` returns them."""
        refuse_unknown(cls, values)
        return cls(**values | {"loss": LossSettings.from_plain(values["loss"])})

    def share(self, processes: int) -> int:
        """Return the number of pictures per process and accumulated part."""
        parts = processes * self.accumulate
        if self.batch % parts:
            raise ConfigError(
                f"a batch of {self.batch} does not divide into {processes} processes x {self.accumulate} parts"
            )
        return self.batch // parts


# Three shallow layers at four scales are fast enough for two cores, and depend on the choice of tiles. The blurs hide
# the texture within a tile, but little of what several tiles show together. The presets with this loss start from a
# good decoder (`fit`). A higher learning rate or a lower first temperature would destroy it.
LIGHT_LOSS = LossSettings(
    layers=("conv1_1", "conv2_1", "conv3_1"),
    layer_factors=(1.0, 1.0, 4.0),
    scales=((0.0, 1.0, 2.0, 3.0),) * 3,
    blur_sigmas=(4.0, 2.0, 1.0),
    blur_windows=(15, 9, 5),
    border="edge",
    smooth=True,
)

PRESETS: dict[str, dict[str, Any]] = {
    "paper": {
        "steps": 5000,
        "batch": 6,
        "crop": 512,
        "zoom": 1.0,
        "learning_rate": 6e-6,
        "paper": True,
        "pixels": False,
        "validate_every": 100,
        "checkpoint_every": 500,
        "validate_batch": 6,
        "validate_crop": 512,
    },
    "laptop": {
        "loss": LIGHT_LOSS,
        "steps": 1500,
        "batch": 4,
        "crop": 96,
        "zoom": 3.0,
        "fit": 200,
        "learning_rate": 5e-6,
        "temperature": 50.0,
        "final_temperature": 1500.0,
        "validate_crop": 192,
        "validate_every": 250,
        "checkpoint_every": 50,
    },
    "gpu": {
        "loss": LIGHT_LOSS,
        "steps": 20000,
        "batch": 32,
        "crop": 256,
        "zoom": 3.0,
        "fit": 400,
        "learning_rate": 5e-6,
        "temperature": 50.0,
        "final_temperature": 1500.0,
        "log_every": 50,
        "validate_every": 1000,
    },
}


def preset(name: str, **changes: Any) -> TrainSettings:
    """Return the settings of a preset, some of them changed.

    Args:
        name: "paper", "laptop" or "gpu".
        changes: Fields of `TrainSettings`.
    """
    if name not in PRESETS:
        raise ConfigError(f"presets are {', '.join(PRESETS)}, not '{name}'")
    return replace(TrainSettings(**PRESETS[name]), **changes)


def refuse_unknown(kind: type, values: Mapping[str, Any]) -> None:
    """Raise a ConfigError if some of the plain values are no fields of a settings class."""
    unknown = sorted(set(values) - {item.name for item in fields(kind)})
    if unknown:
        raise ConfigError(f"these settings are of another version: {', '.join(unknown)} are not known")


def refuse_changed(folder: Path, before: Mapping[str, Any], now: Mapping[str, Any], free: Collection[str]) -> None:
    """Raise a ConfigError if a run is to be resumed with other settings.

    Args:
        folder: The run folder.
        before, now: The settings as plain values.
        free: Names of settings that may change.
    """
    changed = [name for name, value in now.items() if name not in free and before[name] != value]
    if changed:
        raise ConfigError(f"the run {folder} was started with other settings: {', '.join(changed)} differ")
