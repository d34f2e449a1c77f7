"""Near copies: tiles that people would call the same picture.

Examples are a photo saved twice, two shots of a burst, or a photo and its mirror image. Two pictures are near copies if
their colours at 8 x 8 samples differ by less than 3 units of DIN99d (root mean square) in one of the eight ways to turn
and mirror one of them. Among the 919 photos of the benchmarks the smallest difference is 5.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.features.colour import linear_to_din99d
from perceptual_photomosaic.features.patches import reduce_patches
from perceptual_photomosaic.threads import slices

__all__ = ["groups_of_pairs", "same_pictures"]

_NEAR = 0.03
"""Largest distance of near copies, in DIN99d / 100."""

_PAIRS = 1 << 22


def same_pictures(patches: NDArray[np.float32]) -> NDArray[np.int64]:
    """Number the pictures that tiles show, with one number for all near copies.

    Args:
        patches: The patch of each tile, linear light, (tiles, k, k, 3), k = 8 or a multiple of it.
    Returns:
        Picture of each tile, int64, (tiles,), numbered from 0 without gaps in the order of their first tiles.
    """
    colours = linear_to_din99d(reduce_patches(patches, min(8, patches.shape[1])))
    turned = np.stack(_eight_ways(colours)) / np.float32(colours.shape[1])
    one, other = _likely_pairs(turned.mean(axis=0).reshape(len(colours), -1))
    apart = np.full(len(one), np.inf, np.float32)
    for part in slices(len(one), max(1, _PAIRS // max(1, colours[0].size))):
        for way in turned:
            change = turned[0][one[part]] - way[other[part]]
            apart[part] = np.minimum(apart[part], np.sqrt(np.square(change).sum(axis=(1, 2, 3))))
    return groups_of_pairs(len(colours), one[apart < _NEAR], other[apart < _NEAR])


def _eight_ways(pictures: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """Turn and mirror square pictures, (n, k, k, 3), in all eight ways; the first is unchanged."""
    mirrored = pictures[:, :, ::-1]
    return [np.rot90(each, turns, axes=(1, 2)) for each in (pictures, mirrored) for turns in range(4)]


def _likely_pairs(means: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Find all pairs whose means over the eight ways are near enough for near copies, (pairs,) and (pairs,).

    Turning and mirroring do not change this mean. The distance of two means is never larger than that of the pictures,
    so no pair is missed. Pictures are sorted along the direction of their largest variance, so that each is compared
    with few others.
    """
    count = len(means)
    centred = means - means.mean(axis=0)
    _, axes = np.linalg.eigh(centred.T @ centred)
    along = centred @ axes[:, ::-1][:, : min(3, len(axes))]
    order = np.argsort(along[:, 0], kind="stable")
    line = along[order, 0]
    ends = np.searchsorted(line, line + _NEAR, side="right")
    found: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
    lengths = ends - np.arange(count) - 1
    bounds = np.concatenate([[0], np.cumsum(lengths)])
    start = 0
    while start < count:
        stop = max(start + 1, int(np.searchsorted(bounds, bounds[start] + _PAIRS, side="right")) - 1)
        first = np.repeat(np.arange(start, stop), lengths[start:stop])
        second = first + 1 + np.arange(len(first)) - (bounds[first] - bounds[start])
        one, other = order[first], order[second]
        for axis in range(1, along.shape[1]):
            near = np.abs(along[one, axis] - along[other, axis]) < _NEAR
            one, other = one[near], other[near]
        near = np.square(means[one] - means[other]).sum(axis=1) < _NEAR**2
        found.append((one[near], other[near]))
        start = stop
    return np.concatenate([pair[0] for pair in found]), np.concatenate([pair[1] for pair in found])


def groups_of_pairs(count: int, one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number the groups that pairs connect.

    Args:
        count: Number of members.
        one: First members of the pairs, (pairs,).
        other: Second members of the pairs, (pairs,).
    Returns:
        Group of each member, int64, (count,), numbered from 0 without gaps in the order of their first members.
    """
    group = np.arange(count)
    while True:
        least = np.minimum(group[one], group[other])
        before = group.copy()
        np.minimum.at(group, one, least)
        np.minimum.at(group, other, least)
        group = group[group]
        if np.array_equal(group, before):
            return np.unique(group, return_inverse=True)[1].ravel().astype(np.int64)
