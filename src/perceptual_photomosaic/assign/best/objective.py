"""What `--quality best` minimises: how a mosaic looks to VGG16, held to the colours and shapes it had from afar.

    perceptual   LPIPS form of the loss on VGG16, at the views where one cell covers 4, 2 and 1 px
    anchors      mean DIN99d distance and 1 - SSIM of luma where one cell covers 1, 1/2 and 1/4 px, each relative to
                 what the solver reached; being worse than that costs `hold` times as much. Whether a mosaic is held is
                 judged by CIEDE2000 itself, which has no gradient to speak of

On the way down the network never looks twice at the same: each view is cut and turned at random, target and mosaic
alike. What pleases it from every side is more likely to please people than what fools it from one (Athalye et al.,
"Synthesizing robust adversarial examples", ICML 2018, turned round). The independent judge of the ruler has no part in
this.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from perceptual_photomosaic.assign.best.light import din99d, encode, luma, seen, ssim
from perceptual_photomosaic.features.colour import ciede2000, linear_to_lab
from perceptual_photomosaic.features.patches import PATCH
from perceptual_photomosaic.features.vgg import VGG16
from perceptual_photomosaic.losses import LPIPS_LAYERS, LossSettings, PerceptualLoss

__all__ = ["HELD", "Balance", "Objective", "Value"]

SEEN_SAMPLES = (2, 4, 8)
"""Samples of a cell's side averaged into one pixel at 4, 2 and 1 px per cell, where the network looks. At 8 px per cell
that would cost four times as much, and the judge likes the outcome less (docs/best.md)."""

_LEAST_SEEN_PX = 16
"""The network has no view with fewer pixels along a side, uncut: it halves them four times."""

FAR_SAMPLES = (8, 16, 32)
"""Likewise at 1, 1/2 and 1/4 px per cell."""

_LEAST_PX = 8
"""Views from afar with fewer pixels along a side are left out: their figures are chance."""

HELD = 1.0
"""An error from afar of at most so many times that of the start is held."""

_WINDOW_CELLS = 72
_CUT = 16
"""Samples, two cells, that a random look leaves out of the height and of the width."""

Loss = Literal["lpips", "paper"]


@dataclass(frozen=True)
class Balance:
    """How much the parts count.

    Attributes:
        seen: Weights of the views at 4, 2 and 1 px per cell.
        far: Weight of the anchors, each as a part of its start.
        hold: Weight of what an anchor is worse than its start.
    """

    seen: tuple[float, float, float] = (1.0, 1.0, 2.0)
    far: float = 0.05
    hold: float = 1.0


@dataclass(frozen=True)
class Value:
    """The objective of one mosaic and its parts.

    Attributes:
        total: What is minimised.
        perceptual: The part of the network.
    """

    total: float
    perceptual: float


@dataclass(frozen=True)
class _Afar:
    """The target seen where a pixel averages `samples` along each side: what mosaics are compared with."""

    samples: int
    din99d: Tensor
    lab: NDArray[np.float32]
    luma: Tensor

    @classmethod
    def of(cls, target: Tensor, samples: int) -> _Afar:
        view = seen(target, samples)
        return cls(samples, din99d(view), _lab(view), luma(view))

    def errors(self, light: Tensor) -> tuple[Tensor, Tensor]:
        """How far a mosaic is off in colour, mean DIN99d distance, and in structure, 1 - SSIM; with gradients."""
        view = seen(light, self.samples)
        distance = ((din99d(view) - self.din99d).square().sum(1) + 1e-4).sqrt().mean()
        return distance, 1 - ssim(luma(view), self.luma)

    def reported(self, light: Tensor) -> tuple[float, float]:
        """The same as the ruler reports it: mean CIEDE2000 and 1 - SSIM."""
        view = seen(light, self.samples)
        return float(ciede2000(self.lab, _lab(view)).mean()), float(1 - ssim(luma(view), self.luma))


class Objective:
    """Compares mosaics with one target.

    Args:
        target: Linear light, (1, 3, H, W), at 8 samples a cell.
        start: The solver's mosaic, likewise.
        vgg: Frozen network.
        balance: How much the parts count.
        loss: "lpips", or "paper": the paper's multi-scale feature reconstruction, as a part of its start.
    """

    def __init__(self, target: Tensor, start: Tensor, vgg: VGG16, balance: Balance, loss: Loss = "lpips") -> None:
        lpips = loss == "lpips"
        self.balance = balance
        self._loss = PerceptualLoss(vgg, _LPIPS if lpips else LossSettings()).to(target.device)
        shorter = min(target.shape[2:])
        self._windows = _windows(target.shape[2], target.shape[3])
        self._target = target
        self._far = [_Afar.of(target, samples) for samples in _large_enough(FAR_SAMPLES, shorter, _LEAST_PX)]
        with torch.no_grad():
            self._start = [error.clamp_min(1e-4) for error in self._errors(start)]
            self._reported_start = [max(error, 1e-4) for error in self._reported(start)]
            if lpips:
                large = _large_enough(SEEN_SAMPLES, shorter, _LEAST_SEEN_PX)
                self._views = list(zip(large, balance.seen, strict=False))
            else:  # the paper's loss has its own pyramid
                self._views = [(1, 1.0)]
                self._views = [(1, 1 / max(sum(float(part) for part in self._parts(start)), 1e-9))]

    def value(self, light: Tensor) -> Value:
        """The objective of a mosaic."""
        with torch.no_grad():
            perceptual = sum(float(part) for part in self._parts(light))
            return Value(perceptual + float(self._anchors(light)), perceptual)

    def ratios(self, light: Tensor) -> tuple[float, ...]:
        """Errors from afar as multiples of the start's: colour, structure, for each distance. Asks no network."""
        return tuple(error / start for error, start in zip(self._reported(light), self._reported_start, strict=True))

    def value_and_gradient(self, light: Tensor, random: np.random.Generator) -> tuple[Value, Tensor]:
        """The objective and its gradient in the mosaic, one view after the other, which keeps memory small.

        The network looks at a random cut and turn of each view, so its part is an estimate.
        """
        leaf = light.detach().requires_grad_()
        perceptual = 0.0
        for part in self._parts(leaf, random):
            torch.autograd.backward(part)
            perceptual += float(part.detach())
        anchors = self._anchors(leaf)
        torch.autograd.backward(anchors)
        assert leaf.grad is not None
        return Value(perceptual + float(anchors.detach()), perceptual), leaf.grad

    def _parts(self, light: Tensor, random: np.random.Generator | None = None) -> Iterator[Tensor]:
        """The perceptual loss in parts that sum to it: views, and windows of them."""
        for samples, weight in self._views:
            for window in self._windows:
                target, mosaic = self._target[window], light[window]
                share = mosaic.numel() / light.numel()
                if random is not None:
                    target, mosaic = _glance((target, mosaic), samples, random)
                with torch.no_grad():
                    goal = self._loss.target(encode(seen(target, samples)) * 255)
                yield weight * share * self._loss(encode(seen(mosaic, samples)) * 255, goal).total

    def _errors(self, light: Tensor) -> list[Tensor]:
        """Colour and structure errors from afar, one pair per distance."""
        return [error for wanted in self._far for error in wanted.errors(light)]

    def _reported(self, light: Tensor) -> list[float]:
        """The same as the ruler reports them."""
        with torch.no_grad():
            return [error for wanted in self._far for error in wanted.reported(light)]

    def _anchors(self, light: Tensor) -> Tensor:
        ratios = torch.stack([error / start for error, start in zip(self._errors(light), self._start, strict=True)])
        return self.balance.far * ratios.mean() + self.balance.hold * (ratios - 1).clamp_min(0.0).mean()


