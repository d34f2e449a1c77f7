"""Content of files, and their names in messages."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from perceptual_photomosaic.errors import ImageError

__all__ = ["printable", "read_file"]


def printable(path: str | os.PathLike[str]) -> str:
    """Write a file name as one line of valid text, with control characters and undecodable bytes escaped."""
    text = os.fsdecode(os.fspath(path))
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)


def read_file(path: str | os.PathLike[str]) -> bytes:
    """Read a whole regular file.

    Raises:
        ImageError: It is missing, unreadable, empty, or not a regular file (a pipe would never end).
    """
    try:
        if not stat.S_ISREG(Path(path).stat().st_mode):
            what = "a folder" if Path(path).is_dir() else "not a regular file"
            raise ImageError(f"{printable(path)}: expected a picture, this is {what}")
        data = Path(path).read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ImageError(f"{printable(path)}: cannot be read: {reason.lower()}") from None
    if not data:
        raise ImageError(f"{printable(path)}: the file is empty")
    return data
