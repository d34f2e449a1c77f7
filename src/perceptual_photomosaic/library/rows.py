"""Arrays on disk that only grow: .npy files with appended rows that never change.

The manifest says how many rows are valid. The number in the header is updated when a writer closes, so that numpy can
also open the file without the manifest.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.errors import TileError
from perceptual_photomosaic.image import printable

__all__ = ["RowWriter", "open_rows"]

_HEADER_BYTES = 128


def _header(count: int, shape: tuple[int, ...], dtype: np.dtype[np.generic]) -> bytes:
    """Return the header of a .npy file of version 1.0, always 128 bytes."""
    described = repr({"descr": dtype.str, "fortran_order": False, "shape": (count, *shape)})
    room = _HEADER_BYTES - 10
    return b"\x93NUMPY\x01\x00" + room.to_bytes(2, "little") + (described.ljust(room - 1) + "\n").encode("ascii")


def open_rows(path: Path, count: int, shape: tuple[int, ...], dtype: type[np.generic]) -> NDArray[np.generic]:
    """Map the first `count` rows of a file for reading.

    Raises:
        TileError: The file is shorter than that.
    """
    kind = np.dtype(dtype)
    if count == 0:
        return np.empty((0, *shape), kind)
    needed = _HEADER_BYTES + count * kind.itemsize * int(np.prod(shape))
    have = path.stat().st_size if path.is_file() else 0
    if have < needed:
        raise TileError(
            f"{printable(path)} has {have} bytes, {needed} are needed: the library is damaged; build it anew"
        )
    return np.memmap(path, kind, "r", _HEADER_BYTES, (count, *shape))


class RowWriter:
    """A writer that appends rows after the `count` committed rows; all data behind these is cut off.

    Raises:
        TileError: Committed rows are missing.
    """

    def __init__(self, path: Path, count: int, shape: tuple[int, ...], dtype: type[np.generic]) -> None:
        self._shape, self._dtype = shape, np.dtype(dtype)
        self._row_bytes = self._dtype.itemsize * int(np.prod(shape))
        self.count = count
        if count:
            open_rows(path, count, shape, dtype)
        self._file = path.open("r+b" if path.exists() else "w+b")
        self._file.truncate(_HEADER_BYTES + count * self._row_bytes)
        self._write_header()
        self._file.seek(0, os.SEEK_END)

    def append(self, rows: NDArray[np.generic]) -> None:
        """Append rows, and wait until they are on the disk."""
        self._file.write(np.ascontiguousarray(rows, self._dtype).data)
        self._file.flush()
        os.fsync(self._file.fileno())
        self.count += len(rows)

    def close(self) -> None:
        """Update the header and close the file."""
        self._write_header()
        self._file.close()

    def _write_header(self) -> None:
        self._file.seek(0)
        self._file.write(_header(self.count, self._shape, self._dtype))
        self._file.flush()
