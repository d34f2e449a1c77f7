"""Files and folders that appear complete or not at all: written under a temporary name, then renamed."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from perceptual_photomosaic.errors import OutputError
from perceptual_photomosaic.files.abandoned import process_name, remove_abandoned
from perceptual_photomosaic.image import printable

__all__ = [
    "check_folder",
    "deep_zoom_folder",
    "followed",
    "replacing",
    "replacing_folder",
    "write_text",
    "written_aside",
]

_OPEN_FOLDERS = Path("/proc/self/fd")  # names of open files and folders, if the system has them


def check_folder(path: Path) -> None:
    """Check that a file can be written at `path`.

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


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary name beside `path`, which is renamed to `path` at the end; a failure leaves nothing behind.

    A Deep Zoom picture is a file and a folder; both are renamed. If `path` is a symbolic link, its target is replaced,
    and the link stays. Files that a killed process left in the same folder are removed.

    Raises:
        OutputError: The disk is full, or the folder is not writable.
    """
    with _one_line(path), written_aside(path) as part:
        yield part


def write_text(path: Path, text: str) -> None:
    """Write a text file, UTF-8; see `replacing`.

    Raises:
        OutputError: The disk is full, or the place is not writable after all.
    """
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8")


@contextmanager
def written_aside(path: Path) -> Iterator[Path]:
    """Do the same as `replacing`, but raise the system's own errors.

    Raises:
        OSError: The disk is full, or the folder is not writable.
    """
    place = followed(path)
    with _named_in_unicode(place.parent) as folder:
        remove_abandoned(folder)
        part = _part(folder, path.suffix.lower())
        try:
            yield part
            if deep_zoom_folder(part).is_dir():
                _put_folder(deep_zoom_folder(part), followed(deep_zoom_folder(place)))
            part.replace(place)
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            shutil.rmtree(deep_zoom_folder(part), ignore_errors=True)


@contextmanager
def replacing_folder(folder: Path) -> Iterator[Path]:
    """Yield a new folder beside `folder`, which replaces it at the end; a failure leaves nothing behind.

    Raises:
        OutputError: The disk is full, or the parent folder is not writable.
    """
    with _one_line(folder):
        remove_abandoned(folder.absolute().parent)
        part = _part(folder.absolute().parent, "_")
        try:
            part.mkdir()
            yield part
            _put_folder(part, folder)
        finally:
            shutil.rmtree(part, ignore_errors=True)


def followed(path: Path) -> Path:
    """Return the path that is written for `path`: the target of a symbolic link, even if that does not exist.

    Raises:
        OutputError: The link leads back to itself.
    """
    if not path.is_symlink():
        return path
    place = Path(os.path.realpath(path))
    if place.is_symlink():
        raise OutputError(f"'{printable(path)}' is a link that leads back to itself; remove it, or name another file.")
    return place


def deep_zoom_folder(path: Path) -> Path:
    """Return the folder that belongs to a .dzi file."""
    return path.with_name(f"{path.stem}_files")


def _part(folder: Path, ending: str) -> Path:
    return folder / f".{secrets.token_hex(4)}.{process_name()}.part{ending}"


@contextmanager
def _one_line(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(f"'{printable(path)}' cannot be written: {error.strerror or error}.") from error


@contextmanager
def _named_in_unicode(folder: Path) -> Iterator[Path]:
    """Yield a UTF-8 name of a folder, which libvips needs: if necessary, that of the open folder."""
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


def _put_folder(new: Path, place: Path) -> None:
    """Rename a folder; an existing one at that place is removed, or restored if renaming fails."""
    old = place.with_name(f".{secrets.token_hex(4)}.old_files")
    there = place.exists()
    if there:
        place.rename(old)
    try:
        shutil.move(new, place)  # a link may lead to another disk
    except OSError:
        if there:
            shutil.rmtree(place, ignore_errors=True)
            old.rename(place)
        raise
    shutil.rmtree(old, ignore_errors=True)
