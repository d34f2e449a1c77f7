"""A narrow VGG16 with random weights for tests: the shape of the real network at a hundredth of the work."""

from __future__ import annotations

import torch

from perceptual_photomosaic.features.vgg_weights import CONVOLUTIONS, Pooling, VGGWeights

WIDTHS = (4, 4, 6, 6, 8, 8, 8, 10, 10, 10, 10, 10, 10)


def narrow_weights(pooling: Pooling = "blur", seed: int = 0) -> VGGWeights:
    """Weights of 4 to 10 channels, with channel weights for the LPIPS form."""
    generator = torch.Generator().manual_seed(seed)
    filters, biases, cin = {}, {}, 3
    for name, cout in zip(CONVOLUTIONS, WIDTHS, strict=True):
        filters[name] = torch.randn(cout, cin, 3, 3, generator=generator) * (2.0 / (9 * cin)) ** 0.5
        biases[name] = torch.randn(cout, generator=generator) * 0.1
        cin = cout
    layers = ("conv1_2", "conv2_2", "conv3_3", "conv4_3", "conv5_3")
    linear = {name: torch.rand(filters[name].shape[0], generator=generator) for name in layers}
    return VGGWeights("narrow", filters, biases, (120.0, 115.0, 105.0), (60.0, 58.0, 57.0), pooling, linear)
