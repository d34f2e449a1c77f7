"""Fingerprints of files, by which moved or renamed photos of a plan are found again."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from pathlib import Path

__all__ = ["find_by_content", "fingerprint", "fingerprints"]

_BLOCK_BYTES = 16 * 1024
"""Bytes that are read at each of five places of a file: enough to tell photos apart, few enough for slow disks."""


def fingerprint(path: str | Path) -> str | None:
    """Return the size of a file and a hash of five places in it, as "size:hash"; None if it cannot be read."""
    try:
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            digest = blake2b(file.read(_BLOCK_BYTES), digest_size=8)
            for place in (*(size * part // 4 for part in (1, 2, 3)), size - _BLOCK_BYTES):
                file.seek(max(_BLOCK_BYTES, place))
                digest.update(file.read(_BLOCK_BYTES))
    except (OSError, ValueError):  # ValueError: a null character in the name
        return None
    return f"{size}:{digest.hexdigest()}"


def fingerprints(names: Mapping[str, str]) -> dict[str, str]:
    """Return the fingerprint of every name that is a file.

    Args:
        names: Key -> path, or the name of something that is no file, such as "emoji:1F600".
    """
    found = ((key, fingerprint(name)) for key, name in names.items())
    return {key: mark for key, mark in found if mark is not None}


def find_by_content(wanted: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    """Find files by their fingerprints.

    Args:
        wanted: Key -> fingerprint.
        names: Paths of files to search; only those of a wanted size are read.
    Returns:
        Key -> path, for those that are found.
    """
    sizes = {int(mark.partition(":")[0]) for mark in wanted.values()}
    here: dict[str, str] = {}
    for name in names if sizes else ():
        try:
            size = os.stat(name).st_size  # noqa: PTH116 (a folder may hold very many)
        except (OSError, ValueError):
            continue
        mark = fingerprint(name) if size in sizes else None
        if mark is not None:
            here.setdefault(mark, name)
    return {key: here[mark] for key, mark in wanted.items() if mark in here}
