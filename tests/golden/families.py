"""Checks of the network and the loss: families vgg, gauss, layers, decoder, shapes and ploss."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from perceptual_photomosaic.errors import ConfigError
from perceptual_photomosaic.features.pyramid import blur, gaussian_kernel, pyramid_level, same_padding
from perceptual_photomosaic.features.vgg import LAYERS, VGG16
from perceptual_photomosaic.features.vgg_weights import _from_caffe
from perceptual_photomosaic.loss_settings import LossSettings
from perceptual_photomosaic.losses import LossValue, PerceptualLoss
from perceptual_photomosaic.models.mosaicnet import (
    PAPER_EPSILON,
    MosaicNet,
    MosaicNetConfig,
    entropy,
    hard_compose,
    layer_norm,
    variance,
)
from perceptual_photomosaic.training.step import forward, gradients
from tests.golden import recipes
from tests.golden.published_loop import batch_norm, group_norm, instance_norm, paper_forward
from tests.golden.report import Golden

PARAMETERS = {"conv6_weight": "conv6.weight", "conv6_bias": "conv6.bias"}
PARAMETERS |= {"conv7_weight": "conv7.weight", "conv7_bias": "conv7.bias"}


def channels_first(images: Any) -> Tensor:
    """Return an array (B, H, W, C) as a float tensor (B, C, H, W)."""
    return torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2).float()


def channels_last(x: Tensor) -> np.ndarray[Any, Any]:
    """Return a tensor (B, C, H, W) as an array (B, H, W, C)."""
    return x.detach().permute(0, 2, 3, 1).numpy()


def as_stored(name: str, value: Tensor) -> np.ndarray[Any, Any]:
    """Return a decoder parameter in TensorFlow's layout."""
    array = value.detach().numpy()
    return array.transpose(2, 3, 1, 0) if array.ndim == 4 else array


def paper_vgg(seed: int) -> VGG16:
    """Return the VGG16 of the published program with the weights of the recipe."""
    layers = recipes.vgg_layers(seed)
    return VGG16(_from_caffe(layers, f"seed {seed}"))


def check_weights(config: dict[str, Any]) -> bool:
    """Return True if the recipe gives the weights with which the golden numbers were made."""
    layers = recipes.vgg_layers(config["vgg_seed"])
    sums = {name: [hashlib.sha256(a.tobytes()).hexdigest()[:16] for a in pair] for name, pair in layers.items()}
    return bool(sums == config["vgg_sha256_16"])


def paper_net(vgg: VGG16, templates: Any, weights: dict[str, Any]) -> MosaicNet:
    """Return the network of the published program."""
    pictures = torch.from_numpy(np.ascontiguousarray(templates)).permute(0, 3, 1, 2)
    net = MosaicNet(vgg, pictures, MosaicNetConfig(len(pictures), norm_epsilon=PAPER_EPSILON))
    with torch.no_grad():
        for layer in ("conv6", "conv7"):
            part = net.decoder.get_submodule(layer)
            kernel = torch.from_numpy(weights[f"{layer}/weight"].transpose(3, 2, 0, 1).copy())
            part.get_parameter("weight").copy_(kernel)
            part.get_parameter("bias").copy_(torch.from_numpy(weights[f"{layer}/bias"]))
    return net


def vgg(golden: Golden, config: dict[str, Any], network: VGG16) -> None:
    golden.add("recipe", "weights equal", 0.0 if check_weights(config) else np.inf, 0.0)
    for case in config["config"]["vgg"]:
        name, size = case["name"], (case["b"], case["h"], case["w"])
        make = recipes.smooth_pictures if case["kind"] == "smooth" else recipes.uniform_pictures
        images = make(case["seed"], *size)
        if f"{name}.input" in golden:
            golden.exact(f"{name}.input", images)
        if f"{name}.input_l2" in golden:
            golden.close(f"{name}.input_l2", np.linalg.norm(images.astype(np.float64)), 1e-10, "rtol")
        features = network(channels_first(images), LAYERS)
        features["vgg_input"] = features["vgg_input"].flip(1)  # the published program uses blue, green, red
        for layer in LAYERS:
            golden.sampled(f"{name}.{layer}", channels_last(features[layer]), 1e-4)
        if f"{name}.pool5" in golden:
            golden.close(f"{name}.pool5", channels_last(features["pool5"]), 1e-4)


