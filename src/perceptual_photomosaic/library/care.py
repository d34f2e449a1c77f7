"""Checking libraries, and removing photos from them."""

from __future__ import annotations

import hashlib
import os
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from perceptual_photomosaic.errors import ImageError, TileError
from perceptual_photomosaic.image import printable, read_file
from perceptual_photomosaic.library.build import FEATURE_SHAPE, FEATURES, THUMBNAIL_PX, THUMBNAILS
from perceptual_photomosaic.library.library_tiles import drop_near_duplicates
from perceptual_photomosaic.library.lock import writing
from perceptual_photomosaic.library.manifest import MANIFEST, Manifest
from perceptual_photomosaic.library.rows import open_rows
from perceptual_photomosaic.progress import SILENT, Reporter

__all__ = ["Info", "library_info", "remove_from_library", "verify_library"]


@dataclass(frozen=True)
class Info:
    """The content of a library.

    Attributes:
        folders: Folders of the library.
        files: Number of files that exist.
        photos: Number of different usable photos among them.
        near_duplicates: Number of these that are near copies of another.
        gone: Number of files that no longer exist.
        skipped: Number of files that cannot be used, by reason.
        size_bytes: Size of the library itself.
        taken: First and last date of capture; None if no photo has one.
    """

    folders: list[str]
    files: int
    photos: int
    near_duplicates: int
    gone: int
    skipped: dict[str, int]
    size_bytes: int
    taken: tuple[str, str] | None = None


def library_info(library: Path) -> Info:
    """Count the photos and files of a library.

    Raises:
        TileError: It is not a library, or it is damaged.
    """
    manifest = Manifest(library)
    try:
        files, contents, folders = manifest.files(), manifest.contents(), manifest.folders()
    finally:
        manifest.close()
    present = [(path, contents[was.content]) for path, was in files.items() if not was.gone]
    usable = list({content.content: (path, content) for path, content in present if content.row is not None}.values())
    count = 1 + max((content.row or 0 for _, content in usable), default=-1)
    features = open_rows(library / FEATURES, count, FEATURE_SHAPE, np.float32)
    dates = sorted(content.date for _, content in usable if content.date)
    return Info(
        folders=folders,
        files=len(present),
        photos=len(usable),
        near_duplicates=len(usable) - len(drop_near_duplicates(usable, features)) if usable else 0,
        gone=len(files) - len(present),
        skipped=dict(Counter(content.reason for _, content in present if content.row is None).most_common()),
        size_bytes=sum(entry.stat().st_size for entry in library.iterdir() if entry.is_file()),
        taken=(dates[0], dates[-1]) if dates else None,
    )


def verify_library(library: Path, *, originals: bool = False, reporter: Reporter = SILENT) -> list[str]:
    """Check that a library is complete and undamaged.

    Args:
        library: The library's folder.
        originals: Also read every photo, and compare it with its record.
        reporter: Receives progress.
    Returns:
        The problems, one line each; empty if there are none.
    """
    manifest = Manifest(library)
    try:
        found = [f"{MANIFEST}: {line}" for line in manifest.damage()]
        files, contents = manifest.files(), manifest.contents()
    finally:
        manifest.close()
    found += [f"nothing is known about {printable(p)}" for p, was in files.items() if was.content not in contents]
    rows = {content.row: content for content in contents.values() if content.row is not None}
    count = 1 + max(rows, default=-1)
    try:
        thumbnails = open_rows(library / THUMBNAILS, count, (THUMBNAIL_PX, THUMBNAIL_PX, 3), np.uint8)
        features = open_rows(library / FEATURES, count, FEATURE_SHAPE, np.float32)
    except TileError as error:
        return [*found, str(error)]
    paths = {was.content: path for path, was in files.items()}
    with reporter.stage("checking thumbnails", len(rows), "photos") as stage:
        for row, content in sorted(rows.items()):
            if zlib.crc32(features[row].tobytes(), zlib.crc32(thumbnails[row].tobytes())) != content.checksum:
                name = printable(paths.get(content.content, "a photo that is gone"))
                found.append(f"row {row} does not match its checksum: {name}")
            stage.advance()
    if originals:
        there = [(path, was.content) for path, was in files.items() if not was.gone]
        with reporter.stage("reading photos", len(there), "photos") as stage:
            for path, key in there:
                found += _changed(path, key, readable=contents[key].row is not None)
                stage.advance()
    return found


def _changed(path: str, key: bytes, *, readable: bool) -> list[str]:
    try:
        same = hashlib.sha256(read_file(path)).digest()[:16] == key
    except ImageError as error:
        return [str(error)] if readable else []
    return [] if same else [f"{printable(path)}: its content has changed; run photomosaic library update"]


@dataclass
class Removed:
    """The result of a removal.

    Attributes:
        files: Number of files removed.
        folders: Folders removed from the library.
        unknown: Paths that are not in the library.
    """

    files: int = 0
    folders: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


def remove_from_library(library: Path, paths: Sequence[str]) -> Removed:
    """Remove photos and folders from a library; the photos themselves do not change.

    Args:
        library: The library's folder.
        paths: Files, or folders with everything in them. A file in a folder of the library comes back with the next
            update.
    Raises:
        TileError: Another process is writing, or the library is damaged.
    """
    manifest = Manifest(library)
    removed = Removed()
    try:
        with writing(library):
            known, folders = list(manifest.files()), manifest.folders()
            drop: set[str] = set()
            for path in paths:
                place = os.path.abspath(path)  # noqa: PTH100 (links stay as they are)
                inside = {file for file in known if file == place or file.startswith(place.rstrip(os.sep) + os.sep)}
                if not inside and place not in folders:
                    removed.unknown.append(path)
                removed.folders += [place] if place in folders else []
                drop |= inside
            manifest.forget(drop, removed.folders)
            removed.files = len(drop)
    finally:
        manifest.close()
    return removed
