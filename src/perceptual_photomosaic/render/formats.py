"""File formats: which suffix writes what, how large it may be, and whether the place for it is writable."""

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
    """A format we write.

    Attributes:
        name: What people call it.
        longest_px: The longest side it can hold, None where that is no matter in practice.
        options: How libvips' saver is called.
        cmyk: Whether it can hold CMYK.
        text: Whether it holds characters instead of pixels; `text.write` writes it, and only of letters and emoji.
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
    """Find out before any work whether a picture can be written to `path`.

    Args:
        path: Where the picture shall go; its suffix names the format.
        size_px: (width, height) of the picture, if known already.
    Returns:
        The format.
    Raises:
        OutputError: Unknown suffix, a picture too large for the format, or a folder that cannot be written to.
        MissingExtraError: A PDF without the "print" extra.
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
    """Find out before any work whether a drawing, a preview or a sheet, can be written to `path`.

    Args:
        path: Where to.
        size_px: (width, height) of the drawing, if known already.
    Raises:
        OutputError: A suffix that is not drawn, or a folder that cannot be written to.
    """
    suffix = path.suffix.lower()
    if suffix in FORMATS and (FORMATS[suffix] is _DEEP_ZOOM or FORMATS[suffix].text):
        raise OutputError(
            f"'{printable(path)}': only mosaics are written as {suffix}. Choose .png, .jpg, .webp or .tif."
        )
    check_output(path, size_px)


def _is_deep_zoom(folder: Path) -> bool:
    """Whether a folder is that of an earlier Deep Zoom picture, or not there."""
    if not folder.is_dir():
        return not folder.exists()
    return all(entry.name.isdigit() or entry.name == "vips-properties.xml" for entry in folder.iterdir())
