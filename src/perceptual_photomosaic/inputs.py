"""The inputs of a caller in one form: a target as an array, tiles as a tile set."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from perceptual_photomosaic.assign.limits import Limits
from perceptual_photomosaic.config import MatchingSettings, MosaicOptions, TileSettings
from perceptual_photomosaic.errors import ConfigError, ImageError, PlanError, TileError
from perceptual_photomosaic.grid import Grid, parse_aspect, tile_size_px
from perceptual_photomosaic.image import from_pillow, load_image, printable
from perceptual_photomosaic.progress import SILENT, Reporter
from perceptual_photomosaic.reading.damaged import load_what_is_there
from perceptual_photomosaic.tiles import TileOptions, open_tiles, with_variants
from perceptual_photomosaic.tiles.arrays import ArrayTiles
from perceptual_photomosaic.tiles.names import TileNames
from perceptual_photomosaic.tiles.spec import parse_colour
from perceptual_photomosaic.tiles.tile_set import TileSet

__all__ = [
    "Tiles",
    "limits_of",
    "open_target",
    "open_target_again",
    "open_tile_set",
    "size_px",
    "specs_of",
    "tile_options_for",
]

Tiles = str | Path | TileSet | NDArray[np.uint8] | Sequence["str | Path"] | Sequence["NDArray[np.uint8] | Image.Image"]

_ANALYSIS_PX = 32
_ONE_DECODE_PX = 64


def open_target(
    target: str | Path | Image.Image | NDArray[np.uint8], options: TileSettings, reporter: Reporter = SILENT
) -> tuple[NDArray[np.uint8], str | None]:
    """Load a target.

    Args:
        target: The picture.
        options: The settings.
        reporter: Receives a note on a damaged part that the settings accept.
    Returns:
        sRGB, uint8, (H, W, 3), and its path if it came from a file.
    Raises:
        ImageError: An unreadable file, a broken picture, or an array of another form.
    """
    background = parse_colour(options.background, "background")
    if isinstance(target, str | os.PathLike):
        if not options.accept_damaged:
            return load_image(target, background=background), str(target)
        picture, damage = load_what_is_there(target, background)
        if damage:
            reporter.note(f"the target is used as far as it goes: {damage}")
        return picture, str(target)
    if isinstance(target, Image.Image):
        return np.asarray(from_pillow(target, background=background, name="the target")), None
    if not isinstance(target, np.ndarray):
        raise ImageError(f"the target is a {type(target).__name__}; a file, a Pillow image or an array is expected.")
    if target.ndim != 3 or target.shape[2] != 3 or target.dtype != np.uint8 or target.size == 0:
        raise ImageError(f"the target is {target.dtype} {target.shape}; uint8 (height, width, 3) is expected.")
    return target, None


def size_px(picture: NDArray[np.uint8]) -> tuple[int, int]:
    """Return (width, height) of a picture, (H, W, 3)."""
    return picture.shape[1], picture.shape[0]


def open_target_again(
    path: str | None, grid: Grid, options: TileSettings, purpose: str, reporter: Reporter = SILENT
) -> NDArray[np.uint8]:
    """Load the target of a finished mosaic again.

    Args:
        path: Its file, if it came from one.
        grid: The grid that was laid over it.
        options: The settings.
        purpose: Purpose of the target, for the error if it is gone: "cells are chosen by it".
        reporter: Receives a note on a damaged part that the settings accept.
    Returns:
        sRGB, uint8, (H, W, 3).
    Raises:
        PlanError: It came from no file, cannot be read any more, or has another size now.
    """
    if path is None:
        raise PlanError(f"the plan needs its target, as {purpose}, but it was made from a picture without a file.")
    try:
        picture, _ = open_target(path, options, reporter)
    except ImageError as error:
        raise PlanError(
            f"the plan needs its target, as {purpose}: {error}. Put it back, or say --look-in FOLDER."
        ) from error
    left, top, right, bottom = grid.target_box
    size = round(left + right), round(top + bottom)  # the box is centred, so its edges add up to the target's size
    if size != (picture.shape[1], picture.shape[0]):
        raise PlanError(
            f"the plan was made for a target of {size[0]} x {size[1]} px, but '{printable(path)}' now has "
            f"{picture.shape[1]} x {picture.shape[0]}. Put the old one back, or make the mosaic again."
        )
    return picture


def tile_options_for(options: MosaicOptions, cache: Path | None) -> TileOptions:
    """Return the tile options that follow from the settings.

    Photos for small tiles are decoded once, at the final size, so that the same pixels are matched and drawn. For large
    tiles thumbnails are matched, and only the photos in use are decoded again, at full quality.
    """
    aspect = parse_aspect(options.cell_aspect)
    wanted = options.tile_size if _ANALYSIS_PX <= options.tile_size <= _ONE_DECODE_PX else _ANALYSIS_PX
    return TileOptions(
        cell_aspect=aspect,
        thumbnail_px=tile_size_px(wanted, aspect),
        crop=options.crop,
        background=parse_colour(options.background, "background"),
        variants=tuple(name for name in options.variants.replace(" ", "").split(",") if name),
        cache=cache,
        accept_damaged=options.accept_damaged,
    )


def specs_of(tiles: Tiles) -> list[str]:
    """Return the specs of tiles in any form; none for pictures in memory."""
    if isinstance(tiles, str | Path):
        return [str(tiles)]
    if isinstance(tiles, Sequence):
        return [str(item) for item in tiles if isinstance(item, str | Path)]
    return [str(tiles.spec)] if hasattr(tiles, "spec") else []


def open_tile_set(tiles: Tiles, options: TileOptions, reporter: Reporter) -> TileSet:
    """Open tiles that are given in any form.

    Raises:
        ConfigError: Variants or a crop that these tiles cannot have.
        TileError: Nothing usable.
    """
    if isinstance(tiles, str | Path):
        return open_tiles(str(tiles), options, reporter=reporter)
    if isinstance(tiles, Sequence) and tiles and all(isinstance(item, str | Path) for item in tiles):
        return open_tiles([str(item) for item in tiles], options, reporter=reporter)
    if isinstance(tiles, np.ndarray | Sequence) and not hasattr(tiles, "pictures"):
        if options.crop not in ("centre", "none"):
            raise ConfigError(
                f"crop '{options.crop}' is for photos in files; of pictures in memory choose centre or none."
            )
        pictures = ArrayTiles(tiles, background=options.background, whole=options.crop == "none")  # type: ignore[arg-type]
        return with_variants(pictures, options)
    if not hasattr(tiles, "pictures"):
        raise TileError(
            f"the tiles are a {type(tiles).__name__}; a spec such as 'holiday/' or 'emoji', a list of them, a tile "
            f"set, or pictures as arrays or Pillow images are expected."
        )
    for name, given in (("variants", bool(options.variants)), ("crop", options.crop != TileOptions.crop)):
        if given:
            raise ConfigError(f"{name} is for tiles that are opened now; give it to open_tiles() with TileOptions.")
    return tiles  # type: ignore[return-value]


def limits_of(options: MatchingSettings, tiles: TileSet) -> Limits:
    """Return the limits that the settings put on every assignment of these tiles.

    Raises:
        TileError: A tile that must be included is not there; names the nearest one.
    """
    included = TileNames(tiles).find_all(options.must_include) if options.must_include else frozenset[int]()
    return Limits(options.max_uses, options.min_distance or 0, included, options.use_all)
