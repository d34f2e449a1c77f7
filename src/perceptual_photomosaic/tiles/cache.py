"""A cache of thumbnails between runs, in one SQLite file.

It has two tables. `files` maps a path, with its size and time of change, to a digest of its content, so that an
unchanged folder is not read again. `thumbnails` maps that digest and the key of the options to the pixels, or to the
reason why the file cannot be used; a moved or copied file is found by its content.

A batch is one transaction in write-ahead mode: a run killed midway keeps whole batches, and two runs can share the
file. Every thumbnail has a checksum; a damaged cache is reported, deleted and made anew. Above `LIMIT_BYTES` the
least recently used entries are deleted first (by the day of their last use).
"""

from __future__ import annotations

import math
import os
import sqlite3
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from perceptual_photomosaic.files.sqlite import LayoutError, open_database
from perceptual_photomosaic.image import printable

if TYPE_CHECKING:
    from perceptual_photomosaic.progress import Reporter
    from perceptual_photomosaic.tiles.walk import PhotoFile

__all__ = ["LIMIT_BYTES", "Thumbnail", "ThumbnailCache"]

LIMIT_BYTES = 2_000_000_000
_FILE = "thumbnails.sqlite"
_LAYOUT = 1  # PRAGMA user_version; a cache with another number is from another release, and is deleted
_AT_ONCE = 500  # values per query
_TABLES = """
CREATE TABLE IF NOT EXISTS files (
    path BLOB PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, hash BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS thumbnails (
    options BLOB NOT NULL, hash BLOB NOT NULL, day INTEGER NOT NULL,
    pixels BLOB, checksum INTEGER, reason TEXT
);
CREATE UNIQUE INDEX IF NOT EXISTS thumbnail_keys ON thumbnails (options, hash);
CREATE INDEX IF NOT EXISTS thumbnail_days ON thumbnails (day);
"""
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """The cached result for one content: pixels, the reason why it cannot be used, or both if it is damaged."""

    pixels: bytes | None
    reason: str | None = None


