"""The training loop: resumed and killed runs, runs with two processes, and runs that an infinite loss stops."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import signal
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from perceptual_photomosaic.errors import ConfigError, ImageError, ModelError
from perceptual_photomosaic.loss_settings import LossSettings
from perceptual_photomosaic.models.store import load_model
from perceptual_photomosaic.progress import Silent, Stage
from perceptual_photomosaic.training import prepare
from perceptual_photomosaic.training.checkpoint import last_checkpoint, list_checkpoints, write_checkpoint
from perceptual_photomosaic.training.outcome import outcome
from perceptual_photomosaic.training.settings import TrainSettings
from perceptual_photomosaic.training.trainer import Job, train
from tests.narrow import narrow_weights

SMALL_LOSS = LossSettings(("conv1_1", "conv2_1"), (1.0, 1.0), ((0.0, 1.0),) * 2, (3.0,), (8,), border="edge")


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Use the narrow network for training."""
    weights = narrow_weights()
    monkeypatch.setattr(prepare, "load_vgg_weights", lambda source: weights)


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    generator = np.random.default_rng(0)
    for i in range(5):
        small = generator.integers(0, 256, (6, 6, 3), dtype=np.uint8)
        Image.fromarray(small).resize((64, 48), Image.Resampling.BICUBIC).save(folder / f"{i}.png")
    return folder


def small_settings(photos: Path, **changes: object) -> TrainSettings:
    values: dict[str, object] = {
        "tiles": "glyphs:characters=abcdef.#",
        "data": str(photos),
        "val": str(photos),
        "steps": 8,
        "batch": 2,
        "crop": 32,
        "hidden": 8,
        "fit": 6,
        "loss": SMALL_LOSS,
        "precision": "float32",
        "validate_crop": 32,
        "validate_every": 4,
        "checkpoint_every": 2,
        "log_every": 1,
        "sheet": 2,
    }
    return TrainSettings(**(values | changes))  # type: ignore[arg-type]


def decoder_of(folder: Path) -> dict[str, torch.Tensor]:
    found = last_checkpoint(folder / "checkpoints")
    assert found is not None
    return found[1]["decoder"]  # type: ignore[no-any-return]


