"""A lock for one writer at a time. The system releases it when the process ends, even if it is killed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from perceptual_photomosaic.errors import TileError
from perceptual_photomosaic.image import printable

__all__ = ["writing"]


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Lock a library for writing.

    Raises:
        TileError: Another process has locked it, or the folder is not writable.
    """
    path = folder / "lock"
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise TileError(f"the library {printable(folder)} cannot be written to: {error.strerror}") from None
    try:
        try:
            _lock(handle)
        except OSError:
            raise TileError(
                f"another process is writing to the library {printable(folder)}; try again when it is done"
            ) from None
        yield
    finally:
        os.close(handle)


if os.name == "nt":  # pragma: no cover

    def _lock(handle: int) -> None:
        import msvcrt

        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]

else:

    def _lock(handle: int) -> None:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
