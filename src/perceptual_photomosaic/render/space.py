"""Check of the disk space that a picture needs, before it is written.

A picture is never larger than its raw pixels and a little more, so if that much is free, no more is checked. Otherwise
a few samples of the mosaic are compressed like the whole, and their bytes per pixel give an estimate.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from perceptual_photomosaic.errors import OutputError

__all__ = ["MEGABYTE", "check_space", "free_bytes", "in_words"]

MEGABYTE = 1_000_000
_HEADROOM = 1.1  # the whole may compress worse than the samples


def in_words(count: float) -> str:
    """Write a number of bytes for people: "12.3 GB"."""
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count:.0f} bytes"


def free_bytes(folder: Path) -> int:
    """Return the bytes that are free on the disk of a folder."""
    return shutil.disk_usage(folder).free


def check_space(folder: Path, what: str, most_bytes: float, estimate: Callable[[], float] | None = None) -> float:
    """Check that a file fits on a disk.

    Args:
        folder: Folder of the file.
        what: Name of the file, for the message.
        most_bytes: Upper limit of its size.
        estimate: Returns a better estimate; only called if `most_bytes` are not free.
    Returns:
        The limit or the estimate of the bytes needed.
    Raises:
        OutputError: It does not fit.
    """
    free = free_bytes(folder)
    if most_bytes <= free:
        return most_bytes
    needed = most_bytes if estimate is None else min(most_bytes, estimate() * _HEADROOM)
    if needed > free:
        raise OutputError(
            f"{what}: needs about {in_words(needed)}, but {in_words(free)} are free there. "
            f"Free some space, choose another disk, a smaller format (.jpg) or fewer pixels (--tile-size, --dpi)."
        )
    return needed
