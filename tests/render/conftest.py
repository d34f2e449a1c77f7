"""Small tile sets of different pictures."""

from __future__ import annotations

import numpy as np
import pytest

from perceptual_photomosaic.tiles.arrays import ArrayTiles


@pytest.fixture
def tiles() -> ArrayTiles:
    """Make 24 pictures of noise, 16 x 12 px."""
    return ArrayTiles(np.random.default_rng(0).integers(0, 256, (24, 12, 16, 3), np.uint8))
