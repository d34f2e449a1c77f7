"""SQLite databases that several processes use at the same time."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Literal

__all__ = ["LayoutError", "open_database"]

_PATIENCE_S = 30
"""Seconds to wait for another process that writes."""


class LayoutError(Exception):
    """A database has another layout.

    Attributes:
        layout: The layout of the database.
    """

    def __init__(self, layout: int) -> None:
        super().__init__(f"layout {layout}")
        self.layout = layout


def open_database(
    path: Path, tables: str, layout: int, *, synchronous: Literal["FULL", "NORMAL"]
) -> sqlite3.Connection:
    """Open a database, and make its tables if there are none.

    Args:
        path: The file.
        tables: SQL that makes the tables.
        layout: Number of their layout, stored in the file.
        synchronous: "FULL" if a power failure must lose nothing, "NORMAL" for a cache.
    Raises:
        LayoutError: It has another layout.
        sqlite3.Error: It is damaged, locked for long or cannot be written to.
    """
    database = sqlite3.connect(path, timeout=_PATIENCE_S, isolation_level=None)
    try:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute(f"PRAGMA synchronous = {synchronous}")
        (found,) = database.execute("PRAGMA user_version").fetchone()
        if found == 0:  # new, or just being made by another process
            database.execute("BEGIN IMMEDIATE")
            (found,) = database.execute("PRAGMA user_version").fetchone()
            if found == 0 and not database.execute("SELECT 1 FROM sqlite_master").fetchone():
                for statement in tables.split(";"):
                    database.execute(statement)
                database.execute(f"PRAGMA user_version = {layout}")
                found = layout
            database.execute("COMMIT")
        if found != layout:
            raise LayoutError(int(found))
    except BaseException:
        database.close()
        raise
    return database
