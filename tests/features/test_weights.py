"""Sources of VGG16 weights: readable files, refused files, and files that contain code."""

from __future__ import annotations

import importlib.metadata
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from perceptual_photomosaic.errors import MissingExtraError, ModelError
from perceptual_photomosaic.features.vgg_weights import CONVOLUTIONS, WIDTHS, load_vgg_weights, save_vgg_weights

INDEX = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)


@pytest.fixture(scope="module")
def layers() -> dict[str, list[np.ndarray]]:
    """Return layers in the original form: name -> [filter (3, 3, cin, cout), bias]."""
    random, cin, made = np.random.default_rng(0), 3, {}
    for name, cout in zip(CONVOLUTIONS, WIDTHS, strict=True):
        kernel = random.integers(-9, 9, (3, 3, cin, cout)).astype(np.float32)
        made[name] = [kernel, np.arange(cout, dtype=np.float32)]
        cin = cout
    return made


def test_default_comes_with_a_dependency() -> None:
    weights = load_vgg_weights()
    assert weights.pooling == "blur"
    assert set(weights.channel_weights) == {"conv1_2", "conv2_2", "conv3_3", "conv4_3", "conv5_3"}
    assert all((value >= 0).all() for value in weights.channel_weights.values())
    assert len(weights.identity()) == 16


def test_missing_package_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(name: str) -> Any:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "distribution", gone)
    with pytest.raises(MissingExtraError, match="perceptual"):
        load_vgg_weights()


def test_original_npy_is_turned_to_rgb(tmp_path: Path, layers: dict[str, list[np.ndarray]]) -> None:
    path = tmp_path / "vgg16.npy"
    np.save(path, np.array(layers, dtype=object), allow_pickle=True)
    weights = load_vgg_weights(path)
    blue_green_red = np.moveaxis(layers["conv1_1"][0], (-1, -2), (0, 1))
    np.testing.assert_array_equal(weights.filters["conv1_1"].numpy(), blue_green_red[:, ::-1])
    np.testing.assert_array_equal(
        weights.filters["conv4_2"].numpy(), np.moveaxis(layers["conv4_2"][0], (-1, -2), (0, 1))
    )
    np.testing.assert_array_equal(weights.biases["conv5_3"].numpy(), layers["conv5_3"][1])
    assert weights.pooling == "max"


@pytest.mark.parametrize("protocol", [2, 3, 4])
def test_any_pickle_protocol(tmp_path: Path, layers: dict[str, list[np.ndarray]], protocol: int) -> None:
    path = tmp_path / "vgg16.npy"
    write_npy(path, pickle.dumps(np.array(layers, dtype=object), protocol=protocol))
    np.testing.assert_array_equal(load_vgg_weights(path).biases["conv1_2"].numpy(), np.arange(64))


def write_npy(path: Path, body: bytes) -> None:
    """Write an object .npy file with any pickle inside."""
    header = b"{'descr': '|O', 'fortran_order': False, 'shape': (), }"
    header += b" " * (117 - len(header)) + b"\n"
    path.write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + body)


