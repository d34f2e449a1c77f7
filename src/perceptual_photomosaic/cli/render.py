"""`photomosaic render`: draw a saved plan again, at any tile size, without choosing again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from perceptual_photomosaic.cli.setting_options import LookIn, PlanFolder, said, with_print_options
from perceptual_photomosaic.cli.summary import Extras, print_summary
from perceptual_photomosaic.errors import OutputError
from perceptual_photomosaic.progress.shown import reporter_for

__all__ = ["render"]


@with_print_options
def render(
    plan: Annotated[Path, typer.Argument(help="The plan that `make --plan` wrote.", show_default=False)],
    *,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Where to write: .png .jpg .webp .tif .dzi .pdf, or .txt .ans .html .svg"),
    ] = None,
    tile_size: Annotated[
        int | None, typer.Option(help="Longer side of each tile in pixels. Default: the plan's.")
    ] = None,
    relative_to: PlanFolder = None,
    look_in: LookIn = None,
    index: Annotated[Path | None, typer.Option(help="Write which tile is in which cell (CSV).")] = None,
    jpeg_quality: Annotated[int | None, typer.Option(min=1, max=100, help="Quality of JPEG and WebP.")] = None,
    cache: Annotated[Path | None, typer.Option(help="Folder that keeps decoded photos between runs.")] = None,
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Keep no decoded photos.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but warnings and errors.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say more.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object about the result.")] = False,
    **settings: Any,
) -> None:
    """Draw a saved PLAN again, at any tile size, without choosing again.

    photomosaic render plan.json --tile-size 200 -o big.png

    photomosaic render plan.json --size 200x150cm --dpi 150 -o poster.tif

    photomosaic render plan.json --size A1 --bleed 3mm --marks -o poster.pdf
    """
    if out is None:
        raise OutputError("no output was named. Add -o mosaic.png (or .jpg, .webp, .tif, .dzi, .pdf).")
    from perceptual_photomosaic.config import check_output_options
    from perceptual_photomosaic.plan import Plan
    from perceptual_photomosaic.render.formats import check_output

    extras = Extras(index=index)
    extras.check(out, [plan])
    loaded = Plan.load(plan, relative_to=relative_to, look_in=look_in or ())
    extras.check(out, loaded.inputs)
    asked = said(settings)
    check_output_options(loaded.options(**asked), check_output(out).name, asked)

    from perceptual_photomosaic.api import open_plan
    from perceptual_photomosaic.tiles import default_cache_dir

    reporter = reporter_for(quiet=quiet or as_json)
    kept = None if no_cache else cache or default_cache_dir()
    mosaic = open_plan(loaded, tile_size=tile_size, cache=kept, reporter=reporter, **asked)
    mosaic.write(out, quality=jpeg_quality, reporter=reporter)
    extras.write(mosaic)
    print_summary(mosaic, out, quiet=quiet, verbose=verbose, as_json=as_json)
