"""The exceptions that this package raises on purpose.

    MosaicError                an error the caller can correct; the command line prints it on one line, exit status 2
    ├── ImageError             a picture that cannot be read
    ├── TileError              a tile set that cannot be opened, or is used against what it allows
    ├── GridError              rows, columns, cells and sizes that do not fit together
    ├── ConstraintError        limits on repetition that no assignment can meet
    ├── OutputError            a file that cannot be written
    ├── ConfigError            an option or a settings file that makes no sense
    ├── PlanError              a saved plan that cannot be used
    ├── ModelError             network weights or a trained model that cannot be used
    └── MissingExtraError      an optional dependency that is not installed

A message says what was expected, what was given, where, and what to do next. Bugs keep their traceback.
"""

from __future__ import annotations

__all__ = [
    "ConfigError",
    "ConstraintError",
    "GridError",
    "ImageError",
    "MissingExtraError",
    "ModelError",
    "MosaicError",
    "OutputError",
    "PlanError",
    "TileError",
]


class MosaicError(Exception):
    """An error that the caller can correct."""


class ImageError(MosaicError):
    """A picture that cannot be read."""


class TileError(MosaicError):
    """A tile set that cannot be opened, or is used against what it allows."""


class GridError(MosaicError):
    """Rows, columns, cells and sizes that do not fit together."""


class ConstraintError(MosaicError):
    """Limits on repetition that no assignment can meet."""


class OutputError(MosaicError):
    """A file that cannot be written."""


class ConfigError(MosaicError):
    """An option or a settings file that makes no sense."""


class PlanError(MosaicError):
    """A saved plan that cannot be used."""


class ModelError(MosaicError):
    """Network weights or a trained model that cannot be used."""


class MissingExtraError(MosaicError):
    """An optional dependency that is not installed."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs the '{extra}' extra: pip install 'perceptual-photomosaic[{extra}]'")
