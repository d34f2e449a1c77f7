"""Settings of a mosaic in four groups: the only place of their defaults, their help and their scope.

On the command line, in TOML files and in Python they form one flat list. Inside the package a function names the group
that it needs as its type, and receives the `MosaicOptions`, which are all four groups.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

__all__ = [
    "ANSI_COLOURS",
    "COMPRESSIONS",
    "CROPS",
    "DETAILS",
    "FITS",
    "INKS",
    "METHODS",
    "TONES",
    "VIEWINGS",
    "GridSettings",
    "MatchingSettings",
    "MosaicOptions",
    "PrintSettings",
    "TileSettings",
]

METHODS = ("solve", "net", "nearest", "mean", "ncc", "mosaicnet")
"""Ways to choose tiles, best first."""
FITS = ("crop", "pad", "stretch")
"""Ways to make a target fit whole cells."""
CROPS = ("centre", "attention", "faces", "none")
"""Parts of a photo that fill a cell; "none" shows all of it."""
TONES = ("auto", "keep", "fit")
"""Fitting of the target's tones to those of the tiles: where the tiles have few tones, never, or always."""
VIEWINGS = ("near", "balanced", "far")
"""Viewing distances."""
DETAILS = ("auto", "none")
"""Parts of a target that get the best photos: faces, or none."""
INKS = ("none", "target", "duo")
"""Ways to colour letters by their cells: not at all, the letters, or the letters and their paper."""
COMPRESSIONS = ("deflate", "lzw", "jpeg", "none")
"""Compressions of a TIFF: "jpeg" loses something, the others nothing."""
ANSI_COLOURS = ("24bit", "256", "16")
"""Numbers of colours that text for terminals is written with."""


def _option(default: Any, panel: str, text: str, words: tuple[str, ...] = (), **only: str | tuple[str, ...]) -> Any:
    """Describe a setting.

    Args:
        default: Its default.
        panel: The part of the help in which it is listed.
        text: Its help.
        words: The allowed words, where there are a few.
        **only: Its scope, by another setting or by the output's format: method="nearest", format="PDF".
    """
    known = {name: (values,) if isinstance(values, str) else values for name, values in only.items()}
    return field(default=default, metadata={"help": text, "group": panel, "words": words, "only": known})


@dataclass(frozen=True)
class GridSettings:
    """Settings of the grid and of the size of tiles."""

    columns: int | None = _option(None, "Grid", "Cells across; rows follow from the target's shape.")
    rows: int | None = _option(None, "Grid", "Cells down; columns follow from the target's shape.")
    cells: int | None = _option(
        None, "Grid", "Approximate number of cells (4096; more with letters, fewer with few photos)."
    )
    cell_aspect: str = _option(
        "auto", "Grid", "Width to height of a cell, such as 3:2, or auto: 1:1, and for letters the shape of the font."
    )
    fit: str = _option("crop", "Grid", "Make a target fit whole cells: crop, pad or stretch.", FITS)
    tile_size: int = _option(64, "Grid", "Longer side of each tile in the mosaic, in pixels.")


@dataclass(frozen=True)
class TileSettings:
    """Settings for reading, cropping and turning tiles and target."""

    crop: str = _option(
        "centre",
        "Tiles",
        "Part of a photo that fills the cell: centre, attention or faces; none shows all of it over --background.",
        CROPS,
    )
    background: str = _option(
        "white", "Tiles", "Colour behind transparent pictures, padding and --crop none: a name or #rrggbb."
    )
    accept_damaged: bool = _option(
        False, "Tiles", "Use photos, and a target, whose last part is damaged; else they are skipped or refused."
    )
    variants: str = _option("", "Tiles", "Also use turned tiles: rotate, flip or rotate,flip.")


