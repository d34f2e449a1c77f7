"""A training run that is killed many times, also during its checkpoints, ends like a run without a break."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import signal
import time
from multiprocessing.process import BaseProcess
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from perceptual_photomosaic.loss_settings import LossSettings
from perceptual_photomosaic.training import prepare
from perceptual_photomosaic.training.checkpoint import last_checkpoint, list_checkpoints
from perceptual_photomosaic.training.settings import TrainSettings
from perceptual_photomosaic.training.trainer import Job, train
from tests.narrow import narrow_weights

LONGEST_WAIT_S = 60.0


def settings_for(photos: Path, steps: int) -> TrainSettings:
    """Return settings of a small run with a checkpoint after every step and a validation after every third."""
    return TrainSettings(
        tiles="glyphs:characters=abcdef.#",
        data=str(photos),
        val=str(photos),
        steps=steps,
        batch=2,
        crop=32,
        hidden=64,
        fit=4,
        loss=LossSettings(("conv1_1",), (1.0,), ((0.0, 1.0),), (3.0,), (8,), border="edge"),
        precision="float32",
        validate_crop=32,
        validate_every=3,
        checkpoint_every=1,
        log_every=1,
        sheet=1,
    )


def work(photos: Path, folder: Path, steps: int) -> None:
    """Train with the narrow network, from the start or from the last checkpoint of a killed run."""
    torch.set_num_threads(1)
    prepare.load_vgg_weights = lambda source: narrow_weights()
    train(Job(settings_for(photos, steps), folder, resume=True, accelerator="cpu"))


def newest(folder: Path) -> int:
    """Return the step of the newest checkpoint, 0 if there is none."""
    paths = list_checkpoints(folder / "checkpoints")
    return int(paths[-1].stem.split("-")[1]) if paths else 0


def kill_after(process: BaseProcess, folder: Path, delay_s: float) -> bool:
    """Wait for a new checkpoint and then `delay_s`, kill the process, and return True if it was still running."""
    before, started = newest(folder), time.monotonic()
    while newest(folder) <= before and process.is_alive():
        assert time.monotonic() - started < LONGEST_WAIT_S
        time.sleep(0.001)
    time.sleep(delay_s)
    alive = process.is_alive()
    assert process.pid
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    return alive


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kills processes")
@pytest.mark.parametrize(("kills", "steps"), [(4, 60), pytest.param(10, 160, marks=pytest.mark.slow)])
def test_killed_runs_end_where_an_unbroken_one_does(tmp_path: Path, kills: int, steps: int) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    generator = np.random.default_rng(0)
    for i in range(3):
        Image.fromarray(generator.integers(0, 256, (40, 48, 3), dtype=np.uint8)).save(photos / f"{i}.png")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["perceptual_photomosaic.training.trainer", "lightning_fabric", "tensorboardX"])

    reached: list[int] = []
    chance = random.Random(kills)
    while len(reached) < kills:
        process = context.Process(target=work, args=(photos, tmp_path / "killed", steps))
        process.start()
        assert kill_after(process, tmp_path / "killed", chance.uniform(0.0, 0.15)), "it ended before it was killed"
        found = last_checkpoint(tmp_path / "killed" / "checkpoints")
        assert found is not None
        assert found[0] == list_checkpoints(tmp_path / "killed" / "checkpoints")[-1]  # the newest one is not damaged
        reached.append(int(found[1]["step"]))
    assert reached == sorted(set(reached))
    for name in ("killed", "unbroken"):
        process = context.Process(target=work, args=(photos, tmp_path / name, steps))
        process.start()
        process.join()
        assert process.exitcode == 0

    killed, unbroken = (last_checkpoint(tmp_path / name / "checkpoints") for name in ("killed", "unbroken"))
    assert killed is not None
    assert unbroken is not None
    assert killed[1]["step"] == unbroken[1]["step"] == steps
    for part, value in unbroken[1]["decoder"].items():
        assert torch.equal(killed[1]["decoder"][part], value), part
    logs = [(tmp_path / name / "metrics.jsonl").read_text().splitlines() for name in ("killed", "unbroken")]
    rows = [[{**json.loads(line), "pictures per second": 0.0} for line in log] for log in logs]
    assert rows[0] == rows[1]
    assert not list((tmp_path / "killed").rglob(".*.part*"))
    print(f"killed after steps {reached}, resumed to {steps}: same weights, same log")
