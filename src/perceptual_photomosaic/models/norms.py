"""Normalisations without gain or shift, (B, C, rows, cols); the network uses `layer_norm`.

The others are what the published code offers beside it, kept so that its experiments can be repeated.
"""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["batch_norm", "group_norm", "instance_norm", "layer_norm"]


def layer_norm(x: Tensor, epsilon: float) -> Tensor:
    """Subtract the mean and divide by the deviation of each picture, over channels and places together.

    Args:
        x: (B, C, rows, cols).
        epsilon: Added to the variance.
    """
    variance, mean = torch.var_mean(x, dim=(1, 2, 3), keepdim=True, correction=0)
    return (x - mean) / torch.sqrt(variance + epsilon)


def instance_norm(x: Tensor, epsilon: float) -> Tensor:
    """Normalise each channel of each picture over its places."""
    variance, mean = torch.var_mean(x, dim=(2, 3), keepdim=True, correction=0)
    return (x - mean) / torch.sqrt(variance + epsilon)


def group_norm(x: Tensor, groups: int, epsilon: float) -> Tensor:
    """Normalise each picture in slices of memory, as the published code does.

    Its tensors hold the channel last and are cut without moving it, so that a "group" is a band of rows with all
    channels, not a set of channels as in Wu and He, "Group normalization", 2018.
    """
    batch, channels, rows, columns = x.shape
    bands = x.permute(0, 2, 3, 1).reshape(batch, groups, -1)
    variance, mean = torch.var_mean(bands, dim=2, keepdim=True, correction=0)
    normalised = (bands - mean) / torch.sqrt(variance + epsilon)
    return normalised.view(batch, rows, columns, channels).permute(0, 3, 1, 2)


def batch_norm(x: Tensor, epsilon: float = 1e-3) -> Tensor:
    """Normalise each channel over the batch and its places, always by the batch itself."""
    variance, mean = torch.var_mean(x, dim=(0, 2, 3), keepdim=True, correction=0)
    return (x - mean) / torch.sqrt(variance + epsilon)
