"""The losses of a step: at the solver's answer, and of the soft mosaic."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="the train extra is not installed")

import torch

from perceptual_photomosaic.losses import PerceptualLoss
from perceptual_photomosaic.models.any_tiles.network import ConditionedMosaicNet
from perceptual_photomosaic.training.any_tiles import step
from perceptual_photomosaic.training.any_tiles.examples import answer
from perceptual_photomosaic.training.any_tiles.step import SoftMosaicLoss, View, teacher_loss, view_of
from tests.narrow import narrow_weights


@pytest.fixture(scope="module")
def view() -> View:
    random = np.random.default_rng(0)
    cells = random.integers(0, 256, (4, 5, 8, 8, 3), dtype=np.uint8)
    tiles = random.integers(0, 256, (12, 8, 8, 3), dtype=np.uint8)
    example = answer(cells, tiles, False, "photos", ConditionedMosaicNet.shipped())
    return view_of(example, np.random.default_rng(1))


def logits_for(view: View, sharpness: float) -> torch.Tensor:
    logits = torch.zeros(len(view.choices), len(view.pictures))
    logits[torch.arange(len(view.choices)), torch.from_numpy(view.choices)] = sharpness
    return logits


def test_the_teacher_prefers_the_best_options(view: View) -> None:
    best = view.options[np.arange(len(view.options)), view.costs.argmin(axis=1)]
    sure = torch.full((len(best), len(view.pictures)), -20.0)
    sure[torch.arange(len(best)), torch.from_numpy(best)] = 0.0
    wrong = sure.roll(1, dims=1)
    assert teacher_loss(sure, view) < teacher_loss(torch.zeros_like(sure), view) < teacher_loss(wrong, view)


def test_the_loss_of_a_sharp_soft_mosaic_is_that_of_the_mosaic(view: View, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(step, "load_vgg_weights", lambda source: narrow_weights())
    loss = SoftMosaicLoss()
    logits = logits_for(view, 60.0).requires_grad_()
    value = loss(logits, view).detach()
    rows, columns = view.shape
    tiles = view.pictures[view.choices].reshape(rows, columns, 8, 8, 3)
    mosaic = torch.from_numpy(tiles.swapaxes(1, 2).reshape(1, rows * 8, columns * 8, 3)).permute(0, 3, 1, 2).float()
    plain: PerceptualLoss = loss._loss
    target = plain.target(torch.from_numpy(view.target).permute(2, 0, 1)[None].float())
    assert float(value) == pytest.approx(float(plain(mosaic, target).total), rel=1e-4)


def test_the_gradient_is_that_of_small_changes(view: View, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(step, "load_vgg_weights", lambda source: narrow_weights())
    monkeypatch.setattr(step, "fast_dtype", lambda device: torch.float32)
    loss = SoftMosaicLoss()
    logits = (0.5 * torch.randn(len(view.choices), len(view.pictures))).requires_grad_()
    loss(logits, view).backward()
    assert logits.grad is not None
    direction = logits.grad / logits.grad.norm()
    high, low = (float(loss(logits + sign * 0.02 * direction, view).detach()) for sign in (1, -1))
    assert (high - low) / 0.04 == pytest.approx(float(logits.grad.norm()), rel=0.05)
