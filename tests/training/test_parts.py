"""Small parts of training: schedules, Adam, samples, subsets and notification."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from perceptual_photomosaic.errors import ConfigError, ImageError
from perceptual_photomosaic.progress import SILENT
from perceptual_photomosaic.training.cover import covering_subset, from_afar, nearest_template, template_costs
from perceptual_photomosaic.training.data import CropStream, list_pictures
from perceptual_photomosaic.training.notify import notify
from perceptual_photomosaic.training.optim import TFAdam
from perceptual_photomosaic.training.schedule import (
    Schedule,
    paper_learning_rate,
    paper_temperature_rate,
    paper_temperatures,
)
from perceptual_photomosaic.training.settings import PRESETS, TrainSettings, preset


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Return a folder of four pictures of different sizes and a damaged file."""
    folder = tmp_path / "photos"
    (folder / "deep").mkdir(parents=True)
    random = np.random.default_rng(0)
    for i, (height, width) in enumerate([(40, 60), (64, 64), (20, 90), (200, 120)]):
        pixels = np.repeat(np.repeat(random.integers(0, 256, (height // 4, width // 4, 3), dtype=np.uint8), 4, 0), 4, 1)
        Image.fromarray(pixels).save(folder / ("deep" if i == 2 else ".") / f"{i}.png")
    (folder / "4.png").write_bytes(b"not a picture")
    return folder


def test_paper_schedule_rises_once_too_often() -> None:
    increment, updates = paper_temperature_rate(1.0, 15.0, 10, 120, 2)
    assert (increment, updates) == (pytest.approx(14 / 3), 3.0)
    temperatures = paper_temperatures(60, 1.0, 120, 2)
    assert temperatures[8:10] == [1.0, pytest.approx(1 + 14 / 3)]
    assert temperatures[-1] == pytest.approx(1 + 4 * 14 / 3)
    assert paper_temperatures(12, 1.0, 4, 2)[9] == 141.0  # a small data set: the temperature rises once
    assert paper_learning_rate(6e-6, 250) == pytest.approx(6e-6 * 0.96**2)


def test_schedule_rises_and_stays() -> None:
    plan = Schedule(100, 1e-3, 2.0, 20.0, rise=0.5, warmup=5)
    assert plan.temperature_at(1) == 2.0
    assert plan.temperature_at(51) == plan.temperature_at(100) == pytest.approx(20.0)
    assert plan.learning_rate_at(1) < plan.learning_rate_at(5) > plan.learning_rate_at(50)
    assert plan.learning_rate_at(100) == pytest.approx(0.05e-3)


def test_tensorflow_adam_by_its_formula() -> None:
    random = np.random.default_rng(0)
    start = random.standard_normal(5)
    slopes = random.standard_normal((4, 5)) * np.array([1, 1e-3, 1e-6, 1e-8, 0.0])
    parameter = torch.nn.Parameter(torch.from_numpy(start.copy()))
    optimizer = TFAdam([parameter], lr=0.01)
    value, m, v = start.copy(), np.zeros(5), np.zeros(5)
    for t, slope in enumerate(slopes, start=1):
        parameter.grad = torch.from_numpy(slope.copy())
        optimizer.step()
        m = 0.9 * m + 0.1 * slope
        v = 0.999 * v + 0.001 * slope**2
        value -= 0.01 * np.sqrt(1 - 0.999**t) / (1 - 0.9**t) * m / (np.sqrt(v) + 1e-8)
    np.testing.assert_allclose(parameter.detach().numpy(), value, rtol=1e-10)


def test_samples_depend_on_seed_and_number_alone(photos: Path) -> None:
    paths = list_pictures(photos)
    one, two = CropStream(paths, 32, 2.0, seed=1), CropStream(paths, 32, 2.0, seed=1, threads=1)
    forward = [one.sample(i) for i in range(12)]
    backward = [two.sample(i) for i in reversed(range(12))][::-1]
    for a, b in zip(forward, backward, strict=True):
        np.testing.assert_array_equal(a, b)
    assert list(one.broken) == [str(photos / "4.png")]
    other = CropStream(paths, 32, 2.0, seed=2)
    assert any((other.sample(i) != forward[i]).any() for i in range(12))
    assert all(crop.shape == (32, 32, 3) for crop in forward)


def test_every_epoch_shows_every_picture_once(photos: Path) -> None:
    stream = CropStream(list_pictures(photos), 16, 1.0)
    for epoch in range(3):
        assert {stream._path(number) for number in range(epoch * 5, epoch * 5 + 5)} == set(stream.paths)


def test_batches_are_consecutive_samples(photos: Path) -> None:
    stream = CropStream(list_pictures(photos), 16, 2.0)
    batches = list(stream.batches(iter([0, 4, 8]), 2))
    assert len(batches) == 3
    np.testing.assert_array_equal(batches[1][1].permute(1, 2, 0).numpy(), stream.sample(5))
    stream.close()


def test_only_broken_pictures_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"no")
    with pytest.raises(ImageError, match="20 of 20"):
        CropStream(list_pictures(tmp_path), 16, 1.0).sample(0)
    with pytest.raises(ImageError, match="no pictures"):
        list_pictures(tmp_path.joinpath("empty").mkdir() or tmp_path / "empty")


def test_nearest_template_is_the_nearest() -> None:
    templates = torch.rand(6, 3, 8, 8) * 255
    images = torch.cat([torch.cat(list(templates[[3, 1]]), 2), torch.cat(list(templates[[0, 5]]), 2)], 1)[None]
    assert nearest_template(images, templates, 8).tolist() == [[[3, 1], [0, 5]]]
    costs = template_costs(images, templates, 8)
    assert costs.shape == (1, 6, 2, 2)
    assert float(costs[0, 3, 0, 0]) == pytest.approx(0.0, abs=0.1)


def test_from_afar_keeps_the_mean_and_loses_the_texture() -> None:
    templates = torch.rand(4, 3, 8, 8) * 255
    far = from_afar(templates, 4.0)
    assert far.shape == templates.shape
    torch.testing.assert_close(far.mean((2, 3)), templates.mean((2, 3)), rtol=0.02, atol=1.0)
    assert far.var() < templates.var()
    assert float(far.std((2, 3)).max()) < 10


def test_covering_subset_keeps_what_pictures_need(photos: Path) -> None:
    Image.new("RGB", (64, 64), (200, 30, 30)).save(photos / "4.png")
    flats = np.zeros((40, 8, 8, 3), np.uint8)
    flats[:] = np.random.default_rng(0).integers(0, 256, (40, 1, 1, 3))
    flats[17] = (200, 30, 30)
    chosen = covering_subset(flats, [str(photos / "4.png")], 3, seed=0)
    assert 17 in chosen
    assert len(set(chosen.tolist())) == 3
    assert len(covering_subset(flats, [str(photos / "1.png")], 99, seed=0)) == 40


def test_covering_subset_looks_at_pictures_as_the_loss_maps_them(photos: Path) -> None:
    Image.new("RGB", (64, 64), (0, 0, 0)).save(photos / "4.png")
    flats = np.zeros((3, 8, 8, 3), np.uint8)
    flats[:] = np.array([40, 150, 230]).reshape(3, 1, 1, 1)
    lifted = ((0.2, 0.0, 0.0, 150.0), (0.0, 0.2, 0.0, 150.0), (0.0, 0.0, 0.2, 150.0))
    assert covering_subset(flats, [str(photos / "4.png")], 1, seed=0).tolist() == [0]
    assert covering_subset(flats, [str(photos / "4.png")], 1, seed=0, tone=lifted).tolist() == [1]


def test_settings_go_round_and_refuse_nonsense() -> None:
    for name in PRESETS:
        settings = preset(name, tiles="emoji")
        assert TrainSettings.from_plain(json.loads(json.dumps(settings.plain()))) == settings
    with pytest.raises(ConfigError, match="paper, laptop, gpu"):
        preset("huge")
    with pytest.raises(ConfigError, match="whole cells"):
        preset("laptop", crop=100)
    with pytest.raises(ConfigError, match="does not divide"):
        preset("laptop", batch=4).share(3)
    with pytest.raises(ConfigError, match="another version"):
        TrainSettings.from_plain({"colour": 3})


def test_paper_preset_has_the_published_values() -> None:
    paper = preset("paper")
    assert (paper.steps, paper.batch, paper.learning_rate, paper.temperature) == (5000, 6, 6e-6, 1.0)
    assert paper.loss.layers == ("conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1")
    assert paper.loss.blur_sigmas == (3.0, 3.0, 3.0)
    assert paper.loss.border == "zero"
    assert paper.final_temperature == 15.0


def test_notify_posts_json() -> None:
    heard: list[bytes] = []

    class Listener(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Listener) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        assert notify(f"http://127.0.0.1:{server.server_port}/hook", {"status": "finished", "step": 3}, SILENT)
        thread.join()
        gone = server.server_port
    assert json.loads(heard[0]) == {"status": "finished", "step": 3}
    assert not notify(f"http://127.0.0.1:{gone}/", {}, SILENT)  # no server: a note, not an error
    with pytest.raises(ConfigError, match="http"):
        notify("ftp://example.org", {}, SILENT)