class Payload:
    """A class that makes a folder when it is unpickled."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.mkdir, (self.path,)


def test_crafted_npy_runs_no_code(tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    body = pickle.dumps({"conv1_1": [Payload(str(trap))]})
    pickle.loads(body)
    assert trap.is_dir()  # the payload works with plain pickle
    trap.rmdir()
    path = tmp_path / "vgg16.npy"
    write_npy(path, body)
    with pytest.raises(ModelError, match="mkdir"):
        load_vgg_weights(path)
    assert not trap.exists()


def test_crafted_pth_runs_no_code(tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    path = tmp_path / "vgg16.pth"
    torch.save({"features.0.weight": Payload(str(trap))}, path)
    with pytest.raises(ModelError):
        load_vgg_weights(path)
    assert not trap.exists()


def torchvision_state(layers: dict[str, list[np.ndarray]]) -> dict[str, torch.Tensor]:
    state = {}
    for i, name in zip(INDEX, CONVOLUTIONS, strict=True):
        state[f"features.{i}.weight"] = torch.from_numpy(np.moveaxis(layers[name][0], (-1, -2), (0, 1)).copy())
        state[f"features.{i}.bias"] = torch.from_numpy(layers[name][1])
    return state


def test_torchvision_pth(tmp_path: Path, layers: dict[str, list[np.ndarray]]) -> None:
    path = tmp_path / "vgg16.pth"
    torch.save(torchvision_state(layers) | {"classifier.0.weight": torch.zeros(2, 2)}, path)
    weights = load_vgg_weights(path)
    assert weights.mean == pytest.approx((123.675, 116.28, 103.53))
    np.testing.assert_array_equal(
        weights.filters["conv1_1"].numpy(), np.moveaxis(layers["conv1_1"][0], (-1, -2), (0, 1))
    )


def nested(state: dict[str, torch.Tensor], kind: type) -> dict[str, Any]:
    """Return the state with one entry per layer: a dict of weight and bias, or a pair of them."""
    pairs = {name: (state[f"{name}.weight"], state[f"{name}.bias"]) for name in CONVOLUTIONS}
    if kind is dict:
        return {name: {"weight": weight, "bias": bias} for name, (weight, bias) in pairs.items()}
    return {name: kind(pair) for name, pair in pairs.items()}


def plain_state(layers: dict[str, list[np.ndarray]]) -> dict[str, torch.Tensor]:
    """Return the state by the names of the layers."""
    values = torchvision_state(layers).values()
    names = (f"{name}.{part}" for name in CONVOLUTIONS for part in ("weight", "bias"))
    return dict(zip(names, values, strict=True))


@pytest.mark.parametrize("form", [None, dict, tuple, list, "safetensors"])
def test_plain_names_are_read_as_torchvision_reads_its_own(
    tmp_path: Path, layers: dict[str, list[np.ndarray]], form: Any
) -> None:
    torchvision = tmp_path / "torchvision.pth"
    torch.save(torchvision_state(layers), torchvision)
    state = plain_state(layers)
    if form == "safetensors":
        path = tmp_path / "plain.safetensors"
        save_file(state, path)
    else:
        path = tmp_path / "plain.pth"
        torch.save(nested(state, form) if form else state, path)
    weights = load_vgg_weights(path)
    assert weights.identity() == load_vgg_weights(torchvision).identity()
    assert weights.source == path.name


def test_what_holds_no_layers_is_told_their_names(tmp_path: Path, layers: dict[str, list[np.ndarray]]) -> None:
    path = tmp_path / "net.pth"
    torch.save({"encoder.weight": torch.zeros(2)}, path)
    with pytest.raises(ModelError, match=r"net.pth holds no layers .* but 'encoder.weight': .* conv1_1.weight.* feat"):
        load_vgg_weights(path)
    state = plain_state(layers)
    del state["conv4_1.bias"]
    torch.save(state, path)
    with pytest.raises(ModelError, match=r"net.pth lack layer conv4_1 \(conv4_1.bias\)"):
        load_vgg_weights(path)


def test_missing_and_misshapen_layers_are_named(tmp_path: Path, layers: dict[str, list[np.ndarray]]) -> None:
    path = tmp_path / "vgg16.pth"
    state = torchvision_state(layers)
    torch.save({name: value for name, value in state.items() if name != "features.17.bias"}, path)
    with pytest.raises(ModelError, match="conv4_1"):
        load_vgg_weights(path)
    torch.save(state | {"features.2.weight": torch.zeros(64, 3, 3, 3)}, path)
    with pytest.raises(ModelError, match=r"conv1_2 .* shape \(64, 3, 3, 3\), not \(64, 64, 3, 3\)"):
        load_vgg_weights(path)


def test_safetensors_goes_round(tmp_path: Path) -> None:
    weights = load_vgg_weights()
    path = tmp_path / "vgg.safetensors"
    save_vgg_weights(weights, path)
    again = load_vgg_weights(path)
    assert again.identity() == weights.identity()
    assert again.pooling == "blur"
    torch.testing.assert_close(again.channel_weights["conv3_3"], weights.channel_weights["conv3_3"])


@pytest.mark.parametrize("name", ["none.pth", "weights.txt", "broken.npy", "broken.safetensors", "broken.pth"])
def test_files_that_are_no_weights(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name != "none.pth":
        path.write_bytes(b"\x93NUMPY\x01\x00not weights")
    with pytest.raises(ModelError, match=name):
        load_vgg_weights(path)


def test_plain_npy_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "numbers.npy"
    np.save(path, np.zeros((3, 3)))
    with pytest.raises(ModelError, match="not one dict"):
        load_vgg_weights(path)
