"""The whole line: load, tiles, features, assign, compose, write. Start reading here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from perceptual_photomosaic.assign.answer_cache import assign_or_recall
from perceptual_photomosaic.assign.base import Assignment, Problem
from perceptual_photomosaic.assign.diagnosis import diagnose
from perceptual_photomosaic.assign.inked import ink_of
from perceptual_photomosaic.assign.methods import matcher
from perceptual_photomosaic.config import MosaicOptions, check_options, with_values
from perceptual_photomosaic.features.tint import shifts_towards
from perceptual_photomosaic.features.tone import ToneFit
from perceptual_photomosaic.inputs import (
    Tiles,
    open_target,
    tile_options,
)
from perceptual_photomosaic.layout import Layout, first_layout, lay_out_for, with_own_shape
from perceptual_photomosaic.mosaic import Mosaic
from perceptual_photomosaic.plan import Plan
from perceptual_photomosaic.plan.printing import print_settings
from perceptual_photomosaic.problem import pose
from perceptual_photomosaic.progress import SILENT, Reporter, Stages
from perceptual_photomosaic.render.formats import check_output
from perceptual_photomosaic.render.originals import words_about_originals
from perceptual_photomosaic.render.output import Output
from perceptual_photomosaic.shared_tiles import SharedTiles
from perceptual_photomosaic.text.write import check_text
from perceptual_photomosaic.tiles import own_aspect
from perceptual_photomosaic.tiles.kinds import inks_of

__all__ = ["make_mosaic", "open_plan"]


def make_mosaic(
    target: str | Path | Image.Image | NDArray[np.uint8],
    tiles: Tiles | SharedTiles,
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
            pictures as arrays or Pillow images; or `SharedTiles`, which are opened once for several calls.
        options: Settings; the defaults make about 4,096 cells, or fewer where photos are few.
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
        >>> make_mosaic(target, "colours:27", columns=4, tile_size=8, method="nearest").size_px
        (32, 32)
    """
    options = with_values(options or MosaicOptions(), changes, "make_mosaic()")
    check_options(options)
    method = matcher(options)
    shared = tiles if isinstance(tiles, SharedTiles) else SharedTiles(tiles, reporter)
    stages = Stages(reporter)
    with stages("load", "opening the target"):
        picture, path = open_target(target, options, reporter)
        target_px = picture.shape[1], picture.shape[0]
        options = with_own_shape(options, own_aspect(shared.specs))
        layout = first_layout(options, target_px, shared.specs)
        _check_output(out, layout, jpeg_quality, shared.specs)
        stages.note(layout.crop)
    with stages("tiles", "opening the tiles"):
        tile_set = shared.open(tile_options(layout.options, cache))
        layout = lay_out_for(options, target_px, tile_set)  # with fewer cells where photos are few
        cut = tile_options(layout.options, cache)
        tile_set = shared.open(cut)
        if options.ink != "none":
            inks_of(tile_set)
        _check_output(out, layout, jpeg_quality, [tile_set.spec])
        stages.note(layout.crop, *layout.words)
    with stages("features", "looking at the target and the tiles"):
        looks = shared.looks(cut)
        problem, tone = pose(picture, layout.grid, tile_set, layout.options, cut, looks=looks, reporter=reporter)
    with stages("assign", "choosing tiles"):
        assignment = assign_or_recall(method, problem, cache, reporter=reporter)
        mosaic = _mosaic(problem, assignment, tone, layout, path, stages.seconds)
    if options.size is not None:
        used = np.unique(mosaic.tile_numbers).tolist()
        stages.note(words_about_originals(mosaic.tiles, used, mosaic.tile_px, options.crop))
    if out is not None:
        with stages("write", "writing the mosaic"):
            mosaic.write(out, quality=jpeg_quality, reporter=reporter)
    return mosaic


def open_plan(
    plan: str | Path | Plan,
    *,
    tile_size: int | None = None,
    cache: Path | None = None,
    reporter: Reporter = SILENT,
    relative_to: str | Path | None = None,
    look_in: Sequence[str | Path] = (),
    **changes: Any,
) -> Mosaic:
    """Open a saved plan: the same mosaic, without choosing again.

    Args:
        plan: A file, or a plan that was loaded.
        tile_size: Longer side of a tile in pixels; None keeps the plan's.
        cache: Folder that keeps decoded photos between runs; None keeps nothing.
        reporter: Hears of progress.
        relative_to: Folder at which the plan's paths begin; None takes the plan's own folder.
        look_in: Folders that are looked through, too, for photos and targets that were moved.
        **changes: Settings of print by name, over the plan's: size="200x150cm", dpi=150.
    Raises:
        PlanError: A damaged plan, a tile that is gone, or a target that is gone and is laid over the tiles.
    """
    if not isinstance(plan, Plan):
        plan = Plan.load(plan, relative_to=relative_to, look_in=look_in)
    options, tile_px = print_settings(plan, tile_size, changes, reporter)
    blended = "it lays its target over the tiles (blend)" if options.blend > 0 else None
    opened = plan.open(options, target_for=blended, cache=cache, reporter=reporter)
    return Mosaic.of_plan(plan, opened, options, tile_px)


def _mosaic(
    problem: Problem,
    assignment: Assignment,
    tone: ToneFit | None,
    layout: Layout,
    path: str | None,
    seconds: dict[str, float],
) -> Mosaic:
    """Put a mosaic together from what was chosen, with the figures that `--json` shows."""
    options, choices = layout.options, assignment.choices
    lacking = diagnose(problem, choices)
    figures = {**assignment.figures, "seconds": seconds, "tone": "kept" if tone is None else "fitted"}
    figures["variety"] = problem.variety.facts
    figures |= {"diagnosis": lacking and str(lacking), "lacking": lacking and asdict(lacking), "crop": layout.crop}
    ink = None if options.ink == "none" else ink_of(problem, choices, options.ink)
    shifts = None
    if options.adjust > 0:
        shifts = shifts_towards(problem.cells, problem.choices, choices.ravel(), options.adjust)
        shifts = shifts.reshape(*layout.grid.shape, 3)
    return Mosaic(
        layout.grid,
        choices,
        problem.tiles,
        layout.tile_px,
        problem.target,
        options,
        path,
        figures,
        shifts,
        ink,
        tone,
    )


def _check_output(out: str | Path | None, layout: Layout, jpeg_quality: int | None, specs: Sequence[str]) -> None:
    """Make sure that the place, the format and its settings can take the mosaic of these tiles."""
    if out is not None:
        made = check_output(Path(out), layout.size_px)
        check_text(Path(out), made, specs, layout.options)
        Output.from_options(layout.options, layout.size_px, layout.tile_px, jpeg_quality).check(made, layout.size_px)
