"""The sheet: every picture that a mosaic uses, once, at the size at which it is drawn.

A sheet of up to 256 MB stays in memory. A larger one is a file without a name in the folder of the output, which the
system removes when the process ends, even if it is killed; memory then holds one batch of pictures and one strip.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import IO, Protocol

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.errors import OutputError
from perceptual_photomosaic.progress import SILENT, Reporter
from perceptual_photomosaic.render.space import MEGABYTE, in_words
from perceptual_photomosaic.tiles.tile_set import TileSet

__all__ = ["IN_MEMORY_BYTES", "Sheet", "draw_sheet"]

IN_MEMORY_BYTES = 256 * MEGABYTE
_BATCH_BYTES = 64 * MEGABYTE


class Sheet(Protocol):
    """Pictures of one size by number."""

    def lay(self, numbers: NDArray[np.intp], top: int, out: NDArray[np.uint8]) -> None:
        """Copy rows of pictures side by side.

        Args:
            numbers: Numbers of the pictures, from left to right, (n,).
            top: The first row of each picture to copy.
            out: Receives the rows, uint8, C-contiguous (rows, n, width * 3).
        """

    def close(self) -> None:
        """Free the pictures."""


class _MemorySheet:
    """A sheet in memory. Row y of all pictures is together: a row of cells needs one gather per row of pixels."""

    def __init__(self, count: int, size_px: tuple[int, int]) -> None:
        self._rows = np.empty((size_px[1], count, size_px[0] * 3), np.uint8)

    def put(self, start: int, pictures: NDArray[np.uint8]) -> None:
        count, height = pictures.shape[:2]
        self._rows[:, start : start + count] = pictures.reshape(count, height, -1).swapaxes(0, 1)

    def lay(self, numbers: NDArray[np.intp], top: int, out: NDArray[np.uint8]) -> None:
        for y, row in enumerate(out, top):
            np.take(self._rows[y], numbers, axis=0, out=row, mode="clip")  # "raise" would copy through a buffer

    def close(self) -> None:
        self._rows = np.empty((0, 0, 0), np.uint8)


class _FileSheet:
    """A sheet in a file. Pictures are stored one after another and read when needed; the system caches them.

    A memory map would do the same, but its pages count as the process's own memory.
    """

    def __init__(self, size_px: tuple[int, int], folder: Path) -> None:
        self._row_bytes = size_px[0] * 3
        self._picture_bytes = self._row_bytes * size_px[1]
        self._file: IO[bytes] = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115 (closed by close)

    def put(self, start: int, pictures: NDArray[np.uint8]) -> None:
        self._file.seek(start * self._picture_bytes)
        left = np.ascontiguousarray(pictures).data.cast("B")
        while left:
            left = left[self._file.write(left) :]

    def lay(self, numbers: NDArray[np.intp], top: int, out: NDArray[np.uint8]) -> None:
        part = np.empty((len(out), self._row_bytes), np.uint8)
        for column, number in enumerate(numbers.tolist()):
            self._file.seek(number * self._picture_bytes + top * self._row_bytes)
            self._file.readinto(part)  # type: ignore[attr-defined]  # a raw file, as buffering=0 says
            out[:, column] = part

    def close(self) -> None:
        self._file.close()


def draw_sheet(
    tiles: TileSet,
    choices: NDArray[np.int64],
    size_px: tuple[int, int],
    folder: Path,
    *,
    in_memory_bytes: int = IN_MEMORY_BYTES,
    reporter: Reporter = SILENT,
) -> Sheet:
    """Draw choices at a size in batches, each choice once.

    Args:
        tiles: The tile set.
        choices: Choice numbers without repetition, (n,); picture i of the sheet is choices[i].
        size_px: (width, height) of each picture.
        folder: Folder for a sheet that is too large for memory.
        in_memory_bytes: Largest sheet in memory.
        reporter: Receives progress.
    Raises:
        TileError: An original file cannot be read any more.
        OutputError: The folder has no room for the sheet.
    """
    width, height = size_px
    picture_bytes = width * height * 3
    total = picture_bytes * len(choices)
    sheet: _MemorySheet | _FileSheet
    sheet = _MemorySheet(len(choices), size_px) if total <= in_memory_bytes else _FileSheet(size_px, folder)
    batch = max(1, _BATCH_BYTES // picture_bytes)
    try:
        for start in range(0, len(choices), batch):
            some = choices[start : start + batch].tolist()
            sheet.put(start, tiles.pictures(size_px, some, reporter=reporter))
    except OSError as error:
        sheet.close()
        raise OutputError(
            f"no room for {in_words(total)} of tiles at {width} x {height} px in '{folder}': "
            f"{error.strerror or error}. Free some space or lower --dpi or --tile-size."
        ) from error
    except BaseException:
        sheet.close()
        raise
    return sheet
