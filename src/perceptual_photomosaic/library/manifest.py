"""The manifest of a library in SQLite: which file contains which picture.

`contents` has one row per picture, identified by a digest of its file's bytes; `files` maps paths to them. A moved file
is a new path of a known content, and a copy is a second path, so neither is decoded or used twice.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path

from perceptual_photomosaic.errors import TileError
from perceptual_photomosaic.files.sqlite import LayoutError, open_database
from perceptual_photomosaic.image import printable
from perceptual_photomosaic.tiles.walk import PhotoFile

__all__ = ["MANIFEST", "Content", "Known", "Manifest"]

MANIFEST = "library.sqlite"
_LAYOUT = 1
_AT_ONCE = 500
_TABLES = """
CREATE TABLE folders (path BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE files (
    path BLOB PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, content BLOB NOT NULL,
    gone INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE contents (
    content BLOB PRIMARY KEY, row INTEGER UNIQUE, checksum INTEGER, hash INTEGER, width INTEGER, height INTEGER,
    clear INTEGER, orientation INTEGER, date TEXT, caption TEXT, reason TEXT
) WITHOUT ROWID;
CREATE INDEX files_by_content ON files (content);
"""


@dataclass(frozen=True, slots=True)
class Content:
    """The record of a picture.

    Attributes:
        content: Digest of the file's bytes, 16 bytes.
        row: Its row in the arrays; None if the picture cannot be used.
        checksum: CRC-32 of that row, thumbnail then features.
        hash: Perceptual hash.
        width: Width in pixels, upright.
        height: Height in pixels, upright.
        clear: Whether it has transparent parts.
        orientation: EXIF orientation, 1 to 8; always 1 for a TIFF.
        date: Date of capture; empty if unknown.
        caption: Caption; empty if there is none.
        reason: Why it cannot be used; empty if it can.
    """

    content: bytes
    row: int | None = None
    checksum: int = 0
    hash: int = 0
    width: int = 0
    height: int = 0
    clear: bool = False
    orientation: int = 1
    date: str = ""
    caption: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """The record of a file at its last update."""

    size: int
    mtime_ns: int
    content: bytes
    gone: bool


class Manifest:
    """The manifest of one library.

    Args:
        folder: The library.
        create: Make a new manifest if there is none.

    Raises:
        TileError: There is none, it is damaged, or it has another layout.
    """

    def __init__(self, folder: Path, *, create: bool = False) -> None:
        self._path = folder / MANIFEST
        if not create and not self._path.is_file():
            raise TileError(f"{printable(folder)} is no library; make one with: photomosaic library build LIB FOLDER")
        try:
            self._db = open_database(self._path, _TABLES, _LAYOUT, synchronous="FULL")
        except sqlite3.Error as error:
            raise TileError(f"{printable(self._path)} is damaged: {error}; build the library anew") from None
        except LayoutError as error:
            raise TileError(
                f"{printable(self._path)} has layout {error.layout}, {_LAYOUT} is known here; build it anew"
            ) from None

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Give access to the database; damage raises one clear error."""
        try:
            yield self._db
        except sqlite3.DatabaseError as error:
            raise TileError(f"{printable(self._path)} cannot be used: {error}") from None

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Commit all statements inside, or none."""
        with self.reading() as db, db:
            db.execute("BEGIN IMMEDIATE")
            yield db

    @property
    def rows(self) -> int:
        """Number of valid rows in the arrays."""
        with self.reading() as db:
            return int(db.execute("SELECT coalesce(max(row) + 1, 0) FROM contents").fetchone()[0])

    def keys(self) -> set[bytes]:
        """Return the digests of all contents."""
        with self.reading() as db:
            return {content for (content,) in db.execute("SELECT content FROM contents")}

    def folders(self) -> list[str]:
        """Return the folders of the library."""
        with self.reading() as db:
            return [os.fsdecode(path) for (path,) in db.execute("SELECT path FROM folders ORDER BY path")]

    def add_folders(self, folders: Iterable[str]) -> None:
        """Add folders to the library."""
        with self.transaction() as db:
            db.executemany("INSERT OR IGNORE INTO folders VALUES (?)", [(os.fsencode(path),) for path in folders])

    def files(self) -> dict[str, Known]:
        """Return the records of all files by path."""
        with self.reading() as db:
            rows = db.execute("SELECT path, size, mtime_ns, content, gone FROM files")
            return {
                os.fsdecode(path): Known(size, when, content, bool(gone)) for path, size, when, content, gone in rows
            }

    def contents(self, keys: Sequence[bytes] | None = None) -> dict[bytes, Content]:
        """Return the records of some contents, or of all, by digest."""
        columns = "content, row, checksum, hash, width, height, clear, orientation, date, caption, reason"
        with self.reading() as db:
            if keys is None:
                found = list(db.execute(f"SELECT {columns} FROM contents"))
            else:
                found = []
                for start in range(0, len(keys), _AT_ONCE):
                    some = keys[start : start + _AT_ONCE]
                    marks = ",".join("?" * len(some))
                    found += db.execute(f"SELECT {columns} FROM contents WHERE content IN ({marks})", some)
        return {
            row[0]: Content(row[0], row[1], row[2], row[3] & (2**64 - 1), row[4], row[5], bool(row[6]), *row[7:])
            for row in found
        }

    def store(self, new: Iterable[Content], seen: Iterable[tuple[PhotoFile, bytes]]) -> None:
        """Store a batch completely or not at all."""
        rows = [(*astuple(c)[:3], _signed(c.hash), *astuple(c)[4:]) for c in new]
        files = [(os.fsencode(file.path), file.size, file.mtime_ns, content) for file, content in seen]
        with self.transaction() as db:
            db.executemany(f"INSERT OR REPLACE INTO contents VALUES ({','.join('?' * 11)})", rows)
            db.executemany("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, 0)", files)

    def mark_gone(self, paths: Iterable[str]) -> None:
        """Mark files as missing; the records of their pictures stay, in case the files appear elsewhere."""
        with self.transaction() as db:
            db.executemany("UPDATE files SET gone = 1 WHERE path = ?", [(os.fsencode(path),) for path in paths])

    def mark_present(self, paths: Iterable[str]) -> None:
        """Mark files that were missing as present and unchanged."""
        with self.transaction() as db:
            db.executemany("UPDATE files SET gone = 0 WHERE path = ?", [(os.fsencode(path),) for path in paths])

    def forget(self, paths: Iterable[str], folders: Iterable[str]) -> None:
        """Remove files and folders from the library; the rows of the arrays stay."""
        with self.transaction() as db:
            db.executemany("DELETE FROM files WHERE path = ?", [(os.fsencode(path),) for path in paths])
            db.executemany("DELETE FROM folders WHERE path = ?", [(os.fsencode(path),) for path in folders])

    def damage(self) -> list[str]:
        """Return the problems that SQLite finds in the manifest."""
        with self.reading() as db:
            return [text for (text,) in db.execute("PRAGMA integrity_check") if text != "ok"]


def _signed(value: int) -> int:
    """Convert an unsigned 64-bit number to a signed one, which SQLite can store."""
    return value - 2**64 if value >= 2**63 else value
