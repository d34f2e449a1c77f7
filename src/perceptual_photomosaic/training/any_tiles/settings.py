"""The settings of a training of the network for any tiles."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any

from perceptual_photomosaic.errors import ConfigError
from perceptual_photomosaic.training.any_tiles.torch_network import Architecture
from perceptual_photomosaic.training.settings import refuse_unknown

__all__ = ["AnyTilesSettings"]


@dataclass(frozen=True)
class AnyTilesSettings:
    """The settings of a training of the network for any tiles.

    Args:
        data: The folder of training pictures, which serve as targets, as photos and as slices.
        val: The folder of validation pictures; empty for none.
        fonts: Font files or installed families for letters, besides the built-in font.
        examples: The number of examples in a round: problems with the solver's answers.
        rounds: The number of rounds. In the first one the solver starts from the nearest tiles, in each later one from
            the network of the round before.
        steps: Optimiser steps in each round.
        cells: Rows and columns of an example.
        teacher: The weight of the solver's answers in the loss.
        perceptual: The weight of the multi-scale perceptual loss of the soft mosaic.
        vgg_weights: The VGG16 of the perceptual loss: "default" or a file.
        learning_rate: The highest learning rate of a round.
        log_every: Steps between rows of figures.
        checkpoint_every: Steps between checkpoints.
        validate_every: Steps between validations.
        validations: The number of validation examples.
        keep_checkpoints: The number of checkpoints to keep.
        seed: Decides the examples, their order, and the first weights.
        architecture: The size of the network and its parts.
    """

    data: str = ""
    val: str = ""
    fonts: tuple[str, ...] = ()
    examples: int = 4000
    rounds: int = 2
    steps: int = 20000
    cells: int = 32
    teacher: float = 1.0
    perceptual: float = 0.0
    vgg_weights: str = "default"
    learning_rate: float = 2e-3
    log_every: int = 100
    checkpoint_every: int = 500
    validate_every: int = 2000
    validations: int = 30
    keep_checkpoints: int = 3
    seed: int = 0
    architecture: Architecture = field(default_factory=Architecture)

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            least = {"seed": 0}.get(item.name, 1)
            if isinstance(value, int) and value < least:
                raise ConfigError(f"{item.name.replace('_', '-')} is {least} or more, not {value}")
        if self.cells < 4:
            raise ConfigError(f"cells is 4 or more, not {self.cells}")
        if min(self.teacher, self.perceptual) < 0 or self.teacher + self.perceptual == 0:
            raise ConfigError(
                f"teacher and perceptual are weights of 0 or more, not both 0: got {self.teacher:g} and "
                f"{self.perceptual:g}"
            )
        if self.learning_rate <= 0:
            raise ConfigError(f"learning-rate is more than 0, not {self.learning_rate:g}")

    def plain(self) -> dict[str, Any]:
        """Return the settings as plain values, for JSON and checkpoints."""
        return asdict(self) | {"fonts": list(self.fonts)}

    @classmethod
    def from_plain(cls, values: dict[str, Any]) -> AnyTilesSettings:
        """Return the settings from plain values, as `plain` returns them."""
        refuse_unknown(cls, values)
        changed = {"fonts": tuple(values["fonts"]), "architecture": Architecture(**values["architecture"])}
        return cls(**values | changed)
