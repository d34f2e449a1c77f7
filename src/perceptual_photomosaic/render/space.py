"""How much disk a picture will take, asked before it is written.

A picture is never larger than its raw pixels and a little, so where that much is free nothing more is asked. Where it
is not, a few samples of the mosaic are compressed as the whole will be, and their bytes per pixel decide.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from perceptual_photomosaic.errors import OutputError

__all__ = ["MEGABYTE", "check_space", "free_bytes", "in_words"]

MEGABYTE = 1_000_000
_HEADROOM = 1.1  # samples are not the whole


def in_words(count: float) -> str:
    """Bytes as people read them: "12.3 GB"."""
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count:.0f} bytes"


def free_bytes(folder: Path) -> int:
    """Bytes that may still be written to the disk a folder is on."""
    return shutil.disk_usage(folder).free


def check_space(folder: Path, what: str, most_bytes: float, estimate: Callable[[], float] | None = None) -> float:
    """Make sure that something fits on a disk.

    Args:
        folder: Where it will be.
        what: What it is, for the message.
        most_bytes: What it takes at the very most.
        estimate: Says more exactly what it will take; only asked where `most_bytes` are not free.
    Returns:
        Bytes that are needed, as far as known.
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
