"""Perceptual losses between a target and a mosaic, over a Gaussian pyramid.

Feature reconstruction: Tesfaldet et al., "Convolutional photomosaic generation via multi-scale perceptual losses",
ECCV Workshops 2018, equations 1 and 2. LPIPS form: Zhang et al., "The unreasonable effectiveness of deep features as
a perceptual metric", CVPR 2018, section 3, on the same pyramid.

Pictures are sRGB, float, 0..255, (B, 3, H, W). The target's features are computed once, without gradient. They can then
be compared with any number of mosaics.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from perceptual_photomosaic.errors import ConfigError
from perceptual_photomosaic.features.pyramid import blur, pyramid_level
from perceptual_photomosaic.features.vgg import VGG16
from perceptual_photomosaic.loss_settings import LossSettings

__all__ = ["LossValue", "PerceptualLoss", "TargetFeatures"]


@dataclass(frozen=True)
class TargetFeatures:
    """The features of a target.

    Args:
        scales: For each scale in use, the features by the name of the layer.
        extra: Features of additional layers at full size, for the encoder.
    """

    scales: tuple[dict[str, Tensor], ...]
    extra: dict[str, Tensor]


@dataclass(frozen=True)
class LossValue:
    """The loss and its parts.

    Args:
        total: The loss, a scalar.
        at_layer: The part of each layer, with its factor, averaged over its scales; (number of groups of scales,).
        terms: (layer number, scale, value) of every comparison, without factors.
    """

    total: Tensor
    at_layer: Tensor
    terms: tuple[tuple[int, float, Tensor], ...]


_CHUNK = 1 << 18  # elements; a few chunks fit in the cache of one core


class _MeanSquare(torch.autograd.Function):
    """The mean of (a - b)^2, computed in chunks, so that the whole difference is never stored."""

    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor) -> Tensor:
        ctx.save_for_backward(a, b)
        total = torch.zeros((), dtype=torch.float64 if a.device.type == "cpu" else torch.float32, device=a.device)
        for left, right in zip(*(torch.split(_flat(x), _CHUNK) for x in (a, b)), strict=True):
            difference = (left - right).float() if left.dtype == torch.bfloat16 else left - right
            total += difference.square_().sum()
        return (total / a.numel()).to(torch.promote_types(a.dtype, torch.float32))

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor, None]:
        a, b = ctx.saved_tensors
        factor = float(slope) * 2.0 / a.numel()
        gradient = torch.empty(a.shape, dtype=a.dtype, device=a.device, memory_format=torch.channels_last)
        for left, right, out in zip(*(torch.split(_flat(x), _CHUNK) for x in (a, b, gradient)), strict=True):
            torch.sub(left, right, out=out).mul_(factor)
        return gradient, None


def _flat(x: Tensor) -> Tensor:
    """Return all elements with channels last; a view, if memory has that order."""
    return x.permute(0, 2, 3, 1).reshape(-1)


class PerceptualLoss(nn.Module):
    """The multi-scale perceptual loss.

    Let f_l be the features of layer l, and T_s and M_s target and mosaic at scale s. The loss is the
    mean over l of factor_l * mean over s of distance(f_l(T_s), f_l(blur(M_s))). The LPIPS form sums over l.

    >>> loss = PerceptualLoss(VGG16(load_vgg_weights()), LossSettings())     # doctest: +SKIP
    >>> value = loss(mosaic, loss.target(picture)).total                     # doctest: +SKIP
    """

    def __init__(self, vgg: VGG16, settings: LossSettings) -> None:
        super().__init__()
        self.vgg = vgg
        self.settings = settings
        if settings.form == "lpips":
            for name in settings.layers:
                if name not in vgg.weights.channel_weights:
                    known = ", ".join(vgg.weights.channel_weights) or "no layer"
                    raise ConfigError(f"the LPIPS form has channel weights for {known}, not for {name}")
                weights = vgg.weights.channel_weights[name].view(1, -1, 1, 1)
                self.register_buffer(f"{name}_channels", weights, persistent=False)

    def target(self, images: Tensor, extra: Collection[str] = ()) -> TargetFeatures:
        """Return the features of a target, without gradient.

        Args:
            images: sRGB, 0..255, (B, 3, H, W).
            extra: Additional layers to return at full size, such as `pool3` for the encoder. If `tone` is set, their
                features are those of the mapped picture.
        """
        with torch.no_grad():
            images = self.toned(images)
            features = []
            full: dict[str, Tensor] = {}
            for scale in self.settings.used_scales():
                wanted = {self.settings.layers[i] for i, _ in self.settings.layers_at(scale)}
                also = extra if scale == 0 else ()
                found = self.vgg(self._level(images, scale), wanted | set(also))
                full |= {name: found[name] for name in also}
                features.append({name: self._prepare(name, found[name]) for name in wanted})
            if extra and not full:
                full = self.vgg(images, extra)
        return TargetFeatures(tuple(features), full)

    def toned(self, images: Tensor) -> Tensor:
        """Return a target with its tones mapped by `tone`, or unchanged if `tone` is empty."""
        if not self.settings.tone:
            return images
        rows = images.new_tensor(self.settings.tone)
        return torch.einsum("rc,bchw->brhw", rows[:, :3], images) + rows[:, 3].view(1, 3, 1, 1)

    def blurred_level(self, mosaic: Tensor, index: int) -> Tensor:
        """Return the mosaic at the index-th scale in use, with the additional blur of that scale."""
        level = self._level(mosaic, self.settings.used_scales()[index])
        if index < min(len(self.settings.blur_sigmas), len(self.settings.blur_windows)):
            side = self.settings.blur_windows[index]
            level = blur(level, (side, side), self.settings.blur_sigmas[index], border=self.settings.border)
        return level

    def _level(self, images: Tensor, scale: float) -> Tensor:
        return pyramid_level(images, scale, self.settings.border, self.settings.smooth)

    def forward(self, mosaic: Tensor, target: TargetFeatures) -> LossValue:
        """Compare a mosaic with the features of a target; differentiable with respect to the mosaic."""
        terms = [term for index in range(len(target.scales)) for term in self._compare(mosaic, target, index)]
        return self._collect(terms)

    def value_and_gradient(self, mosaic: Tensor, target: TargetFeatures) -> tuple[LossValue, Tensor]:
        """Return the loss and its gradient with respect to the mosaic.

        The scales are computed one after the other, so that memory holds the features of only one scale.

        Returns:
            The loss, detached, and d(total)/d(mosaic) in the shape of the mosaic.
        """
        leaf = mosaic.detach().requires_grad_()
        terms: list[tuple[int, float, int, Tensor]] = []
        for index in range(len(target.scales)):
            found = self._compare(leaf, target, index)
            torch.autograd.backward(self._collect(found).total)
            terms += [(layer, scale, count, value.detach()) for layer, scale, count, value in found]
        assert leaf.grad is not None
        return self._collect(terms), leaf.grad

    def _compare(self, mosaic: Tensor, target: TargetFeatures, index: int) -> list[tuple[int, float, int, Tensor]]:
        """Return (layer number, scale, number of times it counts, distance) of every comparison at one scale."""
        scale = self.settings.used_scales()[index]
        pairs = self.settings.layers_at(scale)
        found = self.vgg(self.blurred_level(mosaic, index), {self.settings.layers[i] for i, _ in pairs})
        goal = target.scales[index]
        distances = {name: self._distance(name, features, goal[name]) for name, features in found.items()}
        return [(i, scale, count, distances[self.settings.layers[i]]) for i, count in pairs]

    def _prepare(self, name: str, features: Tensor) -> Tensor:
        """Return a target's features as they are compared: unchanged, or normalised and weighted in the LPIPS form."""
        return features if self.settings.form == "reconstruction" else self._normalise(name, features)

    def _normalise(self, name: str, features: Tensor) -> Tensor:
        features = features.float()
        length = features.square().sum(1, keepdim=True).clamp_min(1e-20).sqrt() + 1e-10
        return features / length * self.get_buffer(f"{name}_channels").sqrt()

    def _distance(self, name: str, features: Tensor, target: Tensor) -> Tensor:
        if features.shape[2:] != target.shape[2:]:
            raise ConfigError(
                f"the features of {name} are {tuple(features.shape[2:])} for the mosaic, {tuple(target.shape[2:])} for "
                "the target, but must have the same size: crop the target to whole cells, use templates of that size"
            )
        if self.settings.form == "reconstruction":
            difference: Tensor = _MeanSquare.apply(features, target)  # type: ignore[no-untyped-call]
            return difference
        return (self._normalise(name, features) - target).square().sum(1).mean()

    def _collect(self, terms: Sequence[tuple[int, float, int, Tensor]]) -> LossValue:
        settings = self.settings
        at_layer: list[Tensor] = [terms[0][3].new_zeros(()) for _ in settings.scales]
        for layer, _, count, value in terms:
            weight = settings.layer_factors[layer] * count / len(settings.scales[layer])
            at_layer[layer] = at_layer[layer] + weight * value
        parts = torch.stack(at_layer)
        total = parts.sum() if settings.form == "lpips" else parts.sum() / len(settings.layers)
        return LossValue(total, parts.detach(), tuple((layer, scale, value) for layer, scale, _, value in terms))
