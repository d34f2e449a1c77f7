"""File formats: which suffix writes what, how large it may be, and whether the place for it is writable."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from perceptual_photomosaic.errors import MissingExtraError, OutputError
from perceptual_photomosaic.image import printable
from perceptual_photomosaic.render.abandoned import process_name, remove_abandoned

__all__ = [
    "COMPRESSIONS",
    "FORMATS",
    "Format",
    "check_drawing",
    "check_folder",
    "check_output",
    "followed",
    "replacing",
]

COMPRESSIONS = ("deflate", "lzw", "jpeg", "none")
"""How a TIFF may be compressed: "jpeg" loses something, the others nothing."""

_OPEN_FOLDERS = Path("/proc/self/fd")  # where the system has names for what is open


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


def followed(path: Path) -> Path:
    """Where what is written to `path` really goes: to what a symbolic link points to, even if that is not there yet.

    Raises:
        OutputError: The link leads back to itself.
    """
    if not path.is_symlink():
        return path
    place = Path(os.path.realpath(path))
    if place.is_symlink():
        raise OutputError(f"'{printable(path)}' is a link that leads back to itself; remove it, or name another file.")
    return place


def check_folder(path: Path) -> None:
    """Make sure a file can be put at `path`.

    Raises:
        OutputError: Its folder is missing or not writable, or `path` is a folder.
    """
    shown = printable(path)
    folder = followed(path).parent
    if not folder.is_dir():
        raise OutputError(f"'{shown}': there is no folder '{printable(folder)}'. Make it first, or choose another one.")
    if path.is_dir():
        raise OutputError(f"'{shown}' is a folder; name a file in it.")
    if not _is_unicode(folder) and not _OPEN_FOLDERS.is_dir():
        raise OutputError(f"'{shown}': the name of its folder is not UTF-8. Choose another folder, or rename it.")
    if not os.access(folder, os.W_OK):
        raise OutputError(f"'{shown}': the folder '{printable(folder)}' is not writable. Choose another place.")


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
    made = FORMATS[suffix]
    if size_px is not None and made.longest_px is not None and max(size_px) > made.longest_px:
        raise OutputError(
            f"'{shown}' would be {size_px[0]} x {size_px[1]} px, but {made.name} holds at most {made.longest_px} px "
            f"a side. Write .tif, .png or .dzi, or lower --tile-size or --dpi."
        )
    if made is _PDF and find_spec("img2pdf") is None:
        raise MissingExtraError(f"'{shown}': writing PDF", "print")
    check_folder(path)
    files = _files_of(followed(path))
    if made is _DEEP_ZOOM and not _is_deep_zoom(files):
        raise OutputError(
            f"'{shown}' goes with the folder '{printable(files.name)}', which holds something else; "
            f"choose another name."
        )
    return made


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


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary name beside `path`, renamed to it at the end; on any failure nothing stays behind.

    A Deep Zoom picture is a file and the folder that goes with it; both are put in place. Where `path` is a symbolic
    link, what it points to is replaced, and the link stays. What a process that was killed left in the same folder is
    removed.

    Raises:
        OutputError: The disk is full, or the place is not writable after all.
    """
    place = followed(path)
    try:
        with _named_in_unicode(place.parent) as folder:
            remove_abandoned(folder)
            part = folder / f".{secrets.token_hex(4)}.{process_name()}.part{path.suffix.lower()}"
            try:
                yield part
                if _files_of(part).is_dir():
                    _replace_folder(_files_of(part), _files_of(place))
                part.replace(place)
            finally:
                with suppress(OSError):
                    part.unlink(missing_ok=True)
                shutil.rmtree(_files_of(part), ignore_errors=True)
    except OSError as error:
        raise OutputError(f"'{printable(path)}' cannot be written: {error.strerror or error}.") from error


@contextmanager
def _named_in_unicode(folder: Path) -> Iterator[Path]:
    """A name of a folder that libvips takes, which is UTF-8 alone: that of the open folder, where its own is not."""
    if _is_unicode(folder) or not _OPEN_FOLDERS.is_dir():
        yield folder
        return
    number = os.open(folder, os.O_RDONLY)
    try:
        yield _OPEN_FOLDERS / str(number)
    finally:
        os.close(number)


def _is_unicode(path: Path) -> bool:
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def _files_of(path: Path) -> Path:
    """The folder beside a .dzi file."""
    return path.with_name(f"{path.stem}_files")


def _is_deep_zoom(folder: Path) -> bool:
    """Whether a folder is that of an earlier Deep Zoom picture, or not there."""
    if not folder.is_dir():
        return not folder.exists()
    return all(entry.name.isdigit() or entry.name == "vips-properties.xml" for entry in folder.iterdir())


def _replace_folder(new: Path, place: Path) -> None:
    """Rename a folder to a place where another may be, which is then removed."""
    place = followed(place)
    old = place.with_name(f".{secrets.token_hex(4)}.old_files")
    if place.exists():
        place.rename(old)
    shutil.move(new, place)  # a link may lead to another disk
    shutil.rmtree(old, ignore_errors=True)
