"""Emoji of a colour font: outlines in layers (COLR), drawings (SVG) and bitmaps (CBDT, sbix).

HarfBuzz finds the glyph of each emoji, also of several code points, and paints both versions of COLR. libvips draws
SVG, and Pillow reads bitmaps.
"""

from __future__ import annotations

import gzip
import io
import math
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol
from xml.etree import ElementTree

import numpy as np
from PIL import Image

from perceptual_photomosaic.errors import MissingExtraError, TileError
from perceptual_photomosaic.image import printable, read_file
from perceptual_photomosaic.tiles.derived import digest
from perceptual_photomosaic.tiles.openmoji import filled_box, points_of, square_around

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from perceptual_photomosaic.pixels import Colour

__all__ = ["EmojiFont"]

_LEAST_SHARE = 0.55  # smallest side of a crop, as a share of the line's height: OpenMoji's is 40 of 72
_MEASURED_PX = 144
_FINEST_PX = 64
_PRESENTATION = 0xFE0F  # requests the coloured form; some fonts have the glyph with it, some without
_SVG = "http://www.w3.org/2000/svg"
_VARIABLE = re.compile(r"var\(\s*--color(\d+)\s*(?:,([^()]*(?:\([^()]*\))?[^()]*))?\)")

View = tuple[float, float, float]  # left, top, side in units of the font, y downwards from the baseline


class _Glyph(Protocol):
    """One drawing of the font."""

    def box(self) -> tuple[float, float, float, float]:
        """Return left, top, right and bottom of what is drawn, in units of the font."""

    def draw(self, view: View, side: int) -> Image.Image:
        """Draw what lies in a square, as RGBA, (side, side)."""


