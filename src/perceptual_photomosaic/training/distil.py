"""Teach `features.embedding` from VGG16: `python -m perceptual_photomosaic.cli.distil PHOTOS [OUT]`.

Patches are cut from photos at every size, made lighter and darker, their channels exchanged, and some drawn by chance,
as tiles are not always photos. VGG16 looks at each with its mirror image around it. The small network learns the
principal components of what it sees, so that distances between its outputs are distances between features.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor, nn

from perceptual_photomosaic.errors import ImageError
from perceptual_photomosaic.features.colour import linear_to_srgb, to_linear
from perceptual_photomosaic.features.embedding import SAMPLES, WEIGHTS, inputs
from perceptual_photomosaic.features.vgg import VGG16
from perceptual_photomosaic.features.weights import load_vgg_weights
from perceptual_photomosaic.image import load_image
from perceptual_photomosaic.losses import LossSettings, PerceptualLoss
from perceptual_photomosaic.progress import SILENT, Reporter
from perceptual_photomosaic.threads import fixed_torch_threads
from perceptual_photomosaic.training.data import list_pictures

__all__ = ["distil", "seen_by_vgg"]

_LAYER = "conv3_3"
_AROUND, _CENTRE = 2, 1
"""Samples of mirror image on each side; the place of the layer that then lies on the patch."""

_WIDTH, _DIMENSIONS = 128, 16
_BATCH, _RATE, _TESTED = 1024, 3e-3, 10_000


def seen_by_vgg(vgg: VGG16, patches: NDArray[np.float32], *, reporter: Reporter = SILENT) -> Tensor:
    """What VGG16 makes of patches: features of unit length, weighted as LPIPS does.

    Args:
        vgg: Frozen network with LPIPS weights.
        patches: Linear light, (N, 2, 2, 3).
    Returns:
        float32, (N, channels); squared distances are LPIPS at this layer.
    """
    around = (_AROUND, _AROUND)
    pictures = np.pad(linear_to_srgb(patches) * 255, ((0, 0), around, around, (0, 0)), mode="symmetric")
    loss = PerceptualLoss(vgg, LossSettings(layers=(_LAYER,), scales=((0.0,),), form="lpips"))
    parts = []
    with reporter.stage("looking at patches", len(pictures), "patches") as stage:
        for batch in torch.split(torch.from_numpy(pictures).movedim(-1, 1), _BATCH):
            parts.append(loss.target(batch).scales[0][_LAYER][:, :, _CENTRE, _CENTRE])
            stage.advance(len(batch))
    return torch.cat(parts)


def distil(
    folder: Path, out: Path = WEIGHTS, *, patches: int = 300_000, epochs: int = 60, reporter: Reporter = SILENT
) -> tuple[float, float]:
    """Teach the network and write its weights.

    Args:
        folder: Photos.
        out: The file to write.
        patches: How many to learn from; a fifth as many are drawn by chance.
        epochs: How often each is seen.
    Returns:
        On patches that were kept aside: the part of the variance that is left unexplained, and the correlation of
        squared distances with those of VGG16.
    Raises:
        TileError: There is no such folder.
        ImageError: It holds no picture that can be read. One of many that cannot is left out, with a note.
        MissingExtraError: The weights of VGG16 are not installed.
    """
    torch.manual_seed(0)
    shown = _patches(folder, patches, np.random.default_rng(0), reporter)
    features = seen_by_vgg(VGG16(load_vgg_weights()), shown, reporter=reporter)
    given = torch.from_numpy(inputs(shown))
    mean = features.mean(0)
    _, directions = np.linalg.eigh(torch.cov(features.T).double().numpy())
    axes = torch.from_numpy(directions[:, -_DIMENSIONS:]).float()  # of the largest variances
    wanted = (features - mean) @ axes
    sizes = [given.shape[1], _WIDTH, _WIDTH, _WIDTH, _DIMENSIONS]
    layers = [nn.Linear(*pair) for pair in pairwise(sizes)]
    net = nn.Sequential(*[part for layer in layers for part in (layer, nn.ReLU())][:-1])
    tested = min(_TESTED, len(given) // 10)
    _teach(net, given[tested:], wanted[tested:], epochs, reporter)
    tensors = {f"matrix{number}": layer.weight.T for number, layer in enumerate(layers)}
    tensors |= {f"offset{number}": layer.bias for number, layer in enumerate(layers)}
    temporary = out.with_name(f".{out.name}.partial")
    save_file({name: values.detach().half().contiguous() for name, values in tensors.items()}, temporary)
    temporary.replace(out)
    with torch.no_grad():
        return _agreement(net(given[:tested]), features[:tested], mean, axes)


@fixed_torch_threads(1)  # layers so small are slower on more
def _teach(net: nn.Module, given: Tensor, wanted: Tensor, epochs: int, reporter: Reporter) -> None:
    steps = epochs * len(given) // _BATCH
    optimiser = torch.optim.AdamW(net.parameters(), _RATE, weight_decay=1e-5)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _RATE, steps)
    with reporter.stage("learning", steps, "steps") as stage:
        for _ in range(steps):
            batch = torch.randint(0, len(given), (_BATCH,))
            loss = (net(given[batch]) - wanted[batch]).square().sum(1).mean()
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            optimiser.step()
            schedule.step()
            stage.advance(loss=float(loss.detach()))


def _agreement(points: Tensor, features: Tensor, mean: Tensor, axes: Tensor) -> tuple[float, float]:
    centred = features - mean
    along = centred @ axes
    beside = centred.square().sum() - along.square().sum()
    left = float(((points - along).square().sum() + beside) / centred.square().sum())
    other = torch.randperm(len(points))
    pairs = [(values - values[other]).square().sum(1) for values in (points, features)]
    return left, float(torch.corrcoef(torch.stack(pairs))[0, 1])


def _patches(folder: Path, count: int, random: np.random.Generator, reporter: Reporter) -> NDArray[np.float32]:
    """Patches in linear light, float32, (N, 2, 2, 3), in no order."""
    names = list_pictures(folder)
    cut: list[NDArray[np.float32]] = []
    broken: list[ImageError] = []
    for name in names:
        try:
            found = _cut(name, -(-count // len(names)), random)
        except ImageError as error:
            broken.append(error)
            reporter.note(f"left out: {error}")
        else:
            cut += [_changed(patch, random) for patch in found]
    if not cut:
        raise broken[0]
    patches = np.concatenate([np.stack(cut), _drawn(count // 5, random)]).astype(np.float32)
    return patches[random.permutation(len(patches))]


def _cut(name: str, count: int, random: np.random.Generator) -> list[NDArray[np.float32]]:
    """Patches of a photo, each from a pyramid level and a place drawn by chance."""
    levels = [to_linear(load_image(name))]
    while min(levels[-1].shape[:2]) >= 4 * SAMPLES:
        height, width = (side // 2 for side in levels[-1].shape[:2])
        levels.append(levels[-1][: 2 * height, : 2 * width].reshape(height, 2, width, 2, 3).mean(axis=(1, 3)))
    found = []
    for _ in range(count):
        level = levels[random.integers(len(levels))]
        top, left = (random.integers(0, side - SAMPLES + 1) for side in level.shape[:2])
        found.append(level[top : top + SAMPLES, left : left + SAMPLES])
    return found


def _changed(patch: NDArray[np.float32], random: np.random.Generator) -> NDArray[np.float32]:
    """A patch in another light, in other colours, turned or mirrored; or as it is."""
    match random.integers(4):
        case 1:
            patch = patch * random.uniform(0.3, 1.2)
        case 2:
            patch = patch ** random.uniform(0.6, 1.8)
        case 3:
            patch = patch[..., random.permutation(3)]
    patch = np.rot90(patch, int(random.integers(4)))
    return np.clip(patch[::-1] if random.random() < 0.5 else patch, 0, 1)


def _drawn(count: int, random: np.random.Generator) -> NDArray[np.float64]:
    """Patches of one colour, of one colour with noise, and of mixtures of two colours, a third each."""
    one, other = random.random((2, count, 1, 1, 3))
    share = random.random((count, SAMPLES, SAMPLES, 1))
    kind = np.arange(count) % 3
    share[kind < 2] = 0
    noise = random.normal(0, 0.1, (count, SAMPLES, SAMPLES, 3)) * random.random((count, 1, 1, 1))
    noise[kind != 1] = 0
    drawn: NDArray[np.float64] = np.clip(one * (1 - share) + other * share + noise, 0, 1) ** 2.2
    return drawn
