"""Tests of ANSI text, read back by a terminal emulator."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from perceptual_photomosaic.mosaic import Mosaic
from perceptual_photomosaic.text.ansi import PALETTE, ansi
from perceptual_photomosaic.text.picture import TextPicture
from tests.text.conftest import Draw

pyte = pytest.importorskip("pyte")

NAMES = ("black", "red", "green", "brown", "blue", "magenta", "cyan", "white")
COLOUR = st.sampled_from([(0, 0, 0), (255, 255, 255), (250, 10, 20), (251, 10, 20), (90, 160, 220)])


def read_back(text: str, rows: int, columns: int) -> tuple[list[str], NDArray[np.uint8], NDArray[np.uint8]]:
    """Return the content of a terminal: rows of characters, their colours and their papers, (rows, columns, 3)."""
    screen = pyte.Screen(columns, rows + 1)
    pyte.Stream(screen).feed(text.replace("\n", "\r\n"))
    cells = [[screen.buffer[row][column] for column in range(columns)] for row in range(rows)]
    colours, papers = (
        np.array([[_rgb(getattr(cell, name), name) for cell in row] for row in cells], np.uint8)
        for name in ("fg", "bg")
    )
    return ["".join(cell.data for cell in row) for row in cells], colours, papers


def _rgb(name: str, which: str) -> list[int]:
    if name == "default":
        return [1, 2, 3] if which == "fg" else [3, 2, 1]
    if name in NAMES:
        return PALETTE[NAMES.index(name)].tolist()
    if name.startswith("bright"):
        return PALETTE[8 + NAMES.index(name.removeprefix("bright").replace("bfightmagenta", "magenta"))].tolist()
    return list(bytes.fromhex(name))


def check(picture: TextPicture, text: str, colours: NDArray[np.uint8], papers: NDArray[np.uint8]) -> None:
    rows, columns = picture.shape
    shown, inks, backs = read_back(text, rows, columns)
    assert shown == picture.lines
    inked = np.array([[character != " " for character in row] for row in shown])
    np.testing.assert_array_equal(inks[inked], colours[inked])
    np.testing.assert_array_equal(backs, papers)


def test_a_terminal_shows_characters_and_colours(coloured: Mosaic, tmp_path: Path) -> None:
    coloured.write(tmp_path / "out.ans")
    text = (tmp_path / "out.ans").read_text(encoding="utf-8")
    picture = coloured.to_text_picture()
    check(picture, text, picture.colours, picture.papers)
    assert len(np.unique(picture.colours.reshape(-1, 3), axis=0)) > 20


@pytest.mark.parametrize(("colours", "first", "last"), [("256", 16, 256), ("16", 0, 16)])
def test_fewer_colours_are_the_nearest(coloured: Mosaic, colours: str, first: int, last: int) -> None:
    picture = coloured.to_text_picture()
    _, inks, papers = read_back(ansi(picture, colours), *picture.shape)
    offered = PALETTE[first:last]
    assert {tuple(colour) for colour in papers.reshape(-1, 3).tolist()} <= {tuple(each) for each in offered.tolist()}
    away = np.abs(papers.astype(int) - picture.papers.astype(int)).mean()
    assert away < (20 if colours == "256" else 70)
    assert len(np.unique(inks.reshape(-1, 3), axis=0)) > 3


@given(st.data())
def test_any_runs_are_read_back(draw: Draw, data: st.DataObject) -> None:
    columns = data.draw(st.integers(1, 7))
    rows = data.draw(st.lists(st.text("ab @█;m[", min_size=columns, max_size=columns), min_size=1, max_size=3))
    shape = len(rows), columns
    colours, papers = (
        np.array(data.draw(st.lists(COLOUR, min_size=shape[0] * columns, max_size=shape[0] * columns)), np.uint8)
        for _ in range(2)
    )
    picture = draw(rows, colours.reshape(*shape, 3), papers.reshape(*shape, 3))
    text = ansi(picture)
    check(picture, text, picture.colours, picture.papers)
    assert text.endswith("\x1b[0m\n")


def test_equal_colours_are_said_once(draw: Draw) -> None:
    text = ansi(draw(["aaaa bbbb", "cccc dddd"]))
    assert text.count("\x1b[38") == 2
    assert text == "".join(f"\x1b[38;2;0;0;0;48;2;255;255;255m{row}\x1b[0m\n" for row in ("aaaa bbbb", "cccc dddd"))


def test_the_terminals_own_paper_is_left_as_it_is(draw: Draw) -> None:
    papers = np.full((1, 3, 3), 255, np.uint8)
    papers[0, 1] = (9, 9, 9)
    text = ansi(draw(["abc"], papers=papers), paper=(255, 255, 255))
    assert text == "\x1b[38;2;0;0;0ma\x1b[48;2;9;9;9mb\x1b[49mc\x1b[0m\n"
