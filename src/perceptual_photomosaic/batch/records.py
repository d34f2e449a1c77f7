"""Records of what mosaics in a folder were made from: small hidden files, one beside each mosaic.

A mosaic is finished if its record names the same target, tiles and settings, and the file has the size that was
written. Files are known by path, size and time of their last change. A file without a record, or of another size, is
not replaced. The record is written before the mosaic, so that the next run knows the files of a run that was killed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from perceptual_photomosaic import __version__
from perceptual_photomosaic.config import MosaicOptions
from perceptual_photomosaic.files.replacing import deep_zoom_folder, write_text
from perceptual_photomosaic.inputs import Tiles, open_tile_set, specs_of
from perceptual_photomosaic.progress import SILENT
from perceptual_photomosaic.tiles import TileOptions
from perceptual_photomosaic.tiles.derived import digest
from perceptual_photomosaic.tiles.spec import parse_specs, paths_in
from perceptual_photomosaic.tiles.walk import find_photos

__all__ = ["Record", "State", "key_of", "load_record", "save_record", "state_of", "tiles_key"]

State = Literal["new", "finished", "taken"]
"""State of a mosaic: to be made, finished, or its name taken by another file."""


@dataclass(frozen=True)
class Record:
    """The record of a mosaic.

    Attributes:
        key: Digest of what it was made from, see `key_of`.
        size: Its size in bytes; None while it is being made.
    """

    key: str
    size: int | None = None


def state_of(out: Path, key: str) -> State:
    """Return the state of a mosaic that would be made from the inputs with the digest `key`."""
    if not os.path.lexists(out):
        return "new"
    record = load_record(out)
    if record is None or not out.is_file() or record.size not in (None, out.stat().st_size):
        return "taken"
    whole = out.suffix.lower() != ".dzi" or deep_zoom_folder(out).is_dir()
    return "finished" if record.size is not None and record.key == key and whole else "new"


def key_of(target: Path, tiles: str, options: MosaicOptions, jpeg_quality: int | None) -> str:
    """Return a digest of all that decides a mosaic.

    Args:
        target: The target's file.
        tiles: Digest of the tiles, see `tiles_key`.
        options: The settings.
        jpeg_quality: As for `make_mosaic`.
    """
    files = [name for name in (options.region, options.cmyk, options.model) if name]
    return digest(__version__, _stamp(target), tiles, asdict(options), jpeg_quality, [_stamp(Path(f)) for f in files])


def tiles_key(tiles: Tiles) -> str:
    """Return a digest of the tiles; tiles in files are not opened for it.

    Raises:
        TileError: A bad spec, a folder that cannot be read, or no usable pictures in memory.
    """
    specs = specs_of(tiles)
    if hasattr(tiles, "identity") or not specs:
        return digest(open_tile_set(tiles, TileOptions(), SILENT).identity())
    for spec in specs:
        parse_specs(spec)
    return digest(specs, [stamp for path in paths_in(specs) for stamp in _stamps(path)])


def load_record(out: Path) -> Record | None:
    """Read the record of a mosaic; None where it is missing or damaged."""
    try:
        data = json.loads(_place(out).read_text(encoding="utf-8"))
        return Record(str(data["key"]), None if data["size"] is None else int(data["size"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def save_record(out: Path, record: Record | None) -> None:
    """Write the record of a mosaic, or remove it.

    Raises:
        OutputError: The place cannot be written to.
    """
    if record is None:
        _place(out).unlink(missing_ok=True)
        return
    write_text(_place(out), json.dumps(asdict(record)) + "\n")


def _place(out: Path) -> Path:
    return out.with_name(f".{out.name}.made.json")


def _stamps(path: Path) -> Iterable[str]:
    """Yield path, size and time of a file, or of the library and the photos in a folder."""
    yield _stamp(path / "library.sqlite" if path.is_dir() else path)
    if path.is_dir():
        yield from (f"{file.path} {file.size} {file.mtime_ns}" for file in find_photos(path).found)


def _stamp(path: Path) -> str:
    try:
        status = path.stat()
    except OSError:
        return f"{path} is not there"
    return f"{path.resolve()} {status.st_size} {status.st_mtime_ns}"
