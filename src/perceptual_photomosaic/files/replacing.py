"""Files and folders that appear whole or not at all: written under a temporary name, then renamed."""

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

__all__ = ["check_folder", "deep_zoom_folder", "followed", "replacing", "replacing_folder", "written_aside"]

_OPEN_FOLDERS = Path("/proc/self/fd")  # where the system has names for what is open


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


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary name beside `path`, which is renamed to it at the end; on a failure nothing stays behind.

    A Deep Zoom picture is a file and the folder that goes with it; both are put in place. Where `path` is a symbolic
    link, what it points to is replaced, and the link stays. What a process that was killed left in the same folder is
    removed.

    Raises:
        OutputError: The disk is full, or the place is not writable after all.
    """
    with _one_line(path), written_aside(path) as part:
        yield part


@contextmanager
def written_aside(path: Path) -> Iterator[Path]:
    """Do what `replacing` does, and leave errors of the system as they are.

    Raises:
        OSError: The disk is full, or the place is not writable.
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
    """Yield a new folder beside `folder`, which takes its place at the end; on a failure nothing stays behind.

    Raises:
        OutputError: The disk is full, or the place is not writable.
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
    """Return where what is written to `path` really goes: to what a symbolic link points to, even if it is not there.

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
    """Return the folder that goes with a .dzi file."""
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
    """Yield a name of a folder that libvips takes, which is UTF-8 alone: that of the open folder where need be."""
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
    """Rename a folder to a place where another may be, which is removed then, or comes back if that fails."""
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
