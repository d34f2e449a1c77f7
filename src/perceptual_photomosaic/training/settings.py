"""Settings of a training run, their presets, and their plain form in the run folder."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Literal

from perceptual_photomosaic.errors import ConfigError
from perceptual_photomosaic.loss_settings import LossSettings

__all__ = ["LIGHT_LOSS", "PRESETS", "TrainSettings", "preset"]

Precision = Literal["auto", "float32", "bfloat16"]


@dataclass(frozen=True)
class TrainSettings:
    """All that decides how a run goes; `tiles` and `data` say on what.

    Args:
        tiles: Spec of the tile set.
        data: Folder of training pictures, searched with all folders below it.
        val: Folder of validation pictures; none if empty.
        keep_tiles: Train on this many tiles that cover the set best; 0 takes all.
        steps: Optimiser steps in the whole run.
        batch: Pictures a step, over all devices and accumulated parts.
        accumulate: Parts that each device's share of a batch is cut into, to save memory.
        crop: Side of the square crops in pixels; whole cells.
        zoom: Crops show between all of a picture (across its shorter side) and a zoom-th of it.
        flip: Mirror half of the crops.
        fit_tone: Compare mosaics with the target mapped into the range of tones that the tiles can show.
        cell: Cell side in pixels: 4, 8, 16 or 32.
        hidden: Decoder channels.
        loss: What is minimised.
        learning_rate: The highest.
        temperature: At the start.
        final_temperature: After the rise.
        fit: Pictures that the first decoder is fitted to by least squares, so that it begins as the nearest template
            (see training/start.py); 0 begins at random.
        pixels: Show the decoder the cell's own colours beside VGG16's features.
        paper: The published schedules, Adam and epsilon, and the loss divided by the batch once more.
        vgg_weights: "default" or a file.
        precision: Arithmetic of VGG16; "auto" is bfloat16 where the processor computes it.
        validate_batch: Validation pictures at a time.
        validate_crop: Side of the validation pictures' central square in pixels; whole cells.
        log_every: Steps between rows of figures.
        checkpoint_every: Steps between checkpoints.
        validate_every: Steps between validations.
        sheet: Pictures on a validation sheet.
        keep_checkpoints: How many of the last checkpoints stay on disk.
        seed: Of the first weights, the order of pictures, and the crops.
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
        """Plain values, for JSON and checkpoints."""
        return asdict(self)

    @classmethod
    def from_plain(cls, values: dict[str, Any]) -> TrainSettings:
        """The inverse of `plain`."""
        known = {item.name for item in fields(cls)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise ConfigError(f"these settings are of another version: {', '.join(unknown)} are not known")
        return cls(**values | {"loss": LossSettings.from_plain(values["loss"])})

    def share(self, processes: int) -> int:
        """Pictures per process and accumulated part."""
        parts = processes * self.accumulate
        if self.batch % parts:
            raise ConfigError(
                f"a batch of {self.batch} does not divide into {processes} processes x {self.accumulate} parts"
            )
        return self.batch // parts


# Three shallow layers at four scales: what two cores can afford, and what tiles can change. The blurs hide the texture
# of a tile, and little of what several tiles show together. The presets that use it begin with a good decoder (`fit`):
# a higher learning rate or a softer beginning undoes it.
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
    """Settings of a preset with some changed.

    Args:
        name: "paper", "laptop" or "gpu".
        changes: Fields of `TrainSettings`.
    """
    if name not in PRESETS:
        raise ConfigError(f"presets are {', '.join(PRESETS)}, not '{name}'")
    return replace(TrainSettings(**PRESETS[name]), **changes)
