"""A folder of small photos that differ from each other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image


def smooth(seed: int, size: tuple[int, int] = (160, 120)) -> NDArray[np.uint8]:
    """Return a picture of coloured blobs, uint8, (height, width, 3)."""
    coarse = np.random.default_rng(seed).integers(0, 256, (5, 6, 3)).astype(np.uint8)
    return np.asarray(Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC))


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Make 30 JPEGs, every third in a subfolder."""
    folder = tmp_path / "photos"
    (folder / "below").mkdir(parents=True)
    for number in range(30):
        exif = Image.Exif()
        exif.get_ifd(0x8769)[0x9003] = f"2020:01:{number + 1:02d} 12:00:00"
        exif[0x010E] = f"photo  number\n{number}"
        place = folder / "below" if number % 3 == 0 else folder
        Image.fromarray(smooth(number)).save(place / f"{number}.jpg", quality=92, exif=exif)
    return folder
