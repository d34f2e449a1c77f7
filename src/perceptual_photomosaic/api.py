"""The whole pipeline: load, tiles, features, assign, compose, write. Start reading here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Unpack

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from perceptual_photomosaic.assemble import assemble_mosaic
from perceptual_photomosaic.assign.answer_cache import assign_cached
from perceptual_photomosaic.assign.methods import matcher
from perceptual_photomosaic.build_problem import build_problem
from perceptual_photomosaic.config import MosaicOptions, checked_options
from perceptual_photomosaic.config.keywords import MosaicKeywords, with_settings
from perceptual_photomosaic.inputs import Tiles, open_target, size_px, tile_options_for
from perceptual_photomosaic.layout import first_layout, with_own_shape
from perceptual_photomosaic.mosaic import Mosaic
from perceptual_photomosaic.plan import Plan
from perceptual_photomosaic.plan.printing import print_settings
from perceptual_photomosaic.progress import SILENT, Reporter
from perceptual_photomosaic.progress.shown import shown_progress
from perceptual_photomosaic.run import Run
from perceptual_photomosaic.shared_tiles import SharedTiles
from perceptual_photomosaic.tiles import own_aspect

__all__ = ["make_mosaic", "open_plan"]


@with_settings
def make_mosaic(
    target: str | Path | Image.Image | NDArray[np.uint8],
    tiles: Tiles | SharedTiles,
    options: MosaicOptions | None = None,
    *,
    out: str | Path | None = None,
    jpeg_quality: int | None = None,
    cache: Path | None = None,
    progress: bool = False,
    reporter: Reporter = SILENT,
    **changes: Unpack[MosaicKeywords],
) -> Mosaic:
    """Rebuild a target out of tiles.

    Args:
        target: A file, a Pillow image, or sRGB uint8 (H, W, 3).
        tiles: A spec ("holiday/", "glyphs", "emoji", "slices:a.png", "colours:64"), several of them, a `TileSet`, or
            pictures as arrays or Pillow images; or `SharedTiles`, which are opened once for several calls.
        options: Settings; the defaults make about 4,096 cells, or fewer where photos are few.
        out: File to write the mosaic to; its format and its place are checked before any work.
        jpeg_quality: 1 to 100 for JPEG and WebP.
        cache: Folder that keeps decoded photos and assignments between runs; None keeps nothing.
        progress: Show progress on standard error.
        reporter: Receives progress, for a program that shows it in its own way.
        **changes: Settings by name, over those in `options`: columns=80, max_uses=3.
    Returns:
        The mosaic: `.to_image()`, `.write("out.png")`, `.save_plan("plan.json")`.
    Raises:
        MosaicError: An error that the caller can correct; see `errors`.

    Example:
        >>> import numpy as np
        >>> target = np.linspace(0, 255, 32 * 32 * 3).astype(np.uint8).reshape(32, 32, 3)
        >>> make_mosaic(target, "colours:27", columns=4, tile_size=8, method="nearest").size_px
        (32, 32)
    """
    options = checked_options(options, changes, "make_mosaic()")
    method = matcher(options)
    run = Run(shown_progress() if progress else reporter, out, jpeg_quality)
    shared = tiles if isinstance(tiles, SharedTiles) else SharedTiles(tiles, run.reporter)
    with run("load", "opening the target"):
        picture, path = open_target(target, options, run.reporter)
        options = with_own_shape(options, own_aspect(shared.specs))
        run.check(first_layout(options, size_px(picture), shared.specs), shared.specs)
    with run("tiles", "opening the tiles"):
        tile_set, layout = shared.open_for(options, size_px(picture), cache)
        run.check(layout, [tile_set.spec])
    with run("features", "looking at the target and the tiles"):
        patches = shared.patches(tile_options_for(layout.options, cache))
        problem = build_problem(picture, layout.grid, tile_set, layout.options, patches=patches, reporter=run.reporter)
    with run("assign", "choosing tiles"):
        assignment = assign_cached(method, problem, cache, reporter=run.reporter)
        mosaic = assemble_mosaic(problem, assignment, layout, path, run.seconds)
    return run.write(mosaic)


def open_plan(
    plan: str | Path | Plan,
    *,
    tile_size: int | None = None,
    cache: Path | None = None,
    progress: bool = False,
    reporter: Reporter = SILENT,
    relative_to: str | Path | None = None,
    look_in: Sequence[str | Path] = (),
    **changes: Any,
) -> Mosaic:
    """Return the mosaic of a saved plan, without choosing again.

    Args:
        plan: A file, or a plan that was loaded.
        tile_size: Longer side of a tile in pixels; None keeps the plan's.
        cache: Folder that keeps decoded photos between runs; None keeps nothing.
        progress: Show progress on standard error.
        reporter: Receives progress, for a program that shows it in its own way.
        relative_to: Folder at which the plan's paths begin; None takes the plan's own folder.
        look_in: More folders to search for photos and targets that were moved.
        **changes: Settings of print by name, over the plan's: size="200x150cm", dpi=150.
    Raises:
        PlanError: A damaged plan, a tile that is gone, or a target that is gone and is laid over the tiles.
    """
    if not isinstance(plan, Plan):
        plan = Plan.load(plan, relative_to=relative_to, look_in=look_in)
    reporter = shown_progress() if progress else reporter
    options, tile_px = print_settings(plan, tile_size, changes, reporter)
    blended = "it lays its target over the tiles (blend)" if options.blend > 0 else None
    opened = plan.open(options, target_for=blended, cache=cache, reporter=reporter)
    return Mosaic.of_plan(plan, opened, options, tile_px, asked=changes)
