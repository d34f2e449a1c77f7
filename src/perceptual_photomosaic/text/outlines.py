"""Outlines of characters as placed in their cells, and fonts made of these outlines only.

Such a font is as wide and as high as a cell, so that text in it equals the mosaic: no gaps between lines, no joined
letters, and blocks and braille that fill their cell even if the original font has none.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from perceptual_photomosaic.tiles.characters import dot_radius, shape_of
from perceptual_photomosaic.tiles.fonts import WEIGHTS

if TYPE_CHECKING:
    from perceptual_photomosaic.tiles.glyphs import Placement

__all__ = ["baseline_of", "cell_font", "outlines", "svg_paths"]

_UNITS = 2048
"""Smallest height of a cell in units: as fine as outlines of fonts are."""
_ROUND = 0.5522847498
"""Length of the handles of a quarter circle, in radii."""
_KEPT = (0, 7, 13, 14)  # copyright, trademark, licence and its address, which stay with the outlines

Outline = list[tuple[str, tuple[Any, ...]]]
"""The commands for a pen of fontTools."""


def outlines(font: Placement, characters: Iterable[str], cell_px: tuple[int, int]) -> dict[str, Outline]:
    """Return the outlines of characters in a cell, in pixels, from its upper left corner to the right and down.

    Args:
        font: The font, and the placement in cells.
        characters: The characters; repeated ones count once.
        cell_px: (width, height) of the cell.
    Returns:
        The outline of each character that the font has; empty for blanks.
    """
    from fontTools.pens.recordingPen import DecomposingRecordingPen, RecordingPen
    from fontTools.pens.transformPen import TransformPen
    from fontTools.ttLib import TTFont

    width, height = cell_px
    opened = TTFont(io.BytesIO(font.data), fontNumber=0, lazy=True)
    weighted = "fvar" in opened and any(axis.axisTag == "wght" for axis in opened["fvar"].axes)
    location = {"wght": WEIGHTS[font.weight]} if weighted and font.weight != "regular" else None
    glyphs, names = opened.getGlyphSet(location=location), opened.getBestCmap()
    scale = font.size * height / opened["head"].unitsPerEm
    found: dict[str, Outline] = {}
    for character in characters:
        shape = shape_of(character) if font.own else None
        pen = RecordingPen()
        if shape is not None:
            for rectangle in shape.rectangles:
                _rectangle(pen, *rectangle, cell_px)
            for x, y in shape.dots:
                _disc(pen, x * width, y * height, dot_radius(width, height))
        elif ord(character) in names:
            glyph = glyphs[names[ord(character)]]
            parts = DecomposingRecordingPen(glyphs)
            glyph.draw(parts)
            across = scale * font.stretch
            left = width / 2 - across * glyph.width / 2
            parts.replay(TransformPen(pen, (across, 0, 0, -scale, left, font.baseline * height)))
        else:
            continue
        found[character] = pen.value
    return found


def svg_paths(drawn: dict[str, Outline]) -> dict[str, str]:
    """Write outlines as data of SVG paths, in the same unit."""
    from fontTools.pens.recordingPen import RecordingPen
    from fontTools.pens.svgPathPen import SVGPathPen

    paths = {}
    for character, outline in drawn.items():
        pen, recorded = SVGPathPen(None, ntos=lambda value: f"{value:.2f}".rstrip("0").rstrip(".")), RecordingPen()
        recorded.value = outline
        recorded.replay(pen)
        paths[character] = pen.getCommands()
    return paths


def cell_font(font: Placement, characters: Iterable[str], cell_px: tuple[int, int]) -> bytes:
    """Make a font of some characters whose em is the height of a cell and whose advance is its width.

    Args:
        font: The original font, and the placement in cells.
        characters: The characters; those that the font lacks are left out.
        cell_px: (width, height) of the cell.
    Returns:
        A WOFF file.
    """
    from fontTools.fontBuilder import FontBuilder
    from fontTools.pens.cu2quPen import Cu2QuPen
    from fontTools.pens.recordingPen import RecordingPen
    from fontTools.pens.transformPen import TransformPen
    from fontTools.pens.ttGlyphPen import TTGlyphPen

    width, height = cell_px
    scale = min(max(1, -(-_UNITS // height)), 16_384 / height)  # fonts have at most 16,384 units
    units, advance = round(height * scale), round(width * scale)
    below = units - round(baseline_of(font) * units)
    drawn = outlines(font, sorted(set(characters)), cell_px)
    glyphs, cmap = {".notdef": TTGlyphPen(None).glyph()}, {}
    for number, (character, outline) in enumerate(drawn.items()):
        recorded, pen = RecordingPen(), TTGlyphPen(None)
        recorded.value = outline
        # no reversal: turned upside down, TrueType outlines already have the other direction
        recorded.replay(TransformPen(Cu2QuPen(pen, units / 2000), (scale, 0, 0, -scale, 0, units - below)))
        glyphs[f"c{number}"] = pen.glyph()
        cmap[ord(character)] = f"c{number}"
    built = FontBuilder(units, isTTF=True)
    built.setupGlyphOrder(list(glyphs))
    built.setupCharacterMap(cmap)
    built.setupGlyf(glyphs)
    lefts = built.font["glyf"]
    built.setupHorizontalMetrics({name: (advance, getattr(lefts[name], "xMin", 0)) for name in glyphs})
    built.setupHorizontalHeader(ascent=units - below, descent=-below, lineGap=0)
    built.setupNameTable({"familyName": "Mosaic", "styleName": "Regular"})
    _keep_terms(font.data, built.font)
    built.setupOS2(
        version=4,
        sTypoAscender=units - below,
        sTypoDescender=-below,
        sTypoLineGap=0,
        usWinAscent=units - below,
        usWinDescent=below,
        fsSelection=0b11000000,
    )
    built.setupPost(isFixedPitch=1)
    built.font["head"].created = built.font["head"].modified = 0  # always the same bytes
    built.font.recalcTimestamp = False
    built.font.flavor = "woff"
    file = io.BytesIO()
    built.font.save(file)
    return file.getvalue()


def baseline_of(font: Placement) -> float:
    """Return the distance of the baseline from the top of a font made of cells, 0 to 1 heights of a cell."""
    return min(1.0, max(0.0, font.baseline))


def _keep_terms(data: bytes, made: Any) -> None:
    """Copy the owner and the licence of the original font into the new font."""
    from fontTools.ttLib import TTFont

    names = TTFont(io.BytesIO(data), fontNumber=0, lazy=True)["name"]
    for number in _KEPT:
        text = names.getDebugName(number)
        if text:
            made["name"].setName(text, number, 3, 1, 0x409)


def _rectangle(pen: Any, left: float, top: float, right: float, bottom: float, cell_px: tuple[int, int]) -> None:
    width, height = cell_px
    left, right, top, bottom = left * width, right * width, top * height, bottom * height
    pen.moveTo((left, top))
    for corner in ((right, top), (right, bottom), (left, bottom)):
        pen.lineTo(corner)
    pen.closePath()


def _disc(pen: Any, x: float, y: float, radius: float) -> None:
    handle = radius * _ROUND
    pen.moveTo((x + radius, y))
    pen.curveTo((x + radius, y + handle), (x + handle, y + radius), (x, y + radius))
    pen.curveTo((x - handle, y + radius), (x - radius, y + handle), (x - radius, y))
    pen.curveTo((x - radius, y - handle), (x - handle, y - radius), (x, y - radius))
    pen.curveTo((x + handle, y - radius), (x + radius, y - handle), (x + radius, y))
    pen.closePath()
