"""Colours of characters: the best by least squares, the cell's mean light, and the characters drawn with them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from perceptual_photomosaic import MosaicOptions, make_mosaic, open_plan
from perceptual_photomosaic.errors import ConfigError
from perceptual_photomosaic.features.colour import srgb_to_linear, to_linear
from perceptual_photomosaic.features.ink import _AFAR, _TEXTURE, Ink, InkFit, cover_of
from perceptual_photomosaic.features.patches import blurred
from perceptual_photomosaic.plan.editing import Edits, edit_plan

WHITE = np.ones(3, np.float32)


def random_case(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return cells in linear light, (6, 8, 8, 3), and covers, (4, 8, 8, 3)."""
    random = np.random.default_rng(seed)
    cells = random.uniform(0.1, 0.9, (6, 1, 1, 3)) + random.uniform(-0.1, 0.1, (6, 8, 8, 3))
    covers = np.repeat(random.uniform(0, 1, (4, 8, 8, 1)) ** 2, 3, axis=-1)
    return cells.astype(np.float32), covers.astype(np.float32)


def slow_costs(cells: np.ndarray, covers: np.ndarray, paper: np.ndarray | None) -> np.ndarray:
    """Return the errors by numpy's least squares, in a loop over cells, characters and channels."""
    wanted = blurred(cells).reshape(len(cells), -1, 3).astype(float)
    shares = blurred(covers)[..., 0].reshape(len(covers), -1).astype(float)
    costs = np.zeros((len(cells), len(covers)))
    for cell, character, channel in np.ndindex(len(cells), len(covers), 3):
        x, c = wanted[cell, :, channel], shares[character]
        far = (_AFAR * len(x)) ** 0.5  # weight of the mean, in samples
        mean, cover = x.mean(), c.mean()
        if paper is None:
            rows = np.column_stack([np.append(1 - c, far * (1 - cover)), np.append(c, far * cover)])
            low, ink = np.clip(np.linalg.lstsq(rows, np.append(x, far * mean), rcond=None)[0], 0, 1)
        else:
            low = float(paper[channel])
            right = np.append(x - low * (1 - c), far * (mean - low * (1 - cover)))
            ink = float(np.clip(np.linalg.lstsq(np.append(c, far * cover)[:, None], right, rcond=None)[0][0], 0, 1))
        drawn = low + c * (ink - low)
        apart = np.mean(np.square(x - mean)) - 2 * np.mean((x - mean) * (drawn - drawn.mean()))
        apart += _TEXTURE * np.var(drawn) + (1 + _AFAR) * (drawn.mean() - mean) ** 2
        costs[cell, character] += apart
    return costs


@pytest.mark.parametrize("paper", [None, WHITE], ids=["duo", "target"])
@pytest.mark.parametrize("seed", range(3))
def test_what_is_left_over_is_that_of_a_slow_twin(paper: np.ndarray | None, seed: int) -> None:
    cells, covers = random_case(seed)
    fit = InkFit(cells, covers, covers[..., 0].reshape(len(covers), -1), paper)
    assert fit.shape == (6, 4)
    np.testing.assert_allclose(fit.rows(slice(None)), slow_costs(cells, covers, paper), atol=2e-5)


def test_from_afar_a_character_and_its_paper_have_the_light_of_the_cell() -> None:
    cells, covers = random_case(7)
    fine = covers[..., 0].reshape(len(covers), -1)
    ink, paper = InkFit(cells, covers, fine, None).colours(np.arange(6) % 4)
    for cell in range(6):
        share = fine[cell % 4, :, None]
        low, high = paper[cell] / np.float32(255), ink[cell] / np.float32(255)
        light = srgb_to_linear(low + share * (high - low)).mean(axis=0)
        np.testing.assert_allclose(light, cells[cell].mean(axis=(0, 1)), atol=0.015)


def test_characters_can_be_read_even_on_flat_cells() -> None:
    cells = np.full((3, 8, 8, 3), 0.2, np.float32) * np.array([0.1, 1, 4], np.float32)[:, None, None, None]
    cover = np.zeros((1, 8, 8, 3), np.float32)
    cover[:, 2:6, 2:6] = 1
    ink, paper = InkFit(cells, cover, cover[..., 0].reshape(1, -1), None).colours(np.zeros(3, np.int64))
    assert np.all(np.abs(ink.astype(int) - paper).mean(axis=1) >= 30)