def gauss(golden: Golden, config: dict[str, Any], network: VGG16) -> None:
    settings = config["config"]
    for i, (shape, sigma) in enumerate(settings["kernels"]):
        golden.exact(f"kernel{i}.shape", shape)
        golden.exact(f"kernel{i}.sigma", sigma)
        golden.close(f"kernel{i}.value", gaussian_kernel(tuple(shape), sigma), 1e-10, "rtol")
    golden.exact("blur.params_kh_kw_sigma", settings["blurs"])
    for name, *_ in settings["blur_images"]:
        images = channels_first(golden[f"blur.{name}.input"])
        for height, width, sigma in settings["blurs"]:
            for stride in settings["blur_strides"]:
                key = f"blur.{name}.k{height}x{width}_s{sigma:f}_stride{stride}"
                golden.close(key, channels_last(blur(images, (height, width), sigma, stride)), 1e-5)


def layers(golden: Golden, config: dict[str, Any], network: VGG16) -> None:
    x = channels_first(golden["norm.input"])
    for suffix, scale in (("", 1.0), (".tiny", 1e-6)):
        golden.close(f"layer_norm{suffix}", channels_last(layer_norm(x * scale, PAPER_EPSILON)), 1e-5)
        golden.close(f"instance_norm{suffix}", channels_last(instance_norm(x * scale, PAPER_EPSILON)), 1e-5)
    for groups in config["config"]["layers"]["groups"]:
        golden.close(f"group_norm.G{groups}", channels_last(group_norm(x, groups, PAPER_EPSILON)), 1e-5)
    golden.close("batch_norm", channels_last(batch_norm(x)), 1e-5)
    coefficients = MosaicNet.coefficients(channels_first(golden["prob.logits"]), 1.0)
    golden.close("prob.value", channels_last(coefficients), 1e-5)
    golden.close("entropy", entropy(coefficients), 1e-5, "rtol")
    golden.close("variance", variance(coefficients), 1e-5, "rtol")
    for key, side, stride, activate in (
        ("conv.k1_relu", 1, 1, True),
        ("conv.k3_linear", 3, 1, False),
        ("conv.k3_stride2_relu", 3, 2, True),
    ):
        kernel = torch.from_numpy(golden[f"conv.w{side}"].transpose(3, 2, 0, 1).copy())
        top, bottom = same_padding(x.shape[2], side, stride)
        left, right = same_padding(x.shape[3], side, stride)
        y = layer_norm(F.conv2d(F.pad(x, (left, right, top, bottom)), kernel, stride=stride), PAPER_EPSILON)
        golden.close(key, channels_last(y.relu() if activate else y), 1e-5)


def decoder(golden: Golden, config: dict[str, Any], network: VGG16) -> None:
    case = config["config"]["decoder"]
    golden.exact("image", recipes.smooth_pictures(case["img_seed"], case["b"], case["h"], case["w"]))
    golden.exact("templates", recipes.templates(case["tpl_seed"], case["n"]))
    net = paper_net(network, golden["templates"], recipes.decoder_layers(case["w_seed"], case["n"]))
    loss = PerceptualLoss(network, LossSettings())
    images = channels_first(golden["image"])
    golden.sampled("pool3", channels_last(net.encode(images)), 1e-4)
    with torch.no_grad():
        hidden, logits = net.decoder(net.encode(images))
    golden.sampled("conv6", channels_last(hidden), 1e-4)
    golden.close("conv7", channels_last(logits), 1e-4)
    for key, temperature in temperatures(golden, case["temps"]).items():
        with golden.part(key):
            at_temperature(golden, key, temperature, net, loss, images)
    golden.exact("trainable_variables", ["conv6/weight", "conv6/bias", "conv7/weight", "conv7/bias"])
    golden.exact("all_variables", variable_names())


def temperatures(golden: Golden, listed: Sequence[float]) -> dict[str, float]:
    """Return the temperature of each group of arrays, by its key: listed ones, and others that have gradients only."""
    found = {f"T{value:g}": float(value) for value in listed}
    groups = (match.group(1) for match in map(re.compile(r"T(.+?)\.[a-z]").match, golden.arrays) if match)
    return found | {f"T{text}": float(text) for text in groups}


