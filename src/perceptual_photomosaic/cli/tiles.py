"""`photomosaic tiles`: describe a tile set, draw it, or write it out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from perceptual_photomosaic.progress.shown import reporter_for

if TYPE_CHECKING:
    from perceptual_photomosaic.tiles import TileSet

__all__ = ["tiles"]

_LISTED = 10


def tiles(
    specs: Annotated[
        list[str],
        typer.Argument(metavar="SPEC...", help="A folder, glyphs, emoji, slices:IMAGE, colours:N; several are joined."),
    ],
    *,
    sheet: Annotated[Path | None, typer.Option(help="Draw all tiles side by side into this picture.")] = None,
    export: Annotated[
        Path | None, typer.Option(help="Write all tiles into this new folder, as 00.png, 01.png and so on.")
    ] = None,
    info: Annotated[
        bool, typer.Option("--info", help="Print what the set holds; so does tiles without --sheet and --export.")
    ] = False,
    size: Annotated[int, typer.Option(min=1, help="Longer side of each tile in pixels.")] = 32,
    cell_aspect: Annotated[str, typer.Option(help="Width to height of a tile: 1:1, 3:2, 4:3 ... or auto.")] = "auto",
    crop: Annotated[
        str, typer.Option(help="Part of a photo that is kept: centre, attention or faces; none keeps all of it.")
    ] = "centre",
    background: Annotated[str, typer.Option(help="Colour behind transparent pictures and --crop none.")] = "white",
    accept_damaged: Annotated[
        bool, typer.Option("--accept-damaged", help="Use photos whose last part is damaged; else they are skipped.")
    ] = False,
    variants: Annotated[str, typer.Option(help="Add turned copies: rotate, flip or rotate,flip.")] = "",
    cache: Annotated[Path | None, typer.Option(help="Folder that keeps decoded photos between runs.")] = None,
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Keep no decoded photos.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but warnings and errors.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="List every skipped file.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object about the set.")] = False,
) -> None:
    r"""Describe a tile set, draw it, or write it out.

    photomosaic tiles holiday/ --sheet sheet.png

    photomosaic tiles glyphs:set=alnum --cell-aspect 1:1 --export ascii_8 --size 8

    photomosaic tiles emoji --info

    photomosaic tiles "glyphs:characters=.:-=+*#%@,foreground=white,background=black" --sheet ascii.png
    """
    from perceptual_photomosaic.files.protection import refuse_overwriting_inputs
    from perceptual_photomosaic.grid import AUTO, parse_aspect, tile_size_px
    from perceptual_photomosaic.render.formats import check_drawing
    from perceptual_photomosaic.tiles import TileOptions, default_cache_dir, open_tiles, own_aspect
    from perceptual_photomosaic.tiles.contact_sheet import check_export, export_tiles
    from perceptual_photomosaic.tiles.spec import parse_colour, paths_in

    if sheet is not None:
        check_drawing(sheet)
        refuse_overwriting_inputs(sheet, paths_in(specs))
    if export is not None:
        check_export(export)
    aspect = (own_aspect(specs) if cell_aspect == AUTO else None) or parse_aspect(cell_aspect)
    size_px = tile_size_px(size, aspect)
    options = TileOptions(
        cell_aspect=aspect,
        thumbnail_px=size_px,
        crop=crop,
        background=parse_colour(background, "--background"),
        variants=tuple(name.strip() for name in variants.split(",") if name.strip()),
        cache=None if no_cache else cache or default_cache_dir(),
        accept_damaged=accept_damaged,
    )
    reporter = reporter_for(quiet=quiet or as_json)
    opened = open_tiles(specs, options, reporter=reporter)
    if sheet is not None:
        _write_sheet(sheet, opened, size_px, reporter)
    if export is not None:
        export_tiles(opened, export, size_px, reporter=reporter)
    facts = _facts(opened, sheet, export)
    if as_json:
        import json

        print(json.dumps(facts))
    elif not quiet:
        _print_facts(facts, full=info or (sheet is None and export is None), everything=verbose)


def _write_sheet(path: Path, opened: TileSet, size_px: tuple[int, int], reporter: Any) -> None:
    from PIL import Image

    from perceptual_photomosaic.files.replacing import replacing
    from perceptual_photomosaic.render.formats import check_drawing
    from perceptual_photomosaic.tiles.contact_sheet import contact_sheet, sheet_shape

    rows, columns, gap = sheet_shape(len(opened), size_px)
    check_drawing(path, (columns * (size_px[0] + gap) + gap, rows * (size_px[1] + gap) + gap))
    drawn = contact_sheet(opened, size_px, reporter=reporter)
    with replacing(path) as part:
        Image.fromarray(drawn).save(part)


def _facts(opened: TileSet, sheet: Path | None, export: Path | None) -> dict[str, Any]:
    return {
        "spec": opened.spec,
        "tiles": len(opened) // len(opened.variants),
        "variants": list(opened.variants),
        "choices": len(opened),
        "identity": opened.identity(),
        "licence": opened.licence,
        "skipped": [{"path": entry.path, "reason": entry.reason} for entry in opened.skipped],
        "sheet": None if sheet is None else str(sheet),
        "export": None if export is None else str(export),
    }


def _print_facts(facts: dict[str, Any], *, full: bool, everything: bool) -> None:
    from perceptual_photomosaic.image import printable

    turned = f" in {len(facts['variants'])} variants each" if len(facts["variants"]) > 1 else ""
    print(f"{printable(facts['spec'])}: {facts['tiles']} tile{'' if facts['tiles'] == 1 else 's'}{turned}")
    if full:
        if turned:
            print(f"variants: {', '.join(facts['variants'])}")
        print(f"identity: {facts['identity']}")
        if facts["licence"]:
            print(f"licence: {facts['licence']}")
    skipped = facts["skipped"]
    if skipped:
        print(f"{len(skipped)} file{' was' if len(skipped) == 1 else 's were'} left out:")
    shown = skipped if everything else skipped[:_LISTED]
    for entry in shown:
        print(f"  {printable(entry['path'])}: {entry['reason']}")
    if len(shown) < len(skipped):
        print(f"  and {len(skipped) - len(shown)} more; -v lists all")
    for name in ("sheet", "export"):
        if facts[name]:
            print(f"wrote {printable(facts[name])}")
