"""Hard mosaics of many pictures with one model. Each mosaic is named after its picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.errors import ImageError, OutputError
from perceptual_photomosaic.image import load_image
from perceptual_photomosaic.models.mosaicnet import MosaicNet
from perceptual_photomosaic.models.prediction import predict_assignment
from perceptual_photomosaic.models.store import ModelCard, match_tiles
from perceptual_photomosaic.progress import SILENT, Reporter
from perceptual_photomosaic.render.formats import check_output
from perceptual_photomosaic.render.stream import write_mosaic
from perceptual_photomosaic.tiles.arrays import ArrayTiles
from perceptual_photomosaic.tiles.tile_set import Skipped, TileSet
from perceptual_photomosaic.tiles.walk import find_photos

__all__ = ["BatchResult", "find_sources", "predict_batch"]


@dataclass(frozen=True)
class BatchResult:
    """The mosaics that were written, and the pictures that were skipped."""

    written: list[Path]
    skipped: list[Skipped]


def find_sources(sources: Sequence[Path], out: Path, suffix: str) -> list[tuple[Path, Path]]:
    """Return pairs of a picture and the file of its mosaic.

    Args:
        sources: Pictures, and folders of pictures. Subfolders are searched too, and `out` gets the same subfolders.
        out: The folder for the mosaics.
        suffix: The suffix of the mosaics, such as ".png".
    Raises:
        OutputError: `out` lies inside a source folder, a mosaic would replace one of the pictures, or two mosaics
            would have the same name.
        ImageError: There is no picture.
    """
    pairs: list[tuple[Path, Path]] = []
    for source in sources:
        if not source.is_dir():
            pairs.append((source, out / f"{source.stem}{suffix}"))
            continue
        if out.resolve().is_relative_to(source.resolve()):
            raise OutputError(f"{out} lies inside {source}, whose pictures the next run reads: choose another folder")
        for photo in find_photos(source).found:
            path = Path(photo.path)
            pairs.append((path, out / path.relative_to(source).with_suffix(suffix)))
    if not pairs:
        raise ImageError(f"no pictures in {', '.join(map(str, sources))}")
    seen: dict[Path, Path] = {}
    read = {path.resolve() for path, _ in pairs}
    for path, target in pairs:
        if target.resolve() in read:
            raise OutputError(f"{target} would replace what is read from it: choose another folder, or --format")
        if target in seen:
            raise OutputError(f"{seen[target]} and {path} would both become {target}: predict them one after the other")
        seen[target] = path
    return pairs


def predict_batch(
    net: MosaicNet,
    card: ModelCard,
    pairs: Sequence[tuple[Path, Path]],
    *,
    tile_px: int = 0,
    columns: int = 0,
    reporter: Reporter = SILENT,
) -> BatchResult:
    """Make and write the hard mosaic of every picture. Pictures that cannot be read are skipped.

    Args:
        net: The network.
        card: Its model card.
        pairs: Each picture with the file of its mosaic, from `find_sources`.
        tile_px: Width of each tile in the mosaic, in pixels; 0 draws the model's templates at their own size.
        columns: Columns of the grid; 0 takes one for every `net.config.cell` pixels of the picture's width.
        reporter: Receives progress.
    """
    tiles, choices, size_px = _tiles(net, card, tile_px, reporter)
    result = BatchResult([], [])
    with reporter.stage("predicting", len(pairs), "pictures") as stage:
        for source, path in pairs:
            try:
                target = load_image(source)
            except ImageError as error:
                result.skipped.append(Skipped(str(source), str(error)))
                stage.advance()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            rows, across = net.grid_shape(*target.shape[:2])
            grid = None
            if columns:
                grid = (max(1, round(columns * target.shape[0] / target.shape[1])), columns)
                rows, across = grid
            made = check_output(path, (across * size_px[0], rows * size_px[1]))
            assignment = predict_assignment(net, target, grid)
            write_mosaic(path, made, tiles, choices[assignment], size_px)
            result.written.append(path)
            stage.advance()
    return result


def _templates(net: MosaicNet) -> NDArray[np.uint8]:
    """Return the templates of a model, uint8, (T, h, w, 3)."""
    pictures: NDArray[np.uint8] = net.templates.cpu().permute(0, 2, 3, 1).round().byte().numpy()
    return pictures


def _tiles(
    net: MosaicNet, card: ModelCard, tile_px: int, reporter: Reporter
) -> tuple[TileSet, NDArray[np.int64], tuple[int, int]]:
    """Return the tiles to draw, the choice of each template among them, and the (width, height) of a tile."""
    pictures = _templates(net)
    height, width = pictures.shape[1:3]
    if tile_px in (0, width):
        return ArrayTiles(pictures), np.arange(len(pictures)), (width, height)
    from perceptual_photomosaic.tiles import TileOptions, open_tiles

    tiles = open_tiles(card.tiles, TileOptions(thumbnail_px=(width, height)), reporter=reporter)
    choices = match_tiles(net, card, tiles.pictures((width, height)), card.tiles)
    return tiles, choices, (tile_px, round(tile_px * height / width))
