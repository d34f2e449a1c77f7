"""Update of a library from its folders."""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Container, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.errors import ImageError, MissingExtraError, TileError
from perceptual_photomosaic.features.colour import linear_to_oklab
from perceptual_photomosaic.features.patches import PATCH, tile_patches
from perceptual_photomosaic.features.phash import perceptual_hashes
from perceptual_photomosaic.image import decode, pillow_lenient, printable, read_file
from perceptual_photomosaic.library.exif_info import read_exif
from perceptual_photomosaic.library.lock import writing
from perceptual_photomosaic.library.manifest import Content, Known, Manifest
from perceptual_photomosaic.library.rows import RowWriter
from perceptual_photomosaic.progress import SILENT, Reporter, Stage
from perceptual_photomosaic.reading.opened import opened
from perceptual_photomosaic.tiles.tile_options import TileOptions
from perceptual_photomosaic.tiles.tile_set import Skipped
from perceptual_photomosaic.tiles.walk import PhotoFile, find_photos

__all__ = ["FEATURES", "FEATURE_SHAPE", "THUMBNAILS", "THUMBNAIL_PX", "Changes", "update_library"]

THUMBNAILS, FEATURES = "thumbnails.npy", "features.npy"
THUMBNAIL_PX = 96
"""Side of the square that every whole photo is resized to; a cell's crop is cut from it and stretched back."""

FEATURE_SHAPE = (PATCH, PATCH, 3)
_BATCH = 256  # photos per transaction
_MAX_PIXELS = 100_000_000


@dataclass
class Changes:
    """The result of an update.

    Attributes:
        new: Number of photos that were not in the library.
        changed: Number of files with new content.
        moved: Number of new paths of known photos: moved files and copies.
        gone: Number of files that no longer exist.
        skipped: Files that cannot be used, new or not.
        absent: Folders that do not exist; the records of their files do not change.
    """

    new: int = 0
    changed: int = 0
    moved: int = 0
    gone: int = 0
    skipped: list[Skipped] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _ReadFile:
    """A file that was read: its content, and its thumbnail if that is new and usable."""

    file: PhotoFile
    content: Content
    thumbnail: NDArray[np.uint8] | None = None


def update_library(
    library: Path, folders: Sequence[str] = (), *, create: bool = False, workers: int = 0, reporter: Reporter = SILENT
) -> Changes:
    """Update a library: read new files, recognise moved ones, mark deleted ones.

    A file with unchanged size and time is not read. Every batch of 256 is one transaction, so a process that is killed
    keeps its finished batches, and the next one continues from there.

    Args:
        library: The library's folder.
        folders: Folders to add to the library.
        create: Make a new library if there is none.
        workers: Threads that decode; 0 takes one for every core.
        reporter: Receives progress.
    Raises:
        TileError: Another process is writing, a folder does not exist, or the library is damaged.
    """
    for folder in folders:
        if not Path(folder).is_dir():
            raise TileError(f"expected a folder of photos, {printable(folder)} does not exist or is a file")
    if create:
        _begin(library)
    manifest = Manifest(library, create=create and library.is_dir())
    try:
        with writing(library):
            manifest.add_folders(os.path.abspath(folder) for folder in folders)  # noqa: PTH100 (links stay as they are)
            return _update(library, manifest, workers, reporter)
    finally:
        manifest.close()


def _begin(library: Path) -> None:
    """Make a library's folder; refuse a folder with other content."""
    try:
        library.mkdir(exist_ok=True)
        others = {entry.name for entry in library.iterdir()}
    except OSError as error:
        raise TileError(f"the library {printable(library)} cannot be made: {error.strerror}") from None
    if others and not any(name.startswith("library.sqlite") for name in others) and others != {"lock"}:
        raise TileError(f"{printable(library)} holds other files; give the library a folder of its own")


def _update(library: Path, manifest: Manifest, workers: int, reporter: Reporter) -> Changes:
    changes = Changes()
    known = manifest.files()
    found: dict[str, PhotoFile] = {}
    for folder in manifest.folders():
        try:
            walk = find_photos(folder)
        except TileError:
            changes.absent.append(folder)
            continue
        found.update((file.path, file) for file in walk.found)
        changes.skipped += walk.skipped
        if walk.others:
            reporter.note(f"{printable(folder)}: {walk.words()}")
    todo = [file for file in found.values() if not _as_before(file, known.get(file.path))]
    manifest.mark_present(path for path in found if path in known and known[path].gone)
    away = [p for p, was in known.items() if p not in found and not was.gone and not _below(p, changes.absent)]
    manifest.mark_gone(away)
    changes.gone = len(away)
    if todo:
        with reporter.stage("reading photos", len(todo), "photos") as stage:
            _read_all(library, manifest, todo, known, changes, workers or TileOptions().threads, stage)
    elif manifest.rows:
        for writer in _writers(library, manifest.rows):  # a run that was killed at its end left an old header
            writer.close()
    contents = manifest.contents()
    present = {path: was for path, was in manifest.files().items() if not was.gone}
    changes.skipped += [
        Skipped(path, contents[was.content].reason) for path, was in present.items() if contents[was.content].reason
    ]
    return changes


