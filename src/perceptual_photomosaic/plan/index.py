"""The index of a mosaic: which tile is in which cell, as CSV."""

from __future__ import annotations

import csv
import io

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.tiles.tile_set import TileSet

__all__ = ["index_csv"]


def index_csv(choices: NDArray[np.int64], tiles: TileSet) -> str:
    """Return the index as CSV.

    Args:
        choices: Choice numbers, (rows, columns).
        tiles: The tile set.
    Returns:
        Text with the header row,column,tile,variant,source; rows and columns count from 0.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("row", "column", "tile", "variant", "source"))
    names = tiles.variants
    for (row, column), choice in np.ndenumerate(choices):
        tile, variant = divmod(int(choice), len(names))
        source = tiles.source(tile).encode("utf-8", "backslashreplace").decode("utf-8")
        writer.writerow((row, column, tile, names[variant], source))
    return text.getvalue()
