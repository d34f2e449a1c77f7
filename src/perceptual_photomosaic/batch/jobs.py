"""The targets of a batch and the files of their mosaics."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import NamedTuple

from perceptual_photomosaic.errors import ConfigError, ImageError, OutputError
from perceptual_photomosaic.files.replacing import check_folder
from perceptual_photomosaic.image import printable
from perceptual_photomosaic.render.formats import FORMATS
from perceptual_photomosaic.tiles.spec import paths_in
from perceptual_photomosaic.tiles.tile_set import Skipped
from perceptual_photomosaic.tiles.walk import find_photos

__all__ = ["Job", "check_place", "find_jobs", "suffix_of"]


class Job(NamedTuple):
    """A target and the file that its mosaic is written to."""

    target: Path
    out: Path


def find_jobs(
    targets: str | Path | Sequence[str | Path], folder: Path, format_name: str
) -> tuple[list[Job], list[Skipped]]:
    """Find all targets and name their mosaics.

    Args:
        targets: Files, and folders whose pictures are all targets, those of the folders below them too.
        folder: Folder of the mosaics. Pictures in it are no targets.
        format_name: Suffix of the mosaics, without the dot.
    Returns:
        The jobs in order of their targets, and files that cannot be targets.
    Raises:
        ConfigError: An unknown format.
        ImageError: There is no target, or `targets` has something other than files and folders.
        OutputError: Two mosaics would have one name, or one would replace a target.
        TileError: A folder that cannot be read.
    """
    suffix = suffix_of(format_name)
    jobs: dict[Job, None] = {}
    skipped: list[Skipped] = []
    for target in _paths(targets):
        if not target.is_dir():
            jobs[Job(target, folder / f"{target.stem}{suffix}")] = None
            continue
        if _inside(target, folder):
            raise OutputError(
                f"the mosaics would lie in '{printable(folder)}' among their targets and be targets of the next run; "
                f"write them to another folder, as in -o {printable(target.resolve().name)}-mosaics."
            )
        walk = find_photos(target)
        skipped += [item for item in walk.skipped if not _inside(Path(item.path), folder)]
        for path in (Path(file.path) for file in walk.found):
            if not _inside(path, folder):
                jobs[Job(path, (folder / path.relative_to(target)).with_suffix(suffix))] = None
    if not jobs and not skipped:
        raise ImageError(f"there is no picture in {', '.join(printable(target) for target in _paths(targets))}.")
    _check_names(jobs)
    return list(jobs), skipped


def suffix_of(format_name: str) -> str:
    """Return the suffix of a format, with its dot.

    Raises:
        ConfigError: There is no such format.
    """
    suffix = f".{format_name.lower().removeprefix('.')}"
    if suffix not in FORMATS:
        near = get_close_matches(suffix, FORMATS, n=1)
        hint = f" Did you mean {near[0][1:]}?" if near else ""
        names = ", ".join(known[1:] for known in FORMATS)
        raise ConfigError(f"format '{format_name}' is unknown.{hint} Choose one of {names}.")
    return suffix


def check_place(folder: Path, specs: Iterable[str]) -> None:
    """Check that mosaics may be written to a folder, which need not exist yet.

    Args:
        folder: Folder of the mosaics.
        specs: Specs of the tiles.
    Raises:
        OutputError: It is a file, or the folder around it is missing, or its pictures are the tiles.
    """
    shown = printable(folder)
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"'{shown}' is a file, but several mosaics need a folder; name one, as in -o mosaics.")
    if folder.suffix.lower() in FORMATS and not folder.is_dir():
        raise OutputError(f"'{shown}' names one file, but there are several targets; name a folder, as in -o mosaics.")
    if not folder.is_dir():
        check_folder(folder)
    for path in paths_in(specs):
        if path.is_dir() and _inside(folder, path):
            raise OutputError(
                f"the mosaics would lie in '{printable(path)}' among the tiles and be tiles of the next run; "
                f"write them to another folder."
            )


def _paths(targets: str | Path | Sequence[str | Path]) -> list[Path]:
    found = [targets] if isinstance(targets, str | os.PathLike) else targets
    if not isinstance(found, Sequence) or not all(isinstance(item, str | os.PathLike) for item in found):
        raise ImageError(
            "the targets are not all files or folders; of pictures in memory make each mosaic with make_mosaic."
        )
    return [Path(item) for item in found]


def _check_names(jobs: Iterable[Job]) -> None:
    """Check that no mosaic replaces another one, on any system, or a target."""
    targets = {job.target.resolve(): job.target for job in jobs}
    named: dict[str, Job] = {}
    for job in jobs:
        other = named.setdefault(str(job.out).casefold(), job)
        if other is not job:
            raise OutputError(
                f"'{printable(other.target)}' and '{printable(job.target)}' would both be written to "
                f"'{printable(job.out)}'; rename one, or write them to two folders."
            )
        if job.out.resolve() in targets:
            raise OutputError(
                f"'{printable(job.out)}' is a target, so no mosaic may be written to it; "
                f"choose another folder or format."
            )


def _inside(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())
