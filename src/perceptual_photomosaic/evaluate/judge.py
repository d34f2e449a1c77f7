"""The perceptual judge: shift-tolerant LPIPS on AlexNet, a distance learnt from people's answers.

It compares the features of two pictures in five layers of the network. Nothing is optimised for it, so that it stays
independent. Its weights come from the distribution `stlpips-pytorch`; none of that code runs here.

Sources: Zhang, Isola, Efros, Shechtman, Wang: The unreasonable effectiveness of deep features as a perceptual metric,
CVPR 2018 (the distance); Ghildyal, Liu: Shift-tolerant perceptual similarity metric, ECCV 2022 (AlexNet with stride 1
in its first layer, and a blur with reflected borders before every halving).
"""

from __future__ import annotations

import importlib.metadata
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from perceptual_photomosaic.errors import MissingExtraError, ModelError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

__all__ = ["JUDGE_CELLS_PX", "MIN_SIDE_PX", "Judge", "load_judge"]

JUDGE_CELLS_PX = (8.0, 4.0, 2.0)
"""Pixels per cell of the views that the judge compares."""

MIN_SIDE_PX = 32
"""Shortest side of a picture that is judged: smaller ones have hardly any positions in the deepest layers."""

_WEIGHTS = ("stlpips-pytorch", "stlpips_pytorch/weights/vST0.0/alex_shift_tolerant.pth")
_EPSILON = 1e-10


@cache
def load_judge() -> Judge:
    """Read the judge's weights, once per process.

    Raises:
        MissingExtraError: torch or the weights' distribution is not installed.
        ModelError: The distribution lacks the weights of this version.
    """
    try:
        import torch

        located = importlib.metadata.distribution(_WEIGHTS[0]).locate_file(_WEIGHTS[1])
    except (ImportError, importlib.metadata.PackageNotFoundError) as error:
        raise MissingExtraError("the perceptual judge", "eval") from error
    path = Path(str(located))
    if not path.is_file():
        raise ModelError(f"{path} is missing from the installed {_WEIGHTS[0]}; reinstall version 0.0.2, which has it")
    return Judge(torch.load(path, map_location="cpu", weights_only=True))


class Judge:
    """Shift-tolerant LPIPS, AlexNet, version ST0.0.

    Args:
        weights: Its tensors by name, as published.
    """

    def __init__(self, weights: dict[str, Any]) -> None:
        self._weights = weights

    def features(self, srgb: NDArray[np.floating]) -> list[Tensor]:
        """Return the features of one picture.

        Args:
            srgb: sRGB in [0, 1], (H, W, 3), at least `MIN_SIDE_PX` on each side.
        Returns:
            Five maps, (1, C, h, w), of unit length along C at each position.
        """
        import numpy as np
        import torch
        from torch.nn.functional import max_pool2d, relu

        named = self._weights
        with torch.inference_mode():
            x = torch.from_numpy(np.ascontiguousarray(srgb.transpose(2, 0, 1), dtype=np.float32))[None]
            x = (2 * x - 1 - named["scaling_layer.shift"]) / named["scaling_layer.scale"]
            maps = [relu(self._halve(self._convolve(x, "net.slice1.0", padding=2), "net.slice1.1"))]
            for blur, layer, padding in (("net.slice2.4", "net.slice2.5", 2), ("net.slice3.8", "net.slice3.9", 1)):
                halved = self._halve(max_pool2d(maps[-1], 3, stride=1), blur)
                maps.append(relu(self._convolve(halved, layer, padding)))
            for layer in ("net.slice4.11", "net.slice5.13"):
                maps.append(relu(self._convolve(maps[-1], layer, padding=1)))
            return [x / (x.square().sum(dim=1, keepdim=True).sqrt() + _EPSILON) for x in maps]

    def distance(self, features_1: list[Tensor], features_2: list[Tensor]) -> float:
        """Return the distance between the features of two pictures of one size.

        Returns:
            0 for equal pictures, rising with the difference that people see; 1 is already very far.
        """
        import torch

        total = 0.0
        with torch.inference_mode():
            for depth, (one, two) in enumerate(zip(features_1, features_2, strict=True)):
                weights = self._weights[f"lin{depth}.model.1.weight"]
                total += float(((one - two).square() * weights.view(1, -1, 1, 1)).sum(dim=1).mean())
        return total

    def _convolve(self, x: Tensor, name: str, padding: int) -> Tensor:
        from torch.nn.functional import conv2d

        return conv2d(x, self._weights[f"{name}.weight"], self._weights[f"{name}.bias"], padding=padding)

    def _halve(self, x: Tensor, name: str) -> Tensor:
        """Blur each channel with a 3 x 3 window, borders reflected by 2 px, and keep every second position."""
        from torch.nn.functional import conv2d, pad

        return conv2d(pad(x, (2, 2, 2, 2), mode="reflect"), self._weights[f"{name}.filt"], stride=2, groups=x.shape[1])
