"""`photomosaic make`: make a mosaic of a target out of tiles."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from perceptual_photomosaic.cli.make_many import check_single, is_batch, make_batch
from perceptual_photomosaic.cli.setting_options import chosen_options, with_mosaic_options
from perceptual_photomosaic.cli.summary import Extras, print_summary
from perceptual_photomosaic.errors import ConfigError, OutputError, TileError
from perceptual_photomosaic.progress.shown import reporter_for

__all__ = ["make"]


@with_mosaic_options
def make(
    target: Annotated[
        list[Path],
        typer.Argument(help="The picture to rebuild; or several, or a folder of them.", show_default=False),
    ],
    *,
    tiles: Annotated[
        list[str] | None,
        typer.Option(
            "--tiles",
            "-t",
            help="A folder of photos, glyphs, emoji, slices:IMAGE or colours:N; repeat to join several.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="Where to write: .png .jpg .webp .tif .dzi .pdf, or .txt .ans .html .svg; a folder for several.",
        ),
    ] = None,
    format_name: Annotated[
        str | None, typer.Option("--format", help="Format of several mosaics: png (default), jpg, tif and so on.")
    ] = None,
    redo: Annotated[
        bool, typer.Option("--redo", help="For several targets: make finished mosaics again, and replace other files.")
    ] = False,
    plan: Annotated[Path | None, typer.Option(help="Write the plan too (JSON), to draw it again at any size.")] = None,
    relative_to: Annotated[
        Path | None,
        typer.Option(
            help="Write the plan's paths relative to this folder, and no absolute path, so that the plan can be given "
            "away. Default: relative to the plan's folder, whose absolute path is written too."
        ),
    ] = None,
    index: Annotated[Path | None, typer.Option(help="Write which tile is in which cell (CSV).")] = None,
    preview: Annotated[Path | None, typer.Option(help="Write target and mosaic side by side.")] = None,
    jpeg_quality: Annotated[int | None, typer.Option(min=1, max=100, help="Quality of JPEG and WebP.")] = None,
    config: Annotated[Path | None, typer.Option(help="Read settings from a TOML file.")] = None,
    save_config: Annotated[Path | None, typer.Option(help="Write the settings in use as TOML.")] = None,
    cache: Annotated[Path | None, typer.Option(help="Folder that keeps decoded photos between runs.")] = None,
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Keep no decoded photos.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but warnings and errors.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say more: every skipped file, seconds.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object about the result.")] = False,
    **settings: Any,
) -> None:
    """Rebuild TARGET out of many small pictures.

    photomosaic make portrait.jpg --tiles holiday/ -o mosaic.png

    photomosaic make portrait.jpg --tiles emoji --columns 100 -o emoji.png

    photomosaic make portrait.jpg --tiles holiday/ --max-uses 3 --min-distance 5 -o poster.jpg

    photomosaic make portraits/ --tiles holiday/ --format jpg -o mosaics/
    """
    if not tiles:
        raise TileError("no tiles were named. Add --tiles FOLDER, or --tiles emoji, glyphs, slices:IMAGE or colours:N.")
    if out is None:
        raise OutputError("no output was named. Add -o mosaic.png (or .jpg, .webp, .tif, .dzi, .pdf).")
    if settings["size"] is not None and settings["tile_size"] is not None:
        raise ConfigError("size and dpi say how large tiles are; leave --tile-size out, or --size.")
    options = chosen_options(settings, config, out.suffix)
    from perceptual_photomosaic.tiles import default_cache_dir

    kept = None if no_cache else cache or default_cache_dir()
    if is_batch(target, out):
        make_batch(
            target,
            tiles,
            options,
            out,
            only_for_one={
                "plan": plan,
                "relative_to": relative_to,
                "index": index,
                "preview": preview,
                "save_config": save_config,
            },
            format_name=format_name,
            redo=redo,
            jpeg_quality=jpeg_quality,
            cache=kept,
            quiet=quiet,
            verbose=verbose,
            as_json=as_json,
        )
        return
    check_single(format=format_name, redo=redo)
    from perceptual_photomosaic.tiles.spec import paths_in

    extras = Extras(plan, index, preview, save_config, relative_to)
    extras.check(out, [*target, config, options.region, options.cmyk, *paths_in(tiles)])

    from perceptual_photomosaic.api import make_mosaic

    mosaic = make_mosaic(
        target[0],
        tiles,
        options,
        out=out,
        jpeg_quality=jpeg_quality,
        cache=kept,
        reporter=reporter_for(quiet=quiet or as_json),
    )
    extras.write(mosaic, options)
    print_summary(mosaic, out, quiet=quiet, verbose=verbose, as_json=as_json)