def _as_before(file: PhotoFile, was: Known | None) -> bool:
    return was is not None and (file.size, file.mtime_ns) == (was.size, was.mtime_ns)


def _below(path: str, folders: Iterable[str]) -> bool:
    return any(path.startswith(folder.rstrip(os.sep) + os.sep) for folder in folders)


def _read_all(
    library: Path,
    manifest: Manifest,
    todo: Sequence[PhotoFile],
    known: dict[str, Known],
    changes: Changes,
    threads: int,
    stage: Stage,
) -> None:
    """Read files in batches; the next batch is read while one is committed."""
    count = manifest.rows
    thumbnails, features = _writers(library, count)
    have = manifest.keys()
    pool = ThreadPoolExecutor(threads)

    def begin(start: int) -> list[Future[_ReadFile]]:
        return [pool.submit(_look, file, have) for file in todo[start : start + _BATCH]]

    try:
        with pillow_lenient():
            reading = begin(0)
            for start in range(_BATCH, len(todo) + _BATCH, _BATCH):
                coming = begin(start)
                looked = []
                for done in reading:
                    looked.append(done.result())
                    stage.advance()
                _commit(manifest, looked, known, have, changes, (thumbnails, features))
                reading = coming
    finally:
        pool.shutdown(cancel_futures=True)
        thumbnails.close()
        features.close()


def _writers(library: Path, count: int) -> tuple[RowWriter, RowWriter]:
    """Open the arrays of thumbnails and of features behind their first `count` rows."""
    return (
        RowWriter(library / THUMBNAILS, count, (THUMBNAIL_PX, THUMBNAIL_PX, 3), np.uint8),
        RowWriter(library / FEATURES, count, FEATURE_SHAPE, np.float32),
    )


def _commit(
    manifest: Manifest,
    looked: Sequence[_ReadFile],
    known: dict[str, Known],
    have: set[bytes],
    changes: Changes,
    writers: tuple[RowWriter, RowWriter],
) -> None:
    """Append new rows to the arrays, then record them in the manifest."""
    fresh: dict[bytes, _ReadFile] = {}
    for done in looked:
        key = done.content.content
        was = known.get(done.file.path)
        is_new = key not in have and key not in fresh
        if is_new:
            fresh[key] = done
        changes.changed += was is not None and was.content != key
        changes.new += was is None and is_new
        changes.moved += was is None and not is_new
    usable = [done.thumbnail for done in fresh.values() if done.thumbnail is not None]
    rows = iter(_append(np.stack(usable), writers) if usable else ())
    contents = [
        done.content if done.thumbnail is None else replace(done.content, **next(rows))  # type: ignore[arg-type]
        for done in fresh.values()
    ]
    manifest.store(contents, [(done.file, done.content.content) for done in looked])
    have.update(fresh)


def _look(file: PhotoFile, have: Container[bytes]) -> _ReadFile:
    """Read one file: find its content, and if that is new its thumbnail, size, date and caption, or a reason."""
    name = printable(file.path)
    try:
        data = read_file(file.path)
    except ImageError as error:
        state = f"{file.size} {file.mtime_ns} ".encode() + os.fsencode(file.path)
        key = hashlib.sha256(b"unread " + state).digest()[:16]
        return _ReadFile(file, Content(key, reason=str(error).removeprefix(f"{name}: ")))
    key = hashlib.sha256(data).digest()[:16]
    if key in have:
        return _ReadFile(file, Content(key))
    try:
        facts = _facts(data, key, name)
        size_px = THUMBNAIL_PX, THUMBNAIL_PX
        whole = facts.width, facts.height
        thumbnail = decode(data, size_px, aspect=whole, max_pixels=_MAX_PIXELS, name=name)
    except (ImageError, MissingExtraError) as error:
        return _ReadFile(file, Content(key, reason=str(error).removeprefix(f"{name}: ")))
    return _ReadFile(file, facts, thumbnail)


def _facts(data: bytes, content: bytes, name: str) -> Content:
    """Read the record of a picture from its file's header."""
    with opened(data, name) as picture:
        pillow = picture.pillow
        said = read_exif(pillow)
        clear = pillow.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in pillow.info
        width, height = picture.upright_px
    return Content(content, None, 0, 0, width, height, clear, picture.turn, said.date, said.caption)


def _append(pictures: NDArray[np.uint8], writers: tuple[RowWriter, RowWriter]) -> list[dict[str, int]]:
    """Append thumbnails and their features; return the fields of the manifest for each."""
    thumbnails, features = writers
    described = linear_to_oklab(tile_patches(pictures)).astype(np.float32)
    hashes = perceptual_hashes(pictures)
    first = thumbnails.count
    thumbnails.append(pictures)
    features.append(described)
    return [
        {
            "row": first + number,
            "checksum": zlib.crc32(described[number].tobytes(), zlib.crc32(pictures[number].tobytes())),
            "hash": int(hashes[number]),
        }
        for number in range(len(pictures))
    ]
