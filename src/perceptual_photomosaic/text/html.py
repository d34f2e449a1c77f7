"""A web page with the text and its font: it can be selected and searched, and looks like the mosaic."""

from __future__ import annotations

import base64
import html
from typing import TYPE_CHECKING

from perceptual_photomosaic.text.embedded_font import emoji_font
from perceptual_photomosaic.text.outlines import cell_font
from perceptual_photomosaic.text.picture import EMOJI, Run, TextPicture

if TYPE_CHECKING:
    from perceptual_photomosaic.pixels import Colour

__all__ = ["css_colour", "font_faces", "page"]

_PAGE = """<!doctype html>
<html lang="zxx">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
{faces}
body {{ margin: 0; container-type: inline-size; background: {paper}; }}
pre {{
  margin: 0; color: {ink}; white-space: pre; font-family: {families}monospace; line-height: 1; letter-spacing: 0;
  font-size: {height}px;
  font-size: round(down, min({height}px, 100cqw * {share:.8f}), 1px);
  font-kerning: none; font-variant-ligatures: none; text-rendering: geometricPrecision;
  text-size-adjust: none; -webkit-text-size-adjust: none; print-color-adjust: exact; -webkit-print-color-adjust: exact;
}}
i {{ font-style: normal; }}
i[class], i[style*=background] {{ display: inline-block; height: 1em; vertical-align: top; }}
.e {{ width: {aspect:.8f}em; overflow: hidden; text-align: center; }}
.e b {{ display: block; margin: 0 -1em; font: {emoji:.6f}em/{emoji_line:.6f} {emoji_families}; }}
{classes}</style>
</head>
<body>
<pre>{text}</pre>
</body>
</html>
"""
OWN_EMOJI = '"Apple Color Emoji", "Segoe UI Emoji", "Noto Color Emoji", sans-serif'
_SMALLER = 0.78
"""Font size, in cells, at which the reader's own emoji are about as wide as a cell."""


def page(picture: TextPicture, title: str = "Mosaic") -> str:
    """Write a page; if a window is narrower than the text, the text shrinks with it.

    Args:
        picture: The rows of characters.
        title: Title of the page.
    """
    width, height = picture.cell_px
    columns = picture.shape[1]
    faces, families, emoji_px, emoji_families = font_faces(picture)
    rows = ["".join(_run(run, picture, families) for run in picture.runs(row)) for row in range(picture.shape[0])]
    emoji_share = emoji_px / height
    return _PAGE.format(
        title=html.escape(title),
        faces=faces,
        paper=css_colour(picture.background),
        ink=css_colour(picture.foreground),
        families=f"{families[0]}, " if families else "",
        height=height,
        share=1.00001 * height / (width * columns),  # a little more, or 22 px may be rounded down to 21
        aspect=width / height,
        emoji=emoji_share,
        emoji_line=1 / emoji_share,
        emoji_families=emoji_families,
        classes="".join(f".{name} {{ font-family: {name}, monospace; }}\n" for name in families[1:]),
        text="\n".join(rows),
    )


def font_faces(picture: TextPicture) -> tuple[str, list[str], float, str]:
    """Make the fonts that the page of a picture needs, as CSS.

    Returns:
        The rules; the family names for letters; the size in pixels at which emoji fill a cell; the families for emoji.
    """
    texts: dict[int, set[str]] = {}
    for row, fonts in zip(picture.texts, picture.font_of.tolist(), strict=True):
        for text, font in zip(row, fonts, strict=True):
            texts.setdefault(font, set()).add(text)
    rules, families = [], []
    for number, font in enumerate(picture.fonts):
        families.append(f"mosaic{number or ''}")
        rules.append(_face(families[-1], cell_font(font, texts.get(number, ()), picture.cell_px)))
    emoji_px, emoji_families = _SMALLER * min(picture.cell_px), OWN_EMOJI
    if EMOJI in texts:
        made = emoji_font(texts[EMOJI])
        if made is not None:
            emoji_px = min(picture.cell_px) / made.advance
            emoji_families = f"openmoji, {OWN_EMOJI}"
            rules.append("/* emoji are drawings of OpenMoji (https://openmoji.org), CC BY-SA 4.0 */")
            rules.append(_face("openmoji", made.data))
    return "\n".join(rules), families, emoji_px, emoji_families


def css_colour(colour: Colour) -> str:
    """Write a colour in CSS, as short as possible."""
    code = "".join(f"{value:02x}" for value in colour)
    return f"#{code[::2]}" if code[::2] == code[1::2] else f"#{code}"


def _face(family: str, data: bytes) -> str:
    code = base64.b64encode(data).decode("ascii")
    return f'@font-face {{ font-family: {family}; src: url("data:font/woff;base64,{code}") format("woff"); }}'


def _run(run: Run, picture: TextPicture, families: list[str]) -> str:
    """Write a run, with only the markup that makes it differ from the page."""
    style = [f"color:{css_colour(run.colour)}"] if run.colour != picture.foreground and run.font != EMOJI else []
    if run.paper != picture.background:
        style.append(f"background:{css_colour(run.paper)}")
    styled = f' style="{";".join(style)}"' if style else ""
    if run.font == EMOJI:
        return "".join(f'<i class="e"{styled}><b>{html.escape(text)}</b></i>' for text in run.texts)
    name = f' class="{families[run.font]}"' if run.font else ""
    text = html.escape(run.text, quote=False)
    return f"<i{name}{styled}>{text}</i>" if name or styled else text
