"""Flat colours as tiles, spread evenly over sRGB."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from perceptual_photomosaic.errors import TileError
from perceptual_photomosaic.features.colour import to_oklab
from perceptual_photomosaic.tiles.derived import PlainSet, check_size, chosen, digest
from perceptual_photomosaic.tiles.spec import write_colour, write_spec

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from perceptual_photomosaic.progress import Reporter

__all__ = ["Colours", "spread_colours"]

_MOST = 4096
_LEVELS = 34  # sRGB levels per channel: 39,304 candidate colours, with all corners


class Colours(PlainSet):
    """Flat colours spread evenly in OKLab over the sRGB gamut.

    Args:
        count: Number of colours, 1 to 4096. The colours of a smaller count are the first of a larger one.

    Raises:
        TileError: The count is out of range.
    """

    def __init__(self, count: int) -> None:
        if not 1 <= count <= _MOST:
            raise TileError(f"colours: expected a number from 1 to {_MOST:,}, as in colours:64; got {count}")
        self.colours = spread_colours(count)

    def __len__(self) -> int:
        return len(self.colours)

    @property
    def spec(self) -> str:
        """The text that opens the same set again."""
        return write_spec("colours", str(len(self)))

    def source(self, tile: int) -> str:
        """Name of a tile: "colour:#ff0000"."""
        return f"colour:{write_colour(self.colours[tile].tolist())}"

    def identity(self) -> str:
        """Digest of the colours."""
        return digest("colours 1", self.colours.tolist())

    def pictures(
        self, size_px: tuple[int, int], choices: Sequence[int] | None = None, *, reporter: Reporter | None = None
    ) -> NDArray[np.uint8]:
        """Draw colours at a size; see `TileSet.pictures`."""
        check_size(size_px)
        picked = self.colours[chosen(choices, len(self))]
        return np.broadcast_to(picked[:, None, None], (len(picked), size_px[1], size_px[0], 3)).copy()


@lru_cache(maxsize=4)
def spread_colours(count: int) -> NDArray[np.uint8]:
    """Pick colours one after another, each the farthest in OKLab from all before it; black is first, then white.

    Args:
        count: Number of colours.
    Returns:
        sRGB, uint8, (count, 3).

    Source: Gonzalez, "Clustering to minimize the maximum intercluster distance" (1985): the largest distance from a
    colour of the gamut to the palette is at most twice as large as with the best palette of that size.
    """
    levels = np.rint(np.linspace(0, 255, _LEVELS)).astype(np.uint8)
    candidates = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1).reshape(-1, 3)
    lab = np.ascontiguousarray(to_oklab(candidates).T)  # (3, candidates)
    picked = np.zeros(count, np.intp)
    nearest = np.full(len(candidates), np.inf, np.float32)
    for number in range(1, count):
        apart = lab - lab[:, picked[number - 1], None]
        np.minimum(nearest, np.einsum("ij,ij->j", apart, apart), out=nearest)
        picked[number] = int(nearest.argmax())
    result: NDArray[np.uint8] = candidates[picked]
    result.setflags(write=False)
    return result
