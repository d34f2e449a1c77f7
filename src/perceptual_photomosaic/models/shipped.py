"""The models that come with the package, and the tile sets that they were trained for. Does not import torch."""

from __future__ import annotations

import json
from pathlib import Path

from perceptual_photomosaic.errors import ModelError
from perceptual_photomosaic.tiles import open_tiles
from perceptual_photomosaic.tiles.saved_spec import spec_of_old
from perceptual_photomosaic.tiles.tile_set import TileSet

__all__ = ["available_models", "model_for"]

_FOLDER = Path(__file__).parent / "data"


def available_models() -> dict[str, Path]:
    """Return the models that come with the package, by name."""
    return {path.stem: path for path in sorted(_FOLDER.glob("*.safetensors"))}


def model_for(tiles: TileSet) -> str:
    """Return the name of the shipped model that was trained for a tile set.

    Args:
        tiles: The tile set.
    Raises:
        ModelError: There is none; the message names the tile sets that have models.
    """
    trained = {name: _tiles_of(path) for name, path in available_models().items()}
    for name, spec in trained.items():
        if open_tiles(spec).spec == tiles.spec:
            return name
    shown = ", ".join(f'--tiles "{spec}"' for spec in trained.values())
    raise ModelError(
        f"the package has no network for '{tiles.spec}': name one that you trained with --model FILE, or use "
        f"{shown or 'another method'}"
    )


def _tiles_of(path: Path) -> str:
    from safetensors import safe_open

    with safe_open(path, framework="numpy") as file:
        return spec_of_old(json.loads((file.metadata() or {})["card"])["tiles"])
