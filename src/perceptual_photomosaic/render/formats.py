"""File formats: which suffix writes what, how large it may be, and whether the place for it is writable."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from perceptual_photomosaic.errors import OutputError

__all__ = ["FORMATS", "Format", "check_folder", "check_output", "replacing"]


@dataclass(frozen=True)
class Format:
    """A format we write.

    Attributes:
        name: What people call it.
        longest_px: The longest side it can hold, None where that is no matter in practice.
        options: How libvips' saver is called.
    """

    name: str
    longest_px: int | None
    options: dict[str, Any] = field(default_factory=dict)


_PNG = Format("PNG", None, {"compression": 3, "filter": "up", "profile": "srgb"})
_JPEG = Format("JPEG", 65_500, {"Q": 92, "subsample_mode": "off", "profile": "srgb"})
_WEBP = Format("WebP", 16_383, {"Q": 90, "profile": "srgb"})
_TIFF = Format(
    "TIFF",
    None,
    {"compression": "deflate", "predictor": "horizontal", "tile": True, "pyramid": False, "profile": "srgb"},
)

FORMATS: dict[str, Format] = {
    ".png": _PNG,
    ".jpg": _JPEG,
    ".jpeg": _JPEG,
    ".webp": _WEBP,
    ".tif": _TIFF,
    ".tiff": _TIFF,
}
"""Formats by suffix."""


def check_folder(path: Path) -> None:
    """Make sure a file can be put at `path`.

    Raises:
        OutputError: Its folder is missing or not writable, or `path` is a folder.
    """
    folder = path.parent
    if not folder.is_dir():
        raise OutputError(f"'{path}': there is no folder '{folder}'. Make it first, or choose another place.")
    if path.is_dir():
        raise OutputError(f"'{path}' is a folder; name a file in it.")
    if not os.access(folder, os.W_OK):
        raise OutputError(f"'{path}': the folder '{folder}' is not writable. Choose another place.")


def check_output(path: Path, size_px: tuple[int, int] | None = None) -> Format:
    """Find out before any work whether a picture can be written to `path`.

    Args:
        path: Where the picture shall go; its suffix names the format.
        size_px: (width, height) of the picture, if known already.
    Returns:
        The format.
    Raises:
        OutputError: Unknown suffix, a picture too large for the format, or a folder that cannot be written to.
    """
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        near = get_close_matches(suffix, FORMATS, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise OutputError(f"'{path}': no format is known by '{suffix}'.{hint} Choose one of {', '.join(FORMATS)}.")
    made = FORMATS[suffix]
    if size_px is not None and made.longest_px is not None and max(size_px) > made.longest_px:
        raise OutputError(
            f"'{path}' would be {size_px[0]} x {size_px[1]} px, but {made.name} holds at most {made.longest_px} px "
            f"a side. Write .png or .tif, or lower --tile-size."
        )
    check_folder(path)
    return made


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary name beside `path`, renamed to it at the end; on any failure nothing stays behind.

    Raises:
        OutputError: The disk is full, or the place is not writable after all.
    """
    part = path.with_name(f".{secrets.token_hex(4)}.part{path.suffix.lower()}")
    try:
        yield part
        part.replace(path)
    except OSError as error:
        raise OutputError(f"'{path}' cannot be written: {error.strerror or error}.") from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