class ThumbnailCache:
    """The cache in one folder. A failure never stops the work: it is reported once, and the cache is not used again.

    Args:
        folder: Folder of the cache file; made if it does not exist.
        reporter: Receives a note if the cache is not used, or was damaged.
        limit_bytes: Size above which old entries are deleted.
    """

    def __init__(self, folder: Path, reporter: Reporter, limit_bytes: int = LIMIT_BYTES) -> None:
        self._file = folder / _FILE
        self._reporter = reporter
        self._limit = limit_bytes
        self._connection: sqlite3.Connection | None = None
        self._usable = True
        self._day = int(time.time() // 86400)
        self._guarded(lambda: None, None)

    def hashes(self, files: Sequence[PhotoFile]) -> dict[str, bytes]:
        """Return the digests of the contents of files that have not changed since they were last read, by path."""
        return self._guarded(lambda: self._find_hashes(files), {})

    def thumbnails(self, options: bytes, hashes: Iterable[bytes]) -> dict[bytes, Thumbnail]:
        """Return the cached results for contents under the options with this key, by digest."""
        return self._guarded(lambda: self._find_thumbnails(options, list(dict.fromkeys(hashes))), {})

    def is_empty(self, options: bytes) -> bool:
        """Tell whether the cache has no results under the options with this key."""
        query = "SELECT 1 FROM thumbnails WHERE options = ? LIMIT 1"
        return self._guarded(lambda: self._db.execute(query, (options,)).fetchone() is None, True)

    def store(
        self, options: bytes, thumbnails: Mapping[bytes, Thumbnail], files: Iterable[tuple[PhotoFile, bytes]] = ()
    ) -> None:
        """Store a batch completely or not at all."""
        rows = [
            (options, key, self._day, entry.pixels, zlib.crc32(entry.pixels or b""), entry.reason)
            for key, entry in thumbnails.items()
        ]
        seen = [(os.fsencode(file.path), file.size, file.mtime_ns, key) for file, key in files]

        def write() -> None:
            with self._db:
                self._db.execute("BEGIN IMMEDIATE")
                self._db.executemany("INSERT OR REPLACE INTO thumbnails VALUES (?, ?, ?, ?, ?, ?)", rows)
                self._db.executemany("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)", seen)

        self._guarded(write, None)

    def close(self) -> None:
        """Delete old entries above the size limit, and close the file."""
        if self._connection is not None:
            self._guarded(self._evict, None)
        self._disconnect()

    @property
    def _db(self) -> sqlite3.Connection:
        assert self._connection is not None
        return self._connection

    def _guarded(self, action: Callable[[], _Result], otherwise: _Result) -> _Result:
        """Run an action on the open file. Damage begins a new cache; any other failure ends the use of the cache."""
        if not self._usable:
            return otherwise
        shown = printable(self._file)
        try:
            self._connect()
            return action()
        except (sqlite3.OperationalError, OSError) as error:  # locked for long, disk full, no permission
            self._disconnect()
            self._usable = False
            self._reporter.note(f"thumbnails are not kept for the next run: {shown}: {error}")
        except sqlite3.DatabaseError as error:
            self._reporter.note(f"the thumbnail cache was damaged; a new one is made: {shown}: {error}")
            self._begin_anew()
        return otherwise

    def _connect(self) -> None:
        if self._connection is not None:
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._connection = open_database(self._file, _TABLES, _LAYOUT, synchronous="NORMAL")
        except LayoutError:
            self._begin_anew()
            self._connect()

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _begin_anew(self) -> None:
        self._disconnect()
        try:
            for suffix in ("", "-wal", "-shm"):
                self._file.with_name(_FILE + suffix).unlink(missing_ok=True)
        except OSError:
            self._usable = False

    def _find_hashes(self, files: Sequence[PhotoFile]) -> dict[str, bytes]:
        by_path = {os.fsencode(file.path): file for file in files}
        query = "SELECT path, size, mtime_ns, hash FROM files WHERE path IN ({})"
        return {
            by_path[path].path: key
            for path, size, mtime_ns, key in self._select(query, list(by_path))
            if (size, mtime_ns) == (by_path[path].size, by_path[path].mtime_ns)
        }

    def _find_thumbnails(self, options: bytes, hashes: list[bytes]) -> dict[bytes, Thumbnail]:
        query = "SELECT hash, pixels, checksum, reason, day FROM thumbnails WHERE options = ? AND hash IN ({})"
        found: dict[bytes, Thumbnail] = {}
        stale = []
        for key, pixels, checksum, reason, day in self._select(query, hashes, options):
            if zlib.crc32(pixels or b"") != checksum:
                raise sqlite3.DatabaseError("a thumbnail does not match its checksum")
            found[key] = Thumbnail(pixels, reason)
            if day < self._day:
                stale.append((self._day, options, key))
        if stale:
            with self._db:
                self._db.execute("BEGIN IMMEDIATE")
                self._db.executemany("UPDATE thumbnails SET day = ? WHERE options = ? AND hash = ?", stale)
        return found

    def _select(self, query: str, values: list[bytes], *before: bytes) -> Iterator[tuple[Any, ...]]:
        """Run a query with an IN ({}) list, in parts that SQLite accepts."""
        for start in range(0, len(values), _AT_ONCE):
            part = values[start : start + _AT_ONCE]
            yield from self._db.execute(query.format(",".join("?" * len(part))), (*before, *part))

    def _bytes_used(self) -> int:
        pages, free, size = (
            self._db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
        )
        return int((pages - free) * size)

    def _evict(self) -> None:
        """Delete the least recently used entries until a fifth of the limit is free, then paths without a thumbnail."""
        if self._bytes_used() <= self._limit:
            return
        oldest = "SELECT rowid FROM thumbnails ORDER BY day, rowid LIMIT ?"
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            while (used := self._bytes_used()) > self._limit * 4 // 5:
                (count,) = self._db.execute("SELECT count(*) FROM thumbnails").fetchone()
                share = math.ceil(count * (1 - self._limit * 4 // 5 / used))
                if not self._db.execute(f"DELETE FROM thumbnails WHERE rowid IN ({oldest})", (share,)).rowcount:
                    break
            self._db.execute("DELETE FROM files WHERE hash NOT IN (SELECT hash FROM thumbnails)")
