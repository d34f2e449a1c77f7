"""`photomosaic edit`: change a finished plan by hand, and choose tiles again only where the change requires it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from perceptual_photomosaic.cli.setting_options import LookIn, PlanFolder
from perceptual_photomosaic.errors import ConfigError
from perceptual_photomosaic.progress.shown import reporter_for

if TYPE_CHECKING:
    from perceptual_photomosaic.plan.editing import Cell

__all__ = ["edit"]

_CELL = r"\s*(\d+)\s*,\s*(\d+)\s*"


def edit(
    plan: Annotated[Path, typer.Argument(help="The plan that `make --plan` wrote.", show_default=False)],
    *,
    pin: Annotated[
        list[str] | None,
        typer.Option(help="Put a tile into a cell for good: ROW,COL=FILE, counted from 0. Repeat for more."),
    ] = None,
    ban: Annotated[list[str] | None, typer.Option(help="Keep a tile out: FILE. Repeat for more.")] = None,
    swap: Annotated[
        list[str] | None, typer.Option(help="Exchange two cells for good: ROW,COL:ROW,COL. Repeat for more.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="File of the new plan. Default: replace PLAN.")
    ] = None,
    relative_to: PlanFolder = None,
    look_in: LookIn = None,
    cache: Annotated[Path | None, typer.Option(help="Folder that keeps decoded photos between runs.")] = None,
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Keep no decoded photos.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but warnings and errors.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object about the result.")] = False,
) -> None:
    """Change a finished PLAN by hand; all other cells keep their tiles, and the plan's limits still apply.

    photomosaic edit plan.json --pin 12,7=grandma.jpg --ban blurred.jpg

    photomosaic edit plan.json --swap 0,0:3,9 -o other.json
    """
    pins = dict(_pin(text) for text in pin or [])
    if len(pins) < len(pin or []):
        raise ConfigError("two pins name the same cell; choose one tile for it.")
    swaps = tuple(_swap(text) for text in swap or [])
    if not (pins or ban or swaps):
        raise ConfigError("nothing to change. Add --pin ROW,COL=FILE, --ban FILE or --swap ROW,COL:ROW,COL.")

    from perceptual_photomosaic.files.protection import refuse_overwriting_inputs
    from perceptual_photomosaic.files.replacing import check_folder
    from perceptual_photomosaic.plan import Plan
    from perceptual_photomosaic.plan.editing import Edits, edit_plan
    from perceptual_photomosaic.tiles import default_cache_dir

    written = out or plan
    check_folder(written)
    loaded = Plan.load(plan, relative_to=relative_to, look_in=look_in or ())
    refuse_overwriting_inputs(written, [path for path in loaded.inputs if path != plan])
    mosaic, before = edit_plan(
        loaded,
        Edits(pins, tuple(ban or ()), swaps),
        cache=None if no_cache else cache or default_cache_dir(),
        reporter=reporter_for(quiet=quiet or as_json),
    )
    mosaic.save_plan(written, relative_to=(relative_to or written.parent) if loaded.folder is None else relative_to)
    changed = [(int(row), int(column)) for row, column in zip(*(mosaic.choices != before).nonzero(), strict=True)]
    if as_json:
        names = mosaic.tiles.source
        variants = len(mosaic.tiles.variants)
        cells = [
            {
                "row": row,
                "column": column,
                "before": names(int(before[row, column]) // variants),
                "after": names(int(mosaic.choices[row, column]) // variants),
            }
            for row, column in changed
        ]
        facts = {"plan": str(plan), "out": str(written), "changed": cells, "pins": mosaic.pins, "bans": mosaic.bans}
        print(json.dumps(facts))
    elif not quiet:
        from perceptual_photomosaic.image import printable

        print(
            f"{printable(written)}: {len(changed)} of {mosaic.grid.num_cells} cells changed; "
            f"{len(mosaic.pins)} pinned, {len(mosaic.bans)} tiles banned. Draw it with photomosaic render."
        )


def _pin(text: str) -> tuple[Cell, str]:
    found = re.fullmatch(rf"{_CELL}=(.+)", text, re.DOTALL)
    if found is None:
        raise ConfigError(f"pin '{text}' is not ROW,COL=FILE, counted from 0, as in 12,7=grandma.jpg.")
    return (int(found[1]), int(found[2])), found[3]


def _swap(text: str) -> tuple[Cell, Cell]:
    found = re.fullmatch(rf"{_CELL}:{_CELL}", text)
    if found is None:
        raise ConfigError(f"swap '{text}' is not ROW,COL:ROW,COL, counted from 0, as in 0,0:3,9.")
    return (int(found[1]), int(found[2])), (int(found[3]), int(found[4]))