_LPIPS = LossSettings(
    layers=LPIPS_LAYERS,
    layer_factors=(1.0,) * 5,
    scales=((0.0,),) * 5,
    blur_sigmas=(),
    blur_windows=(),
    form="lpips",
    border="edge",
)


def _large_enough(samples: tuple[int, ...], shorter: int, least_px: int) -> list[int]:
    """Those that leave a view so many pixels along its shorter side; the first always, fewer samples first."""
    return [samples[0], *(side for side in samples[1:] if shorter // side >= least_px)]


def _glance(pictures: tuple[Tensor, Tensor], samples: int, random: np.random.Generator) -> tuple[Tensor, Tensor]:
    """The same random cut and turn of two pictures, (1, 3, H, W), of whole pixels of so many samples.

    All cuts have one size, as memory that is taken for one is then fit for the next.
    """
    height, width = pictures[0].shape[2:]
    down, right = (min(_CUT, side // 4) for side in (height, width))
    top, left = int(random.integers(0, down + 1)), int(random.integers(0, right + 1))
    rows, columns = (height - down) // samples * samples, (width - right) // samples * samples
    mirror = [axis for axis in (2, 3) if random.random() < 0.5]
    across = random.random() < 0.5
    one, two = (picture[:, :, top : top + rows, left : left + columns].flip(mirror) for picture in pictures)
    return (one.transpose(2, 3), two.transpose(2, 3)) if across else (one, two)


def _windows(height: int, width: int) -> list[tuple[slice, ...]]:
    """Cut a picture into windows of whole cells, of about one size, which keeps memory small on large grids."""

    def cut(length: int) -> list[slice]:
        cells = length // PATCH
        parts = -(-cells // _WINDOW_CELLS)
        edges = [cells * i // parts * PATCH for i in range(parts + 1)]
        return [slice(a, b) for a, b in pairwise(edges)]

    every = slice(None)
    return [(every, every, rows, columns) for rows in cut(height) for columns in cut(width)]


def _lab(light: Tensor) -> NDArray[np.float32]:
    """CIELAB of linear light, (1, 3, H, W) to (H, W, 3)."""
    return linear_to_lab(light[0].movedim(0, -1).cpu().numpy())
