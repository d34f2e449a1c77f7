"""Nearest neighbour search: exact, in blocks, or in clusters for more than 300,000 tiles.

Exact search compares all with all, in blocks of limited size. `faiss` (extra "faiss") groups a large set into clusters
and searches only the nearest ones: a missed neighbour costs a fraction of a percent of distance, which is invisible.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.errors import MissingExtraError
from perceptual_photomosaic.features.colour import linear_to_oklab
from perceptual_photomosaic.features.patches import tile_patches
from perceptual_photomosaic.image import Colour, decode, load_image
from perceptual_photomosaic.library.build import THUMBNAIL_PX
from perceptual_photomosaic.library.library_tiles import LibraryTiles
from perceptual_photomosaic.library.shortlist import EXACT_UP_TO
from perceptual_photomosaic.progress import SILENT, Reporter

__all__ = ["EXACT_UP_TO", "nearest", "search_library"]

_BLOCK_ENTRIES = 16_000_000  # distances at a time: 64 MB
_BLOCK_TILES = 65_536
_PROBES = 16
_WHITE: Colour = (255, 255, 255)


def nearest(
    queries: NDArray[np.float32],
    among: NDArray[np.float32],
    k: int,
    *,
    exact: bool | None = None,
    reporter: Reporter = SILENT,
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Find the k nearest neighbours of each query.

    Args:
        queries: float32, (Q, D).
        among: float32, (N, D); may be a memory map, which is read in blocks.
        k: Number of neighbours, at most N.
        exact: Compare all with all (True), use clusters (False), or choose by N (None): clusters above 300,000 if faiss
            is installed, else all with all and a note.
        reporter: Receives progress.
    Returns:
        Numbers, int64, (Q, k), nearest first, the lower number first among equals if exact; and squared distances,
        float32, (Q, k).
    Raises:
        MissingExtraError: Clusters need faiss, which is not installed.
    """
    k = min(k, len(among))
    if exact is None:
        exact = len(among) <= EXACT_UP_TO
        if not exact and _faiss() is None:
            reporter.note(f"comparing with all {len(among):,}; the 'faiss' extra would take a fifth of the time")
            exact = True
    if exact:
        return _exact(queries, among, k, reporter)
    return _clustered(queries, among, k)


def _exact(
    queries: NDArray[np.float32], among: NDArray[np.float32], k: int, reporter: Reporter
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    numbers = np.zeros((len(queries), k), np.int64)
    distances = np.full((len(queries), k), np.inf, np.float32)
    step = max(1, _BLOCK_ENTRIES // min(_BLOCK_TILES, len(among)))
    norms = np.einsum("qd,qd->q", queries, queries)
    with reporter.stage("searching", len(among), "tiles") as stage:
        for start in range(0, len(among), _BLOCK_TILES):
            block = np.ascontiguousarray(among[start : start + _BLOCK_TILES], np.float32)
            minus_two, squares = -2.0 * block.T, np.einsum("nd,nd->n", block, block)
            for low in range(0, len(queries), step):
                part = slice(low, low + step)
                found = queries[part] @ minus_two
                found += squares
                found += norms[part, None]
                numbers[part], distances[part] = _merge(numbers[part], distances[part], found, start, k)
            stage.advance(len(block))
    return numbers, np.maximum(distances, 0.0)


def _merge(
    numbers: NDArray[np.int64], distances: NDArray[np.float32], found: NDArray[np.float32], start: int, k: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Merge the k best known neighbours with a new block, in order."""
    best = np.argpartition(found, k - 1, axis=1)[:, :k] if k < found.shape[1] else np.arange(found.shape[1])[None]
    best = np.broadcast_to(best, (len(found), best.shape[1]))
    numbers = np.concatenate([numbers, best + start], axis=1)
    distances = np.concatenate([distances, np.take_along_axis(found, best, axis=1)], axis=1)
    order = np.lexsort((numbers, distances), axis=1)[:, :k]
    return np.take_along_axis(numbers, order, axis=1), np.take_along_axis(distances, order, axis=1)


def _clustered(
    queries: NDArray[np.float32], among: NDArray[np.float32], k: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    faiss = _faiss()
    if faiss is None:
        raise MissingExtraError("searching by clusters", "faiss")
    count, width = among.shape
    clusters = max(1, min(count // 39, 1 << round(math.log2(max(2.0, math.sqrt(count))))))
    index = faiss.IndexIVFFlat(faiss.IndexFlatL2(width), width, clusters)
    sample = np.random.default_rng(0).choice(count, min(count, clusters * 64), replace=False)
    index.train(np.ascontiguousarray(among[np.sort(sample)], np.float32))
    for start in range(0, count, _BLOCK_TILES):
        index.add(np.ascontiguousarray(among[start : start + _BLOCK_TILES], np.float32))
    index.nprobe = min(clusters, _PROBES)
    distances, numbers = index.search(np.ascontiguousarray(queries, np.float32), k)
    return numbers.astype(np.int64), distances


def _faiss() -> Any:
    try:
        import faiss
    except ImportError:
        return None
    return faiss


def search_library(tiles: LibraryTiles, picture: Path, count: int) -> list[tuple[int, float]]:
    """Find the photos of a library that are most similar to a picture.

    Args:
        tiles: The library.
        picture: File of the picture.
        count: Number of photos to find.
    Returns:
        Tile numbers and distances (root mean square in OKLab over 8 x 8 samples), nearest first.
    Raises:
        ImageError: The picture cannot be read.
    """
    height, width = load_image(picture).shape[:2]
    whole = decode(picture, (THUMBNAIL_PX, THUMBNAIL_PX), aspect=(width, height), background=_WHITE)
    query = linear_to_oklab(tile_patches(whole[None])).reshape(1, -1).astype(np.float32)
    features = tiles.features().reshape(len(tiles), -1)
    numbers, squares = nearest(query, features, count, exact=True)
    scale = features.shape[1]
    return [(int(n), math.sqrt(float(s) / scale)) for n, s in zip(numbers[0], squares[0], strict=True)]
