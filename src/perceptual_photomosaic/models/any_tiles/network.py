"""The network for any tiles, as a forward pass in NumPy: `docs/understand/any-tiles.md` describes it.

Each tile gets a key and each cell a query, and the logit of a tile in a cell is the product of
the two. Keys and queries contain the Haar coefficients of their patches and the sums of squares of these, so the logits
start as a patch distance with the sign changed. The network learns a weight of each band for each cell, a shift of the
wanted patch, and a few more dimensions. What it sees of a cell are the cell, the nearest tile, what that tile lacks,
the cells around it, and a summary of the tile set.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load

from perceptual_photomosaic.features.traits import Traits
from perceptual_photomosaic.models.any_tiles.inputs import (
    BANDS,
    GROUPS,
    Seen,
    group_of_band,
    lacking,
    phases,
    see,
    set_figures,
)
from perceptual_photomosaic.threads import share_out, slices

__all__ = ["ENERGY_PER_LOGIT", "PLAIN_WEIGHTS", "ConditionedMosaicNet", "Keys", "nearest"]

ENERGY_PER_LOGIT = 0.05
"""Difference of the solver's energy, for a choice in a cell, that a difference of 1 between logits stands for."""
PLAIN_WEIGHTS = np.array([1, 1, 1, 1, 1, 1, 1, 1, 4, 4], np.float32)
"""Weight of each group of coefficients in the plain patch distance."""

_ROWS = 8
"""Rows of cells in one job of a convolution."""
_CELLS = 1024
"""Cells, or tiles, in one job."""
_LOGITS = 4_000_000
"""Largest number of products of cells and tiles in one job."""
_PARTS = (BANDS, GROUPS, GROUPS, 4)
"""Numbers of a key before the learned ones."""
_MOST_CHANGE = 5.0
"""Largest logarithm of a factor by which a cell changes the weight of a band."""


@dataclass(frozen=True)
class Keys:
    """A tile set as the network knows it. It does not depend on a target.

    Attributes:
        keys: The key of each tile, float32, (T, D).
        seen: The tiles as the network sees them.
        hidden: The embedding of each tile, (T, 64).
        summary: The summary of the set, (64,).
    """

    keys: NDArray[np.float32]
    seen: Seen
    hidden: NDArray[np.float32]
    summary: NDArray[np.float32]