def test_a_blank_is_no_character_where_its_paper_follows_the_cell() -> None:
    cells, covers = random_case(1)
    covers[0] = 0
    fine = covers[..., 0].reshape(4, -1)
    assert np.all(InkFit(cells, covers, fine, None).rows(slice(None)).argmin(axis=1) > 0)
    white = np.ones_like(cells)
    assert np.all(np.isfinite(InkFit(white, covers, fine, WHITE).rows(slice(None))))


def test_ink_is_laid_where_the_character_is() -> None:
    drawn = np.full((2, 1, 4, 3), 255, np.uint8)
    drawn[0], drawn[1, 0, 0] = 0, 128
    ink = Ink(np.array([[[200, 0, 0]]], np.uint8), np.array([[[0, 100, 0]]], np.uint8))
    ink.lay(drawn, 0, slice(None), (0, 0, 0), (255, 255, 255))
    assert np.all(drawn[0] == (200, 0, 0))
    assert np.all(drawn[1, 0, 1:] == (0, 100, 0))
    assert np.all(np.abs(drawn[1, 0, 0].astype(int) - (100, 50, 0)) <= 1)


def test_cover_is_the_same_in_any_colours() -> None:
    shares = np.linspace(0, 1, 11)[:, None]
    for one, other in (((0, 0, 0), (255, 255, 255)), ((250, 10, 0), (0, 40, 90))):
        pixels = np.rint(np.array(other) + shares * (np.array(one) - other)).astype(np.uint8)
        np.testing.assert_allclose(cover_of(pixels, one, other), shares[:, 0], atol=0.005)


@pytest.fixture
def colourful(tmp_path: Path) -> Path:
    """Save a picture of eight flat colours."""
    random = np.random.default_rng(3)
    picture = random.integers(30, 225, (2, 4, 3), dtype=np.uint8).repeat(60, axis=0).repeat(60, axis=1)
    path = tmp_path / "colourful.png"
    Image.fromarray(picture).save(path)
    return path


@pytest.mark.parametrize("ink", ["target", "duo"])
def test_a_plan_keeps_the_colours(colourful: Path, tmp_path: Path, ink: str) -> None:
    mosaic = make_mosaic(colourful, "glyphs", columns=16, tile_size=22, ink=ink)
    assert mosaic.ink is not None
    if ink == "target":
        assert np.all(mosaic.ink.papers == 255)
    mosaic.save_plan(tmp_path / "plan.json")
    mosaic.write(tmp_path / "a.png")
    again = open_plan(tmp_path / "plan.json")
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "a.png")), mosaic.to_array())
    np.testing.assert_array_equal(again.to_array(), mosaic.to_array())


def test_with_both_colours_the_mosaic_has_the_target_s_colours_from_afar(colourful: Path) -> None:
    mosaic = make_mosaic(colourful, "glyphs", columns=16, tile_size=22, ink="duo")
    rows, columns = mosaic.grid.shape
    drawn = to_linear(mosaic.to_array()).reshape(rows, 22, columns, 10, 3).mean(axis=(1, 3))
    target = to_linear(np.asarray(Image.open(colourful)))
    inside = drawn[0, 1], target[20, 20]
    np.testing.assert_allclose(*inside, atol=0.02)


def test_edits_colour_what_they_change(colourful: Path, tmp_path: Path) -> None:
    mosaic = make_mosaic(colourful, "glyphs", columns=16, tile_size=22, ink="duo")
    mosaic.save_plan(tmp_path / "plan.json")
    edited, before = edit_plan(tmp_path / "plan.json", Edits(pins={(1, 1): "glyph:#"}))
    assert edited.tiles.source(int(edited.tile_numbers[1, 1])) == "glyph:#"
    assert edited.ink is not None
    assert mosaic.ink is not None
    same = edited.choices == before
    assert not same[1, 1]
    np.testing.assert_array_equal(edited.ink.colours[same], mosaic.ink.colours[same])


def test_ink_is_for_letters_of_one_colour(colourful: Path) -> None:
    for tiles in ("colours:27", "glyphs:foreground=red/blue"):
        with pytest.raises(ConfigError, match="ink"):
            make_mosaic(colourful, tiles, columns=8, ink="duo")
    with pytest.raises(ConfigError, match="ink 'rainbow' is unknown; choose one of none, target, duo"):
        make_mosaic(colourful, "glyphs", columns=8, ink="rainbow")
    with pytest.raises(ConfigError, match="adjust"):
        make_mosaic(colourful, "glyphs", replace(MosaicOptions(), adjust=0.5), columns=8, ink="duo")
