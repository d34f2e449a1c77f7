"""Fixtures, all small and seeded: a target, tile pictures, a folder of photos, and a cache for each test."""

from __future__ import annotations

import os

if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ["OMP_NUM_THREADS"] = "1"  # workers share the cores; set before numpy and torch are loaded

import signal
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

# The same examples every time, so that a failure means a change; HYPOTHESIS_PROFILE=explore looks for new ones.
hypothesis.settings.register_profile("steady", derandomize=True, deadline=None, max_examples=60)
hypothesis.settings.register_profile("explore", deadline=None, max_examples=600)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))

# A suite started in the background ignores Ctrl-C, and so would every process that a test interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--store-golden-pictures", action="store_true", help="store the pictures of tests/golden_pictures")


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test its own thumbnail cache."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("PHOTOMOSAIC_CACHE", str(folder))
    return folder


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Limit PyTorch to one thread in this process: sums have one order, and small networks are faster."""
    torch = pytest.importorskip("torch")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def target() -> NDArray[np.uint8]:
    """A small picture with gradients, an edge and a little noise: sRGB, uint8, (72, 96, 3)."""
    rng = np.random.default_rng(7)
    y, x = np.mgrid[0:72, 0:96]
    disc = np.hypot(x - 60, y - 30) < 20
    picture = np.stack([x * 2.5, y * 3.4, 255 - x * 1.2 - y], axis=-1)
    picture[disc] = (230, 60, 40)
    return np.clip(picture + rng.normal(0, 6, picture.shape), 0, 255).astype(np.uint8)


@pytest.fixture(scope="session")
def pictures() -> NDArray[np.uint8]:
    """Twenty-four tiles of random colours with a brighter half each: sRGB, uint8, (24, 20, 24, 3)."""
    rng = np.random.default_rng(11)
    tiles = np.repeat(rng.integers(0, 200, (24, 1, 1, 3)), 20, axis=1).repeat(24, axis=2)
    for number, tile in enumerate(tiles):
        half = (slice(None, 10), slice(None)) if number % 2 else (slice(None), slice(None, 12))
        tile[half] += 50
    return tiles.astype(np.uint8)


@pytest.fixture
def photo_folder(tmp_path: Path, pictures: NDArray[np.uint8]) -> Path:
    """A folder of the twenty-four tiles as PNG files, 00.png to 23.png."""
    folder = tmp_path / "holiday"
    folder.mkdir()
    for number, picture in enumerate(pictures):
        Image.fromarray(picture).save(folder / f"{number:02}.png")
    return folder


@pytest.fixture
def target_file(tmp_path: Path, target: NDArray[np.uint8]) -> Path:
    """The target as a PNG file."""
    path = tmp_path / "portrait.png"
    Image.fromarray(target).save(path)
    return path
