"""Readers of VGG16 weights: from a pip dependency, torchvision's file, the original .npy, or safetensors.

Every source becomes a `VGGWeights`: filters for RGB input, and the normalisation and pooling that belong to them.
No code from a file is run: PyTorch files are read as plain tensors, and the pickle in the original .npy is read by a
reader that accepts only arrays, lists and dicts.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import pickle
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from perceptual_photomosaic.errors import MissingExtraError, ModelError
from perceptual_photomosaic.features.object_npy import read_object_npy
from perceptual_photomosaic.files.replacing import written_aside

__all__ = ["CONVOLUTIONS", "WIDTHS", "VGGWeights", "load_vgg_weights", "save_vgg_weights"]

CONVOLUTIONS: tuple[str, ...] = tuple(
    f"conv{block}_{i}" for block, count in enumerate((2, 2, 3, 3, 3), start=1) for i in range(1, count + 1)
)
WIDTHS: tuple[int, ...] = (64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512)

_TORCHVISION_INDEX = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)
_DEFAULT_FILE = "stlpips_pytorch/weights/vST0.0/vgg_shift_tolerant.pth"
# Slice and position of each convolution in the shift-tolerant file.
_DEFAULT_NAMES = tuple(
    f"net.slice{name[4]}.{index}"
    for name, index in zip(CONVOLUTIONS, (0, 2, 6, 8, 12, 14, 16, 20, 22, 24, 28, 30, 32), strict=True)
)

Pooling = Literal["max", "blur"]


@dataclass(frozen=True)
class VGGWeights:
    """The weights of the 13 convolutions, with the normalisation and pooling that belong to them.

    Args:
        source: Description of their source, for people.
        filters: Filters by name of the layer, (cout, cin, 3, 3), float32; conv1_1 takes red, green, blue.
        biases: Biases by name of the layer, (cout,), float32.
        mean: Values subtracted from red, green and blue (0..255).
        scale: Divisors of the result.
        pooling: "max" or "blur", as the network was trained.
        channel_weights: Weights of channels in the LPIPS form of the loss, by name of the layer, (C,), >= 0; may be
            empty.
    """

    source: str
    filters: dict[str, Tensor]
    biases: dict[str, Tensor]
    mean: tuple[float, float, float]
    scale: tuple[float, float, float]
    pooling: Pooling = "max"
    channel_weights: dict[str, Tensor] = field(default_factory=dict)

    def identity(self) -> str:
        """Return a hex digest (16 characters) of all values that decide the features."""
        digest = hashlib.sha256(repr((self.mean, self.scale, self.pooling)).encode())
        for name in CONVOLUTIONS:
            digest.update(self.filters[name].numpy().tobytes())
            digest.update(self.biases[name].numpy().tobytes())
        return digest.hexdigest()[:16]


_CAFFE = ((123.68, 116.779, 103.939), (1.0, 1.0, 1.0))
_IMAGENET = (
    (0.485 * 255, 0.456 * 255, 0.406 * 255),
    (0.229 * 255, 0.224 * 255, 0.225 * 255),
)


def load_vgg_weights(source: str | Path = "default") -> VGGWeights:
    """Load VGG16 weights.

    Args:
        source: "default" (trained on human similarity judgements, part of the 'perceptual' extra), or a file:
            torchvision's vgg16 (`.pth`, `.pt`, `.safetensors`), the same with layers named `conv1_1` ... `conv5_3`,
            or the original `vgg16.npy`. docs/use/models.md describes the layouts.
    Raises:
        ModelError: The file is missing, is not one of these, lacks a layer or has a layer of another shape.
        MissingExtraError: The extra is not installed.
    """
    if str(source) == "default":
        return _load_default()
    path = Path(source)
    if not path.is_file():
        raise ModelError(f"no VGG16 weights at {path}: give 'default' or a .pth, .npy or .safetensors file")
    try:
        if path.suffix == ".npy":
            return _from_caffe(read_object_npy(path), f"{path.name} (original)")
        if path.suffix == ".safetensors":
            return _load_safetensors(path)
        if path.suffix in (".pth", ".pt"):
            return _from_pytorch(_torch_load(path), path)
    except (OSError, ValueError, EOFError, pickle.UnpicklingError, RuntimeError) as error:
        raise ModelError(f"cannot read VGG16 weights from {path}: {str(error).splitlines()[0]}") from error
    raise ModelError(f"VGG16 weights are .pth, .npy or .safetensors, not '{path.suffix}': {path}")


def save_vgg_weights(weights: VGGWeights, path: Path) -> None:
    """Write weights as one safetensors file, from which `load_vgg_weights` reads the same weights."""
    from safetensors.torch import save_file

    tensors = {f"{name}.weight": weights.filters[name].contiguous() for name in CONVOLUTIONS}
    tensors |= {f"{name}.bias": weights.biases[name].contiguous() for name in CONVOLUTIONS}
    tensors |= {f"{name}.channel_weights": value.contiguous() for name, value in weights.channel_weights.items()}
    metadata = {
        "format": "pt",
        "mean": " ".join(map(repr, weights.mean)),
        "scale": " ".join(map(repr, weights.scale)),
        "pooling": weights.pooling,
    }
    with written_aside(path) as part:
        save_file(tensors, part, metadata)


def _checked(found: Mapping[str, Any], names: tuple[str, ...], suffixes: tuple[str, str], source: str) -> VGGWeights:
    """Take filters and biases out of a state dict; raise ModelError for missing layers and wrong shapes."""
    filters: dict[str, Tensor] = {}
    biases: dict[str, Tensor] = {}
    cin = 3
    for name, stored, cout in zip(CONVOLUTIONS, names, WIDTHS, strict=True):
        for part, suffix, shape in (
            (filters, suffixes[0], (cout, cin, 3, 3)),
            (biases, suffixes[1], (cout,)),
        ):
            value = found.get(stored + suffix)
            label = f"{name} ({stored}{suffix})"
            if not isinstance(value, Tensor):
                raise ModelError(f"VGG16 weights from {source} lack layer {label}")
            if tuple(value.shape) != shape:
                raise ModelError(f"VGG16 layer {label} from {source} has shape {tuple(value.shape)}, not {shape}")
            value = value.detach().to(torch.float32)
            # The memory order that `VGG16` uses, so that it does not need a second copy.
            part[name] = value.contiguous(memory_format=torch.channels_last) if value.ndim == 4 else value.contiguous()
        cin = cout
    return VGGWeights(source, filters, biases, *_CAFFE)


def _load_default() -> VGGWeights:
    try:
        files = importlib.metadata.distribution("stlpips-pytorch").files or []
    except importlib.metadata.PackageNotFoundError:
        raise MissingExtraError("the default VGG16", "perceptual") from None
    for file in files:
        if str(file) == _DEFAULT_FILE:
            break
    else:
        raise ModelError(f"the installed stlpips-pytorch has no {_DEFAULT_FILE}: install version 0.0.2 of it")
    state = _torch_load(Path(str(file.locate())))
    checked = _checked(state, _DEFAULT_NAMES, (".weight", ".bias"), "stlpips-pytorch")
    linear = {}
    for i, name in enumerate(("conv1_2", "conv2_2", "conv3_3", "conv4_3", "conv5_3")):
        value = state.get(f"lin{i}.model.1.weight")
        if not isinstance(value, Tensor) or value.numel() != checked.filters[name].shape[0]:
            raise ModelError(f"VGG16 weights from stlpips-pytorch lack the linear weights of {name}")
        linear[name] = value.detach().flatten().clamp_min(0.0)
    # That network takes 2 x / 255 - 1, subtracts a shift and divides by a scale: here as one step.
    shift, scale = (state[f"scaling_layer.{part}"].flatten().double() for part in ("shift", "scale"))
    mean, spread = (127.5 * (1 + shift)).tolist(), (127.5 * scale).tolist()
    return VGGWeights(
        "shift-tolerant LPIPS VGG16 (stlpips-pytorch)",
        checked.filters,
        checked.biases,
        (mean[0], mean[1], mean[2]),
        (spread[0], spread[1], spread[2]),
        "blur",
        linear,
    )


def _torch_load(path: Path) -> dict[str, Any]:
    state = torch.load(path, map_location="cpu", weights_only=True)
    if not isinstance(state, dict):
        raise ModelError(f"{path} holds a {type(state).__name__}, not a dict of layers")
    return state


def _from_pytorch(state: Mapping[str, Any], path: Path) -> VGGWeights:
    """Read filters, (cout, cin, 3, 3), for red, green, blue, by torchvision's names or by the names of the layers."""
    state = _one_level(state)
    if any(name.startswith("features.") for name in state):
        source, names = f"{path.name} (torchvision)", tuple(f"features.{i}" for i in _TORCHVISION_INDEX)
    elif any(name.partition(".")[0] in CONVOLUTIONS for name in state):
        source, names = path.name, CONVOLUTIONS
    else:
        held = ", ".join(f"'{name}'" for name in list(state)[:3]) or "nothing"
        raise ModelError(
            f"{path} holds no layers of VGG16 but {held}: they are named conv1_1.weight, conv1_1.bias, conv1_2.weight "
            "..., or features.0.weight ... as torchvision names them"
        )
    checked = _checked(state, names, (".weight", ".bias"), source)
    return VGGWeights(source, checked.filters, checked.biases, *_IMAGENET)


