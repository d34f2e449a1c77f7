"""Picture files in a folder and the folders below it, in natural order."""

from __future__ import annotations

import os
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from perceptual_photomosaic.errors import TileError
from perceptual_photomosaic.image import printable
from perceptual_photomosaic.tiles.tile_set import Skipped

__all__ = ["PhotoFile", "Walk", "find_photos", "natural_key"]

_KINDS = 5  # extensions that the note names

PICTURES = frozenset(
    ".jpg .jpeg .jpe .jfif .mpo .png .apng .webp .gif .tif .tiff .bmp .dib .avif .avifs .heic .heif .hif "  # noqa: SIM905
    ".jp2 .j2k .jpx .jxl .ppm .pgm .pbm .pnm .psd .qoi .svg .svgz".split()
)
RAW = frozenset([".dng", ".cr2", ".cr3", ".nef", ".arw", ".orf", ".rw2", ".raf", ".pef", ".srw"])
_NUMBER = re.compile("[0-9]+")


@dataclass(frozen=True, slots=True)
class PhotoFile:
    """A file with a picture's extension, with its size and time of change."""

    path: str
    size: int
    mtime_ns: int


@dataclass
class Walk:
    """The result of searching a folder and the folders below it.

    Attributes:
        found: Picture files, in natural order of their paths (2.png before 10.png).
        skipped: Files and folders that cannot be used, in the same order.
        others: Number of files with each extension that is not a picture's; "" for files without one.
    """

    found: list[PhotoFile] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)

    def words(self) -> str:
        """Return a one-line note of the files that are no pictures, by extension; empty if there are none."""
        if not self.others:
            return ""
        kinds = [f"{count:,} {kind or 'without extension'}" for kind, count in self.others.most_common(_KINDS)]
        rest = self.others.total() - sum(count for _, count in self.others.most_common(_KINDS))
        count = self.others.total()
        noun = "file is" if count == 1 else "files are"
        return f"{count:,} {noun} no pictures by name: {', '.join(kinds)}{f', {rest:,} others' if rest else ''}"


def find_photos(folder: str | os.PathLike[str]) -> Walk:
    """Find all picture files in a folder and the folders below it.

    Hidden files and folders are ignored; files without a picture's extension, such as texts and videos, are counted.

    Args:
        folder: Folder to search. Symbolic links are followed; no folder is searched twice.
    Raises:
        TileError: The folder itself does not exist or cannot be read.
    """
    root = os.fspath(folder)
    if not Path(root).is_dir():
        what = "is a file" if Path(root).exists() else "does not exist"
        raise TileError(f"expected a folder of photos, {printable(root)} {what}")
    walk = Walk()
    entered: set[tuple[int, int]] = set()
    waiting = [root]
    while waiting:
        _scan(waiting.pop(), waiting, entered, walk)
    if not walk.found and any(entry.path == root for entry in walk.skipped):
        raise TileError(f"{printable(root)}: {walk.skipped[0].reason}")
    walk.found.sort(key=lambda photo: natural_key(photo.path))
    walk.skipped.sort(key=lambda entry: natural_key(entry.path))
    return walk


def natural_key(path: str) -> tuple[str, str]:
    """Return a sort key that compares numbers in names as numbers, folder by folder, and ends in the exact text.

    A number is written with its length before it, so that texts sort as the numbers do: 9 < 010 < 11.
    """
    return _NUMBER.sub(_with_length, path.casefold().replace(os.sep, "\0")), path


def _with_length(number: re.Match[str]) -> str:
    digits = number[0].lstrip("0")
    return f"0{chr(len(digits))}{digits}"


def _scan(folder: str, waiting: list[str], entered: set[tuple[int, int]], walk: Walk) -> None:
    """Scan one folder: its files go to `walk`, its folders to `waiting`."""
    try:
        status = Path(folder).stat()
        if (status.st_dev, status.st_ino) in entered:
            return
        entered.add((status.st_dev, status.st_ino))
        with os.scandir(folder) as entries:
            for entry in entries:
                if not entry.name.startswith("."):
                    _look_at(entry, waiting, walk)
    except OSError as error:
        walk.skipped.append(Skipped(folder, f"the folder cannot be read: {_reason(error)}"))


def _look_at(entry: os.DirEntry[str], waiting: list[str], walk: Walk) -> None:
    extension = os.path.splitext(entry.name)[1].lower()  # noqa: PTH122 (a Path per file costs more than the scan)
    try:
        if entry.is_dir():
            waiting.append(entry.path)
        elif extension in RAW:
            walk.skipped.append(Skipped(entry.path, "camera raw files are not read: export it as JPEG"))
        elif extension in PICTURES:
            status = entry.stat()
            if entry.is_file():
                walk.found.append(PhotoFile(entry.path, status.st_size, status.st_mtime_ns))
            else:
                walk.skipped.append(Skipped(entry.path, "not a regular file"))
        else:
            walk.others[extension] += 1
    except OSError as error:
        walk.skipped.append(Skipped(entry.path, f"cannot be looked at: {_reason(error)}"))


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
