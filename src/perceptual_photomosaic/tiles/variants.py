"""Rotated and mirrored copies of the tiles of another set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from perceptual_photomosaic.errors import TileError
from perceptual_photomosaic.tiles.derived import AS_IS, DerivedSet, chosen, digest
from perceptual_photomosaic.tiles.tile_set import TileSet

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from perceptual_photomosaic.progress import Reporter

__all__ = ["Variants"]


class Variants(DerivedSet):
    """A tile set in which every tile may also be used rotated or mirrored.

    Args:
        tiles: A set without variants of its own.
        rotate: Add quarter turns, clockwise; only the half turn if cells are not square.
        flip: Add the mirror image (left and right exchanged), and its turns.
        square: Whether cells are square.

    Raises:
        TileError: The set already has variants.
    """

    def __init__(self, tiles: TileSet, *, rotate: bool = False, flip: bool = False, square: bool = True) -> None:
        if len(tiles.variants) != 1:
            raise TileError(f"expected a tile set without variants, {tiles.spec} has {', '.join(tiles.variants)}")
        super().__init__(tiles)
        self._square = square
        self._moves = _moves(rotate, flip, square)

    def __len__(self) -> int:
        return len(self.tiles) * len(self._moves)

    @property
    def variants(self) -> Sequence[str]:
        """Names of the variants of every tile."""
        return tuple(_name(mirrored, turns) for mirrored, turns in self._moves)

    def identity(self) -> str:
        """Digest of the set and its variants."""
        return digest("variants 1", self.tiles.identity(), self.variants)

    def pictures(
        self, size_px: tuple[int, int], choices: Sequence[int] | None = None, *, reporter: Reporter | None = None
    ) -> NDArray[np.uint8]:
        """Draw choices at a size, each tile once; see `TileSet.pictures`."""
        if self._square and size_px[0] != size_px[1] and any(turns % 2 for _, turns in self._moves):
            raise TileError(
                f"tiles that are turned by 90 degrees are square, got a size of {size_px[0]} x {size_px[1]}"
            )
        tiles, moves = np.divmod(chosen(choices, len(self)), len(self._moves))
        wanted, index = np.unique(tiles, return_inverse=True)
        upright = self.tiles.pictures(size_px, wanted.tolist(), reporter=reporter)
        result = np.empty((len(tiles), *upright.shape[1:]), np.uint8)
        for number, (mirrored, turns) in enumerate(self._moves):
            mine = moves == number
            moved = upright[index[mine]]
            moved = moved[:, :, ::-1] if mirrored else moved
            result[mine] = np.rot90(moved, -turns, axes=(1, 2))
        return result


def _moves(rotate: bool, flip: bool, square: bool) -> list[tuple[bool, int]]:
    """Return (mirrored, clockwise quarter turns after that) of each variant, "as is" first."""
    turns = ((0, 1, 2, 3) if square else (0, 2)) if rotate else (0,)
    return [(mirrored, turn) for mirrored in ((False, True) if flip else (False,)) for turn in turns]


def _name(mirrored: bool, turns: int) -> str:
    words = (["mirrored"] if mirrored else []) + ([f"rotated {90 * turns}"] if turns else [])
    return " ".join(words) or AS_IS
