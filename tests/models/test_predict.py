"""Prediction in windows equals prediction without windows, for every cell size, pooling and window size."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from perceptual_photomosaic.errors import GridError
from perceptual_photomosaic.features.vgg_weights import Pooling
from perceptual_photomosaic.models import prediction as module
from perceptual_photomosaic.models.mosaicnet import MosaicNet
from perceptual_photomosaic.models.prediction import (
    fit_target,
    hard_mosaic,
    predict_assignment,
    predict_logits,
)
from tests.models.test_mosaicnet import make_net


def picture(height: int, width: int, seed: int = 0) -> NDArray[np.uint8]:
    """Return noise whose brightness changes from corner to corner, so that windows differ in mean and variance."""
    noise = np.random.default_rng(seed).integers(0, 120, (height, width, 3))
    ramp = np.add.outer(np.linspace(0, 70, height), np.linspace(0, 65, width))
    return (noise + ramp[:, :, None]).astype(np.uint8)


@torch.no_grad()
def one_piece(net: MosaicNet, target: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the logits of the whole picture, without windows."""
    images = torch.from_numpy(target).permute(2, 0, 1)[None].float()
    logits: NDArray[np.float32] = net.decoder(net.encode(images))[1][0].permute(1, 2, 0).numpy()
    return logits


@pytest.mark.parametrize("pooling", ["max", "blur"])
@pytest.mark.parametrize(("cell", "rows", "columns"), [(4, 40, 31), (8, 33, 24), (16, 21, 18), (32, 17, 16)])
@pytest.mark.parametrize("keep", [True, False])
def test_windows_equal_one_piece(
    pooling: Pooling, cell: int, rows: int, columns: int, keep: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not keep:
        monkeypatch.setattr(module, "_KEEP_BYTES", 0)
    net = make_net(cell=cell, pooling=pooling)
    target = picture(rows * cell, columns * cell)
    want = one_piece(net, target)
    ours = predict_logits(net, target, window=7)
    np.testing.assert_allclose(ours, want, atol=2e-5 * np.abs(want).max())
    margin = np.sort(want, -1)[..., -1] - np.sort(want, -1)[..., -2]
    same = predict_assignment(net, target, window=5) == want.argmax(-1)
    assert same[margin > 1e-4].all()


def test_the_halo_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_HALO", 1)
    net = make_net()
    target = picture(160, 160)
    assert np.abs(predict_logits(net, target, window=7) - one_piece(net, target)).max() > 1e-3


def test_sizes_that_are_no_whole_cells_are_filled_by_repetition() -> None:
    net = make_net()
    filled = fit_target(net, picture(45, 37), None)
    assert filled.shape == (48, 40, 3)
    np.testing.assert_array_equal(filled[47], filled[44])
    assert predict_assignment(net, picture(45, 37)).shape == (6, 5)


def test_any_grid_can_be_asked_for() -> None:
    net = make_net()
    assert predict_assignment(net, picture(200, 90), (7, 9)).shape == (7, 9)
    assert predict_logits(net, picture(64, 64), (8, 8)).shape == (8, 8, 5)
    with pytest.raises(GridError, match="at least one row"):
        predict_assignment(net, picture(64, 64), (0, 3))
    with pytest.raises(GridError, match="uint8"):
        predict_assignment(net, np.zeros((8, 8)))  # type: ignore[arg-type]


def test_hard_mosaic_lays_the_templates() -> None:
    net = make_net()
    mosaic = hard_mosaic(net, np.array([[1, 4]]))
    np.testing.assert_array_equal(mosaic[:, 8:], net.templates[4].permute(1, 2, 0).numpy())
