"""The diagnosis names the missing colours, predicts the gain of more tiles, and says nothing about good tile sets."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from perceptual_photomosaic.assign.baselines import MeanColour
from perceptual_photomosaic.assign.diagnosis import diagnose
from perceptual_photomosaic.assign.limits import Limits
from perceptual_photomosaic.assign.problem import Problem
from perceptual_photomosaic.features.colour import oklab_to_linear
from perceptual_photomosaic.features.patches import tile_patches
from perceptual_photomosaic.grid import Grid
from perceptual_photomosaic.tiles.arrays import ArrayTiles


def _problem(cells: NDArray[np.floating], tiles: NDArray[np.uint8], limits: Limits | None = None) -> Problem:
    patches = np.clip(cells, 0, 1)[:, None, None].repeat(8, axis=1).repeat(8, axis=2).astype(np.float32)
    grid = Grid(1, len(cells), (1, 1), (0, 0, len(cells), 1))
    pictures = tiles[:, None, None].repeat(8, axis=1).repeat(8, axis=2)
    target = np.zeros((1, len(cells), 3), np.uint8)
    return Problem(grid, patches, tile_patches(pictures), ArrayTiles(pictures), target, limits or Limits())


LIGHT_TILES = np.linspace((180, 180, 180), (255, 255, 255), 20).astype(np.uint8)


def test_a_dark_picture_of_light_tiles() -> None:
    problem = _problem(np.linspace(0.0, 0.02, 200)[:, None].repeat(3, axis=1), LIGHT_TILES)
    found = diagnose(problem, MeanColour().assign(problem).choices)
    assert found is not None
    assert found.colours == "dark"
    assert found.more == 40
    assert found.share > 0.95
    assert str(found) == "your tiles have few dark ones: about 40 more would help most"


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("photos:holiday", "your photos have few red ones: about 40 more would help most"),
        ("photos:holiday;emoji", "your tiles have few red ones: about 40 more would help most"),
        ("glyphs:characters=ab", "these letters have few red ones"),
        ("emoji", "these emoji have few red ones"),
        ("glyphs;emoji", "these tiles have few red ones"),
        ("slices:a.png", "these pieces have few red ones"),
        ("colours:8", "these colours have few red ones"),
    ],
)
def test_nobody_is_asked_for_forty_red_letters(spec: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    problem = _problem(
        oklab_to_linear(np.array([[0.63, 0.22, 0.12]]).repeat(50, axis=0)),
        np.linspace((0, 0, 0), (255, 255, 255), 30).astype(np.uint8),
    )
    monkeypatch.setattr(ArrayTiles, "spec", spec)
    assert str(diagnose(problem, MeanColour().assign(problem).choices)) == said


def test_a_red_picture_of_grey_tiles() -> None:
    lab = np.array([[0.63, 0.22, 0.12]]).repeat(50, axis=0)
    problem = _problem(oklab_to_linear(lab), np.linspace((0, 0, 0), (255, 255, 255), 30).astype(np.uint8))
    found = diagnose(problem, MeanColour().assign(problem).choices)
    assert found is not None
    assert found.colours == "red"


def test_nothing_to_say_when_tiles_fit() -> None:
    greys = np.linspace((0, 0, 0), (255, 255, 255), 64).astype(np.uint8)
    problem = _problem(np.linspace(0, 1, 100)[:, None].repeat(3, axis=1), greys)
    assert diagnose(problem, MeanColour().assign(problem).choices) is None


def test_few_uses_promise_less() -> None:
    """Forty more tiles with one use each can improve forty cells at most."""
    cells = np.zeros((400, 3))
    free = _problem(cells, LIGHT_TILES)
    bound = _problem(cells, LIGHT_TILES.repeat(20, axis=0), Limits(max_uses=1))
    promised = diagnose(free, MeanColour().assign(free).choices)
    assert promised is not None
    assert promised.share == pytest.approx(1.0)
    assert diagnose(bound, MeanColour().assign(bound).choices) is None  # 40 of 400 cells: the gain is too small


def test_the_promise_comes_true() -> None:
    """Forty more tiles of the missing colour remove at least about the predicted share of the error."""
    rng = np.random.default_rng(0)
    cells = rng.uniform(0, 0.03, (300, 3))
    problem = _problem(cells, LIGHT_TILES)
    choices = MeanColour().assign(problem).choices
    found = diagnose(problem, choices)
    assert found is not None
    before = MeanColour().costs(problem).rows(slice(None)).min(axis=1).sum()
    dark = rng.integers(0, 50, (40, 3)).astype(np.uint8)
    after = MeanColour().costs(_problem(cells, np.concatenate([LIGHT_TILES, dark]))).rows(slice(None)).min(axis=1).sum()
    assert 1 - after / before > found.share - 0.05
