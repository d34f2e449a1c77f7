"""The whole line: load, tiles, features, assign, compose, write. Start reading here."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from perceptual_photomosaic.assign.diagnosis import diagnose
from perceptual_photomosaic.assign.memory import assign_or_recall
from perceptual_photomosaic.assign.methods import matcher
from perceptual_photomosaic.config import MosaicOptions, check_options, with_values
from perceptual_photomosaic.features.tint import shifts_towards
from perceptual_photomosaic.grid import Grid, parse_aspect, tile_size_px
from perceptual_photomosaic.inputs import Tiles, open_target, open_tile_set, plan_target, plan_tiles, tile_options
from perceptual_photomosaic.mosaic import Mosaic
from perceptual_photomosaic.plan import rebind
from perceptual_photomosaic.plan_paths import load_resolved
from perceptual_photomosaic.problem import pose
from perceptual_photomosaic.progress import SILENT, Reporter
from perceptual_photomosaic.render.formats import check_output
from perceptual_photomosaic.render.originals import words_about_originals
from perceptual_photomosaic.render.output import Output
from perceptual_photomosaic.render.physical import hang, tile_size_for, words_about_fit

__all__ = ["make_mosaic", "open_plan"]


def make_mosaic(
    target: str | Path | Image.Image | NDArray[np.uint8],
    tiles: Tiles,
    options: MosaicOptions | None = None,
    *,
    out: str | Path | None = None,
    jpeg_quality: int | None = None,
    cache: Path | None = None,
    reporter: Reporter = SILENT,
    **changes: Any,
) -> Mosaic:
    """Rebuild a target out of tiles.

    Args:
        target: A file, a Pillow image, or sRGB uint8 (H, W, 3).
        tiles: A spec ("holiday/", "glyphs", "emoji", "slices:a.png", "colours:64"), several of them, a `TileSet`, or
            pictures as arrays or Pillow images.
        options: Settings; the defaults make about 4,096 cells.
        out: Write the mosaic there; whether the format and the place can take it is checked before any work.
        jpeg_quality: 1 to 100 for JPEG and WebP.
        cache: Folder that keeps decoded photos and assignments between runs; None keeps nothing.
        reporter: Hears of progress.
        **changes: Settings by name, over those in `options`: columns=80, max_uses=3.
    Returns:
        The mosaic: `.to_image()`, `.write("out.png")`, `.save_plan("plan.json")`.
    Raises:
        MosaicError: Anything the caller can put right; see `errors`.

    Example:
        >>> import numpy as np
        >>> target = np.linspace(0, 255, 32 * 32 * 3).astype(np.uint8).reshape(32, 32, 3)
        >>> make_mosaic(target, "glyphs", columns=4, tile_size=8, method="nearest").size_px
        (32, 32)
    """
    options = with_values(options or MosaicOptions(), changes, "make_mosaic()")
    seconds: dict[str, float] = {}
    check_options(options)
    method = matcher(options)
    with _timed(seconds, "load"):
        picture, path = open_target(target, options)
        options, words = hang(options, (picture.shape[1], picture.shape[0]))
        for line in words:
            reporter.note(line)
        grid = Grid.fit(
            (picture.shape[1], picture.shape[0]),
            columns=options.columns,
            rows=options.rows,
            cells=options.cells,
            cell_aspect=parse_aspect(options.cell_aspect),
            fit=options.fit,  # type: ignore[arg-type]  # Grid.fit refuses unknown words
        )
        tile_px = tile_size_px(options.tile_size, grid.cell_aspect)
        if out is not None:
            size_px = grid.size_px(tile_px)
            made = check_output(Path(out), size_px)
            Output.from_options(options, size_px, tile_px, jpeg_quality).check(made, size_px)
    with _timed(seconds, "tiles"):
        cut = tile_options(options, cache)
        tile_set = open_tile_set(tiles, cut, reporter)
    with _timed(seconds, "features"):
        problem, fitted = pose(picture, grid, tile_set, options, cut, reporter=reporter)
        tile_set = problem.tiles
    with _timed(seconds, "assign"):
        assignment = assign_or_recall(method, problem, cache, reporter=reporter)
    diagnosis = diagnose(problem, assignment.choices)
    figures = {**assignment.figures, "diagnosis": diagnosis and str(diagnosis), "seconds": seconds}
    figures["tone"] = "fitted" if fitted else "kept"
    shifts = None
    if options.adjust > 0:
        chosen = assignment.choices.ravel()
        shifts = shifts_towards(problem.cells, problem.choices, chosen, options.adjust).reshape(*grid.shape, 3)
    mosaic = Mosaic(grid, assignment.choices, tile_set, tile_px, picture, options, path, figures, shifts)
    if options.size is not None:
        soft = words_about_originals(tile_set, np.unique(mosaic.tile_numbers).tolist(), tile_px)
        if soft:
            reporter.note(soft)
    if out is not None:
        with _timed(seconds, "write"):
            mosaic.write(out, quality=jpeg_quality, reporter=reporter)
    return mosaic


def open_plan(
    path: str | Path,
    *,
    tile_size: int | None = None,
    cache: Path | None = None,
    reporter: Reporter = SILENT,
    relative_to: str | Path | None = None,
    **changes: Any,
) -> Mosaic:
    """Open a saved plan: the same mosaic, without choosing again.

    Args:
        path: The plan.
        tile_size: Longer side of a tile in pixels; None keeps the plan's.
        cache: Folder that keeps decoded photos between runs; None keeps nothing.
        reporter: Hears of progress.
        relative_to: Where the paths of a plan with relative ones begin; None takes the plan's own folder.
        **changes: Settings of print by name, over the plan's: size="200x150cm", dpi=150.
    Raises:
        PlanError: A damaged plan, a tile that is gone, or a target that is gone and is laid over the tiles.
    """
    plan = load_resolved(Path(path), relative_to)
    options = with_values(MosaicOptions(), plan.settings, f"plan '{path}'")
    options = with_values(options, changes, "open_plan()")
    check_options(options)
    if tile_size is None and options.size is not None and not {"size", "dpi"}.isdisjoint(changes):
        tile_size = tile_size_for(options.size, options.dpi, plan.grid)
        for line in words_about_fit(
            options.size, options.dpi, plan.grid, tile_size_px(tile_size, plan.grid.cell_aspect)
        ):
            reporter.note(line)
    tile_px = tile_size_px(plan.tile_size if tile_size is None else tile_size, plan.grid.cell_aspect)
    tile_set = plan_tiles(plan, tile_options(options, cache), reporter)
    choices = rebind(plan, tile_set)
    target = plan_target(plan, options, "it lays its target over the tiles (blend)") if options.blend > 0 else None
    return Mosaic(
        plan.grid,
        choices,
        tile_set,
        tile_px,
        target,
        options,
        plan.target,
        plan.figures,
        shifts=plan.shifts,
        pins=plan.pins,
        bans=plan.bans,
    )


@contextmanager
def _timed(seconds: dict[str, float], stage: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    seconds[stage] = round(time.perf_counter() - start, 3)
