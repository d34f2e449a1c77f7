"""File formats, their suffixes and limits, and checks of output files."""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from perceptual_photomosaic.errors import MissingExtraError, OutputError
from perceptual_photomosaic.files.replacing import check_folder, deep_zoom_folder, followed
from perceptual_photomosaic.image import printable

__all__ = [
    "FORMATS",
    "Format",
    "check_drawing",
    "check_output",
]


@dataclass(frozen=True)
class Format:
    """An output format.

    Attributes:
        name: Name for messages.
        longest_px: The longest side it can store; None if that is no limit in practice.
        options: Options of libvips' saver.
        cmyk: Whether it can store CMYK.
        text: Whether it stores characters instead of pixels; `text.write` writes it, only for letters and emoji.
    """

    name: str
    longest_px: int | None
    options: dict[str, Any] = field(default_factory=dict)
    cmyk: bool = False
    text: bool = False


_JPEG_OPTIONS = {"Q": 92, "subsample_mode": "off", "profile": "srgb"}
_PNG = Format("PNG", None, {"compression": 3, "filter": "up", "profile": "srgb"})
_JPEG = Format("JPEG", 65_500, _JPEG_OPTIONS, cmyk=True)
_WEBP = Format("WebP", 16_383, {"Q": 90, "profile": "srgb"})
_TIFF = Format("TIFF", None, {"tile": True, "tile_width": 256, "tile_height": 256, "profile": "srgb"}, cmyk=True)
_DEEP_ZOOM = Format("Deep Zoom", None, {"suffix": ".jpg", "Q": 90, "tile_size": 254, "overlap": 1})
_PDF = Format("PDF", 65_500, _JPEG_OPTIONS, cmyk=True)

FORMATS: dict[str, Format] = {
    ".png": _PNG,
    ".jpg": _JPEG,
    ".jpeg": _JPEG,
    ".webp": _WEBP,
    ".tif": _TIFF,
    ".tiff": _TIFF,
    ".dzi": _DEEP_ZOOM,
    ".pdf": _PDF,
    ".txt": Format("text", None, text=True),
    ".ans": Format("ANSI text", None, text=True),
    ".html": Format("HTML", None, text=True),
    ".svg": Format("SVG", None, text=True),
}
"""Formats by suffix."""


def check_output(path: Path, size_px: tuple[int, int] | None = None) -> Format:
    """Check before any work that a picture can be written to `path`.

    Args:
        path: The output file; its suffix selects the format.
        size_px: (width, height) of the picture, if known already.
    Returns:
        The format.
    Raises:
        OutputError: The suffix is unknown, the picture is too large for the format, or the folder is not writable.
        MissingExtraError: PDF needs the "print" extra.
    """
    suffix = path.suffix.lower()
    shown = printable(path)
    if suffix not in FORMATS:
        near = get_close_matches(suffix, FORMATS, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise OutputError(f"'{shown}': no format is known by '{suffix}'.{hint} Choose one of {', '.join(FORMATS)}.")
    file_format = FORMATS[suffix]
    if size_px is not None and file_format.longest_px is not None and max(size_px) > file_format.longest_px:
        raise OutputError(
            f"'{shown}' would be {size_px[0]} x {size_px[1]} px, but {file_format.name} holds at most "
            f"{file_format.longest_px} px a side. Write .tif, .png or .dzi, or lower --tile-size or --dpi."
        )
    if file_format is _PDF and find_spec("img2pdf") is None:
        raise MissingExtraError(f"'{shown}': writing PDF", "print")
    check_folder(path)
    files = deep_zoom_folder(followed(path))
    if file_format is _DEEP_ZOOM and not _is_deep_zoom(files):
        raise OutputError(
            f"'{shown}' goes with the folder '{printable(files.name)}', which holds something else; "
            f"choose another name."
        )
    return file_format


def check_drawing(path: Path, size_px: tuple[int, int] | None = None) -> None:
    """Check before any work that a drawing, a preview or a sheet, can be written to `path`.

    Args:
        path: The output file.
        size_px: (width, height) of the drawing, if known already.
    Raises:
        OutputError: Drawings do not have this suffix, or the folder is not writable.
    """
    suffix = path.suffix.lower()
    if suffix in FORMATS and (FORMATS[suffix] is _DEEP_ZOOM or FORMATS[suffix].text):
        raise OutputError(
            f"'{printable(path)}': only mosaics are written as {suffix}. Choose .png, .jpg, .webp or .tif."
        )
    check_output(path, size_px)


def _is_deep_zoom(folder: Path) -> bool:
    """Tell whether a folder belongs to an earlier Deep Zoom picture, or does not exist."""
    if not folder.is_dir():
        return not folder.exists()
    return all(entry.name.isdigit() or entry.name == "vips-properties.xml" for entry in folder.iterdir())