def metrics(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


@pytest.mark.parametrize(
    "changes", [{}, {"paper": True, "fit": 0, "pixels": False}, {"accumulate": 2, "fit_tone": True}]
)
def test_resumed_run_ends_where_an_unbroken_one_does(
    narrow: None, photos: Path, tmp_path: Path, changes: dict[str, object]
) -> None:
    settings = small_settings(photos, **changes)
    train(Job(settings, tmp_path / "whole"))
    train(Job(settings, tmp_path / "broken", stop_after=3))
    train(Job(settings, tmp_path / "broken", resume=True, stop_after=5))
    train(Job(settings, tmp_path / "broken", resume=True))
    whole, broken = decoder_of(tmp_path / "whole"), decoder_of(tmp_path / "broken")
    for name in whole:
        assert torch.equal(whole[name], broken[name]), name
    losses = [
        [(row["step"], row["loss"]) for row in metrics(tmp_path / run) if "loss" in row] for run in ("whole", "broken")
    ]
    assert losses[0] == losses[1]


def test_every_step_has_one_row_also_where_a_run_began_anew(narrow: None, photos: Path, tmp_path: Path) -> None:
    events = pytest.importorskip("tensorboardX.proto.event_pb2")
    settings = small_settings(photos, steps=4, checkpoint_every=3, validate_every=2)
    train(Job(settings, tmp_path / "run", stop_after=2))
    for checkpoint in list_checkpoints(tmp_path / "run" / "checkpoints"):
        checkpoint.unlink()  # as if the run had been killed before its first checkpoint
    train(Job(settings, tmp_path / "run", resume=True, stop_after=3))
    train(Job(settings, tmp_path / "run", resume=True))
    assert [row["step"] for row in metrics(tmp_path / "run")] == [1, 2, 3, 4]
    begun = []
    for file in sorted((tmp_path / "run" / "tensorboard").iterdir(), key=lambda path: path.stat().st_mtime_ns):
        for record in records(file):
            event = events.Event.FromString(record)
            if event.HasField("session_log"):
                begun.append(event.step)  # TensorBoard ignores this step and later ones of older files
    assert begun == [1, 1, 4]


def records(file: Path) -> list[bytes]:
    """Return the records of an event file: length (8 bytes), a checksum (4), the record, a checksum (4)."""
    raw, found = file.read_bytes(), []
    while raw:
        length = int.from_bytes(raw[:8], "little")
        found.append(raw[12 : 12 + length])
        raw = raw[16 + length :]
    return found


class Titles(Silent):
    """A reporter that keeps the titles of stages, each with True if the run folder existed when it began."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.begun: dict[str, bool] = {}

    def stage(self, title: str, total: int | None = None, unit: str = "") -> Stage:
        self.begun[title] = (self.folder / "settings.json").is_file()
        return super().stage(title, total, unit)


def test_the_start_is_told_and_the_run_folder_there_first(narrow: None, photos: Path, tmp_path: Path) -> None:
    heard = Titles(tmp_path / "run")
    train(Job(small_settings(photos, keep_tiles=4, steps=1), tmp_path / "run"), reporter=heard)
    long = ("reading the validation", "choosing the 4", "loading VGG16", "reading pictures", "looking at", "fitting")
    titles = [next(title for title in heard.begun if title.startswith(words)) for words in long]
    assert all(heard.begun[title] for title in titles)
    with pytest.raises(ImageError, match="no pictures"):
        train(Job(small_settings(tmp_path / "run" / "tensorboard"), tmp_path / "other"))
    assert not (tmp_path / "other").exists()


def test_the_end_says_how_good_the_model_is_and_which_to_use(narrow: None, photos: Path, tmp_path: Path) -> None:
    train(Job(small_settings(photos, steps=4, validate_every=1), tmp_path / "run"))
    said = "\n".join(outcome(tmp_path / "run"))
    best = min((row for row in metrics(tmp_path / "run")), key=lambda row: row["val/hard"])
    assert f"{tmp_path / 'run' / 'best.safetensors'}: lowest validation loss {best['val/hard']:.4g}" in said
    assert f"at step {best['step']} of 4" in said
    assert f"{best['val/hard'] / best['val/nearest']:.0%} of that of the nearest tile" in said
    assert f"tensorboard --logdir {tmp_path / 'run' / 'tensorboard'}" in said
    train(Job(small_settings(photos, steps=1, val=""), tmp_path / "unmeasured"))
    said = "\n".join(outcome(tmp_path / "unmeasured"))
    assert "model.safetensors: its quality was not measured; train with --val" in said


def test_run_folder_holds_everything(narrow: None, photos: Path, tmp_path: Path) -> None:
    settings = small_settings(photos)
    model = train(Job(settings, tmp_path / "run", notes="a first try"))
    folder = tmp_path / "run"
    assert model == folder / "model.safetensors"
    assert TrainSettings.from_plain(json.loads((folder / "settings.json").read_text())) == settings
    assert (folder / "notes.txt").read_text() == "a first try\n"
    assert "torch" in json.loads((folder / "environment.json").read_text())["packages"]
    assert [path.name for path in list_checkpoints(folder / "checkpoints")] == [
        f"step-{step:08d}.pt" for step in (4, 6, 8)
    ]
    assert sorted(path.name for path in (folder / "validation").iterdir()) == ["step-00000004.png", "step-00000008.png"]
    with Image.open(folder / "validation" / "step-00000008.png") as sheet:
        assert sheet.size == (4 * 32, 2 * 32)
    assert list((folder / "tensorboard").iterdir())
    last = metrics(folder)[-1]
    assert {"step", "val/soft", "val/hard", "val/nearest"} <= set(last)
    from perceptual_photomosaic.features.vgg import VGG16

    net, card = load_model(model, vgg=VGG16(narrow_weights()))
    assert card.sources == tuple(f"glyph:{c}" for c in "abcdef.#")
    assert card.loss == SMALL_LOSS
    for name, value in decoder_of(folder).items():
        assert torch.equal(net.decoder.state_dict()[name], value)


def test_training_lowers_the_loss(narrow: None, photos: Path, tmp_path: Path) -> None:
    longer = {"steps": 60, "learning_rate": 3e-3, "log_every": 60, "validate_every": 60, "fit": 0}
    train(Job(small_settings(photos, **longer), tmp_path / "run"))
    train(Job(small_settings(photos, steps=1, fit=0, validate_every=1), tmp_path / "untrained"))
    ends = [metrics(tmp_path / run)[-1]["val/hard"] for run in ("run", "untrained")]
    assert ends[0] < 0.9 * ends[1]


def test_infinite_loss_stops_and_names_the_checkpoint(narrow: None, photos: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"step [34]; the last good checkpoint is .*step-00000002.pt"):
        train(Job(small_settings(photos, learning_rate=1e38, fit=0, checkpoint_every=2), tmp_path / "run"))


def test_a_run_is_not_overwritten_and_settings_must_match(narrow: None, photos: Path, tmp_path: Path) -> None:
    settings = small_settings(photos, steps=2)
    train(Job(settings, tmp_path / "run"))
    with pytest.raises(ConfigError, match="--resume or another name"):
        train(Job(settings, tmp_path / "run"))
    with pytest.raises(ConfigError, match="crop differ"):
        train(Job(small_settings(photos, steps=2, crop=40), tmp_path / "run", resume=True))
    train(Job(small_settings(photos, steps=4), tmp_path / "run", resume=True))  # the number of steps may change


def write_for_ever(folder: Path) -> None:
    """Write checkpoints until killed. All values in a checkpoint equal its step."""
    step = 0
    found = last_checkpoint(folder)
    if found:
        step = int(found[1]["step"])
    while True:
        step += 1
        parts = {f"weight {i}": torch.full((20_000,), float(step)) for i in range(10)}  # small: a fork has no threads
        write_checkpoint(folder, step, {"decoder": parts}, keep=3)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills forked processes")
def test_killed_at_any_moment_leaves_a_whole_checkpoint(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    steps = [0]
    for attempt in range(20):
        process = context.Process(target=write_for_ever, args=(tmp_path,))
        process.start()
        while newest(tmp_path) <= steps[-1]:  # until the process has written a checkpoint
            time.sleep(0.002)
        time.sleep(random.Random(attempt).uniform(0.0, 0.05))
        assert process.pid
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        found = last_checkpoint(tmp_path)
        assert found is not None
        path, state = found
        assert path == list_checkpoints(tmp_path)[-1]  # no checkpoint is damaged
        assert all((part == state["step"]).all() for part in state["decoder"].values())
        assert state["step"] > steps[-1]
        steps.append(state["step"])


def newest(folder: Path) -> int:
    paths = list_checkpoints(folder)
    return int(paths[-1].stem.split("-")[1]) if paths else 0


def test_damaged_checkpoint_is_stepped_over(tmp_path: Path) -> None:
    for step in (1, 2):
        write_checkpoint(tmp_path, step, {"decoder": {}}, keep=3)
    (tmp_path / "step-00000002.pt").write_bytes(b"half")
    found = last_checkpoint(tmp_path)
    assert found is not None
    assert found[1]["step"] == 1
    (tmp_path / "step-00000001.pt").write_bytes(b"half")
    with pytest.raises(ModelError, match="cannot be read"):
        last_checkpoint(tmp_path)


@pytest.mark.slow
def test_two_processes_end_where_one_does(photos: Path, tmp_path: Path, one_thread: None) -> None:
    """All processes have one thread, so that sums are nearly equal.

    Adam's first steps depend on the signs of gradients, so those near zero could otherwise change the result.
    """
    settings = small_settings(photos, steps=3, batch=4, hidden=4, val="")
    train(Job(settings, tmp_path / "one", accelerator="cpu"))
    train(Job(settings, tmp_path / "two", accelerator="cpu", devices=2, strategy="ddp_spawn"))
    one, two = decoder_of(tmp_path / "one"), decoder_of(tmp_path / "two")
    for name in one:
        torch.testing.assert_close(two[name], one[name], rtol=1e-5, atol=1e-7)
