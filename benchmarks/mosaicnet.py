"""How fast MosaicNet trains and predicts, against the same network written the plain way.

    python benchmarks/mosaicnet.py [--threads N] [--repeats N] [--json FILE]

The yardstick is a PyTorch program as one would write it from the paper: VGG16 as modules in their default memory
order, and a separate pass for the encoder, for the target at each scale and for the mosaic at each scale. Every case
runs in a process of its own, so that peak memory is its own; times are medians of the process's CPU seconds (other work
on the machine disturbs them less than wall time), after two rounds of warm-up.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

CASES = (
    "step plain float32",
    "step ours float32",
    "step ours bfloat16",
    "predict plain float32",
    "predict ours float32",
    "predict ours bfloat16",
    "convolution float32",
    "convolution bfloat16",
)
LAYERS = ("conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1")
STEP_PX, PREDICT_PX, TEMPLATES = 256, 512, 62


def measure(work: Callable[[], Any], repeats: int) -> dict[str, float]:
    """Median CPU and wall seconds of some work."""
    rounds = []
    for i in range(repeats + 2):
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        if i >= 2:
            rounds.append((time.process_time() - cpu, time.perf_counter() - wall))
    return {
        "cpu_s": statistics.median(cpu for cpu, _ in rounds),
        "wall_s": statistics.median(wall for _, wall in rounds),
    }


def plain_network(weights: Any) -> tuple[Any, Any, Any, Any]:
    """VGG16 by name, a decoder, a Gaussian blur and a loss, in the straightforward way."""
    import torch
    import torch.nn.functional as F
    from torch import nn

    from perceptual_photomosaic.features.pyramid import gaussian_kernel
    from perceptual_photomosaic.features.weights import CONVOLUTIONS

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
    """One training step: seven passes of VGG16, one after the other."""
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
    import torch

    vgg, _, decode, _ = plain_network(weights)
    images = torch.rand(1, 3, PREDICT_PX, PREDICT_PX) * 255

    def predict() -> None:
        with torch.no_grad():
            decode(vgg(images, "conv4_1")["pool3"]).argmax(1)

    return predict


def our_work(kind: str, weights: Any, dtype: Any) -> Callable[[], Any]:
    """A training step or a prediction of this package."""
    import numpy as np
    import torch

    from perceptual_photomosaic.features.vgg import VGG16
    from perceptual_photomosaic.losses import LossSettings, PerceptualLoss
    from perceptual_photomosaic.models.mosaicnet import MosaicNet, MosaicNetConfig
    from perceptual_photomosaic.models.predict import predict_assignment
    from perceptual_photomosaic.training.step import forward, gradients
    from perceptual_photomosaic.training.trainer import keep_freed_memory

    keep_freed_memory()
    vgg = VGG16(weights, dtype)
    net = MosaicNet(vgg, torch.randint(0, 256, (TEMPLATES, 3, 8, 8)), MosaicNetConfig(TEMPLATES))
    if kind == "predict":
        picture = np.random.default_rng(0).integers(0, 256, (PREDICT_PX, PREDICT_PX, 3), dtype=np.uint8)
        return lambda: predict_assignment(net, picture)
    loss = PerceptualLoss(vgg, LossSettings())
    optimizer = torch.optim.Adam(net.decoder.parameters(), lr=6e-6)
    images = torch.rand(1, 3, STEP_PX, STEP_PX) * 255

    def step() -> None:
        optimizer.zero_grad()
        gradients(loss, forward(net, loss, images, 1.0))
        optimizer.step()

    return step


def convolution(dtype: Any) -> tuple[Callable[[], Any], float]:
    """The machine's own convolution: 128 to 128 channels, and its floating-point operations."""
    import torch
    import torch.nn.functional as F

    x = torch.randn(1, 128, 128, 128, dtype=dtype).contiguous(memory_format=torch.channels_last)
    kernel = torch.randn(128, 128, 3, 3, dtype=dtype).contiguous(memory_format=torch.channels_last)
    return lambda: F.conv2d(x, kernel, padding=1), 2 * 9 * 128 * 128 * 128 * 128


def step_operations() -> float:
    """Floating-point operations of the convolutions of one step: what cannot be saved.

    The target at three scales and the mosaic at three scales forwards, and the mosaic's backwards to the picture.
    """
    from perceptual_photomosaic.features.weights import CONVOLUTIONS, WIDTHS

    total, cin = 0.0, 3
    for name, cout in zip(CONVOLUTIONS, WIDTHS, strict=True):
        side = STEP_PX / 2 ** (int(name[4]) - 1)
        total += 2 * 9 * cin * cout * side * side
        cin = cout
        if name == "conv5_1":
            break
    return total * 3 * (1 + 1 / 4 + 1 / 16)


def run_case(case: str, repeats: int) -> dict[str, float]:
    """Measure one case in this process."""
    import torch

    from perceptual_photomosaic.features.weights import load_vgg_weights

    kind, who, *rest = case.split()
    dtype = getattr(torch, rest[0] if rest else who)
    if kind == "convolution":
        work, operations = convolution(dtype)
        figures = measure(work, repeats * 5)
        return figures | {"gflops": operations / figures["cpu_s"] / 1e9}
    weights = replace(load_vgg_weights(), pooling="max")  # the paper's pooling, for both
    if who == "plain":
        work = plain_step(weights) if kind == "step" else plain_predict(weights)
    else:
        work = our_work(kind, weights, dtype)
    figures = measure(work, repeats)
    return figures | {"peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", type=Path, help="write the figures here too")
    parser.add_argument("--case", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.case:
        import torch

        torch.set_num_threads(options.threads)
        print(json.dumps(run_case(options.case, options.repeats)))
        return
    found: dict[str, dict[str, float]] = {}
    for case in CASES:
        command = [sys.executable, __file__, "--case", case]
        command += ["--threads", str(options.threads), "--repeats", str(options.repeats)]
        found[case] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        print(f"{case:24s} " + "  ".join(f"{name} {value:9.3f}" for name, value in found[case].items()), flush=True)
    for kind in ("step", "predict"):
        plain = found[f"{kind} plain float32"]
        for precision in ("float32", "bfloat16"):
            ours = found[f"{kind} ours {precision}"]
            time_ratio, memory = ours["cpu_s"] / plain["cpu_s"], ours["peak_mib"] / plain["peak_mib"]
            print(f"{kind} {precision}: {time_ratio:.2f} of the plain program's time, {memory:.2f} of its peak memory")
    for precision in ("float32", "bfloat16"):
        reached = step_operations() / found[f"step ours {precision}"]["cpu_s"] / 1e9
        share = reached / found[f"convolution {precision}"]["gflops"]
        print(f"step {precision}: {reached:.0f} GFLOP/s, {share:.0%} of the machine's own convolution")
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
