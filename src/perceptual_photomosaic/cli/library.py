"""`photomosaic library`: keep small copies of photos on disk, so that later mosaics start quickly."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from perceptual_photomosaic.errors import TileError
from perceptual_photomosaic.progress.shown import reporter_for

if TYPE_CHECKING:
    from perceptual_photomosaic.library.build import Changes

__all__ = ["library"]

_LISTED = 5

library = typer.Typer()

_Library = Annotated[Path, typer.Argument(metavar="LIB", help="The library's folder.", show_default=False)]
_Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but warnings and errors.")]
_Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="List every skipped file.")]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
_Workers = Annotated[int, typer.Option(min=0, help="Threads that decode; 0 takes one for every core.")]


@library.callback(invoke_without_command=True)
def group(context: typer.Context) -> None:
    """Keep thousands of photos ready as tiles: each is read once, and an update reads only what has changed."""
    if context.invoked_subcommand is None:
        print(context.get_help())


@library.command()
def build(
    lib: _Library,
    folders: Annotated[list[str], typer.Argument(metavar="DIR...", help="Folders of photos.", show_default=False)],
    *,
    workers: _Workers = 0,
    quiet: _Quiet = False,
    verbose: _Verbose = False,
    as_json: _Json = False,
) -> None:
    """Make a library of all photos in some folders, or add folders to a library.

    If it is interrupted, it keeps what is done; run it again to continue.

    photomosaic library build my_library ~/Pictures
    """
    from perceptual_photomosaic.library.build import update_library

    reporter = reporter_for(quiet=quiet or as_json)
    changes = update_library(lib, folders, create=True, workers=workers, reporter=reporter)
    _print_changes(lib, changes, quiet=quiet, verbose=verbose, as_json=as_json)


@library.command()
def update(
    lib: _Library,
    *,
    workers: _Workers = 0,
    quiet: _Quiet = False,
    verbose: _Verbose = False,
    as_json: _Json = False,
) -> None:
    """Search the library's folders again: read new photos, find moved ones, mark missing ones.

    photomosaic library update my_library
    """
    from perceptual_photomosaic.library.build import update_library

    changes = update_library(lib, workers=workers, reporter=reporter_for(quiet=quiet or as_json))
    _print_changes(lib, changes, quiet=quiet, verbose=verbose, as_json=as_json)


@library.command()
def info(lib: _Library, *, as_json: _Json = False) -> None:
    """Print what a library holds."""
    from perceptual_photomosaic.image import printable
    from perceptual_photomosaic.library.care import library_info
    from perceptual_photomosaic.render.space import in_words

    found = library_info(lib)
    if as_json:
        _print_json({**asdict(found), "folders": [printable(folder) for folder in found.folders]})
        return
    print(f"{printable(lib)}: {found.photos:,} photos in {found.files:,} files, {in_words(found.size_bytes)} on disk")
    for folder in found.folders:
        print(f"  of {printable(folder)}")
    if found.taken:
        print(f"taken from {found.taken[0][:10]} to {found.taken[1][:10]}")
    if found.near_duplicates:
        print(f"{found.near_duplicates:,} look like another; of each group the largest is used")
    if found.gone:
        print(f"{found.gone:,} files are gone since they were read")
    for reason, count in found.skipped.items():
        print(f"{count:,} skipped: {reason}")


@library.command()
def search(
    lib: _Library,
    picture: Annotated[Path, typer.Argument(metavar="IMAGE", help="A picture.", show_default=False)],
    *,
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many to find.")] = 10,
    as_json: _Json = False,
) -> None:
    """Find the photos that look most like a picture, by colour and coarse shape.

    photomosaic library search my_library sunset.jpg
    """
    from perceptual_photomosaic.image import printable
    from perceptual_photomosaic.library.library_tiles import LibraryTiles
    from perceptual_photomosaic.library.search import search_library

    tiles = LibraryTiles(lib)
    found = [
        (printable(tiles.source(tile)), round(distance, 4)) for tile, distance in search_library(tiles, picture, count)
    ]
    if as_json:
        _print_json({"found": [{"path": path, "distance": distance} for path, distance in found]})
        return
    for path, distance in found:
        print(f"{distance:.3f}  {path}")


@library.command()
def remove(
    lib: _Library,
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Photos or folders.", show_default=False)],
    *,
    quiet: _Quiet = False,
) -> None:
    """Remove photos or folders from a library. The photos themselves are not touched."""
    from perceptual_photomosaic.image import printable
    from perceptual_photomosaic.library.care import remove_from_library

    removed = remove_from_library(lib, paths)
    if removed.unknown:
        raise TileError(
            f"the library {printable(lib)} does not know {printable(removed.unknown[0])}; see: library info"
        )
    if not quiet:
        print(f"{removed.files:,} files removed from the library; nothing was deleted from your folders")
        for folder in removed.folders:
            print(f"{printable(folder)} is no longer a folder of the library")


@library.command()
def verify(
    lib: _Library,
    *,
    originals: Annotated[bool, typer.Option("--originals", help="Read every photo too; takes long.")] = False,
    quiet: _Quiet = False,
) -> None:
    """Check that a library is complete and undamaged; the exit status is 2 if it is not."""
    from perceptual_photomosaic.image import printable
    from perceptual_photomosaic.library.care import verify_library

    found = verify_library(lib, originals=originals, reporter=reporter_for(quiet=quiet))
    for line in found:
        print(line)
    if found:
        many = f"{len(found)} things are" if len(found) > 1 else "1 thing is"
        raise TileError(f"{many} wrong with the library {printable(lib)}; delete its folder and build it anew")
    if not quiet:
        print(f"{printable(lib)}: all is well")


def _print_changes(lib: Path, changes: Changes, *, quiet: bool, verbose: bool, as_json: bool) -> None:
    from perceptual_photomosaic.image import printable

    skipped = [{"path": printable(entry.path), "reason": entry.reason} for entry in changes.skipped]
    if as_json:
        _print_json({**asdict(changes), "skipped": skipped, "absent": [printable(f) for f in changes.absent]})
        return
    for folder in changes.absent:
        reporter_for(quiet=True).note(f"the folder {printable(folder)} is not there; its photos are left as they were")
    if quiet:
        return
    counts = {"new": changes.new, "changed": changes.changed, "moved or copied": changes.moved, "gone": changes.gone}
    said = ", ".join(f"{count:,} {word}" for word, count in counts.items() if count)
    print(f"{printable(lib)}: {said or 'nothing has changed'}")
    if skipped:
        print(f"{len(skipped):,} file{' is' if len(skipped) == 1 else 's are'} skipped:")
    for entry in skipped if verbose else skipped[:_LISTED]:
        print(f"  {entry['path']}: {entry['reason']}")
    if len(skipped) > _LISTED and not verbose:
        print(f"  and {len(skipped) - _LISTED:,} more; -v lists all")


def _print_json(value: object) -> None:
    import json

    print(json.dumps(value))
