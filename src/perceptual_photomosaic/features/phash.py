"""A perceptual hash: 64 bits that hardly change when a photo is resized, re-encoded or slightly brightened.

A bit is 1 if one of the 8 x 8 lowest frequencies of the picture's luma is above their median; the median excludes the
mean. Source: the DCT hash of C. Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions", 2010.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.features.colour import LUMA_601
from perceptual_photomosaic.features.near_copies import groups_of_pairs
from perceptual_photomosaic.threads import slices

__all__ = ["largest_of_each", "near_copy_groups", "perceptual_hashes"]

_NEAR_BITS = 3  # of 64: re-encoded or resized photos differ in 0 to 2
_NEAR_OKLAB = 0.02  # root mean square over 8 x 8 samples: a tenth of an obvious difference
_BLOCK = 4096
_SIDE = 32
_LOW = 8
_LUMA = np.array(LUMA_601, np.float32)
_BITS = 64


def perceptual_hashes(thumbnails: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Compute the perceptual hashes of pictures.

    Args:
        thumbnails: sRGB, uint8, (N, side, side, 3): whole pictures resized to squares of side 32, 64, 96...
    Returns:
        Hashes, uint64, (N,).
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
    """Return the first 8 cosines of a DCT-II over 32 samples, (8, 32)."""
    angle = np.pi * (np.arange(_SIDE) + 0.5) * np.arange(_LOW)[:, None] / _SIDE
    return np.cos(angle).astype(np.float32)


def near_copy_groups(
    hashes: NDArray[np.uint64], features: NDArray[np.generic], rows: NDArray[np.int64] | None = None
) -> NDArray[np.int64]:
    """Number groups of pictures that look alike.

    Two pictures look alike if their perceptual hashes differ in at most 3 of 64 bits and their colours at 8 x 8 samples
    by less than 0.02 in OKLab. Pictures that such pairs connect form a group. A hash does not describe pictures without
    shapes, such as flat colours, so each of these is a group of its own.

    Args:
        hashes: uint64, (N,).
        features: OKLab at 8 x 8 samples, (rows, 8, 8, 3).
        rows: Row of each picture in `features`, (N,); None if they are in the same order.
    Returns:
        Group of each picture, int64, (N,), numbered from 0 without gaps in the order of their first members.
    """
    rows = np.arange(len(hashes)) if rows is None else rows
    shaped = np.flatnonzero(_have_shapes(features, rows))
    group = np.arange(len(hashes))
    for one, other in _near_pairs(hashes[shaped], _NEAR_BITS):
        unknown = group[shaped[one]] != group[shaped[other]]
        one, other = shaped[one[unknown]], shaped[other[unknown]]
        change = np.asarray(features[rows[one]] - features[rows[other]], np.float32)
        near = np.sqrt(np.square(change).mean(axis=(1, 2, 3))) < _NEAR_OKLAB
        if near.any():
            group = groups_of_pairs(len(group), group[one[near]], group[other[near]])[group]
    return group


def _have_shapes(features: NDArray[np.generic], rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Mark the pictures whose lightness varies by more than the difference of near copies, bool, (N,)."""
    found = np.empty(len(rows), bool)
    for part in slices(len(rows), _BLOCK):
        light = np.asarray(features[rows[part]][..., 0], np.float32)
        found[part] = light.std(axis=(1, 2)) > _NEAR_OKLAB
    return found


def largest_of_each(groups: NDArray[np.int64], sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Choose the largest member of every group, and the first among equally large ones.

    Args:
        groups: Group of each picture, numbered from 0 without gaps, (N,).
        sizes: Size of each picture, (N,).
    Returns:
        Number of the picture chosen in each group, (groups,).
    """
    order = np.lexsort((np.arange(len(groups)), -sizes, groups))
    return order[np.searchsorted(groups[order], np.arange(groups.max(initial=-1) + 1))]


def _near_pairs(hashes: NDArray[np.uint64], distance: int) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Yield all pairs of hashes that differ in at most `distance` bits, in parts; a pair may appear more than once.

    Hashes that differ in at most d bits are equal in at least one of d + 1 bands of bits, so only hashes with an equal
    band are compared.
    """
    edges = np.linspace(0, _BITS, distance + 2).astype(int)
    for low, high in pairwise(edges.tolist()):
        band = (hashes >> np.uint64(low)) & np.uint64((1 << high - low) - 1)
        order = np.argsort(band, kind="stable")
        ordered = band[order]
        for shift in range(1, len(hashes)):  # pairs at a distance of `shift` in the order of the band
            same = np.flatnonzero(ordered[shift:] == ordered[:-shift])
            if not len(same):
                break
            one, other = order[same], order[same + shift]
            near = np.bitwise_count(hashes[one] ^ hashes[other]) <= distance
            yield one[near], other[near]
