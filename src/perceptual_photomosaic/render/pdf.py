"""PDF for print: one page at its physical size with bleed and marks, or a poster on many sheets.

The picture is a JPEG that is stored unchanged. Boxes follow PDF 2.0, section 14.11.2: the trim box is the finished
poster, the bleed box extends beyond it by the bleed, and the media box also contains the marks.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from perceptual_photomosaic.errors import OutputError
from perceptual_photomosaic.image import pillow_lenient
from perceptual_photomosaic.progress import SILENT, Reporter
from perceptual_photomosaic.render.canvas import Canvas, Window
from perceptual_photomosaic.render.formats import Format
from perceptual_photomosaic.render.output import PDF_PX_PER_MM, Output
from perceptual_photomosaic.render.save import saver
from perceptual_photomosaic.render.sizes import parse_paper
from perceptual_photomosaic.render.source import stream

__all__ = ["Page", "pages", "write_pdf"]

_PT = 72 / 25.4  # points in a millimetre
_LARGEST_MM = 5080.0  # 14,400 points: the largest page a PDF can have
_SLUG_MM = 10.0  # room for marks around the bleed
_MARK_MM = 5.0  # length of a mark
_MARGIN_MM = 6.0  # white margin that printers leave around a sheet


@dataclass(frozen=True)
class Page:
    """One page of a PDF.

    Attributes:
        window: The part of the mosaic on the page; beyond the mosaic it is mirrored.
        media_mm: (width, height) of the page.
        picture_mm: (width, height) of the picture, centred on the page.
        label: Text below the picture.
    """

    window: Window
    media_mm: tuple[float, float]
    picture_mm: tuple[float, float]
    label: str = ""


def pages(size_px: tuple[int, int], output: Output) -> list[Page]:
    """Divide a mosaic into pages.

    Args:
        size_px: (width, height) of the mosaic.
        output: Resolution, bleed, marks, sheets and overlap.
    Raises:
        OutputError: A page is larger than PDF allows, or the overlap is as large as a sheet.
    """
    across, down = output.px_per_mm or PDF_PX_PER_MM
    width, height = size_px[0] / across, size_px[1] / down
    if output.sheets:
        return _sheets(size_px, (width, height), output)
    bleed = output.bleed_mm
    around = 2 * (bleed + (_SLUG_MM if output.marks else 0.0))
    media = width + around, height + around
    if max(media) > _LARGEST_MM:
        raise OutputError(
            f"a page of {width / 10:.0f} x {height / 10:.0f} cm is more than PDF allows ({_LARGEST_MM / 10:.0f} cm). "
            f"Ask for --sheets, or write .tif."
        )
    out_x, out_y = round(bleed * across), round(bleed * down)
    window = (-out_x, -out_y, size_px[0] + out_x, size_px[1] + out_y)
    return [Page(window, media, (width + 2 * bleed, height + 2 * bleed))]


def _sheets(size_px: tuple[int, int], size_mm: tuple[float, float], output: Output) -> list[Page]:
    """Divide a mosaic into pages of equal windows that overlap, with the paper turned so that fewer are needed."""
    paper = parse_paper(output.sheets or "")
    overlap = output.overlap_mm
    best: tuple[int, tuple[float, float], tuple[int, int]] | None = None
    for turned in (paper, paper[::-1]):
        usable = [side - 2 * _MARGIN_MM for side in turned]
        if min(usable) <= overlap:
            raise OutputError(
                f"an overlap of {overlap:g} mm leaves nothing of sheets of {paper[0]:g} x {paper[1]:g} mm."
            )
        counts = [max(1, math.ceil((size_mm[axis] - overlap) / (usable[axis] - overlap) - 1e-9)) for axis in range(2)]
        if best is None or counts[0] * counts[1] < best[0]:
            best = counts[0] * counts[1], turned, (counts[0], counts[1])
    assert best is not None
    total, media, (columns, rows) = best
    lefts = _cuts(size_px[0], columns, overlap * size_px[0] / size_mm[0])
    tops = _cuts(size_px[1], rows, overlap * size_px[1] / size_mm[1])
    return [
        Page(
            (left, top, right, bottom),
            media,
            ((right - left) * size_mm[0] / size_px[0], (bottom - top) * size_mm[1] / size_px[1]),
            f"sheet {row * columns + column + 1} of {total}: row {row + 1}, column {column + 1}",
        )
        for row, (top, bottom) in enumerate(tops)
        for column, (left, right) in enumerate(lefts)
    ]


def _cuts(length: int, count: int, overlap: float) -> list[tuple[int, int]]:
    """Divide 0..length into `count` equal ranges that overlap."""
    stretch = (length + (count - 1) * overlap) / count
    starts = [i * (stretch - overlap) for i in range(count)]
    return [(max(0, round(start)), min(length, round(start + stretch))) for start in starts]


def write_pdf(canvas: Canvas, part: Path, file_format: Format, output: Output, reporter: Reporter = SILENT) -> None:
    """Write a canvas as a PDF.

    Args:
        canvas: The whole mosaic.
        part: The file.
        file_format: The format, for the JPEG inside.
        output: The output options.
        reporter: Receives progress.
    Raises:
        OutputError: A page is larger than PDF or JPEG can hold.
    """
    todo = pages(canvas.size_px, output)
    shown = [replace(canvas, window=page.window) for page in todo]
    for view in shown:
        if max(view.size_px) > (file_format.longest_px or 0):
            raise OutputError(
                f"a page of {view.size_px[0]} x {view.size_px[1]} px is more than a JPEG in a PDF holds "
                f"({file_format.longest_px} px a side). Lower --dpi, or ask for --sheets."
            )
    total = sum(view.size_px[1] for view in shown)
    with tempfile.TemporaryDirectory(dir=part.parent, prefix=f"{part.stem}-") as folder:
        pictures = [Path(folder) / f"{number}.jpg" for number in range(len(todo))]
        with reporter.stage("writing the mosaic", total, "rows") as stage:
            for view, picture in zip(shown, pictures, strict=True):
                stream(view, saver(picture, file_format, output), stage)
        _assemble(part, todo, pictures, output)


def _assemble(part: Path, todo: Sequence[Page], pictures: Sequence[Path], output: Output) -> None:
    """Place JPEGs on pages, then add boxes, marks and labels."""
    import img2pdf
    import pikepdf

    sizes = iter(todo)

    def layout(*_: object) -> tuple[float, float, float, float]:
        page = next(sizes)
        return page.media_mm[0] * _PT, page.media_mm[1] * _PT, page.picture_mm[0] * _PT, page.picture_mm[1] * _PT

    bare = pictures[0].with_suffix(".pdf")
    with bare.open("wb") as file, pillow_lenient():
        img2pdf.convert([str(path) for path in pictures], layout_fun=layout, outputstream=file)
    with pikepdf.open(bare) as document:
        for page, drawn in zip(todo, document.pages, strict=True):
            _set_boxes(pikepdf, drawn, page, output)
            _add_content(pikepdf, document, drawn, page, output)
        document.docinfo["/Creator"] = "perceptual-photomosaic"
        document.save(part, deterministic_id=True)


def _inner(page: Page, inset_mm: float) -> tuple[float, float, float, float]:
    """Return the picture's box in points, reduced on every side."""
    (width, height), (inner_width, inner_height) = page.media_mm, page.picture_mm
    left, bottom = (width - inner_width) / 2 + inset_mm, (height - inner_height) / 2 + inset_mm
    return left * _PT, bottom * _PT, (width - left) * _PT, (height - bottom) * _PT