class EmojiFont:
    """The emoji drawings of a font file.

    Args:
        path: The font: .ttf, .otf or .ttc; of a .ttc the first font is used.
        names: Names of emoji ("1F600", "1F1E9-1F1EA"); emoji without a coloured drawing in the font are left out.

    Raises:
        MissingExtraError: HarfBuzz is not installed.
        TileError: The file cannot be read, is no font, or draws none of the emoji in colour.
    """

    licence = ""  # the file of a font does not state its terms in a reliable form

    def __init__(self, path: str, names: Sequence[str]) -> None:
        try:
            import uharfbuzz
        except ImportError:
            raise MissingExtraError("a font for emoji", "emoji") from None
        data = read_file(path)
        shown = f"emoji: {printable(path)}"
        if data[:4] in (b"wOFF", b"wOF2"):
            raise TileError(f"{shown} is a font compressed for the web; pass it as .ttf or .otf")
        self._hb = uharfbuzz
        self._face = uharfbuzz.Face(data)
        if self._face.glyph_count == 0:
            raise TileError(f"{shown} is not a font that can be read; pass a .ttf or .otf file")
        self._font = uharfbuzz.Font(self._face)
        self.version = digest(data.hex())
        glyphs = {name: self._find(points_of(name)) for name in names}
        self._glyphs = {name: glyph for name, glyph in glyphs.items() if glyph is not None}
        self.codes = tuple(self._glyphs)
        """Names of the emoji that the font draws, in the order of the argument."""
        if not self.codes:
            raise TileError(f"{shown} draws no emoji in colour; pass a font with colours, such as NotoColorEmoji.ttf")

    def with_margin(self, code: str, side: int, background: Colour) -> NDArray[np.uint8]:
        """Draw an emoji with its margin, in a square as large as the line's height or the advance, whichever is larger.

        Args:
            code: Name of the emoji.
            side: Side of the picture, in pixels.
            background: The colour behind it.
        Returns:
            uint8, (side, side, 3).
        """
        number = self._glyphs[code]
        left, right = 0, self._font.get_glyph_h_advance(number)
        top, bottom = self._line
        return self._drawn(self._open(number), square_around((left, top, right, bottom), 0), side, background)

    def cropped(self, codes: Sequence[str], side: int, background: Colour) -> Iterator[NDArray[np.uint8]]:
        """Draw emoji without the margin around them; see `OpenMoji.cropped`."""
        least = _LEAST_SHARE * (self._line[1] - self._line[0])
        for code in codes:
            glyph = self._open(self._glyphs[code])
            yield self._drawn(glyph, square_around(glyph.box(), least), side, background)[None]

    @property
    def _line(self) -> tuple[float, float]:
        """Top and bottom of a line, in units of the font, y downwards."""
        extents = self._font.get_font_extents("ltr")
        if extents.ascender <= extents.descender:
            return -self._face.upem, 0
        return -extents.ascender, -extents.descender

    def _drawn(self, glyph: _Glyph, view: View, side: int, background: Colour) -> NDArray[np.uint8]:
        finer = math.ceil(_FINEST_PX / side)
        paper = Image.new("RGBA", (side * finer, side * finer), (*background, 255))
        paper.alpha_composite(glyph.draw(view, side * finer))
        return np.asarray(paper.convert("RGB").reduce(finer))

    def _find(self, points: tuple[int, ...]) -> int | None:
        """Return the glyph of code points, or None if they have no single coloured glyph."""
        bare = tuple(point for point in points if point != _PRESENTATION)
        for text in dict.fromkeys([points, bare, (*bare, _PRESENTATION)]):
            buffer = self._hb.Buffer()
            buffer.add_codepoints(list(text))
            buffer.guess_segment_properties()
            buffer.flags = self._hb.BufferFlags.REMOVE_DEFAULT_IGNORABLES
            self._hb.shape(self._font, buffer)
            glyphs = [info.codepoint for info in buffer.glyph_infos]
            if len(glyphs) == 1 and glyphs[0] and self._is_coloured(glyphs[0]):
                return int(glyphs[0])
        return None

    def _is_coloured(self, glyph: int) -> bool:
        return bool(
            self._face.glyph_has_color_paint(glyph)
            or self._face.get_glyph_color_layers(glyph)
            or self._face.get_glyph_color_svg(glyph)
            or self._font.get_glyph_color_png(glyph)
        )

    def _open(self, glyph: int) -> _Glyph:
        if self._face.glyph_has_color_paint(glyph) or self._face.get_glyph_color_layers(glyph):
            return _Painted(self._hb, self._font, glyph)
        if svg := self._face.get_glyph_color_svg(glyph):
            palettes = self._face.color_palettes
            colours = [f"rgb({c.red},{c.green},{c.blue})" for c in palettes[0].colors] if palettes else []
            return _Drawing(bytes(svg.data), glyph, self._face.upem, colours)
        return _Bitmap(bytes(self._font.get_glyph_color_png(glyph).data), self._font.get_glyph_extents(glyph))


class _Painted:
    """A glyph of outlines in layers (COLR)."""

    def __init__(self, hb: Any, font: Any, glyph: int) -> None:
        self._hb, self._font, self._glyph = hb, font, glyph

    def box(self) -> tuple[float, float, float, float]:
        extents = self._font.get_glyph_extents(self._glyph)
        reach = (extents.x_bearing, -extents.y_bearing, extents.width, -extents.height) if extents else (0, 0, 0, 0)
        if min(reach[2:]) <= 0:
            reach = (0, -self._font.face.upem, self._font.face.upem, self._font.face.upem)
        view = square_around((reach[0], reach[1], reach[0] + reach[2], reach[1] + reach[3]), 0)
        return _measured(self, (view[0] - view[2] / 16, view[1] - view[2] / 16, view[2] * 9 / 8))

    def draw(self, view: View, side: int) -> Image.Image:
        left, top, units = view
        scale = side / units
        paint = self._hb.RasterPaint()
        paint.transform = (scale, 0, 0, scale, -left * scale, (top + units) * scale)
        paint.extents = self._hb.RasterExtents(0, 0, side, side)
        paint.paint_glyph(self._font, self._glyph)
        image = paint.render()
        rows = np.frombuffer(image.buffer, np.uint8).reshape(side, -1)[::-1, : side * 4]  # bottom row first
        colours = np.ascontiguousarray(rows.reshape(side, side, 4)[..., [2, 1, 0, 3]])
        return Image.frombytes("RGBa", (side, side), colours.tobytes()).convert("RGBA")