def _one_level(state: Mapping[str, Any]) -> dict[str, Any]:
    """Flatten `name -> {weight, bias}` and `name -> (weight, bias)` to `name.weight -> ..., name.bias -> ...`."""
    flat: dict[str, Any] = {}
    for name, value in state.items():
        if isinstance(value, (list, tuple)) and len(value) == 2:
            value = {"weight": value[0], "bias": value[1]}
        if isinstance(value, Mapping):
            flat |= {f"{name}.{part}": inner for part, inner in value.items()}
        else:
            flat[str(name)] = value
    return flat


def _from_caffe(layers: dict[str, Any], source: str) -> VGGWeights:
    """Read layers of the form name -> [filter (3, 3, cin, cout), bias], for blue, green, red minus their mean."""
    state: dict[str, Any] = {}
    for name in CONVOLUTIONS:
        pair = layers.get(name)
        if isinstance(pair, (list, tuple)) and len(pair) == 2 and all(isinstance(a, np.ndarray) for a in pair):
            kernel = np.asarray(pair[0], np.float32)
            state[f"{name} filter"] = torch.from_numpy(np.moveaxis(kernel, (-1, -2), (0, 1)).copy())
            state[f"{name} bias"] = torch.from_numpy(np.array(pair[1], np.float32))
    checked = _checked(state, CONVOLUTIONS, (" filter", " bias"), source)
    checked.filters["conv1_1"] = checked.filters["conv1_1"].flip(1).contiguous()
    return checked


def _load_safetensors(path: Path) -> VGGWeights:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise ModelError(f"cannot read VGG16 weights from {path}: {error}") from error
    if "mean" not in metadata:
        return _from_pytorch(state, path)
    checked = _checked(state, CONVOLUTIONS, (".weight", ".bias"), path.name)
    linear = {name: state[key].float() for name in CONVOLUTIONS if (key := f"{name}.channel_weights") in state}
    try:
        mean, scale = (tuple(map(float, metadata[key].split())) for key in ("mean", "scale"))
        pooling = metadata["pooling"]
        if len(mean) != 3 or len(scale) != 3 or pooling not in ("max", "blur"):
            raise ValueError
    except (KeyError, ValueError):
        raise ModelError(f"{path} does not say how its pictures are normalised (mean, scale, pooling)") from None
    return VGGWeights(
        path.name,
        checked.filters,
        checked.biases,
        (mean[0], mean[1], mean[2]),
        (scale[0], scale[1], scale[2]),
        "blur" if pooling == "blur" else "max",
        linear,
    )
