"""Copies among the photos of a folder: identical files and near copies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from perceptual_photomosaic.features.colour import linear_to_oklab
from perceptual_photomosaic.features.patches import tile_patches
from perceptual_photomosaic.features.phash import largest_of_each, near_copy_groups, perceptual_hashes
from perceptual_photomosaic.threads import slices
from perceptual_photomosaic.tiles.derived import resized

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["copies_note", "kept_for_each"]

_SIDE_PX = 32  # hashes are of squares with this side or a multiple of it
_BLOCK = 1024


def kept_for_each(
    contents: Sequence[bytes], thumbnails: NDArray[np.uint8], sizes: Sequence[int]
) -> tuple[NDArray[np.int64], int]:
    """Find the photo that is used in place of each photo: the largest file among its copies.

    Args:
        contents: Digest of the content of each file.
        thumbnails: Each photo as it appears in a cell, sRGB, uint8, (N, h, w, 3).
        sizes: Size of each file in bytes.
    Returns:
        Number of the photo used in place of each (its own number if it is used itself), int64, (N,), and the number of
        photos that are not used because another file is identical.
    """
    first: dict[bytes, int] = {}
    same = np.array([first.setdefault(content, number) for number, content in enumerate(contents)], np.int64)
    distinct = np.fromiter(first.values(), np.int64)
    hashes = np.empty(len(distinct), np.uint64)
    features = np.empty((len(distinct), 8, 8, 3), np.float32)
    for part in slices(len(distinct), _BLOCK):
        seen = thumbnails[distinct[part]]
        if seen.shape[1] != seen.shape[2] or seen.shape[1] % _SIDE_PX:
            seen = resized(seen, (_SIDE_PX, _SIDE_PX))
        hashes[part] = perceptual_hashes(seen)
        features[part] = linear_to_oklab(tile_patches(seen))
    groups = near_copy_groups(hashes, features)
    kept = distinct[largest_of_each(groups, np.array(sizes, np.int64)[distinct])[groups]]
    return kept[np.searchsorted(distinct, same)], len(contents) - len(distinct)


def copies_note(copies: int, same: int, spec: str) -> str:
    """Return a one-line note: the number of photos that are not used, and the spec that uses them.

    Args:
        copies: Number of photos that are not used.
        same: Number of these that are identical to another file.
        spec: The text that opens the folder with all photos.
    """
    alike = copies - same
    kinds = [f"{same:,} byte for byte"] if same else []
    kinds += [f"{alike:,} nearly" if same else "nearly alike"] if alike else []
    noun = "photo is a copy" if copies == 1 else "photos are copies"
    return f"{copies:,} {noun} of others ({', '.join(kinds)}) and left out; {spec} uses all"
