"""Protection of inputs (a target, a photo among the tiles, a plan, a mask) from being overwritten."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from perceptual_photomosaic.errors import OutputError
from perceptual_photomosaic.image import printable
from perceptual_photomosaic.tiles.walk import PICTURES, RAW

__all__ = ["refuse_overwriting_inputs"]


def refuse_overwriting_inputs(path: Path, read: Iterable[str | Path | None]) -> None:
    """Refuse to write to `path` if that would replace an input.

    Args:
        path: The file to write.
        read: Input files, and folders of pictures or libraries; None is ignored.
    Raises:
        OutputError: `path` is an input file.
    """
    if not path.is_file():
        return
    for source in (Path(name) for name in read if name is not None):
        if source.is_dir():
            inside = path.resolve().is_relative_to(source.resolve())
            if inside and (path.suffix.lower() in PICTURES | RAW or (source / "library.sqlite").is_file()):
                raise OutputError(
                    f"'{printable(path)}' would replace a file of '{printable(source)}', which is read; choose another "
                    f"name, or write it outside of that folder."
                )
        elif source.exists() and path.samefile(source):
            raise OutputError(f"'{printable(path)}' would replace what is read from it; choose another name.")
