"""A small training of the network for any tiles: its files, and a run that resumes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load

pytest.importorskip("torch", reason="the train extra is not installed")
pytest.importorskip("tensorboardX", reason="the train extra is not installed")

from perceptual_photomosaic.errors import ConfigError, ImageError
from perceptual_photomosaic.models.any_tiles.network import ConditionedMosaicNet
from perceptual_photomosaic.training.any_tiles.settings import AnyTilesSettings
from perceptual_photomosaic.training.any_tiles.torch_network import Architecture
from perceptual_photomosaic.training.any_tiles.trainer import AnyTilesJob, train_any_tiles


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    random = np.random.default_rng(0)
    for number in range(6):
        small = Image.fromarray(random.integers(0, 256, (6, 6, 3), dtype=np.uint8))
        small.resize((100, 80), Image.Resampling.BICUBIC).save(folder / f"{number}.png")
    (folder / "broken.png").write_bytes(b"not a picture")
    return folder


def small_settings(photos: Path, **changes: object) -> AnyTilesSettings:
    values: dict[str, object] = {
        "data": str(photos),
        "val": str(photos),
        "examples": 4,
        "rounds": 2,
        "steps": 4,
        "cells": 5,
        "log_every": 1,
        "checkpoint_every": 2,
        "validate_every": 4,
        "validations": 2,
        "architecture": Architecture(channels=8, blocks=1, learned=4),
    }
    return AnyTilesSettings(**values | changes)  # type: ignore[arg-type]


def test_a_run_that_was_stopped_ends_as_one_without_a_stop(photos: Path, tmp_path: Path) -> None:
    settings = small_settings(photos)
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    best = train_any_tiles(AnyTilesJob(settings, whole))
    train_any_tiles(AnyTilesJob(settings, parts, stop_after=2))
    (parts / "examples" / "round-1" / "000001.npz").unlink()
    (parts / "examples" / "round-1" / "000002.npz").write_bytes(b"damaged")
    train_any_tiles(AnyTilesJob(settings, parts, resume=True, stop_after=6))
    train_any_tiles(AnyTilesJob(settings, parts, resume=True))
    assert best.name == "best.safetensors"
    for name in ("network.safetensors", "round-1.safetensors", "best.safetensors"):
        assert (whole / name).read_bytes() == (parts / name).read_bytes()
    rows = [json.loads(line) for line in (parts / "metrics.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == list(range(1, 9))
    assert {"loss", "val/excess", "val/recall"} <= set(rows[3])
    assert len(list((whole / "examples" / "round-2").glob("*.npz"))) == 4
    ConditionedMosaicNet.from_file(best)


def test_what_cannot_be_is_said(photos: Path, tmp_path: Path) -> None:
    settings = small_settings(photos, rounds=1, steps=2)
    train_any_tiles(AnyTilesJob(settings, tmp_path / "run"))
    with pytest.raises(ConfigError, match="give --resume or another name"):
        train_any_tiles(AnyTilesJob(settings, tmp_path / "run"))
    for path in (tmp_path / "run" / "checkpoints").iterdir():
        path.unlink()  # the examples alone belong to the settings too
    with pytest.raises(ConfigError, match="other settings: seed differ"):
        train_any_tiles(AnyTilesJob(small_settings(photos, rounds=1, steps=2, seed=5), tmp_path / "run", resume=True))
    (tmp_path / "run" / "settings.json").write_text("{}")
    with pytest.raises(ConfigError, match="damaged"):
        train_any_tiles(AnyTilesJob(settings, tmp_path / "run", resume=True))
    (tmp_path / "none").mkdir()
    with pytest.raises(ImageError, match="none"):
        train_any_tiles(AnyTilesJob(small_settings(tmp_path / "none"), tmp_path / "other"))
    with pytest.raises(ConfigError, match="examples is 1 or more, not 0"):
        small_settings(photos, examples=0)


def test_the_perceptual_loss_alone_trains_too(photos: Path, tmp_path: Path) -> None:
    settings = small_settings(photos, rounds=1, steps=3, teacher=0.0, perceptual=1.0)
    train_any_tiles(AnyTilesJob(settings, tmp_path / "run"))
    rows = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    assert all(0 < row["loss"] < np.inf for row in rows)


@pytest.mark.parametrize("parts", [{"blocks": 0}, {"summary": False}, {"distance": False}])
def test_parts_can_be_left_out(photos: Path, tmp_path: Path, parts: dict[str, int]) -> None:
    """What is saved says what was left out; that it computes the same is a test of the network."""
    small = Architecture(channels=8, learned=4, **parts)  # type: ignore[arg-type]
    saved = load(
        train_any_tiles(
            AnyTilesJob(small_settings(photos, rounds=1, steps=2, architecture=small), tmp_path)
        ).read_bytes()
    )
    assert ("blocks.0.gain" in saved) == ("blocks" not in parts)
    assert ("no_distance" in saved) == ("distance" in parts)
    assert saved["set.second.weight"].any() == ("summary" not in parts)