@dataclass(frozen=True)
class MatchingSettings:
    """Settings for choosing tiles for cells, and for colouring them."""

    method: str = _option(
        "solve",
        "Choosing",
        f"Method that chooses the tiles: {', '.join(METHODS)}. net is nearly as good as solve, in a fifth of the time.",
        METHODS,
    )
    model: str = _option(
        "", "Choosing", "The network of method 'mosaicnet': a name, or a file that 'train' made.", method="mosaicnet"
    )
    tone: str = _option(
        "auto",
        "Choosing",
        "Map the target's range of tones onto the range that the tiles can show, so that shadows and highlights keep "
        "their detail: auto (only for tiles of few tones, such as letters and emoji; usual), fit (always) or keep "
        "(never). It takes almost no time.",
        TONES,
        method=("solve", "net", "nearest", "mean", "ncc"),
    )
    contrast: float = _option(
        0.3,
        "Choosing",
        "Contrast of a target that is fitted to letters or emoji, 0 to 1.",
        method=("solve", "net", "nearest", "mean", "ncc"),
    )
    viewing: str = _option(
        "balanced",
        "Choosing",
        "Viewing distance that the mosaic is made for: near, balanced or far.",
        VIEWINGS,
        method="solve",
        ink="none",
    )
    weights: str = _option(
        "",
        "Choosing",
        "Weights of the terms by name, in place of those of --viewing: structure8=2,halftone1=1.",
        method="solve",
        ink="none",
    )
    region: str | None = _option(
        None, "Choosing", "A mask of the target's shape: white cells matter most, black ones least."
    )
    detail: str = _option(
        "auto",
        "Choosing",
        "Give the best photos to faces (auto), or treat all cells alike (none).",
        DETAILS,
        method="solve",
    )
    variety: float | None = _option(
        None,
        "Choosing",
        "Variety of the tiles, 0 (each cell takes what fits best) to 1; 0.5 for photos, 0 for letters and emoji.",
    )
    patch: int = _option(
        4, "Choosing", "Samples along a cell's side that method 'nearest' compares, 1 to 8.", method="nearest"
    )
    max_uses: int | None = _option(None, "Limits", "Use each tile at most this many times.")
    min_distance: int | None = _option(
        None, "Limits", "Keep copies of a tile at least this many cells apart; by default as far as --variety says."
    )
    use_all: bool = _option(False, "Limits", "Use every tile at least once.")
    must_include: tuple[str, ...] = _option(
        (),
        "Limits",
        "Use this tile at least once: a path, a file name, or a name such as emoji:1F600. Repeat for more.",
    )
    adjust: float = _option(
        0.0, "Colour", "Shift each tile's colour towards its cell's mean, 0 to 1; this changes the tiles."
    )
    ink: str = _option(
        "none", "Colour", "Colour letters by their cells: target (the letters), duo (their paper too), or none.", INKS
    )
    seed: int = _option(0, "Choosing", "Seed of the random numbers; the same seed gives the same picture.")


@dataclass(frozen=True)
class PrintSettings:
    """Settings for drawing and writing the mosaic."""

    blend: float = _option(0.0, "Colour", "Lay the target over the mosaic, with this opacity from 0 to 1.")
    size: str | None = _option(
        None,
        "Print",
        "Size of the print: 60x90cm, 24x36in, A2 or 4000x3000px. It is turned to match the target; 60x90cm! is not.",
    )
    dpi: float | None = _option(None, "Print", "Dots per inch of the print (150 if only --size is given).")
    compression: str = _option(
        "deflate", "Print", "Compression of a TIFF: deflate, lzw, jpeg or none.", COMPRESSIONS, format="TIFF"
    )
    cmyk: str | None = _option(
        None,
        "Print",
        "Convert colours to this ICC profile of a press (TIFF, JPEG, PDF).",
        format=("TIFF", "JPEG", "PDF"),
    )
    bleed: str = _option(
        "0", "Print", "Continue the picture beyond the trim of a PDF by this much: 3mm, 0.125in.", format="PDF"
    )
    marks: bool = _option(False, "Print", "Draw marks that show where to cut a PDF.", format="PDF")
    sheets: str | None = _option(
        None, "Print", "Split a PDF onto sheets of paper: A4, A3, letter, 297x420mm.", format="PDF"
    )
    overlap: str = _option("5mm", "Print", "Overlap of neighbouring sheets.", format="PDF")
    ansi_colours: str = _option(
        "24bit", "Text", "Colours of an .ans file: 24bit, 256 or 16.", ANSI_COLOURS, format="ANSI text"
    )
    outlines: bool = _option(False, "Text", "Draw letters in an .svg as paths, without a font.", format="SVG")


@dataclass(frozen=True)
class MosaicOptions(PrintSettings, MatchingSettings, TileSettings, GridSettings):
    """All settings of a mosaic."""
