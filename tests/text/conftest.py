"""Mosaics of letters and emoji, text pictures, and a browser to read them."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from perceptual_photomosaic.api import make_mosaic
from perceptual_photomosaic.mosaic import Mosaic
from perceptual_photomosaic.text.picture import TextPicture
from perceptual_photomosaic.tiles.glyphs import Glyphs

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
FAST = {"method": "nearest", "cell_aspect": "auto"}

Draw = Callable[..., TextPicture]


@pytest.fixture(scope="session")
def letters(target: NDArray[np.uint8]) -> Mosaic:
    """Make a mosaic of 24 columns of black letters in cells of 10 x 22 px."""
    return make_mosaic(target, "glyphs", columns=24, tile_size=22, **FAST)


@pytest.fixture(scope="session")
def coloured(target: NDArray[np.uint8]) -> Mosaic:
    """Make the same mosaic with colours of letters and papers."""
    return make_mosaic(target, "glyphs", columns=24, tile_size=22, ink="duo", **FAST)


@pytest.fixture(scope="session")
def draw() -> Draw:
    """Make a text picture of rows in JetBrains Mono, in cells of 10 x 22 px, black on white by default."""
    placement = Glyphs().placement((10, 22))

    def picture(
        rows: list[str], colours: NDArray[np.uint8] | None = None, papers: NDArray[np.uint8] | None = None
    ) -> TextPicture:
        shape = len(rows), len(rows[0])
        colours = np.zeros((*shape, 3), np.uint8) if colours is None else colours
        papers = np.full((*shape, 3), 255, np.uint8) if papers is None else papers
        texts = tuple(map(tuple, rows))
        fonts = np.zeros(shape, np.int64)
        return TextPicture(texts, colours, papers, (0, 0, 0), (255, 255, 255), (10, 22), (placement,), fonts)

    return picture


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """Run a headless Chromium on a file with these options, and return its output."""
    program = next((name for name in BROWSERS if shutil.which(name)), None)
    if program is None:
        pytest.skip(f"no browser is installed: none of {', '.join(BROWSERS)}")
    profile = tmp_path_factory.mktemp("browser")

    def run(path: Path, *options: str) -> str:
        fixed = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--force-device-scale-factor=1")
        command = [program, *fixed, f"--user-data-dir={profile}", *options, path.resolve().as_uri()]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
        return done.stdout

    return run
