"""Tests of named character sets, and of characters that fill their cell to the last pixel."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perceptual_photomosaic.errors import TileError
from perceptual_photomosaic.tiles.characters import SETS, drawn
from perceptual_photomosaic.tiles.glyphs import Glyphs

sizes = st.tuples(st.integers(1, 40), st.integers(1, 60))


def ink(character: str, size_px: tuple[int, int]) -> np.ndarray:
    shares = drawn(character, size_px)
    assert shares is not None
    return shares


@given(size_px=sizes)
def test_blocks_join_without_hairlines(size_px: tuple[int, int]) -> None:
    """Check that halves and quarters that make a whole add up to full ink in every pixel, at any size."""
    for parts in ("█", "▀▄", "▌▐", "▖▗▘▝", "▙▝", "▛▗", "▜▖", "▟▘", "▚▞"):
        np.testing.assert_allclose(sum(ink(part, size_px) for part in parts), 1, atol=1e-5)
    np.testing.assert_allclose(ink("▔", size_px) + ink("▇", size_px), 1, atol=1e-5)
    np.testing.assert_allclose(ink("▉", size_px) + ink("▕", size_px), 1, atol=1e-5)


@given(size_px=sizes)
def test_eighths_grow_by_an_eighth(size_px: tuple[int, int]) -> None:
    np.testing.assert_allclose([ink(c, size_px).mean() for c in "▁▂▃▄▅▆▇█"], np.arange(1, 9) / 8, atol=1e-5)
    np.testing.assert_allclose([ink(c, size_px).mean() for c in "▏▎▍▌▋▊▉█"], np.arange(1, 9) / 8, atol=1e-5)
    np.testing.assert_allclose([ink(c, size_px).mean() for c in "░▒▓"], [0.25, 0.5, 0.75])


def test_dots_of_braille_stand_where_unicode_says() -> None:
    dots = {"⠁": (0, 0), "⠂": (1, 0), "⠄": (2, 0), "⠈": (0, 1), "⠐": (1, 1), "⠠": (2, 1), "⡀": (3, 0), "⢀": (3, 1)}
    for character, (row, column) in dots.items():
        shares = ink(character, (16, 32)).reshape(4, 8, 2, 8).mean(axis=(1, 3))
        assert np.argmax(shares) == row * 2 + column
        assert np.count_nonzero(shares) == 1
    assert ink("⠀", (8, 16)).max() == 0
    np.testing.assert_allclose(ink("⣿", (16, 32)), sum(ink(dot, (16, 32)) for dot in dots), atol=1e-5)


@pytest.mark.parametrize("name", sorted(set(SETS) - {"katakana"}))
def test_the_built_in_font_draws_every_set(name: str) -> None:
    tiles = Glyphs(set_name=name)
    pictures = tiles.pictures((10, 22))
    assert len(tiles) == len(SETS[name]) == len(pictures)
    assert tiles.spec.startswith(f"glyphs:set={name},")
    digests = {picture.tobytes() for picture in pictures}
    assert len(digests) > 0.9 * len(pictures)


def test_a_full_block_of_a_set_is_black_to_the_last_pixel() -> None:
    tiles = Glyphs(set_name="blocks")
    for size_px in ((10, 22), (12, 27), (29, 64)):
        assert tiles.pictures(size_px, [tiles.characters.index("█")]).max() == 0


def test_katakana_needs_a_font_that_has_it() -> None:
    with pytest.raises(TileError, match=r"the built-in font cannot draw 'ｦ' \(U\+FF66\).*pass another font"):
        Glyphs(set_name="katakana")


def test_an_unknown_set_is_refused() -> None:
    with pytest.raises(TileError, match="there is no set 'latin'; choose one of ascii, alnum"):
        Glyphs(set_name="latin")
    with pytest.raises(TileError, match="one of them is enough"):
        Glyphs("abc", set_name="ascii")
