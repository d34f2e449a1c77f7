"""Options that every kind of tile set shares: for cropping, drawing and caching."""

from __future__ import annotations

import os
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from perceptual_photomosaic.config import CROPS
from perceptual_photomosaic.errors import ConfigError
from perceptual_photomosaic.threads import usable_cores

__all__ = ["VARIANTS", "TileOptions", "default_cache_dir", "unknown_crop"]

VARIANTS = ("rotate", "flip")


def unknown_crop(crop: str) -> str:
    """Return the error message for an unknown crop, with the most similar name."""
    near = get_close_matches(crop.lower(), CROPS, 1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"crop: expected one of {', '.join(CROPS)}, got {crop!r}{hint}"


@dataclass(frozen=True)
class TileOptions:
    """Options that every kind of tile set shares.

    Args:
        cell_aspect: (width, height) of a cell, in any unit; pictures are cropped to it.
        thumbnail_px: (width, height) at which photos are decoded when the set is opened, and stored in the cache.
            Pictures up to this size come from memory, larger ones from the original files.
        crop: "centre", "attention" (where libvips finds the highest saliency), "faces" (the centre if there is none),
            or "none": the whole picture, over the background.
        background: sRGB colour that shows through transparent pictures, and beside pictures that are shown whole.
        variants: Any of "rotate" and "flip".
        cache: Folder of the thumbnail cache; None stores nothing between runs. See `default_cache_dir`.
        workers: Threads that decode; 0 takes one for every core that this process may use.
        max_pixels: Photos that need more pixels in memory for decoding are skipped.
        accept_damaged: Use photos whose last part is damaged.
    """

    cell_aspect: tuple[int, int] = (1, 1)
    thumbnail_px: tuple[int, int] = (32, 32)
    crop: str = "centre"
    background: tuple[int, int, int] = (255, 255, 255)
    variants: tuple[str, ...] = ()
    cache: Path | None = None
    workers: int = 0
    max_pixels: int = 100_000_000
    accept_damaged: bool = False

    def __post_init__(self) -> None:
        for name in ("cell_aspect", "thumbnail_px"):
            width, height = getattr(self, name)
            if width < 1 or height < 1:
                raise ConfigError(f"{name}: expected a width and a height of 1 or more, got {width} x {height}")
        if self.crop not in CROPS:
            raise ConfigError(unknown_crop(self.crop))
        unknown = [name for name in self.variants if name not in VARIANTS]
        if unknown:
            raise ConfigError(f"variants: expected any of {', '.join(VARIANTS)}, got {unknown[0]!r}")
        if len(self.background) != 3 or any(not 0 <= value <= 255 for value in self.background):
            raise ConfigError(f"background: expected red, green and blue from 0 to 255, got {self.background}")
        if self.workers < 0 or self.max_pixels < 1:
            raise ConfigError("workers must be 0 or more and max_pixels 1 or more")

    @property
    def threads(self) -> int:
        """Number of threads to decode with."""
        if self.workers:
            return self.workers
        return usable_cores()


def default_cache_dir() -> Path:
    """Return the folder for thumbnails: $PHOTOMOSAIC_CACHE, or "photomosaic" in the user's cache folder."""
    if own := os.environ.get("PHOTOMOSAIC_CACHE"):
        return Path(own)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "photomosaic"
