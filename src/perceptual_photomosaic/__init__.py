"""Rebuild a picture out of many small pictures.

>>> from perceptual_photomosaic import make_mosaic
>>> make_mosaic("portrait.jpg", "holiday/", columns=80).write("mosaic.png")  # doctest: +SKIP

Public names are imported when they are first used, so importing the package is cheap; only networks import torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from perceptual_photomosaic.api import make_mosaic, open_plan
    from perceptual_photomosaic.assign.limits import Limits
    from perceptual_photomosaic.batch import make_mosaics
    from perceptual_photomosaic.config import MosaicOptions
    from perceptual_photomosaic.errors import MosaicError
    from perceptual_photomosaic.grid import Grid
    from perceptual_photomosaic.mosaic import Mosaic
    from perceptual_photomosaic.tiles import TileOptions, open_tiles
    from perceptual_photomosaic.tiles.tile_set import TileSet

__version__ = "0.2.0"

__all__ = [
    "Grid",
    "Limits",
    "Mosaic",
    "MosaicError",
    "MosaicOptions",
    "TileOptions",
    "TileSet",
    "make_mosaic",
    "make_mosaics",
    "open_plan",
    "open_tiles",
]

_HOMES = {
    "Grid": "grid",
    "Limits": "assign.limits",
    "Mosaic": "mosaic",
    "MosaicError": "errors",
    "MosaicOptions": "config",
    "TileOptions": "tiles",
    "TileSet": "tiles.tile_set",
    "make_mosaic": "api",
    "make_mosaics": "batch",
    "open_plan": "api",
    "open_tiles": "tiles",
}


def __dir__() -> list[str]:
    """List the public names, though they are imported later."""
    return sorted([*__all__, *(name for name in globals() if name.startswith("__"))])


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
