"""The folder of a viewer: the mosaic in deep zoom, one picture per tile, the target, and the page that shows them."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from perceptual_photomosaic.errors import ImageError, MissingExtraError, OutputError
from perceptual_photomosaic.features.colour import from_linear
from perceptual_photomosaic.features.patches import fit_target
from perceptual_photomosaic.files.replacing import replacing_folder
from perceptual_photomosaic.image import load_image, pillow_lenient, printable
from perceptual_photomosaic.library.exif_info import ExifInfo, read_exif
from perceptual_photomosaic.mosaic import Mosaic
from perceptual_photomosaic.progress import SILENT, Reporter
from perceptual_photomosaic.render.formats import FORMATS
from perceptual_photomosaic.tiles.spec import parse_colour, paths_in

__all__ = ["check_viewer", "write_viewer"]

_HERE = Path(__file__).parent
_PAGE = ("index.html", "viewer.js", "viewer.css")
_VENDOR = _HERE / "vendor" / "openseadragon"
_TARGET_PX = 2048
_PHOTO_PX = 320
_BATCH = 64


def check_viewer(folder: Path) -> None:
    """Check, before any work, that a viewer can be written to a folder.

    Raises:
        OutputError: OpenSeadragon is missing, the folder holds something else, or its place is not writable.
    """
    if not (_VENDOR / "openseadragon.min.js").is_file():
        raise OutputError(
            "the viewer shows pictures with OpenSeadragon, which is not installed. In the project's folder run "
            "`make web` (it needs the network once, and brings Node itself), or install a released wheel."
        )
    shown = printable(folder)
    if folder.exists() and not _is_ours(folder):
        raise OutputError(f"'{shown}' exists and is not a viewer. Name a new folder with -o.")
    if not folder.parent.is_dir():
        raise OutputError(f"'{shown}': there is no folder '{printable(folder.parent)}'. Make it first.")
    if not os.access(folder.parent, os.W_OK):
        raise OutputError(f"'{shown}': the folder '{printable(folder.parent)}' is not writable. Choose another place.")


def write_viewer(
    mosaic: Mosaic, folder: Path, *, relative_to: Path | None = None, title: str = "", reporter: Reporter = SILENT
) -> None:
    """Write a folder whose index.html shows a mosaic.

    Args:
        mosaic: The mosaic; without its target the page has no slider.
        folder: The folder; an older viewer in it is replaced when all is written.
        relative_to: Paths of photos are shown from this folder on; None takes the folder of the tiles.
        title: Of the page.
        reporter: Receives progress.
    Raises:
        OutputError: The place cannot be written to.
        TileError: A photo cannot be read any more.
    """
    check_viewer(folder)
    with replacing_folder(folder) as part:
        mosaic.write(part / "mosaic.dzi", reporter=reporter)
        used = np.unique(mosaic.tile_numbers).tolist()
        pictures = _write_pictures(mosaic, used, part, reporter)
        target = _write_target(mosaic, part, reporter)
        folders = [relative_to] if relative_to else [path for path in paths_in([mosaic.tiles.spec]) if path.is_dir()]
        data = {
            "title": title or "Photomosaic",
            "columns": mosaic.grid.columns,
            "rows": mosaic.grid.rows,
            "width": mosaic.size_px[0],
            "height": mosaic.size_px[1],
            "tileSize": FORMATS[".dzi"].options["tile_size"],
            "overlap": FORMATS[".dzi"].options["overlap"],
            "target": target,
            "tiles": {
                tile: _facts(mosaic.tiles.source(tile), picture, folders)
                for tile, picture in zip(used, pictures, strict=True)
            },
            "cells": mosaic.tile_numbers.ravel().tolist(),
        }
        text = json.dumps(data, separators=(",", ":"))  # ASCII: nothing in a name can break out of the script
        (part / "data.js").write_text(f"const MOSAIC = {text};\n", encoding="utf-8")
        for name in _PAGE:
            shutil.copyfile(_HERE / "static" / name, part / name)
        shutil.copytree(_VENDOR, part / "openseadragon")


def _write_pictures(mosaic: Mosaic, used: Sequence[int], part: Path, reporter: Reporter) -> list[str]:
    """Write one JPEG per tile in use, upright and cropped as in the mosaic; return their names in the folder."""
    width, height = mosaic.tile_px
    scale = _PHOTO_PX / max(width, height)
    size_px = max(1, round(width * scale)), max(1, round(height * scale))
    (part / "tiles").mkdir()
    names: list[str] = []
    variants = len(mosaic.tiles.variants)
    with reporter.stage("writing the tiles", len(used), "tiles") as stage:
        for start in range(0, len(used), _BATCH):
            some = [tile * variants for tile in used[start : start + _BATCH]]  # the first variant is the tile as it is
            for picture in mosaic.tiles.pictures(size_px, some):
                names.append(f"tiles/{len(names)}.jpg")
                Image.fromarray(picture).save(part / names[-1], quality=85)
                stage.advance()
    return names


def _write_target(mosaic: Mosaic, part: Path, reporter: Reporter) -> str | None:
    """Write the part of the target that the mosaic shows; return its name, or None where the target is gone."""
    target = mosaic.target
    background = parse_colour(mosaic.options.background, "background")
    if target is None and mosaic.target_path is not None:
        try:
            target = load_image(mosaic.target_path, background=background)
        except (ImageError, MissingExtraError) as error:
            reporter.note(f"the page will not fade to the target: {error}")
    if target is None:
        return None
    width, height = mosaic.size_px
    scale = min(1.0, _TARGET_PX / max(width, height))
    size_px = max(1, round(width * scale)), max(1, round(height * scale))
    fitted = from_linear(fit_target(target, mosaic.grid, size_px, background))
    Image.fromarray(fitted).save(part / "target.jpg", quality=90)
    return "target.jpg"


def _facts(source: str, picture: str, folders: Sequence[Path]) -> dict[str, str]:
    """Return what the page shows about a tile."""
    said, name, path = ExifInfo(), source, ""
    if Path(source).is_file():
        name, path = Path(source).name, _shown_path(source, folders)
        try:
            with pillow_lenient(), Image.open(source) as opened:
                said = read_exif(opened)
        except OSError:
            pass  # of a kind that Pillow alone does not open
    return {
        "name": printable(name),
        "path": printable(path),
        "date": said.date,
        "caption": said.caption,
        "picture": picture,
    }


def _shown_path(source: str, folders: Sequence[Path]) -> str:
    """Return the path of a photo relative to the folder that holds it, or to the first folder where none does."""
    full = Path(source).absolute()
    for folder in folders:
        if full.is_relative_to(folder.absolute()):
            return str(full.relative_to(folder.absolute()))
    return os.path.relpath(full, folders[0]) if folders else source


def _is_ours(folder: Path) -> bool:
    """Tell whether a folder is empty or holds a viewer."""
    if not folder.is_dir():
        return False
    names = {entry.name for entry in folder.iterdir()}
    return not names or {"index.html", "data.js", "mosaic.dzi"} <= names