class _Drawing:
    """A glyph of an SVG document."""

    def __init__(self, data: bytes, glyph: int, upem: int, colours: Sequence[str]) -> None:
        text = (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).decode("utf-8", "replace")
        ElementTree.register_namespace("", _SVG)
        root = ElementTree.fromstring(_VARIABLE.sub(lambda found: _colour(found, colours), text))
        self._upem = upem
        parts = [part for part in root.iter() if re.fullmatch(r"glyph\d+", part.get("id", ""))]
        if "viewBox" in root.attrib:  # its area is the em square
            root.set("width", str(upem))
            root.set("height", str(upem))
        root.set("overflow", "visible")
        inner = ElementTree.tostring(root, encoding="unicode")
        if len(parts) > 1:  # the document has several glyphs: show one
            inner = f'<defs>{inner}</defs><use xlink:href="#glyph{glyph}"/>'
        self._inner = inner

    def box(self) -> tuple[float, float, float, float]:
        return _measured(self, (-0.5 * self._upem, -1.75 * self._upem, 2.5 * self._upem))

    def draw(self, view: View, side: int) -> Image.Image:
        import pyvips

        area = " ".join(f"{number:.4f}" for number in (view[0], view[1], view[2], view[2]))
        svg = (
            f'<svg xmlns="{_SVG}" xmlns:xlink="http://www.w3.org/1999/xlink" width="{side}" height="{side}" '
            f'viewBox="{area}">{self._inner}</svg>'
        )
        return Image.fromarray(pyvips.Image.svgload_buffer(svg.encode()).numpy(), "RGBA")


class _Bitmap:
    """A glyph as a PNG bitmap (CBDT or sbix)."""

    def __init__(self, png: bytes, extents: Any) -> None:
        with Image.open(io.BytesIO(png)) as image:
            self._image = image.convert("RGBA")
        self._left, self._top = extents.x_bearing, -extents.y_bearing
        self._unit = extents.width / self._image.width

    def box(self) -> tuple[float, float, float, float]:
        left, top, right, bottom = filled_box(np.asarray(self._image)[..., 3])
        x, y, unit = self._left, self._top, self._unit
        return x + left * unit, y + top * unit, x + right * unit, y + bottom * unit

    def draw(self, view: View, side: int) -> Image.Image:
        left, top = (view[0] - self._left) / self._unit, (view[1] - self._top) / self._unit
        size = view[2] / self._unit
        start = math.floor(left), math.floor(top)
        end = math.ceil(left + size), math.ceil(top + size)
        around = self._image.crop((*start, *end))  # transparent outside of the bitmap
        box = (left - start[0], top - start[1], left - start[0] + size, top - start[1] + size)
        return around.resize((side, side), Image.Resampling.LANCZOS, box=box)


def _measured(glyph: _Glyph, view: View) -> tuple[float, float, float, float]:
    """Return left, top, right and bottom of a drawing, measured by drawing a square of it."""
    left, top, right, bottom = filled_box(np.asarray(glyph.draw(view, _MEASURED_PX))[..., 3])
    unit = view[2] / _MEASURED_PX
    return view[0] + left * unit, view[1] + top * unit, view[0] + right * unit, view[1] + bottom * unit


def _colour(found: re.Match[str], colours: Sequence[str]) -> str:
    """Return the colour that replaces a variable of a drawing: the palette's, or the drawing's own default."""
    number, otherwise = int(found[1]), (found[2] or "").strip()
    return colours[number] if number < len(colours) else otherwise or "black"
