"""A first decoder in closed form, which chooses the nearest template. Training starts from it.

Let x and c_t be the 4 x 4 parts of a cell and of template t. Their squared distance is |x|^2 - 2 c_t x + |c_t|^2. So
logits that are linear in x can choose the nearest template. Least squares find x from the input of the decoder:

- conv6 becomes the principal components of the features. The layer norm after it would make the scale depend on the
  whole picture. Therefore a few channels get a constant value far below zero. They hold nearly all of the variance, so
  that the norm's scale is nearly fixed. The ReLU sets these channels to zero. The other channels are mostly above zero
  and pass the ReLU.
- conv7 becomes 2 c_t times the least-squares map from 3 x 3 positions of conv6 to x, with bias -|c_t|^2. The norm after
  it does not change the order of the templates.

Training may change all of these weights. The architecture is the published one.
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

_ANCHORS = 16  # one in 16 hidden channels is constant
_LIFT = 4.0  # mean of the other channels, in standard deviations
_RIDGE = 1e-4


@torch.no_grad()
def fit_decoder(net: MosaicNet, loss: PerceptualLoss, batches: Sequence[Tensor], reporter: Reporter = SILENT) -> float:
    """Set a network's decoder by least squares.

    Args:
        net: The network; its decoder is changed in place.
        loss: Pictures are mapped by its tone, and templates blurred by its largest blur, before they are compared.
        batches: Pictures, sRGB, 0..255, (B, 3, H, W); about ten thousand cells in all are enough.
        reporter: Receives progress.
    Returns:
        The root mean squared error of the 4 x 4 parts, in levels.
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
    """Set conv6 to the principal components of the features, raised above zero, and to constant channels."""
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
    """Return the sums for least squares.

    Returns:
        With A the 3 x 3 positions of conv6 and a one, and X the 4 x 4 parts, a row for each cell: A^T A, A^T X, the sum
        of the squares of X, and the number of cells.
    """
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
