"""The network for any tiles in torch, for training. `models.any_tiles.network` computes the same without torch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from perceptual_photomosaic.models.any_tiles.inputs import (
    BANDS,
    GROUPS,
    LOOKS,
    SET_FIGURES,
    Seen,
    group_of_band,
    lacking,
    phases,
    set_figures,
)
from perceptual_photomosaic.models.any_tiles.network import PLAIN_WEIGHTS, nearest

__all__ = ["Architecture", "TorchNetwork"]

_HIDDEN_PATCH, _HIDDEN_KEY, _HIDDEN_SET, _HEAD = 160, 96, 64, 128
_FIRST_SCALE = 50.0
_PHASES, _LACK = 7, 15


@dataclass(frozen=True)
class Architecture:
    """The size of the network, and parts that an ablation leaves out.

    Attributes:
        channels: Channels of embeddings and of the grid.
        blocks: Residual blocks of two 3 x 3 convolutions; 0 leaves out the neighbours.
        learned: Learned dimensions of queries and keys.
        summary: Give the cells a summary of the tile set.
        distance: Compare coefficients of cell and tile in the logits; False leaves the learned dimensions alone.
    """

    channels: int = 64
    blocks: int = 3
    learned: int = 48
    summary: bool = True
    distance: bool = True


class _Two(nn.Module):
    """Two linear layers with a rectifier between them."""

    def __init__(self, inputs: int, hidden: int, outputs: int) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(inputs, hidden), nn.Linear(hidden, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Return the output, (N, outputs)."""
        y: Tensor = self.second(F.relu(self.first(x)))
        return y


class _Block(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1, padding_mode="replicate")
        self.second = nn.Conv2d(channels, channels, 3, padding=1, padding_mode="replicate")
        self.gain = nn.Parameter(torch.full((channels,), 0.1))

    def forward(self, x: Tensor) -> Tensor:
        """Return x, (1, channels, rows, columns), with what the convolutions add."""
        normed = F.layer_norm(x.permute(0, 2, 3, 1), x.shape[1:2], eps=1e-5).permute(0, 3, 1, 2)
        y: Tensor = x + self.gain[:, None, None] * self.second(F.relu(self.first(F.relu(normed))))
        return y


class TorchNetwork(nn.Module):
    """The network; its parameters have the names that `ConditionedMosaicNet` expects.

    Args:
        architecture: Sizes and parts.
    """

    def __init__(self, architecture: Architecture | None = None) -> None:
        super().__init__()
        self.architecture = size = architecture or Architecture()
        c = size.channels
        self.patch = _Two(LOOKS, _HIDDEN_PATCH, c)
        self.key = _Two(c, _HIDDEN_KEY, size.learned + 1)
        self.set = _Two(3 * c + SET_FIGURES, _HIDDEN_SET, c)
        self.join = nn.Linear(3 * c + _LACK + GROUPS + _PHASES, c)
        self.whole = _Two(2 * c, c, c)
        self.blocks = nn.ModuleList([_Block(c) for _ in range(size.blocks)])
        self.head = nn.Linear(2 * c, _HEAD)
        self.out = nn.Linear(_HEAD, 3 * GROUPS + 4 + BANDS + size.learned)
        self.log_scale = nn.Parameter(torch.tensor(math.log(_FIRST_SCALE)))
        self._plain, self._group = torch.from_numpy(PLAIN_WEIGHTS), torch.from_numpy(group_of_band())
        self._begin_as_nearest_patch()

    def _begin_as_nearest_patch(self) -> None:
        """Set the last layers so that the first logits are the plain patch distance, nearly."""
        with torch.no_grad():
            for layer in (self.whole.second, self.out):
                layer.weight.zero_()
                layer.bias.zero_()
            nn.init.normal_(self.out.weight[-self.architecture.learned :], std=0.02)
            self.key.second.weight[-1:].zero_()
            self.key.second.bias.zero_()

    def keys(self, seen: Seen, *, narrow: bool = False) -> dict[str, Any]:
        """Return keys, embeddings and summary of a tile set, as `ConditionedMosaicNet.keys` does."""
        parts = _tensors(seen)
        hidden = self.patch(parts["looks"])
        learned = self.key(hidden)
        bands, energies = parts["bands"], parts["energies"]
        if not self.architecture.distance:
            bands, energies = torch.zeros_like(bands), torch.zeros_like(energies)
        keys = torch.cat([bands, energies, parts["roots"], parts["spread"], learned], 1)
        figures = torch.from_numpy(set_figures(seen, narrow=narrow))
        moments = torch.cat([hidden.mean(0), hidden.std(0, unbiased=False), hidden.amax(0), figures])
        summary = self.set(moments[None])[0]
        if not self.architecture.summary:
            summary = torch.zeros_like(summary)
        return {"keys": keys, "hidden": hidden, "summary": summary, "seen": seen}

    def forward(self, cells: Seen, shape: tuple[int, int], keys: dict[str, Any]) -> Tensor:
        """Return the logits, (cells, T).

        Args:
            cells: The cells as the network sees them, row by row.
            shape: (rows, columns).
            keys: The result of `keys`.
        """
        parts = _tensors(cells)
        hidden = self.patch(parts["looks"])
        near = nearest(cells, keys["seen"])
        lack = torch.from_numpy(lacking(cells, keys["seen"], near))
        summary = keys["summary"].expand(len(hidden), -1)
        places = torch.from_numpy(phases(shape))
        asked = [hidden, summary, keys["hidden"][torch.from_numpy(near)], lack, places]
        x = self.join(torch.cat(asked, 1))
        x = x + self.whole(torch.cat([x.mean(0), x.std(0, unbiased=False)])[None])
        grid = x.T.reshape(1, -1, *shape)
        for block in self.blocks:
            grid = block(grid)
        x = F.relu(self.head(torch.cat([grid.reshape(grid.shape[1], -1).T, hidden], 1)))
        logits: Tensor = self._query(parts["bands"], self.out(x)) @ keys["keys"].T
        return logits

    def _query(self, bands: Tensor, out: Tensor) -> Tensor:
        limit = out[:, : 3 * GROUPS + 4].clamp(-5, 5)
        products, squares = limit[:, :GROUPS].exp(), limit[:, GROUPS : 2 * GROUPS].exp()
        shift, learned = out[:, 3 * GROUPS + 4 : 3 * GROUPS + 4 + BANDS], out[:, 3 * GROUPS + 4 + BANDS :]
        scale = self.log_scale.exp()
        wanted = (bands + 0.1 * shift) * (products * self._plain)[:, self._group]
        ones = torch.ones(len(out), 1)
        return torch.cat([2 * scale * wanted, -scale * squares * self._plain, limit[:, 2 * GROUPS :], learned, ones], 1)

    def plain(self) -> dict[str, NDArray[np.float32]]:
        """Return the weights as arrays, for `ConditionedMosaicNet`."""
        weights = {name: value.detach().cpu().numpy().copy() for name, value in self.state_dict().items()}
        if not self.architecture.summary:
            for name in ("set.second.weight", "set.second.bias"):
                weights[name][:] = 0
        if not self.architecture.distance:
            weights["no_distance"] = np.ones(1, np.float32)
        return weights


def _tensors(seen: Seen) -> dict[str, Tensor]:
    names = ("bands", "energies", "roots", "spread", "looks")
    return {name: torch.from_numpy(np.ascontiguousarray(getattr(seen, name))) for name in names}
