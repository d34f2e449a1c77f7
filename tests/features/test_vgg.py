"""VGG16: names, shapes, gradients, and the default network against a second version written from its description."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from perceptual_photomosaic.errors import ConfigError
from perceptual_photomosaic.features.activations import activation_sheet
from perceptual_photomosaic.features.vgg import LAYERS, VGG16
from perceptual_photomosaic.features.vgg_weights import load_vgg_weights
from tests.narrow import narrow_weights


def test_layers_have_the_sizes_of_max_pooling() -> None:
    features = VGG16(narrow_weights("max"))(torch.rand(1, 3, 45, 37) * 255, LAYERS)
    assert set(features) == set(LAYERS)
    assert features["conv1_2"].shape[2:] == (45, 37)
    assert features["pool3"].shape[2:] == (6, 5)
    assert features["pool5"].shape[2:] == (2, 2)


def test_layers_have_the_sizes_of_blur_pooling() -> None:
    features = VGG16(narrow_weights("blur"))(torch.rand(1, 3, 64, 45) * 255, LAYERS)
    assert features["pool1"].shape[2:] == (33, 23)
    assert features["pool3"].shape[2:] == (9, 7)


def test_unknown_layers_are_named() -> None:
    with pytest.raises(ConfigError, match="conv6_1"):
        VGG16(narrow_weights())(torch.rand(1, 3, 8, 8), ["conv6_1"])


def test_tiny_pictures_pass() -> None:
    for pooling in ("max", "blur"):
        features = VGG16(narrow_weights(pooling))(torch.rand(1, 3, 1, 2) * 255, LAYERS)  # type: ignore[arg-type]
        assert all(value.isfinite().all() for value in features.values())


def test_gradient_reaches_the_picture_and_no_weight() -> None:
    vgg = VGG16(narrow_weights())
    images = (torch.rand(1, 3, 16, 16) * 255).requires_grad_()
    vgg(images, ["conv3_1"])["conv3_1"].sum().backward()
    assert images.grad is not None
    assert images.grad.abs().sum() > 0
    assert not list(vgg.parameters())


def test_default_network_is_the_one_described() -> None:
    weights = load_vgg_weights()
    images = torch.rand(1, 3, 24, 40, generator=torch.Generator().manual_seed(3)) * 255
    x = 2 * images / 255 - 1
    x = (x - torch.tensor([-0.030, -0.088, -0.188]).view(1, 3, 1, 1)) / torch.tensor([0.458, 0.448, 0.450]).view(
        1, 3, 1, 1
    )
    binomial = torch.outer(torch.tensor([1.0, 2.0, 1.0]), torch.tensor([1.0, 2.0, 1.0])) / 16
    for name in ("conv1_1", "conv1_2", "pool1", "conv2_1", "conv2_2", "pool2", "conv3_1"):
        if name.startswith("pool"):
            x = F.pad(F.max_pool2d(x, 2, 1), (2, 2, 2, 2), mode="reflect")
            x = F.conv2d(x, binomial.expand(x.shape[1], 1, 3, 3), stride=2, groups=x.shape[1])
        else:
            x = F.conv2d(x, weights.filters[name], weights.biases[name], padding=1).relu()
    ours = VGG16(weights)(images, ["conv3_1"])["conv3_1"]
    torch.testing.assert_close(ours.contiguous(), x, rtol=1e-4, atol=1e-4)


def test_bfloat16_is_near_float32() -> None:
    weights = load_vgg_weights()
    images = torch.rand(1, 3, 32, 32) * 255
    exact = VGG16(weights)(images, ["pool2"])["pool2"]
    rough = VGG16(weights, torch.bfloat16)(images, ["pool2"])["pool2"]
    assert rough.dtype == torch.bfloat16
    assert torch.linalg.vector_norm(rough.float() - exact) < 0.02 * torch.linalg.vector_norm(exact)


def test_activation_sheet_has_a_row_per_layer() -> None:
    picture = np.random.default_rng(0).integers(0, 255, (40, 60, 3), dtype=np.uint8)
    sheet = activation_sheet(VGG16(narrow_weights()), picture, width=60)
    assert sheet.size == (70 + 3 * 64, 14 * 44)