class ConditionedMosaicNet:
    """A network that takes the tile set as an input.

    Args:
        weights: Weights and biases by the names of `training.any_tiles.torch_network`.
    """

    def __init__(self, weights: Mapping[str, NDArray[np.floating]]) -> None:
        self._weights = {name: np.ascontiguousarray(values, np.float32) for name, values in weights.items()}
        self._scale = np.float32(np.exp(self._weights["log_scale"]).item())
        self._channels = len(self._weights["patch.second.bias"])
        self._learned = len(self._weights["key.second.bias"])
        self._known: WeakKeyDictionary[Traits, dict[bool, Keys]] = WeakKeyDictionary()

    @classmethod
    def from_file(cls, path: Path) -> ConditionedMosaicNet:
        """Read a network from a file of weights."""
        return cls(load(path.read_bytes()))

    @classmethod
    @cache
    def shipped(cls) -> ConditionedMosaicNet:
        """Return the network of the package."""
        data = resources.files(__package__).joinpath("weights.safetensors").read_bytes()
        return cls(load(data))

    def keys(self, tiles: Traits, *, narrow: bool = False) -> Keys:
        """Compute the keys of a tile set, or return those that were computed for the same traits before.

        Args:
            tiles: The tiles, blurred if they are narrow.
            narrow: True if they are narrow, as letters are.
        """
        known = self._known.setdefault(tiles, {})
        if narrow not in known:
            known[narrow] = self._keys(tiles, narrow=narrow)
        return known[narrow]

    def _keys(self, tiles: Traits, *, narrow: bool) -> Keys:
        seen = see(tiles)
        keys = np.empty((len(seen), sum(_PARTS) + self._learned), np.float32)
        hidden = np.empty((len(seen), self._channels), np.float32)

        def fill(block: slice) -> None:
            part = seen.part(block)
            hidden[block] = self._layers("patch", part.looks)
            learned = self._layers("key", hidden[block])
            keys[block] = np.concatenate([part.bands, part.energies, part.roots, part.spread, learned], axis=1)

        share_out(fill, slices(len(seen), _CELLS))
        if "no_distance" in self._weights:  # an ablation
            keys[:, : BANDS + GROUPS] = 0
        else:
            bands, energies, _, spread, _ = np.split(keys, np.cumsum(_PARTS), axis=1)
            seen = Seen(bands, energies, spread)  # views: one copy in memory
        moments = [hidden.mean(axis=0), hidden.std(axis=0), hidden.max(axis=0), set_figures(seen, narrow=narrow)]
        summary = self._layers("set", np.concatenate(moments)[None])[0]
        return Keys(keys, seen, hidden, summary)

    def queries(self, cells: Traits, shape: tuple[int, int], keys: Keys) -> NDArray[np.float32]:
        """Compute the query of every cell, float32, (cells, D): its product with a key is a logit.

        Args:
            cells: The cells, row by row.
            shape: (rows, columns).
            keys: The keys of the tile set.
        """
        seen = see(cells)
        hidden, x = (np.empty((len(seen), self._channels), np.float32) for _ in range(2))
        near, places = nearest(seen, keys.seen), phases(shape)

        def join(block: slice) -> None:
            part = seen.part(block)
            hidden[block] = self._layers("patch", part.looks)
            x[block] = self._linear("join", _asked(part, hidden[block], near[block], places[block], keys))

        share_out(join, slices(len(seen), _CELLS))
        x += self._layers("whole", np.concatenate([x.mean(axis=0), x.std(axis=0)])[None])
        x = self._look_around(x, shape)
        queries = np.empty((len(seen), keys.keys.shape[1]), np.float32)

        def ask(block: slice) -> None:
            both = np.concatenate([x[block], hidden[block]], axis=1)
            queries[block] = self._query(seen.part(block), self._linear("head", both, rectify=True))

        share_out(ask, slices(len(seen), _CELLS))
        return queries

    def _look_around(self, x: NDArray[np.float32], shape: tuple[int, int]) -> NDArray[np.float32]:
        """Apply the residual blocks, in which cells look at their neighbours, (cells, channels)."""
        block = 0
        while f"blocks.{block}.first.weight" in self._weights:
            name = f"blocks.{block}"
            inner = self._convolve(f"{name}.first", np.maximum(_normed(x), 0), shape)
            added = self._convolve(f"{name}.second", np.maximum(inner, 0, out=inner), shape)
            added *= self._weights[f"{name}.gain"]
            x = x + added
            block += 1
        return x

    def _query(self, seen: Seen, x: NDArray[np.float32]) -> NDArray[np.float32]:
        out = self._linear("out", x)
        limit = np.clip(out[:, : 3 * GROUPS + 4], -_MOST_CHANGE, _MOST_CHANGE)
        products, squares = np.exp(limit[:, :GROUPS]), np.exp(limit[:, GROUPS : 2 * GROUPS])
        roots, spread = limit[:, 2 * GROUPS : 3 * GROUPS], limit[:, 3 * GROUPS :]
        shift, learned = np.split(out[:, 3 * GROUPS + 4 :], [seen.bands.shape[1]], axis=1)
        wanted = (seen.bands + np.float32(0.1) * shift) * (products * PLAIN_WEIGHTS)[:, group_of_band()]
        return np.concatenate(
            [
                np.float32(2) * self._scale * wanted,
                -self._scale * squares * PLAIN_WEIGHTS,
                roots,
                spread,
                learned,
                np.ones((len(x), 1), np.float32),
            ],
            axis=1,
        )

    def _layers(self, name: str, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Apply two linear layers with a rectifier between them."""
        return self._linear(f"{name}.second", self._linear(f"{name}.first", x, rectify=True))

    def _linear(self, name: str, x: NDArray[np.float32], *, rectify: bool = False) -> NDArray[np.float32]:
        y = x @ self._weights[f"{name}.weight"].T
        y += self._weights[f"{name}.bias"]
        return np.maximum(y, 0, out=y) if rectify else y

    def _convolve(self, name: str, x: NDArray[np.float32], shape: tuple[int, int]) -> NDArray[np.float32]:
        """Apply a 3 x 3 convolution to a grid, (cells, channels); cells at the border are repeated."""
        kernel = self._weights[f"{name}.weight"]  # (out, in, 3, 3)
        flat = np.ascontiguousarray(kernel.transpose(2, 3, 1, 0)).reshape(-1, len(kernel))
        bias = self._weights[f"{name}.bias"]
        rows, columns = shape
        padded = np.pad(x.reshape(rows, columns, -1), ((1, 1), (1, 1), (0, 0)), mode="edge")
        result = np.empty((rows, columns, len(kernel)), np.float32)

        def fill(part: slice) -> None:
            high = part.stop - part.start
            around = [
                padded[part.start + down : part.start + down + high, right : right + columns]
                for down in range(3)
                for right in range(3)
            ]
            stacked = np.concatenate(around, axis=2).reshape(high * columns, -1)
            result[part] = (stacked @ flat + bias).reshape(high, columns, -1)

        share_out(fill, slices(rows, _ROWS))
        return result.reshape(rows * columns, -1)


def nearest(cells: Seen, tiles: Seen) -> NDArray[np.int64]:
    """Return the tile nearest to every cell by the plain patch distance, (cells,); the lowest number among equals."""
    weights = 2 * PLAIN_WEIGHTS[group_of_band()]
    offered, norms = tiles.bands.T, tiles.energies @ PLAIN_WEIGHTS
    found = np.empty(len(cells), np.int64)

    def fill(block: slice) -> None:
        likeness = (cells.bands[block] * weights) @ offered
        likeness -= norms
        found[block] = likeness.argmax(axis=1)

    share_out(fill, slices(len(found), max(1, min(_CELLS, _LOGITS // len(tiles)))))
    return found


def _asked(
    seen: Seen, hidden: NDArray[np.float32], near: NDArray[np.int64], places: NDArray[np.float32], keys: Keys
) -> NDArray[np.float32]:
    """Return what the network sees of cells, (n, 224).

    Args:
        seen: The cells.
        hidden: Their embeddings, (n, 64).
        near: The tile nearest to each, (n,).
        places: Their places in the repeating pattern, (n, 7).
        keys: The keys of the tile set.
    """
    summary = np.broadcast_to(keys.summary, (len(hidden), len(keys.summary)))
    parts = [hidden, summary, keys.hidden[near], lacking(seen, keys.seen, near), places]
    return np.concatenate(parts, axis=1)


def _normed(x: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give every row mean 0 and variance 1."""
    x = x - x.mean(axis=1, keepdims=True)
    x /= np.sqrt(np.square(x).mean(axis=1, keepdims=True) + np.float32(1e-5))
    return x
