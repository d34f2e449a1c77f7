"""`photomosaic view`: write a folder with a web page that shows a mosaic in deep zoom."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from perceptual_photomosaic.cli.setting_options import LookIn
from perceptual_photomosaic.progress.shown import reporter_for

__all__ = ["view"]

_LONGEST_PX = 8192
_LARGEST_TILE_PX = 256


def view(
    plan: Annotated[Path, typer.Argument(help="The plan that `make --plan` wrote.", show_default=False)],
    *,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The folder. Default: the plan's name with _view.")
    ] = None,
    tile_size: Annotated[int | None, typer.Option(min=1, help="Longer side of each tile in pixels, zoomed in.")] = None,
    relative_to: Annotated[
        Path | None,
        typer.Option(
            help="Folder at which the paths of photos on the page begin, and the paths of a plan made with "
            "--relative-to. Default: the page shows paths from the folder of the tiles on, which is usual."
        ),
    ] = None,
    look_in: LookIn = None,
    cache: Annotated[Path | None, typer.Option(help="Folder that keeps decoded photos between runs.")] = None,
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Keep no decoded photos.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but warnings and errors.")] = False,
) -> None:
    """Make a web page of a saved PLAN: zoom into it, click a tile to see its name, fade to the target.

    The folder holds all that the page needs. Open its index.html from disk, without a network, or copy the folder to
    any web server.

    photomosaic view plan.json

    photomosaic view plan.json -o poster_view --relative-to ~/Pictures
    """
    from perceptual_photomosaic.api import open_plan
    from perceptual_photomosaic.image import printable
    from perceptual_photomosaic.plan import Plan
    from perceptual_photomosaic.tiles import default_cache_dir
    from perceptual_photomosaic.view.folder import check_viewer, write_viewer

    folder = out or plan.with_name(f"{plan.stem}_view")
    loaded = Plan.load(plan, relative_to=relative_to, look_in=look_in or ())
    check_viewer(folder)
    if tile_size is None:
        wanted = min(_LARGEST_TILE_PX, _LONGEST_PX // max(loaded.grid.shape))
        tile_size = max(loaded.tile_size, wanted)
    reporter = reporter_for(quiet=quiet)
    kept = None if no_cache else cache or default_cache_dir()
    mosaic = open_plan(loaded, tile_size=tile_size, cache=kept, reporter=reporter)
    write_viewer(mosaic, folder, relative_to=relative_to, title=plan.stem, reporter=reporter)
    if not quiet:
        print(f"{printable(folder)}: open {printable(folder / 'index.html')} in a browser")
