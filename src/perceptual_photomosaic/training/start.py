"""A first decoder in closed form: the network begins as the nearest template, and training goes on from there.

The distance of a cell to template t is |x|^2 - 2 c_t x + |c_t|^2 with x and c_t their 4 x 4 parts, so logits linear in
x choose the nearest template, and x can be read from what the decoder sees by least squares. Two things stand between:

- conv6 becomes the principal components of the features. The layer norm behind it would make each picture's scale
  depend on the rest of the picture; a few constant channels far below zero carry nearly all of the variance, so that
  it becomes a nearly fixed scale. They are dead behind the ReLU, and the others lie above zero and pass.
- conv7 becomes 2 c_t times the least-squares map from 3 x 3 columns of conv6 to x, with bias -|c_t|^2. The norm behind
  it changes no order.

Later training may give up any of this; the architecture is the published one.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from perceptual_photomosaic.losses import PerceptualLoss
from perceptual_photomosaic.models.mosaicnet import MosaicNet, cell_parts
from perceptual_photomosaic.progress import SILENT, Reporter, Stage
from perceptual_photomosaic.training.cover import from_afar

__all__ = ["fit_decoder"]

_ANCHORS = 16  # share of the hidden channels that hold the norm still: one in so many
_LIFT = 4.0  # the others' mean above zero, in deviations
_RIDGE = 1e-4


@torch.no_grad()
def fit_decoder(net: MosaicNet, loss: PerceptualLoss, batches: Sequence[Tensor], reporter: Reporter = SILENT) -> float:
    """Set a network's decoder by least squares.

    Args:
        net: Changed in place.
        loss: Its tone and largest blur decide what the distances compare.
        batches: Pictures, sRGB, 0..255, (B, 3, H, W); some ten thousand cells in all.
        reporter: Hears of progress.
    Returns:
        Root of the mean squared error of the parts, in levels.
    """
    total = sum(map(len, batches))
    encoded = []
    with reporter.stage("looking at the pictures with VGG16", total, "pictures") as stage:
        for images in batches:
            encoded.append(net.encode(images))
            stage.advance(len(images))
    _fit_conv6(net, encoded)
    with reporter.stage("fitting the first decoder", total, "pictures") as stage:
        gram, moment, squares, count = _sums(net, loss, encoded, batches, stage)
    ridge = _RIDGE * gram.diagonal().mean() * torch.eye(len(gram), dtype=gram.dtype, device=gram.device)
    fitted = torch.linalg.solve(gram + ridge, moment)  # (hidden * 9 + 1, 48)
    error = (squares - 2 * (fitted * moment).sum() + ((gram @ fitted) * fitted).sum()) / (count * fitted.shape[1])
    codes = cell_parts(from_afar(net.templates, max(loss.settings.blur_sigmas, default=1.0)))[:, :, 0].double()
    centre = codes.mean(0)
    codes = codes - centre
    kernel = 2 * codes @ fitted[:-1].T
    bias = 2 * codes @ (fitted[-1] - centre) - codes.square().sum(1)
    scale = 1.0 / max(float(bias.std()), 1e-6)
    conv7 = net.decoder.conv7
    conv7.weight.copy_((kernel * scale).view_as(conv7.weight))
    assert conv7.bias is not None
    conv7.bias.copy_(bias * scale)
    return float(error.clamp_min(0.0).sqrt())


def _fit_conv6(net: MosaicNet, encoded: Sequence[Tensor]) -> None:
    """Principal components of the features, lifted above zero, and constant channels that hold the norm."""
    flat = torch.cat([features.transpose(0, 1).flatten(1) for features in encoded], 1).double()  # (C, cells)
    mean = flat.mean(1)
    values, vectors = torch.linalg.eigh(torch.cov(flat))
    hidden = net.config.hidden
    anchors = max(1, hidden // _ANCHORS)
    kept = min(hidden - anchors, len(values))
    deviations = values[-kept:].clamp_min(1e-4 * float(values[-1])).sqrt()
    axes = (vectors[:, -kept:] / deviations).T  # (kept, C), unit variance each
    conv6 = net.decoder.conv6
    assert conv6.bias is not None
    conv6.weight.zero_()
    conv6.weight[:kept] = axes.view(kept, -1, 1, 1).to(conv6.weight.dtype)
    conv6.bias.fill_(-_LIFT * kept / (hidden - kept))
    conv6.bias[:kept] = (_LIFT - axes @ mean).to(conv6.bias.dtype)


def _sums(
    net: MosaicNet, loss: PerceptualLoss, encoded: Sequence[Tensor], batches: Sequence[Tensor], stage: Stage
) -> tuple[Tensor, Tensor, Tensor, int]:
    """Gram matrix of conv6's 3 x 3 columns and a one, its product with the parts, the parts' squares, and the count."""
    total: tuple[Tensor, Tensor, Tensor] | None = None
    count = 0
    for features, images in zip(encoded, batches, strict=True):
        hidden, _ = net.decoder(features)
        columns = F.unfold(hidden, 3, padding=1).transpose(1, 2).flatten(0, 1)
        columns = F.pad(columns, (0, 1), value=1.0)
        parts = cell_parts(loss.toned(images), net.config.cell).transpose(1, 2).flatten(0, 1)
        added = (columns.T @ columns).double(), (columns.T @ parts).double(), parts.double().square().sum()
        total = added if total is None else (total[0] + added[0], total[1] + added[1], total[2] + added[2])
        count += len(parts)
        stage.advance(len(images))
    assert total is not None
    return (*total, count)
