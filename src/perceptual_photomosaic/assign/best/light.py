"""Light on tensors: what an eye receives from a mosaic, differentiable.

Mosaics are linear light, float32, (1, 3, rows * 8, columns * 8). Averages are taken in linear light and encoded then,
as the views of the ruler are.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["din99d", "encode", "luma", "seen", "ssim"]

_XYZ_OF_RGB = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
_DIN_X = tuple(1.12 * x - 0.12 * z for x, z in zip(_XYZ_OF_RGB[0], _XYZ_OF_RGB[2], strict=True))
_COS_50, _SIN_50 = 0.6427876096865394, 0.766044443118978
_C1, _C2 = 0.01**2, 0.03**2
_SIGMA = 1.5


def seen(light: Tensor, samples: int) -> Tensor:
    """Average squares of `samples` x `samples` pixels; a remainder at the right and below is left out."""
    if samples == 1:
        return light
    return F.avg_pool2d(light, (min(samples, light.shape[2]), min(samples, light.shape[3])))


def encode(light: Tensor) -> Tensor:
    """Turn linear light into sRGB in [0, 1]."""
    light = light.clamp(1e-6, 1.0)
    return torch.where(light <= 0.0031308, light * 12.92, 1.055 * light.pow(1 / 2.4) - 0.055)


def luma(light: Tensor) -> Tensor:
    """Turn linear light, (1, 3, H, W), into luma of the encoded values (Rec. 709), (1, 1, H, W)."""
    weights = light.new_tensor((0.2126, 0.7152, 0.0722)).view(1, 3, 1, 1)
    return (encode(light) * weights).sum(1, keepdim=True)


def din99d(light: Tensor) -> Tensor:
    """Turn linear light, (1, 3, H, W), into DIN99d, where distances are about CIEDE2000.

    The same as `features.colour.linear_to_din99d`, but times 100 and on tensors.
    """
    rows = light.new_tensor((_DIN_X, _XYZ_OF_RGB[1], _XYZ_OF_RGB[2]))
    rows = rows / rows.sum(1, keepdim=True)
    xyz = torch.einsum("rc,bchw->brhw", rows, light).clamp_min(0.0)
    root = torch.where(xyz > 216 / 24389, xyz.clamp_min(216 / 24389).pow(1 / 3), (24389 / 27 * xyz + 16) / 116)
    lightness = 116 * root[:, 1] - 16
    a, b = 500 * (root[:, 0] - root[:, 1]), 200 * (root[:, 1] - root[:, 2])
    turned_a, turned_b = a * _COS_50 + b * _SIN_50, 1.14 * (b * _COS_50 - a * _SIN_50)
    chroma = (turned_a.square() + turned_b.square() + 1e-8).sqrt()
    shrink = 22.5 * torch.log1p(0.06 * chroma) / chroma
    return torch.stack([325.22 * torch.log1p(0.0036 * lightness), turned_a * shrink, turned_b * shrink], dim=1)


def ssim(one: Tensor, two: Tensor) -> Tensor:
    """Mean structural similarity of two grey pictures, (1, 1, H, W): Gaussian windows of up to 11 px, all inside."""
    side = min(one.shape[2], one.shape[3], 11)
    radius = (side - 1) // 2
    taps = torch.exp(-0.5 * (torch.arange(-radius, radius + 1, device=one.device, dtype=one.dtype) / _SIGMA) ** 2)
    taps = taps / taps.sum()
    stacked = torch.cat([one, two, one * one, two * two, one * two]).reshape(5, 1, *one.shape[2:])
    means = F.conv2d(F.conv2d(stacked, taps.view(1, 1, -1, 1)), taps.view(1, 1, 1, -1))
    mu_x, mu_y, xx, yy, xy = means.unbind(0)
    luminance = (2 * mu_x * mu_y + _C1) / (mu_x.square() + mu_y.square() + _C1)
    structure = (2 * (xy - mu_x * mu_y) + _C2) / (xx - mu_x.square() + yy - mu_y.square() + _C2)
    return (luminance * structure).mean()
