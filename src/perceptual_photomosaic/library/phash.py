"""A perceptual hash: 64 bits that stay nearly the same when a photo is resized, re-encoded or a little brightened.

The signs of the 8 x 8 lowest frequencies of the picture's brightness, each against their median, in which the mean has
no part: the DCT hash of C. Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions", 2010.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

__all__ = ["near_pairs", "perceptual_hashes"]

_SIDE = 32
_LOW = 8
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # of encoded values, as JPEG has it
_BITS = 64


def perceptual_hashes(thumbnails: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Hash pictures.

    Args:
        thumbnails: sRGB, uint8, (N, side, side, 3), whole pictures pressed into squares of a side of 32, 64, 96...
    Returns:
        uint64, (N,).
    """
    count, side = thumbnails.shape[:2]
    step = side // _SIDE
    grey = (thumbnails @ _LUMA).reshape(count, _SIDE, step, _SIDE, step).mean(axis=(2, 4), dtype=np.float32)
    basis = _cosines()
    low = (basis @ grey @ basis.T).reshape(count, _BITS)
    bits = low > np.median(low[:, 1:], axis=1, keepdims=True)
    return np.packbits(bits, axis=1).view(">u8")[:, 0].astype(np.uint64)


@lru_cache(maxsize=1)
def _cosines() -> NDArray[np.float32]:
    """The first 8 cosines of a DCT-II over 32 samples, (8, 32)."""
    angle = np.pi * (np.arange(_SIDE) + 0.5) * np.arange(_LOW)[:, None] / _SIDE
    return np.cos(angle).astype(np.float32)


def near_pairs(hashes: NDArray[np.uint64], distance: int) -> NDArray[np.int64]:
    """All pairs of hashes that differ in few bits, found without comparing all with all.

    Hashes that differ in at most d bits agree in at least one of d + 1 bands of bits, so only those that share a band
    are compared.

    Args:
        hashes: uint64, (N,).
        distance: Largest number of bits, 0 to 15.
    Returns:
        Pairs (i, j) with i < j, each once, int64, (P, 2).
    """
    edges = np.linspace(0, _BITS, distance + 2).astype(int)
    found = [np.empty((0, 2), np.int64)]
    for low, high in pairwise(edges.tolist()):
        band = (hashes >> np.uint64(low)) & np.uint64((1 << high - low) - 1)
        order = np.argsort(band, kind="stable")
        ordered = band[order]
        for shift in range(1, len(hashes)):  # pairs that lie `shift` apart in the order of the band
            same = np.flatnonzero(ordered[shift:] == ordered[:-shift])
            if not len(same):
                break
            one, other = order[same], order[same + shift]
            near = np.bitwise_count(hashes[one] ^ hashes[other]) <= distance
            found.append(np.sort(np.stack([one[near], other[near]], axis=1), axis=1))
    return np.unique(np.concatenate(found), axis=0)
