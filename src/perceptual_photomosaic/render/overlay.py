"""An overlay of the target over the mosaic, enlarged strip by strip.

There are two coordinate frames, each with a name prefix: px_* are pixels of the mosaic, source_* pixels of the stored
target, which is at most as large as the mosaic. Every pixel is computed independently, so strips of any height match.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.features.colour import from_linear
from perceptual_photomosaic.features.patches import fit_target
from perceptual_photomosaic.grid import Grid

__all__ = ["Overlay"]

_MOST_SOURCE_PX = 16_000_000
_CHUNK_VALUES = 4_000_000


@dataclass(frozen=True)
class Overlay:
    """A target over a mosaic.

    Attributes:
        source: The part of the target under the grid: sRGB, uint8, (h, w, 3), neither side longer than the mosaic's.
        size_px: (width, height) of the mosaic.
        opacity: 0 (invisible) to 1 (covers the mosaic), for sRGB values.
    """

    source: NDArray[np.uint8]
    size_px: tuple[int, int]
    opacity: float

    @classmethod
    def of(
        cls,
        target: NDArray[np.uint8],
        grid: Grid,
        size_px: tuple[int, int],
        opacity: float,
        background: tuple[int, int, int] = (255, 255, 255),
    ) -> Overlay:
        """Crop the target to its grid, and reduce it if it has more pixels than the mosaic (or than 16 million).

        Args:
            target: sRGB, uint8, (H, W, 3).
            grid: The grid over it.
            size_px: (width, height) of the mosaic.
            opacity: 0 to 1.
            background: sRGB colour outside of the target.
        """
        left, top, right, bottom = grid.target_box
        width, height = min(size_px[0], math.ceil(right - left)), min(size_px[1], math.ceil(bottom - top))
        scale = min(1.0, math.sqrt(_MOST_SOURCE_PX / (width * height)))
        kept = max(1, int(width * scale)), max(1, int(height * scale))
        return cls(from_linear(fit_target(target, grid, kept, background)), size_px, opacity)

    def lay(self, pixels: NDArray[np.uint8], px_top: int = 0, px_left: int = 0) -> None:
        """Lay the target over a part of the mosaic, in place.

        Args:
            pixels: sRGB, uint8, (h, w, 3).
            px_top: Top of the part.
            px_left: Left of the part.
        """
        height, width = pixels.shape[:2]
        columns, across = _taps(px_left, width, self.source.shape[1], self.size_px[0])
        kept, most = np.float32(1 - self.opacity), np.float32(255 * self.opacity)
        step = max(1, _CHUNK_VALUES // (width * 3))
        for start in range(0, height, step):
            chunk = pixels[start : start + step]
            rows, down = _taps(px_top + start, len(chunk), self.source.shape[0], self.size_px[1])
            first = int(rows.min())
            strip = self.source[first : int(rows.max()) + 1].astype(np.float32)
            wide = across[:, 0, None] * strip[:, columns[:, 0]]
            for tap in range(1, 4):
                wide += across[:, tap, None] * strip[:, columns[:, tap]]
            down *= np.float32(self.opacity)
            for y, row in enumerate(chunk):
                mixed = down[y, 0] * wide[rows[y, 0] - first]
                for tap in range(1, 4):
                    mixed += down[y, tap] * wide[rows[y, tap] - first]
                np.clip(mixed, 0, most, out=mixed)
                mixed += kept * row
                row[...] = np.rint(mixed, out=mixed)


def _taps(start: int, count: int, source: int, shown: int) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Return the four `source` pixels that make each of pixels `start` .. of `shown`, and their weights, (count, 4).

    Source: R. Keys 1981, "Cubic convolution interpolation", a = -1/2; pixels beyond the edge are those at the edge.
    """
    place = (np.arange(start, start + count) + 0.5) * (source / shown) - 0.5
    base = np.floor(place + 1e-9)
    t = place - base
    weights = np.stack(
        [
            (-t + 2 * t**2 - t**3) / 2,
            (2 - 5 * t**2 + 3 * t**3) / 2,
            (t + 4 * t**2 - 3 * t**3) / 2,
            (-(t**2) + t**3) / 2,
        ],
        axis=1,
    )
    places = np.clip(base[:, None].astype(np.intp) + np.arange(-1, 3), 0, source - 1)
    return places, weights.astype(np.float32)
