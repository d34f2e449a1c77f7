"""The perceptual loss: compared with its formula in numpy, its gradient, its options, and its skipped work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch

from perceptual_photomosaic.errors import ConfigError
from perceptual_photomosaic.features.pyramid import blur, pyramid_level
from perceptual_photomosaic.features.vgg import VGG16
from perceptual_photomosaic.loss_settings import LPIPS_LAYERS, LossSettings
from perceptual_photomosaic.losses import PerceptualLoss
from tests.narrow import narrow_weights

MIXED = LossSettings(
    layers=("conv1_1", "conv2_1", "pool3"),
    layer_factors=(1.0, 0.5, 2.0),
    scales=((0.0, 1.0), (0.0,), (1.0, 1.0, 2.0)),
    blur_sigmas=(3.0, 2.0),
    blur_windows=(8, 5),
)


def lpips_settings(
    scales: Sequence[float] = (0.0, 1.0, 2.0), blur_sigma: float = 2.0, window: int = 9, factors: Sequence[float] = ()
) -> LossSettings:
    """The LPIPS form on the five layers its linear weights belong to."""
    return LossSettings(
        layers=LPIPS_LAYERS,
        layer_factors=tuple(factors) or (1.0,) * 5,
        scales=(tuple(scales),) * 5,
        blur_sigmas=(blur_sigma,) * len(scales),
        blur_windows=(window,) * len(scales),
        form="lpips",
        border="edge",
    )


@pytest.fixture(scope="module")
def vgg() -> VGG16:
    return VGG16(narrow_weights("max"))


@pytest.fixture
def pair() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    target = torch.rand(2, 3, 40, 32, generator=generator) * 255
    return target, target + 40 * torch.randn(target.shape, generator=generator)


def twin(vgg: VGG16, settings: LossSettings, target: torch.Tensor, mosaic: torch.Tensor) -> float:
    """Compute the formula step by step: every level made again, every pass separate, sums in numpy."""
    total = 0.0
    scales = sorted({scale for group in settings.scales for scale in group})
    for name, factor, group in zip(settings.layers, settings.layer_factors, settings.scales, strict=True):
        parts = []
        for scale in group:
            left = pyramid_level(target, scale, settings.border, settings.smooth)
            right = pyramid_level(mosaic, scale, settings.border, settings.smooth)
            order = scales.index(scale)
            if order < len(settings.blur_sigmas):
                side = settings.blur_windows[order]
                right = blur(right, (side, side), settings.blur_sigmas[order], border=settings.border)
            a, b = (vgg(x, [name])[name].double().numpy() for x in (left, right))
            if settings.form == "lpips":
                weights = vgg.weights.channel_weights[name].double().numpy()[None, :, None, None]
                a, b = (x / (np.sqrt((x**2).sum(1, keepdims=True)) + 1e-10) for x in (a, b))
                parts.append((weights * (a - b) ** 2).sum(1).mean())
            else:
                parts.append(((a - b) ** 2).mean())
        total += factor * float(np.mean(parts)) / (1 if settings.form == "lpips" else len(settings.layers))
    return total


SMOOTH = replace(MIXED, border="edge", smooth=True)


@pytest.mark.parametrize(
    "settings", [LossSettings(), MIXED, SMOOTH, lpips_settings()], ids=["paper", "mixed", "smooth", "lpips"]
)
def test_loss_is_its_formula(vgg: VGG16, pair: tuple[torch.Tensor, torch.Tensor], settings: LossSettings) -> None:
    target, mosaic = pair
    loss = PerceptualLoss(vgg, settings)
    value = loss(mosaic, loss.target(target))
    assert float(value.total) == pytest.approx(twin(vgg, settings, target, mosaic), rel=1e-4)


@pytest.mark.parametrize("settings", [MIXED, lpips_settings((0.0, 1.0))], ids=["mixed", "lpips"])
def test_gradient_scale_by_scale_is_the_whole_gradient(
    vgg: VGG16, pair: tuple[torch.Tensor, torch.Tensor], settings: LossSettings
) -> None:
    target, mosaic = pair
    loss = PerceptualLoss(vgg, settings)
    features = loss.target(target)
    leaf = mosaic.clone().requires_grad_()
    loss(leaf, features).total.backward()
    value, slope = loss.value_and_gradient(mosaic, features)
    torch.testing.assert_close(slope, leaf.grad, rtol=1e-4, atol=1e-7)
    assert float(value.total) == pytest.approx(float(loss(mosaic, features).total), rel=1e-5)


def test_gradient_is_the_slope(vgg: VGG16) -> None:
    weights = narrow_weights("blur")
    double = VGG16(weights, torch.float64)
    settings = LossSettings(("conv1_1", "conv2_1"), (1.0, 1.0), ((0.0, 1.0), (0.0,)), (1.5,), (3,))
    loss = PerceptualLoss(double, settings).double()
    target = torch.rand(1, 3, 8, 8, dtype=torch.float64) * 255
    features = loss.target(target)
    mosaic = (torch.rand(1, 3, 8, 8, dtype=torch.float64) * 255).requires_grad_()
    direction = torch.randn_like(mosaic)
    total = loss(mosaic, features).total
    (slope,) = torch.autograd.grad(total, mosaic)
    step = 1e-5
    with torch.no_grad():
        ahead, behind = (float(loss(mosaic + sign * step * direction, features).total) for sign in (1, -1))
    assert float((slope * direction).sum()) == pytest.approx((ahead - behind) / (2 * step), rel=1e-4)


def test_target_pass_is_shared_with_the_encoder(vgg: VGG16, pair: tuple[torch.Tensor, torch.Tensor]) -> None:
    target, _ = pair
    extra = PerceptualLoss(vgg, LossSettings()).target(target, extra=("pool3",)).extra
    torch.testing.assert_close(extra["pool3"], vgg(target, ["pool3"])["pool3"])
    without = LossSettings(("conv1_1",), (1.0,), ((1.0,),))  # full size is not used
    assert set(PerceptualLoss(vgg, without).target(target, extra=("pool2",)).extra) == {"pool2"}


def test_tone_maps_the_target_only(vgg: VGG16, pair: tuple[torch.Tensor, torch.Tensor]) -> None:
    target, mosaic = pair
    rows = ((0.1, 0.0, 0.0, 200.0), (0.0, 0.1, 0.0, 200.0), (0.0, 0.0, 0.1, 200.0))
    plain = PerceptualLoss(vgg, LossSettings())
    toned = PerceptualLoss(vgg, LossSettings(tone=rows))
    want = plain(mosaic, plain.target(200 + target / 10)).total
    torch.testing.assert_close(toned(mosaic, toned.target(target)).total, want, rtol=1e-4, atol=0.0)


def test_edge_border_leaves_a_flat_picture_flat(vgg: VGG16) -> None:
    flat = torch.full((1, 3, 24, 24), 180.0)
    loss = PerceptualLoss(vgg, LossSettings(border="edge"))
    assert float(loss(flat, loss.target(flat)).total) == pytest.approx(0.0, abs=1e-8)
    paper = PerceptualLoss(vgg, LossSettings())
    assert float(paper(flat, paper.target(flat)).total) > 0.01  # black outside darkens the blurred border


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("conv1_1", "1", "0:0", "3", "8"), "one per layer"),
        (("conv1_1,conv1_2", "1", "0:0", "3", "8"), "one per layer"),
        (("conv9_1", "1", "0", "3", "8"), "conv9_1"),
        (("conv1_1", "1", "0,x", "3", "8"), "numbers"),
        (("conv1_1", "1", "-1", "3", "8"), "0 .full size. or more"),
        (("conv1_1", "1", "0", "0", "8"), "positive"),
    ],
)
def test_bad_options_are_refused(options: tuple[str, str, str, str, str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        LossSettings.parse(*options)


def test_sizes_that_differ_are_refused(vgg: VGG16) -> None:
    loss = PerceptualLoss(vgg, LossSettings())
    with pytest.raises(ConfigError, match="the same size"):
        loss(torch.zeros(1, 3, 48, 40), loss.target(torch.zeros(1, 3, 45, 37)))


def test_settings_go_round_as_plain_values() -> None:
    for settings in (MIXED, SMOOTH):
        assert LossSettings.from_plain(settings.plain()) == settings


def test_lpips_needs_channel_weights(vgg: VGG16) -> None:
    with pytest.raises(ConfigError, match="conv1_1"):
        PerceptualLoss(vgg, LossSettings(form="lpips"))
