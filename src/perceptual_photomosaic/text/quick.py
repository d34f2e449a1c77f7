"""Fast conversion of a picture to text: each cell takes the nearest letter, independently of all others.

It does what `ink` and the method "nearest" do, without their parts that serve limits and variety.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.features.colour import linear_to_oklab, linear_to_srgb
from perceptual_photomosaic.features.ink import Ink, InkFit
from perceptual_photomosaic.features.patches import PATCH, blurred, cell_patches, fit_target
from perceptual_photomosaic.grid import Grid, tile_size_px
from perceptual_photomosaic.image import decode, printable, read_file, upright_size
from perceptual_photomosaic.text.picture import TextPicture, text_picture
from perceptual_photomosaic.tiles.glyphs import Glyphs

__all__ = ["columns_within", "quick_text"]

_ANALYSIS_PX = 22
_BLOCK = 128
"""Number of cells at a time that fit into the processor's cache."""
_FARTHEST = 0.7
"""Least contrast of a letter with its paper, as a share of the most possible, if only its hue is the cell's."""
_AFAR = 3.0
"""Weight of the mean lightness of a cell relative to that of its samples, as in `features.ink`."""


def columns_within(size_px: tuple[int, int], columns: int, rows: int | None, aspect: tuple[int, int]) -> int:
    """Return the number of columns with which a picture fits into a terminal.

    Args:
        size_px: (width, height) of the picture.
        columns: Columns of the terminal.
        rows: Rows of the terminal; None for any number.
        aspect: Width to height of a cell.
    """
    if rows is None:
        return columns
    return max(1, min(columns, int(rows * size_px[0] * aspect[1] / (size_px[1] * aspect[0]))))


def quick_text(
    path: str | os.PathLike[str],
    glyphs: Glyphs,
    columns: int,
    rows: int | None = None,
    *,
    ink: str = "none",
    aspect: tuple[int, int] | None = None,
) -> TextPicture:
    """Convert a picture to letters.

    Args:
        path: The picture.
        glyphs: The letters, of one colour.
        columns: Largest number of columns.
        rows: Largest number of rows; None sets no limit.
        ink: "none" leaves letters as they are, "target" colours them, "duo" their paper too.
        aspect: Width to height of a cell on the screen; None takes the font's.
    Raises:
        ImageError: The picture cannot be read.
    """
    aspect = aspect or glyphs.cell_aspect
    data = read_file(Path(path))
    size_px = upright_size(data, printable(path))
    columns = columns_within(size_px, columns, rows, aspect)
    wide = min(columns * PATCH, max(size_px[0], columns))
    small = decode(data, (wide, max(1, round(wide * size_px[1] / size_px[0]))), aspect=size_px, name=printable(path))
    high = max(1, round(columns * size_px[1] * aspect[0] / (size_px[0] * aspect[1])))
    grid = Grid.fit((small.shape[1], small.shape[0]), columns=columns, rows=high, cell_aspect=aspect, fit="stretch")
    cells = cell_patches(fit_target(small, grid, (columns * PATCH, high * PATCH)), grid)
    cell_px = tile_size_px(_ANALYSIS_PX, glyphs.cell_aspect)
    pictures = glyphs.pictures(cell_px)
    inks = None
    if ink == "none":
        choices = _nearest(cells, pictures, grid)
    elif ink == "target" and _is_narrow(cells, pictures):
        choices = _nearest(cells, pictures, grid)
        inks = _tinted(cells, glyphs, grid)
    else:
        choices, inks = _inked(cells, pictures, glyphs, grid, ink)
    return text_picture(glyphs, choices.reshape(grid.shape), cell_px, ink=inks)


def _inked(
    cells: NDArray[np.float32], pictures: NDArray[np.uint8], glyphs: Glyphs, grid: Grid, ink: str
) -> tuple[NDArray[np.int64], Ink]:
    """Choose letters together with their colours, like `assign.inked` without limits."""
    fit = InkFit.of(cells, pictures, glyphs.foreground[0], glyphs.background, ink, grid.cell_aspect)
    starts = range(0, len(cells), _BLOCK)
    choices = np.concatenate([fit.rows(slice(start, start + _BLOCK)).argmin(axis=1) for start in starts])
    colours, papers = fit.colours(choices)
    return choices, Ink(colours.reshape(*grid.shape, 3), papers.reshape(*grid.shape, 3))


def _tinted(cells: NDArray[np.float32], glyphs: Glyphs, grid: Grid) -> Ink:
    """Colour letters that were chosen by lightness: with the hue of their cells, and far from the paper.

    Letters cover at most half of the paper, which keeps its colour, so that no ink can make up for the paper.
    """
    paper = np.array(glyphs.background, np.float32) / np.float32(255)
    dark = float(paper.mean()) < 0.5
    means = linear_to_srgb(cells.mean(axis=(1, 2)))
    away = means if dark else 1 - means  # distance from black, or from white
    most = np.maximum(away.max(axis=1, keepdims=True), np.float32(1e-3))
    away = away / most * (_FARTHEST + (1 - _FARTHEST) * most)
    colours = np.rint(np.clip(away if dark else 1 - away, 0, 1) * 255).astype(np.uint8)
    papers = np.broadcast_to(np.array(glyphs.background, np.uint8), (*grid.shape, 3))
    return Ink(colours.reshape(*grid.shape, 3), papers)


def _is_narrow(cells: NDArray[np.float32], pictures: NDArray[np.uint8]) -> bool:
    """Tell whether letters cover too little of their paper to show the target's tones in any colour."""
    from perceptual_photomosaic.features.patches import tile_patches
    from perceptual_photomosaic.features.tone import is_narrow

    return is_narrow(cells, tile_patches(pictures), drawn=True)


def _nearest(cells: NDArray[np.float32], pictures: NDArray[np.uint8], grid: Grid) -> NDArray[np.int64]:
    """Choose letters by lightness, with the target's tones fitted to the tones that letters can show."""
    from perceptual_photomosaic.features.patches import tile_patches
    from perceptual_photomosaic.features.tone import tone_fit

    tiles = tile_patches(pictures)
    tone = tone_fit(cells, tiles, "fit")
    wanted, offered = (_seen(each, grid) for each in (cells if tone is None else tone.apply(cells, grid), tiles))
    costs = np.square(offered).sum(axis=1) - 2 * wanted @ offered.T
    return np.asarray(costs.argmin(axis=1), np.int64)


def _seen(patches: NDArray[np.float32], grid: Grid) -> NDArray[np.float32]:
    """Return the values that are compared, for patches (n, k, k, 3): lightness of blurred samples and of the mean."""
    near = linear_to_oklab(blurred(patches, grid.cell_aspect))[..., 0].reshape(len(patches), -1)
    far = linear_to_oklab(patches.mean(axis=(1, 2)))[:, :1]
    return np.concatenate([near, np.float32((_AFAR * near.shape[1]) ** 0.5) * far], axis=1)