def _set_boxes(pikepdf: Any, drawn: Any, page: Page, output: Output) -> None:
    drawn.obj.BleedBox = pikepdf.Array([round(edge, 4) for edge in _inner(page, 0.0)])
    drawn.obj.TrimBox = pikepdf.Array([round(edge, 4) for edge in _inner(page, output.bleed_mm)])


def _add_content(pikepdf: Any, document: Any, drawn: Any, page: Page, output: Output) -> None:
    """Draw the crop marks and the label of a sheet."""
    commands = []
    if output.marks:
        commands.append(_marks(_inner(page, output.bleed_mm), output.bleed_mm))
    if page.label:
        left, bottom, _, _ = _inner(page, 0.0)
        font = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
        drawn.add_resource(font, pikepdf.Name.Font, pikepdf.Name.F1)
        commands.append(f"q BT /F1 6 Tf 0 g {left:.2f} {bottom - 8:.2f} Td ({page.label}) Tj ET Q")
    if commands:
        drawn.contents_add(pikepdf.Stream(document, "\n".join(commands).encode("ascii")))


def _marks(trim: tuple[float, float, float, float], bleed_mm: float) -> str:
    """Return the drawing of two hairlines at each corner, on the cutting lines, outside of the bleed."""
    left, bottom, right, top = trim
    near, far = (bleed_mm + 2.0) * _PT, (bleed_mm + 2.0 + _MARK_MM) * _PT
    ends = ((left, -1), (right, 1)), ((bottom, -1), (top, 1))
    across = [(x + way * near, y, x + way * far, y) for x, way in ends[0] for y in (bottom, top)]
    down = [(x, y + way * near, x, y + way * far) for y, way in ends[1] for x in (left, right)]
    lines = [f"{x0:.3f} {y0:.3f} m {x1:.3f} {y1:.3f} l S" for x0, y0, x1, y1 in across + down]
    return "\n".join(["q 0.25 w 0 G", *lines, "Q"])
