"""The picture files below a folder, in an order that people expect and that never changes by itself."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from perceptual_photomosaic.errors import TileError
from perceptual_photomosaic.image import printable
from perceptual_photomosaic.tiles.base import Skipped

__all__ = ["PhotoFile", "find_photos", "natural_key"]

PICTURES = frozenset(
    ".jpg .jpeg .jpe .jfif .mpo .png .apng .webp .gif .tif .tiff .bmp .dib .avif .avifs .heic .heif .hif "  # noqa: SIM905
    ".jp2 .j2k .jpx .ppm .pgm .pbm .pnm .psd .qoi".split()
)
RAW = frozenset([".dng", ".cr2", ".cr3", ".nef", ".arw", ".orf", ".rw2", ".raf", ".pef", ".srw"])
_NUMBER = re.compile("[0-9]+")


@dataclass(frozen=True, slots=True)
class PhotoFile:
    """A file that looks like a picture by its name, and what the file system says about it."""

    path: str
    size: int
    mtime_ns: int


def find_photos(folder: str | os.PathLike[str]) -> tuple[list[PhotoFile], list[Skipped]]:
    """Find all picture files in a folder and the folders below it.

    Hidden files and folders and names without a picture's extension are not looked at: texts, videos, Thumbs.db.

    Args:
        folder: Where to begin. Symbolic links are followed; a folder is entered once however many lead to it.
    Returns:
        The files in natural order of their paths (2.png before 10.png), and what could not be looked at.
    Raises:
        TileError: The folder itself does not exist or cannot be read.
    """
    root = os.fspath(folder)
    if not Path(root).is_dir():
        what = "is a file" if Path(root).exists() else "does not exist"
        raise TileError(f"expected a folder of photos, {printable(root)} {what}")
    found: list[PhotoFile] = []
    skipped: list[Skipped] = []
    entered: set[tuple[int, int]] = set()
    waiting = [root]
    while waiting:
        _scan(waiting.pop(), waiting, entered, found, skipped)
    if not found and any(entry.path == root for entry in skipped):
        raise TileError(f"{printable(root)}: {skipped[0].reason}")
    found.sort(key=lambda photo: natural_key(photo.path))
    skipped.sort(key=lambda entry: natural_key(entry.path))
    return found, skipped


def natural_key(path: str) -> tuple[str, str]:
    """Sort key that compares numbers in names as numbers, folder by folder, and ends in the exact text.

    A number is written with its length before it, so that text compares as the number does: 9 < 010 < 11.
    """
    return _NUMBER.sub(_with_length, path.casefold().replace(os.sep, "\0")), path


def _with_length(number: re.Match[str]) -> str:
    digits = number[0].lstrip("0")
    return f"0{chr(len(digits))}{digits}"


def _scan(
    folder: str,
    waiting: list[str],
    entered: set[tuple[int, int]],
    found: list[PhotoFile],
    skipped: list[Skipped],
) -> None:
    """Look at one folder: its pictures go to `found`, its folders to `waiting`."""
    try:
        status = Path(folder).stat()
        if (status.st_dev, status.st_ino) in entered:
            return
        entered.add((status.st_dev, status.st_ino))
        with os.scandir(folder) as entries:
            for entry in entries:
                if not entry.name.startswith("."):
                    _look_at(entry, waiting, found, skipped)
    except OSError as error:
        skipped.append(Skipped(folder, f"the folder cannot be read: {_reason(error)}"))


def _look_at(entry: os.DirEntry[str], waiting: list[str], found: list[PhotoFile], skipped: list[Skipped]) -> None:
    extension = os.path.splitext(entry.name)[1].lower()  # noqa: PTH122 (a Path per file costs more than the scan)
    try:
        if entry.is_dir():
            waiting.append(entry.path)
        elif extension in RAW:
            skipped.append(Skipped(entry.path, "camera raw files are not read: export it as JPEG"))
        elif extension in PICTURES:
            status = entry.stat()
            if entry.is_file():
                found.append(PhotoFile(entry.path, status.st_size, status.st_mtime_ns))
            else:
                skipped.append(Skipped(entry.path, "not a regular file"))
    except OSError as error:
        skipped.append(Skipped(entry.path, f"cannot be looked at: {_reason(error)}"))


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
