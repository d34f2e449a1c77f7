"""An SVG drawing of text: one element per row, with every run at its place and the font inside; or outlines."""

from __future__ import annotations

from xml.sax.saxutils import escape

from perceptual_photomosaic.text.html import css_colour, font_faces
from perceptual_photomosaic.text.outlines import baseline_of, outlines, svg_paths
from perceptual_photomosaic.text.picture import EMOJI, Run, TextPicture

__all__ = ["drawing"]

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">
"""
_STYLE = """<style>
{faces}
text {{
  font: {size}px {families}monospace; white-space: pre;
  font-kerning: none; font-variant-ligatures: none; text-rendering: geometricPrecision;
}}
.e {{ font: {emoji:.4f}px {emoji_families}; text-anchor: middle; }}
{classes}</style>
"""
_ABOVE = 0.376
"""Height of the middle of emoji above their baseline, in font sizes."""


def drawing(picture: TextPicture, *, paths: bool = False) -> str:
    """Write an SVG picture.

    Args:
        picture: The rows of characters.
        paths: Draw outlines of letters instead of text: for cutters and plotters, and where fonts are not wanted.
    """
    (rows, columns), (width, height) = picture.shape, picture.cell_px
    parts = [_HEAD.format(width=columns * width, height=rows * height)]
    runs = [(row, run) for row in range(rows) for run in picture.runs(row)]
    if paths:
        parts += [*_papers(picture), *_uses(picture, runs)]
    else:
        parts += _texts(picture)
    return "".join(parts) + "</svg>\n"


def _papers(picture: TextPicture) -> list[str]:
    """Return a background of the paper, and rectangles for cells with another paper."""
    (rows, columns), (width, height) = picture.shape, picture.cell_px
    size = f'width="{columns * width}" height="{rows * height}"'
    parts = [f'<rect {size} fill="{css_colour(picture.background)}"/>\n', '<g shape-rendering="crispEdges">\n']
    for row in range(rows):
        papers = [tuple(paper) for paper in picture.papers[row].tolist()]
        start = 0
        for column in range(1, columns + 1):
            if column < columns and papers[column] == papers[start]:
                continue
            if papers[start] != picture.background:
                parts.append(
                    f'<rect x="{start * width}" y="{row * height}" width="{(column - start) * width}" '
                    f'height="{height}" fill="{css_colour(papers[start])}"/>\n'
                )
            start = column
    return [*parts, "</g>\n"] if len(parts) > 2 else parts[:1]


def _texts(picture: TextPicture) -> list[str]:
    faces, families, emoji_px, emoji_families = font_faces(picture)
    height = picture.cell_px[1]
    parts = [
        _STYLE.format(
            faces=faces,
            size=height,
            families=f"{families[0]}, " if families else "",
            emoji=emoji_px,
            emoji_families=emoji_families,
            classes="".join(f".{name} {{ font-family: {name}, monospace; }}\n" for name in families[1:]),
        ),
        *_papers(picture),
        f'<g xml:space="preserve" fill="{css_colour(picture.foreground)}">\n',
    ]
    for row in range(picture.shape[0]):
        spans = "".join(_span(run, row, picture, families, emoji_px) for run in picture.runs(row))
        parts.append(f"<text>{spans}</text>\n")
    return [*parts, "</g>\n"]


def _span(run: Run, row: int, picture: TextPicture, families: list[str], emoji_px: float) -> str:
    width, height = picture.cell_px
    if run.font == EMOJI:
        y = (row + 0.5) * height + _ABOVE * emoji_px
        return "".join(
            f'<tspan class="e" x="{_short((column + 0.5) * width)}" y="{_short(y)}">{escape(text)}</tspan>'
            for column, text in enumerate(run.texts, run.column)
        )
    y = row * height + baseline_of(picture.fonts[run.font]) * height
    place = f'x="{run.column * width}" y="{_short(y)}" textLength="{len(run.texts) * width}"'
    fill = f' fill="{css_colour(run.colour)}"' if run.colour != picture.foreground else ""
    name = f' class="{families[run.font]}"' if run.font else ""
    return f"<tspan {place}{fill}{name}>{escape(run.text)}</tspan>"


def _uses(picture: TextPicture, runs: list[tuple[int, Run]]) -> list[str]:
    """Return outlines, each character of each font once, and their places."""
    width, height = picture.cell_px
    shapes: dict[tuple[int, str], str] = {}
    for number, font in enumerate(picture.fonts):
        wanted = sorted({text for _, run in runs if run.font == number for text in run.texts})
        for character, path in svg_paths(outlines(font, wanted, picture.cell_px)).items():
            if path:
                shapes[number, character] = path
    names = {key: f"c{number}" for number, key in enumerate(shapes)}
    parts = ["<defs>\n", *(f'<path id="{names[key]}" d="{path}"/>\n' for key, path in shapes.items()), "</defs>\n"]
    parts.append(f'<g fill="{css_colour(picture.foreground)}">\n')
    for row, run in runs:
        fill = f' fill="{css_colour(run.colour)}"' if run.colour != picture.foreground else ""
        uses = [
            f'<use href="#{names[run.font, text]}" x="{column * width}" y="{row * height}"/>'
            for column, text in enumerate(run.texts, run.column)
            if (run.font, text) in names
        ]
        if uses:
            parts.append(f"<g{fill}>{''.join(uses)}</g>\n" if fill else f"{''.join(uses)}\n")
    return [*parts, "</g>\n"]


def _short(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".")