def at_temperature(
    golden: Golden, key: str, temperature: float, net: MosaicNet, loss: PerceptualLoss, images: Tensor
) -> None:
    """Check all arrays of one temperature."""
    passed, _, total = paper_forward(net, loss, images, temperature)
    soft = channels_last(passed.coefficients)
    near = 1e-4 if temperature <= 1 else 1e-3
    if f"{key}.softmax" in golden:
        golden.close(f"{key}.softmax", soft, near, "max" if temperature <= 1 else "abs")
        choose(golden, key, soft, net, near, exactly=temperature == 0)
        shown = len(golden[f"{key}.soft_output"])  # all pictures, or the first one only
        golden.close(f"{key}.soft_output", channels_last(passed.mosaic)[:shown], near)
        golden.close(f"{key}.entropy", entropy(passed.coefficients).detach(), near, "rtol")
        golden.close(f"{key}.variance", variance(passed.coefficients).detach(), near, "rtol")
        golden.close(f"{key}.loss", total, 1e-5, "rtol")
    if f"{key}.grad.conv6_weight.l2" in golden:
        net.decoder.zero_grad()
        gradients(loss, forward(net, loss, images, temperature), divisor=len(images))
        for name, ours in PARAMETERS.items():
            slope = net.decoder.get_parameter(ours).grad
            assert slope is not None
            gradient_sampled(golden, f"{key}.grad.{name}", as_stored(name, slope))


def variable_names() -> list[str]:
    """Return the variable names of the published program: those of VGG16, then those of the trained decoder."""
    encoder = [f"{name}/{part}" for name in LAYERS if name.startswith("conv") for part in ("filter", "biases")]
    return [*encoder, "conv6/weight", "conv6/bias", "conv7/weight", "conv7/bias"]


def choose(golden: Golden, key: str, soft: Any, net: MosaicNet, near: float, exactly: bool = False) -> None:
    """Check argmax and hard mosaic, where the golden margin is above 1e-4, and the margins with tolerance `near`."""
    ordered = np.sort(soft, axis=-1)
    sure = golden[f"{key}.margin"] > 1e-4
    sure = np.ones_like(sure) if exactly else sure
    golden.close(f"{key}.margin", ordered[..., -1] - ordered[..., -2], near, "abs")
    mosaic = channels_last(hard_compose(torch.from_numpy(soft.argmax(-1)), net.templates)).astype(np.uint8)
    if f"{key}.argmax" in golden:
        golden.add(f"{key}.argmax", "cells wrong", np.sum((soft.argmax(-1) != golden[f"{key}.argmax"]) & sure), 0)
    want = golden[f"{key}.hard_output"]
    height, width = net.templates.shape[2:]
    wrong = (mosaic != want).any(-1) & sure.repeat(height, 1).repeat(width, 2) if mosaic.shape == want.shape else np.inf
    golden.add(f"{key}.hard_output", "pixels wrong", np.sum(wrong), 0)


def gradient_sampled(golden: Golden, key: str, ours: Any) -> None:
    """Check a gradient: norms to 1e-3, samples to 3e-3 of their L2 norm."""
    golden.sampled(key, ours, 3e-3, "l2", norm=1e-3)


def shapes(golden: Golden, config: dict[str, Any], network: VGG16) -> None:
    settings = config["config"]["shapes"]
    default = PerceptualLoss(network, LossSettings())
    for i in range(len(settings["cases"])):
        key = f"case{i}"
        with golden.part(key):
            pictures = golden[f"{key}.templates"]
            net = paper_net(network, pictures, recipes.decoder_layers(settings["w_seed"], len(pictures)))
            images = channels_first(golden[f"{key}.image"])
            with torch.no_grad():
                soft = channels_last(net.coefficients(net.decoder(net.encode(images))[1], 1.0))
            choose(golden, key, soft, net, 1e-4)
            refused = refuses(partial(paper_forward, net, default, images, 1.0))
            expected = bool(str(golden[f"{key}.train_loss_exception"]))
            golden.add(f"{key}.train_loss_exception", refusal(expected), 0.0 if refused == expected else np.inf, 0.0)
            if i == 0 and "deep_layers_only.loss" in golden:
                deep = PerceptualLoss(network, LossSettings.parse(*settings["deep"]))
                golden.close("deep_layers_only.loss", paper_forward(net, deep, images, 1.0)[2], 1e-5, "rtol")


