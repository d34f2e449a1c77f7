"""A small plan of photos with difficult names, made once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from perceptual_photomosaic.api import make_mosaic

AWKWARD = 'it\'s </script> <b>"bold"</b> & ünïcode 🦊\u2028.jpg'


@pytest.fixture(scope="session")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Plan of a mosaic of 8 x 6 cells from 10 photos."""
    folder = tmp_path_factory.mktemp("view")
    photos = folder / "photos"
    photos.mkdir()
    rng = np.random.default_rng(0)
    for number in range(10):
        picture = Image.fromarray(rng.integers(20 * number, 20 * number + 60, (48, 48, 3)).astype(np.uint8))
        exif = Image.Exif()
        exif.get_ifd(0x8769)[0x9003] = f"20{number:02d}:07:31 18:05:00"
        exif[0x010E] = f"caption {number}"
        picture.save(photos / (AWKWARD.replace("/", "∕") if number == 9 else f"{number}.jpg"), exif=exif)
    gradient = np.linspace(0, 255, 96 * 72 * 3).reshape(72, 96, 3).astype(np.uint8)
    Image.fromarray(gradient).save(folder / "target.png")
    mosaic = make_mosaic(folder / "target.png", str(photos), columns=8, tile_size=16, method="nearest")
    mosaic.save_plan(folder / "plan.json")
    return folder / "plan.json"
