"""Tests of glyphs: they are complete, centred and of one size in any cell."""

from __future__ import annotations

import hashlib
import string
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont

from perceptual_photomosaic.errors import ImageError, TileError
from perceptual_photomosaic.tiles import Glyphs, open_tiles
from perceptual_photomosaic.tiles.fonts import font_data


def ink(glyphs: Glyphs, size_px: tuple[int, int]) -> np.ndarray:
    return 1 - glyphs.pictures(size_px)[..., 0] / 255


def test_the_default_set_is_what_can_be_printed() -> None:
    glyphs = open_tiles("glyphs")
    assert [glyphs.source(tile) for tile in range(95)] == [f"glyph:{chr(code)}" for code in range(32, 127)]


def test_letters_and_digits_are_as_they_were() -> None:
    """Check the pixels with which the shipped networks were trained."""
    glyphs = open_tiles("glyphs:set=alnum")
    digest = hashlib.sha256(glyphs.pictures((32, 32)).tobytes()).hexdigest()
    assert digest.startswith("76e590d92b4f63c3")
    characters = string.ascii_lowercase + string.ascii_uppercase + string.digits
    assert [glyphs.source(tile) for tile in range(62)] == [f"glyph:{c}" for c in characters]
    pictures = glyphs.pictures((8, 8))
    assert pictures[:, 0, 0].min() > 200
    assert len(np.unique(pictures.reshape(62, -1), axis=0)) == 62  # all can be told apart at 8 px
    assert (pictures.reshape(62, -1).min(axis=1) < 140).all()  # and all are dark somewhere


@settings(deadline=None, max_examples=30)
@given(
    width=st.integers(4, 70),
    height=st.integers(4, 70),
    characters=st.text(st.sampled_from(string.printable[:94] + "ÄÖÅçñ§€│─█"), min_size=1, max_size=8),
)
def test_never_clipped(width: int, height: int, characters: str) -> None:
    """Compare the share of ink with that of the same glyph on a much larger canvas."""
    glyphs = Glyphs(characters)
    assume(not glyphs._is_own((width, height)))
    drawn = ink(glyphs, (width, height)).sum(axis=(1, 2))
    extent = glyphs._extent
    finer = -(-160 // min(width, height))
    room = (width * finer - 2, height * finer - 2)
    font_px = min(room[0] / (2 * extent.half_width), room[1] / (extent.above + extent.below))
    import io

    font = ImageFont.truetype(io.BytesIO(font_data(None)), font_px, layout_engine=ImageFont.Layout.BASIC)
    for share, character in zip(drawn, glyphs.characters, strict=True):
        canvas = Image.new("L", (3 * width * finer, 3 * height * finer))
        ImageDraw.Draw(canvas).text((width * finer, 2 * height * finer), character, fill=255, font=font, anchor="ls")
        free = np.asarray(canvas, dtype=float).sum() / 255 / finer**2
        assert share == pytest.approx(free, rel=0.03, abs=0.3)


def test_centred_on_the_advance_box() -> None:
    for size_px in ((32, 32), (20, 40), (64, 24)):
        for tile in ink(Glyphs("HoxO8"), size_px):  # symmetric ones show it
            columns = tile.sum(axis=0)
            middle = (columns * (np.arange(size_px[0]) + 0.5)).sum() / columns.sum()
            assert middle == pytest.approx(size_px[0] / 2, abs=0.03 * size_px[0])
    tall = ink(Glyphs("|"), (32, 32))[0]
    rows = np.nonzero(tall.sum(axis=1) > 0.1)[0]
    assert rows[0] <= 1
    assert rows[-1] >= 30  # as large as fits


def test_one_baseline() -> None:
    tiles = ink(Glyphs("Hxj"), (64, 64))
    bottoms = [np.nonzero(tile.sum(axis=1) > 0.3)[0][-1] for tile in tiles]
    assert abs(bottoms[0] - bottoms[1]) <= 1 < bottoms[2] - bottoms[0]


def test_colours() -> None:
    glyphs = Glyphs("#.", foreground=[(255, 0, 0), (0, 0, 255)], background=(255, 255, 0))
    assert [glyphs.source(tile) for tile in range(4)] == [
        "glyph:#:#ff0000",
        "glyph:.:#ff0000",
        "glyph:#:#0000ff",
        "glyph:.:#0000ff",
    ]
    pictures = glyphs.pictures((24, 24))
    assert (pictures[:, 0, 0] == (255, 255, 0)).all()
    assert [255, 0, 0] in pictures[0].reshape(-1, 3).tolist()
    assert [0, 0, 255] in pictures[2].reshape(-1, 3).tolist()


def test_blank_is_a_glyph() -> None:
    blank, dot = Glyphs(" .").pictures((16, 16))
    assert (blank == 255).all()
    assert dot.min() < 50
    assert (Glyphs(" ").pictures((9, 9)) == 255).all()


@pytest.mark.parametrize(
    ("characters", "named"), [("a中b", "U+4E2D"), ("a\tb", "U+0009"), ("e\u0301", "U+0301"), ("😀", "1F600")]
)
def test_characters_that_cannot_be_drawn(characters: str, named: str) -> None:
    with pytest.raises(TileError, match=named.replace("+", r"\+")) as caught:
        Glyphs(characters)
    assert "\n" not in str(caught.value)


def test_other_fonts(tmp_path: Path) -> None:
    font = tmp_path / "my, font.ttf"
    font.write_bytes(font_data(None))
    tiles = Glyphs("abc", font=font)
    assert np.array_equal(tiles.pictures((16, 16)), Glyphs("abc").pictures((16, 16)))
    assert np.array_equal(open_tiles(tiles.spec).pictures((16, 16)), tiles.pictures((16, 16)))
    assert tiles.identity() == Glyphs("abc").identity()
    (tmp_path / "bad.ttf").write_bytes(b"nothing")
    with pytest.raises(TileError, match="not a font"):
        Glyphs(font=tmp_path / "bad.ttf")
    with pytest.raises(ImageError, match="no such file"):
        Glyphs(font=tmp_path / "none.ttf")