def ploss(golden: Golden, config: dict[str, Any], network: VGG16) -> None:
    for case in config["config"]["ploss"]:
        with golden.part(case["name"]):
            compare_loss(golden, case, network)
    for case in config["config"]["ploss_errors"]:
        key = f"error.{case['name']}"
        with golden.part(key):
            options = option_texts(golden, key)
            expected = bool(str(golden[f"{key}.exception"]))
            refused = refuses(partial(loss_of, case, options, network))
            golden.add(f"{key}.exception", refusal(expected), 0.0 if refused == expected else np.inf, 0.0)


def option_texts(golden: Golden, key: str) -> list[str]:
    """Return the texts of the five options of the loss."""
    return [str(golden[f"{key}.{part}"]) for part in ("layers", "lsf", "dsf", "bf", "bw")]


def loss_of(case: dict[str, Any], options: Sequence[str], network: VGG16) -> Tensor:
    """Return the loss of the mosaics of a case."""
    loss = PerceptualLoss(network, LossSettings.parse(*options))
    size = case["b"], case["h"], case["w"]
    target = channels_first(recipes.smooth_pictures(case["seed"], *size))
    value: LossValue = loss(channels_first(recipes.predicted_pictures(case["seed"] + 1, *size)), loss.target(target))
    return value.total


def refusal(expected: bool) -> str:
    """Return the name of the measure of an expected or unexpected error."""
    return "refused" if expected else "not refused"


def refuses(action: Callable[[], Any]) -> bool:
    """Return True if an action raises ConfigError."""
    try:
        action()
    except ConfigError:
        return True
    return False


def compare_loss(golden: Golden, case: dict[str, Any], network: VGG16) -> None:
    key, seed = case["name"], case["seed"]
    options = option_texts(golden, key)
    golden.exact(f"{key}.size", (case["b"], case["h"], case["w"]))
    golden.exact(f"{key}.seed", seed)
    pictures = recipes.smooth_pictures(seed, case["b"], case["h"], case["w"])
    mosaics = recipes.predicted_pictures(seed + 1, case["b"], case["h"], case["w"])
    settings = LossSettings.parse(*options)
    loss = PerceptualLoss(network, settings)
    target, mosaic = channels_first(pictures), channels_first(mosaics)
    value, slope = loss.value_and_gradient(mosaic, loss.target(target))
    golden.close(f"{key}.loss", value.total, 1e-5, "rtol")
    golden.close(f"{key}.loss_at_layer", value.at_layer, 1e-5, "rtol")
    found = {(layer, scale): float(term) for layer, scale, term in value.terms}
    order = list(zip(golden[f"{key}.mse_layer_index"].tolist(), golden[f"{key}.mse_scale"].tolist(), strict=True))
    golden.close(f"{key}.mse", [found[pair] for pair in order], 1e-5, "rtol")
    groups = sorted((layer, scale) for layer, group in enumerate(settings.scales) for scale in group)
    golden.exact(f"{key}.mse_layer_index", [layer for layer, _ in groups])
    stored = [scale for _, scale in sorted(order)]  # the order of the scales in a layer does not matter
    golden.add(f"{key}.mse_scale", "equal", 0.0 if stored == [scale for _, scale in groups] else np.inf, 0.0)
    golden.close(f"{key}.grad_l2", torch.linalg.vector_norm(slope), 1e-3, "rtol")
    if f"{key}.grad" in golden:
        golden.close(f"{key}.grad", channels_last(slope), 3e-3, "l2")
    else:
        gradient_sampled(golden, f"{key}.grad", channels_last(slope))
    if f"{key}.target" in golden:
        golden.exact(f"{key}.target", pictures)
        golden.exact(f"{key}.predicted", mosaics)
    for index, scale in enumerate(settings.used_scales()):
        for name, made in (
            (f"{key}.pyramid_target{index}", pyramid_level(target, scale)),
            (f"{key}.pyramid_predicted{index}", loss.blurred_level(mosaic, index)),
        ):
            if name in golden:
                golden.close(name, channels_last(made), 1e-5)
