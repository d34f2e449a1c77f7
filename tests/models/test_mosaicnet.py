"""The network: shapes for every cell size, composition compared with a slow loop, flat pictures, memory."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from perceptual_photomosaic.errors import ConfigError
from perceptual_photomosaic.features.vgg import VGG16
from perceptual_photomosaic.features.vgg_weights import Pooling
from perceptual_photomosaic.models.mosaicnet import (
    POOL_OF_CELL,
    MosaicNet,
    MosaicNetConfig,
    entropy,
    hard_compose,
    soft_compose,
    variance,
)
from tests.narrow import narrow_weights


def make_net(templates: int = 5, cell: int = 8, pooling: Pooling = "blur") -> MosaicNet:
    """Return a small network with seeded weights."""
    torch.manual_seed(0)
    vgg = VGG16(narrow_weights(pooling))
    pictures = torch.randint(0, 256, (templates, 3, cell, cell), dtype=torch.uint8)
    config = MosaicNetConfig(templates, vgg.channels(POOL_OF_CELL[cell]), cell, hidden=7)
    return MosaicNet(vgg, pictures, config)


@pytest.mark.parametrize("pooling", ["max", "blur"])
@pytest.mark.parametrize("cell", [4, 8, 16, 32])
def test_any_picture_gets_a_whole_grid(cell: int, pooling: Pooling) -> None:
    net = make_net(cell=cell, pooling=pooling)
    for height, width in ((64, 96), (65, 40), (31, 33), (1, 100)):
        coefficients, mosaic = net(torch.rand(1, 3, height, width) * 255, 2.0)
        rows, columns = -(-height // cell), -(-width // cell)
        assert coefficients.shape == (1, 5, rows, columns)
        assert mosaic.shape == (1, 3, rows * cell, columns * cell)
        torch.testing.assert_close(coefficients.sum(1), torch.ones(1, rows, columns))


@settings(max_examples=20, deadline=None)
@given(
    count=st.integers(1, 6), rows=st.integers(1, 4), columns=st.integers(1, 4), h=st.integers(1, 5), w=st.integers(1, 5)
)
def test_composition_is_the_sum_it_stands_for(count: int, rows: int, columns: int, h: int, w: int) -> None:
    random = np.random.default_rng(count * 100 + rows)
    coefficients = random.dirichlet(np.ones(count), (2, rows, columns)).transpose(0, 3, 1, 2)
    templates = random.uniform(0, 255, (count, 3, h, w))
    ours = soft_compose(torch.from_numpy(coefficients), torch.from_numpy(templates)).numpy()
    want = np.zeros((2, 3, rows * h, columns * w))
    for b, row, column, t in np.ndindex(2, rows, columns, count):
        place = np.s_[b, :, row * h : (row + 1) * h, column * w : (column + 1) * w]
        want[place] += coefficients[b, t, row, column] * templates[t]
    np.testing.assert_allclose(ours, want, atol=1e-9)
    chosen = coefficients.argmax(1)
    hard = hard_compose(torch.from_numpy(chosen), torch.from_numpy(templates)).numpy()
    np.testing.assert_array_equal(hard[1, :, :h, :w], templates[chosen[1, 0, 0]])


def test_thousands_of_templates_need_no_tensor_of_pixels_times_templates() -> None:
    coefficients = torch.softmax(torch.rand(1, 3000, 24, 24), 1).requires_grad_()
    biggest = 0

    class Watch(torch.utils._python_dispatch.TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
            nonlocal biggest
            result = func(*args, **(kwargs or {}))
            if isinstance(result, torch.Tensor):
                biggest = max(biggest, result.numel())
            return result

    with Watch():
        soft_compose(coefficients, torch.rand(3000, 3, 8, 8) * 255).sum().backward()
    assert biggest <= max(coefficients.numel(), 3000 * 192)


def test_flat_picture_does_not_blow_up_the_norm() -> None:
    net = make_net()
    for level in (0.0, 128.0, 255.0):
        flat = torch.full((1, 3, 64, 64), level)
        hidden, logits = net.decoder(net.encode(flat))
        nudged = net.decoder(net.encode(flat + 0.01))[1]
        assert logits.isfinite().all()
        assert hidden.abs().max() < 50
        torch.testing.assert_close(logits, nudged, atol=0.05, rtol=0.05)


def test_gradient_reaches_every_parameter() -> None:
    net = make_net()
    _, mosaic = net(torch.rand(2, 3, 32, 32) * 255, 1.0)
    mosaic.square().mean().backward()  # type: ignore[no-untyped-call]
    for name, parameter in net.decoder.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all()


def test_entropy_and_variance_of_known_coefficients() -> None:
    even = torch.full((1, 4, 2, 2), 0.25)
    assert float(entropy(even)) == pytest.approx(np.log(4), abs=1e-6)
    assert float(variance(even)) == pytest.approx(1.25, abs=1e-5)  # the variance of 1, 2, 3, 4
    sure = torch.zeros(1, 4, 2, 2)
    sure[:, 2] = 1.0
    assert float(entropy(sure)) == pytest.approx(0.0, abs=1e-6)
    assert float(variance(sure)) == pytest.approx(0.0, abs=1e-5)


def test_wrong_shapes_are_refused() -> None:
    vgg = VGG16(narrow_weights())
    with pytest.raises(ConfigError, match="4, 8, 16 or 32"):
        MosaicNetConfig(5, cell=10)
    with pytest.raises(ConfigError, match="at least 2"):
        MosaicNetConfig(1)
    with pytest.raises(ConfigError, match="templates have shape"):
        MosaicNet(vgg, torch.zeros(4, 3, 8, 8), MosaicNetConfig(5, in_channels=8))
    with pytest.raises(ConfigError, match="channels"):
        MosaicNet(vgg, torch.zeros(5, 3, 8, 8), MosaicNetConfig(5, in_channels=256))
