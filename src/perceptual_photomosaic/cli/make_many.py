"""`photomosaic make` with several targets: write the mosaics into a folder, and print a table."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from perceptual_photomosaic.cli.summary import facts_of, print_skipped
from perceptual_photomosaic.errors import ConfigError, OutputError
from perceptual_photomosaic.progress.shown import reporter_for

if TYPE_CHECKING:
    from perceptual_photomosaic.batch import BatchItem
    from perceptual_photomosaic.config import MosaicOptions

__all__ = ["check_single", "is_batch", "make_batch"]


def is_batch(targets: Sequence[Path], out: Path) -> bool:
    """Tell whether mosaics go into a folder: there are several targets, or one is a folder, or `out` is."""
    return len(targets) > 1 or targets[0].is_dir() or out.is_dir()


def check_single(**only_for_several: object) -> None:
    """Refuse options that apply only to several targets.

    Raises:
        ConfigError: Such an option was given.
    """
    for name, value in only_for_several.items():
        if value:
            raise ConfigError(f"--{name} is for several targets, which go into a folder; leave it out.")


def make_batch(
    targets: Sequence[Path],
    tiles: list[str],
    options: MosaicOptions,
    out: Path,
    *,
    only_for_one: dict[str, Path | None],
    format_name: str | None,
    redo: bool,
    jpeg_quality: int | None,
    cache: Path | None,
    quiet: bool,
    verbose: bool,
    as_json: bool,
) -> None:
    """Make a mosaic of every target; the exit status is 1 if one failed.

    Raises:
        OutputError: An option that names one file.
        MosaicError: See `make_mosaics`.
    """
    for name, path in only_for_one.items():
        if path is not None:
            raise OutputError(
                f"--{name.replace('_', '-')} '{path}' is for one target; leave it out, or make that mosaic by itself."
            )
    from perceptual_photomosaic.batch import make_mosaics

    items = make_mosaics(
        targets,
        tiles,
        options,
        out=out,
        format=format_name or "png",
        redo=redo,
        jpeg_quality=jpeg_quality,
        cache=cache,
        reporter=reporter_for(quiet=quiet or as_json),
    )
    if as_json:
        print(json.dumps(_facts(items, out)))
    elif not quiet:
        _print_table(items, verbose=verbose)
    if any(item.state == "failed" for item in items):
        raise typer.Exit(1)


def _facts(items: Sequence[BatchItem], out: Path) -> dict[str, Any]:
    mosaics = []
    for item in items:
        where = {"target": str(item.target), "out": None if item.out is None else str(item.out)}
        made = {} if item.mosaic is None or item.out is None else facts_of(item.mosaic, item.out)
        mosaics.append({"state": item.state, **where, **made, **({"error": item.error} if item.error else {})})
    return {"out": str(out), **_counts(items), "mosaics": mosaics}


def _counts(items: Sequence[BatchItem]) -> dict[str, int]:
    return {state: sum(item.state == state for item in items) for state in ("made", "finished", "failed")}


def _print_table(items: Sequence[BatchItem], *, verbose: bool) -> None:
    from perceptual_photomosaic.image import printable

    rows = [(printable(item.out or item.target), *_cells(item)) for item in items]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    print(", ".join(f"{count} {state}" for state, count in _counts(items).items() if count), end="")
    names = [printable(item.target) for item in items if item.state == "failed"]
    print(f": {', '.join(names)}" if names else "")
    made = [item.mosaic for item in items if item.mosaic is not None]
    if made:
        skipped = [{"path": item.path, "reason": item.reason} for item in made[0].tiles.skipped]
        print_skipped(skipped, everything=verbose)


def _cells(item: BatchItem) -> tuple[str, str, str, str]:
    """Return the columns beside the name: pixels, cells, tiles and seconds of a new mosaic."""
    if item.mosaic is None:
        return ("failed" if item.state == "failed" else "finished before", "", "", "")
    import numpy as np

    from perceptual_photomosaic.tiles.kinds import noun_of

    mosaic = item.mosaic
    width, height = mosaic.size_px
    used, count = len(np.unique(mosaic.tile_numbers)), len(mosaic.tiles) // len(mosaic.tiles.variants)
    return (
        f"{width} x {height} px",
        f"{mosaic.grid.columns} x {mosaic.grid.rows} cells",
        f"{used} of {count} {noun_of(mosaic.tiles.spec)}",
        f"{sum(mosaic.figures['seconds'].values()):.1f} s",
    )
