"""The cases of `network-speed`: a training step and a prediction, in this package and in plain PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

LAYERS = ("conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1")
STEP_PX, PREDICT_PX, TEMPLATES = 256, 512, 62


def plain_network(weights: Any) -> tuple[Any, Any, Any, Any]:
    """Return VGG16 by name, a decoder, a Gaussian blur and a loss, in the straightforward way."""
    import torch
    import torch.nn.functional as F
    from torch import nn

    from perceptual_photomosaic.features.pyramid import gaussian_kernel
    from perceptual_photomosaic.features.vgg_weights import CONVOLUTIONS

    mean, scale = (torch.tensor(value).view(1, 3, 1, 1) for value in (weights.mean, weights.scale))

    class PlainVGG(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            for name in CONVOLUTIONS:
                kernel = weights.filters[name]
                layer = nn.Conv2d(kernel.shape[1], kernel.shape[0], 3, padding=1)
                layer.weight.data.copy_(kernel)
                layer.bias.data.copy_(weights.biases[name])
                self.add_module(name, layer.requires_grad_(False))

        def forward(self, x: torch.Tensor, last: str) -> dict[str, torch.Tensor]:
            found, x = {}, (x - mean) / scale
            for name in CONVOLUTIONS:
                if name[-1] == "1" and name[4] != "1":
                    x = F.max_pool2d(x, 2, ceil_mode=True)
                    found[f"pool{int(name[4]) - 1}"] = x
                x = F.relu(self.get_submodule(name)(x))
                found[name] = x
                if name == last:
                    break
            return found

    def gaussian(x: torch.Tensor, size: int, sigma: float, stride: int = 1) -> torch.Tensor:
        kernel = torch.from_numpy(gaussian_kernel((size, size), sigma)).float().expand(3, 1, size, size)
        low = (size - 1) // 2
        x = F.pad(x, (low, size - 1 - low, low, size - 1 - low))
        return F.conv2d(x, kernel, stride=stride, groups=3)

    decoder = nn.ModuleList([nn.Conv2d(256, 256, 1), nn.Conv2d(256, TEMPLATES, 3, padding=1)])
    vgg = PlainVGG()

    def decode(features: torch.Tensor) -> torch.Tensor:
        hidden = F.relu(F.layer_norm(decoder[0](features), features.shape[1:]))
        logits = decoder[1](hidden)
        return F.layer_norm(logits, logits.shape[1:])

    return vgg, decoder, decode, gaussian


def plain_step(weights: Any) -> Callable[[], Any]:
    """Return one training step: seven passes of VGG16, one after the other."""
    import torch
    import torch.nn.functional as F

    vgg, decoder, decode, gaussian = plain_network(weights)
    images = torch.rand(1, 3, STEP_PX, STEP_PX) * 255
    templates = torch.rand(TEMPLATES, 3 * 64) * 255
    optimizer = torch.optim.Adam(decoder.parameters(), lr=6e-6)

    def step() -> None:
        optimizer.zero_grad()
        coefficients = torch.softmax(decode(vgg(images, "conv4_1")["pool3"]), 1)
        cells = torch.einsum("btij,tp->bpij", coefficients, templates)
        mosaic = F.pixel_shuffle(cells, 8)
        loss = torch.zeros(())
        for scale in (0, 1, 2):
            size = 2**scale
            target = images if scale == 0 else gaussian(images, size + 1, (size / 4) ** 0.5, size)
            ours = mosaic if scale == 0 else gaussian(mosaic, size + 1, (size / 4) ** 0.5, size)
            wanted, found = vgg(target, "conv5_1"), vgg(gaussian(ours, 8, 3.0), "conv5_1")
            loss = loss + sum(F.mse_loss(found[name], wanted[name]) for name in LAYERS) / 15
        loss.backward()
        optimizer.step()

    return step


def plain_predict(weights: Any) -> Callable[[], Any]:
    """Return one prediction: the hard mosaic."""
    import torch
    import torch.nn.functional as F

    vgg, _, decode, _ = plain_network(weights)
    images = torch.rand(1, 3, PREDICT_PX, PREDICT_PX) * 255
    templates = torch.rand(TEMPLATES, 3 * 64) * 255

    def predict() -> None:
        with torch.no_grad():
            chosen = decode(vgg(images, "conv4_1")["pool3"]).argmax(1)
            F.pixel_shuffle(templates[chosen].permute(0, 3, 1, 2), 8)

    return predict


def our_work(kind: str, weights: Any, dtype: Any) -> Callable[[], Any]:
    """Return a training step or a prediction of this package."""
    import numpy as np
    import torch

    from perceptual_photomosaic.features.vgg import VGG16
    from perceptual_photomosaic.loss_settings import LossSettings
    from perceptual_photomosaic.losses import PerceptualLoss
    from perceptual_photomosaic.models.mosaicnet import MosaicNet, MosaicNetConfig
    from perceptual_photomosaic.models.prediction import hard_mosaic, predict_assignment
    from perceptual_photomosaic.training.step import forward, gradients
    from perceptual_photomosaic.training.trainer import keep_freed_memory

    keep_freed_memory()
    vgg = VGG16(weights, dtype)
    net = MosaicNet(vgg, torch.randint(0, 256, (TEMPLATES, 3, 8, 8)), MosaicNetConfig(TEMPLATES))
    if kind == "predict":
        picture = np.random.default_rng(0).integers(0, 256, (PREDICT_PX, PREDICT_PX, 3), dtype=np.uint8)
        return lambda: hard_mosaic(net, predict_assignment(net, picture))
    loss = PerceptualLoss(vgg, LossSettings())
    optimizer = torch.optim.Adam(net.decoder.parameters(), lr=6e-6)
    images = torch.rand(1, 3, STEP_PX, STEP_PX) * 255

    def step() -> None:
        optimizer.zero_grad()
        gradients(loss, forward(net, loss, images, 1.0))
        optimizer.step()

    return step


def convolution(dtype: Any) -> tuple[Callable[[], Any], float]:
    """Return a convolution of 128 to 128 channels, and its floating-point operations."""
    import torch
    import torch.nn.functional as F

    x = torch.randn(1, 128, 128, 128, dtype=dtype).contiguous(memory_format=torch.channels_last)
    kernel = torch.randn(128, 128, 3, 3, dtype=dtype).contiguous(memory_format=torch.channels_last)
    return lambda: F.conv2d(x, kernel, padding=1), 2 * 9 * 128 * 128 * 128 * 128


def operations(kind: str) -> float:
    """Return the floating-point operations of VGG16's convolutions in a step or a prediction, by their definition.

    A step passes the target and the mosaic at three scales forwards, and the mosaic backwards to the picture.
    """
    if kind == "step":
        return 3 * (1 + 1 / 4 + 1 / 16) * _operations(STEP_PX, "conv5_1")
    return _operations(PREDICT_PX, "conv3_3")


def _operations(side_px: int, last: str) -> float:
    """Return the operations of one pass over a square picture, up to a layer."""
    from perceptual_photomosaic.features.vgg_weights import CONVOLUTIONS, WIDTHS

    total, cin = 0.0, 3
    for name, cout in zip(CONVOLUTIONS, WIDTHS, strict=True):
        side = side_px / 2 ** (int(name[4]) - 1)
        total += 2 * 9 * cin * cout * side * side
        cin = cout
        if name == last:
            break
    return total


def agreement(models: tuple[str, ...]) -> list[tuple[str, str, float, float, float]]:
    """Measure the agreement of bfloat16 with float32 on photographs.

    Returns:
        For each model and photograph of scikit-image, 512 x 512: the share of cells with the same tile, and the
        relative differences of the paper's loss and of the model's own, of the soft mosaic.
    """
    import numpy as np
    import skimage.data
    import torch
    from PIL import Image, ImageOps

    from perceptual_photomosaic.loss_settings import LossSettings
    from perceptual_photomosaic.losses import PerceptualLoss
    from perceptual_photomosaic.models.prediction import predict_assignment
    from perceptual_photomosaic.models.store import load_model
    from perceptual_photomosaic.training.step import forward

    rows = []
    for model in models:
        pairs = [load_model(model, dtype=dtype) for dtype in (torch.float32, torch.bfloat16)]
        for photo in ("astronaut", "chelsea", "coffee", "rocket"):
            whole = Image.fromarray(getattr(skimage.data, photo)())
            picture = np.asarray(ImageOps.fit(whole, (PREDICT_PX, PREDICT_PX), Image.Resampling.LANCZOS))
            images = torch.from_numpy(picture.copy()).permute(2, 0, 1)[None].float()
            chosen, losses = [], []
            for net, card in pairs:
                chosen.append(predict_assignment(net, picture))
                for settings in (LossSettings(), card.loss):
                    loss = PerceptualLoss(net.encoder, settings)
                    with torch.no_grad():
                        passed = forward(net, loss, images, float(card.training["final_temperature"]))
                        losses.append(float(loss(passed.mosaic, passed.target).total))
            same = float((chosen[0] == chosen[1]).mean())
            rows.append((model, photo, same, abs(losses[2] / losses[0] - 1), abs(losses[3] / losses[1] - 1)))
    return rows
