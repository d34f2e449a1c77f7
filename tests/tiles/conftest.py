"""Small folders of photos for tests of tile sets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

Write = Callable[..., Path]


def noise(seed: int, width: int = 24, height: int = 18) -> np.ndarray:
    """Return a smooth picture of random content."""
    coarse = np.random.default_rng(seed).integers(0, 256, (3, 4, 3), np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))


@pytest.fixture
def photo() -> Write:
    """Return a function that writes one picture: photo(path, seed, width=, height=)."""

    def write(path: Path, seed: int = 0, **size: int) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(noise(seed, **size)).save(path)
        return path

    return write


@pytest.fixture
def album(tmp_path: Path, photo: Write) -> Path:
    """Make seven photos in two folders."""
    folder = tmp_path / "album"
    for number in range(1, 6):
        photo(folder / f"{number}.jpg", number)
    photo(folder / "more" / "10.png", 10, width=18, height=24)
    photo(folder / "more" / "9.png", 9)
    return folder


class Heard:
    """A reporter that stores what it receives."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.stages: list[tuple[str, int | None]] = []
        self.done = 0

    def stage(self, title: str, total: int | None = None, unit: str = "") -> Heard:
        self.stages.append((title, total))
        return self

    def note(self, text: str) -> None:
        self.notes.append(text)

    def advance(self, done: int = 1, **figures: float | str) -> None:
        self.done += done

    def __enter__(self) -> Heard:
        return self

    def __exit__(self, *_: object) -> None:
        pass


@pytest.fixture
def heard() -> Heard:
    return Heard()
