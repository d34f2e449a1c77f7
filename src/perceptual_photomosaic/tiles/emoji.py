"""Emoji as tiles: the colour drawings of OpenMoji, which come as a Python package, or those of a font."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from PIL import Image

from perceptual_photomosaic.errors import TileError
from perceptual_photomosaic.progress import SILENT
from perceptual_photomosaic.tiles.cache import Thumbnail, ThumbnailCache
from perceptual_photomosaic.tiles.derived import PlainSet, check_size, chosen, digest
from perceptual_photomosaic.tiles.openmoji import ART_UNITS, OpenMoji, points_of
from perceptual_photomosaic.tiles.spec import write_colour, write_spec
from perceptual_photomosaic.tiles.tile_options import TileOptions

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from perceptual_photomosaic.pixels import Colour
    from perceptual_photomosaic.progress import Reporter

__all__ = ["MARGINS", "Emoji"]

MARGINS = ("crop", "keep")
_ART_PX = ART_UNITS  # drawings with their margin are cached at one pixel per unit, and reduced from there
_LARGEST_KEPT_PX = 72  # larger pictures are not cached
_DRAWING = 1  # increased whenever the same drawing would give other pixels than before
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_HAIR = range(0x1F9B0, 0x1F9B4)
_LETTERS_OF_FLAGS = range(0x1F1E6, 0x1F200)


class _Art(Protocol):
    """A provider of drawings: `OpenMoji` or an `EmojiFont`."""

    codes: tuple[str, ...]
    version: str

    @property
    def licence(self) -> str: ...

    def with_margin(self, code: str, side: int, background: Colour) -> NDArray[np.uint8]: ...

    def cropped(self, codes: Sequence[str], side: int, background: Colour) -> Iterator[NDArray[np.uint8]]: ...


class Emoji(PlainSet):
    """Emoji over a background, one tile each, in order of their code points.

    A picture of an emoji is square; in a cell of another shape it is as large as fits, in the middle. The margin around
    a drawing is cropped: the larger side of what is drawn fills the square. Small drawings are enlarged no more than
    common ones. A cache stores the pictures.

    Args:
        options: The background, the cache and the number of threads are taken from here.
        background: Overrides `options.background`, and is then part of the spec.
        margin: "crop", or "keep" to draw the whole area of a drawing.
        font: A colour font that draws the emoji; None takes OpenMoji.
        skin_tones: Keep the five skin tones of each person and hand besides the neutral one.
        extras: Keep OpenMoji's own additions (brands, and signs without a code point of their own) and the parts of
            other emoji (hair, the letters of flags).

    Raises:
        MissingExtraError: The package with the drawings, or the one that reads fonts, is not installed.
        TileError: The margin is unknown, or the font cannot be read or draws no emoji in colour.
    """

    def __init__(
        self,
        options: TileOptions | None = None,
        *,
        background: Colour | None = None,
        margin: str = "crop",
        font: str | Path | None = None,
        skin_tones: bool = False,
        extras: bool = False,
    ) -> None:
        if margin not in MARGINS:
            raise TileError(f"emoji: margin: expected {' or '.join(MARGINS)}, got {margin!r}")
        options = options or TileOptions()
        openmoji = OpenMoji(options.threads)  # also lists the emoji that a font may draw
        codes = tuple(
            code for code in openmoji.codes if (skin_tones or not _has_tone(code)) and (extras or not _is_extra(code))
        )
        self._art: _Art = openmoji if font is None else _open_font(str(font), codes)
        self.codes = codes if font is None else self._art.codes
        self.background = background or options.background
        self.margin = margin
        self._cache = options.cache
        self._own_options = {"margin": margin} | ({} if font is None else {"font": str(font)})
        self._own_options |= {"background": write_colour(background)} if background else {}
        self._own_options |= {"skin-tones": "yes"} if skin_tones else {}
        self._own_options |= {"extras": "yes"} if extras else {}
        self._drawn: dict[tuple[int, int], NDArray[np.uint8]] = {}  # by side and number of the tile

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def spec(self) -> str:
        """The text that opens the same set again."""
        return write_spec("emoji", "", self._own_options)

    @property
    def licence(self) -> str:
        """The terms of OpenMoji; empty for a font, whose terms are not known."""
        return self._art.licence

    def source(self, tile: int) -> str:
        """Name of a tile: "emoji:1F600", or "emoji:1F1E9-1F1EA" where it takes several code points."""
        return f"emoji:{self.codes[tile]}"

    def identity(self) -> str:
        """Digest of the release of the drawings, the emoji, their margin, and the background."""
        return digest(self._kind, _DRAWING, self._art.version, self.codes, self.background)

    def pictures(
        self, size_px: tuple[int, int], choices: Sequence[int] | None = None, *, reporter: Reporter | None = None
    ) -> NDArray[np.uint8]:
        """Draw emoji at a size; see `TileSet.pictures`."""
        check_size(size_px)
        width, height = size_px
        side = min(size_px)
        wanted, index = np.unique(chosen(choices, len(self)), return_inverse=True)
        left, top = (width - side) // 2, (height - side) // 2
        result = np.empty((len(wanted), height, width, 3), np.uint8)
        result[:] = self.background
        for place, picture in enumerate(self._squares(wanted.tolist(), side, reporter or SILENT)):
            result[place, top : top + side, left : left + side] = picture
        return result if np.array_equal(index, np.arange(len(wanted))) else result[index]

    @property
    def _kind(self) -> str:
        """Name of the drawing mode in digests; emoji with their margin keep the oldest name."""
        return "emoji" if self.margin == "keep" else "emoji cropped"

    def _squares(self, tiles: list[int], side: int, reporter: Reporter) -> Iterator[NDArray[np.uint8]]:
        """Yield the pictures of tiles, in order, each (side, side, 3)."""
        if side > _LARGEST_KEPT_PX:
            yield from self._draw(tiles, side)
            return
        kept = side if self.margin == "crop" else _ART_PX
        self._need(tiles, kept, reporter)
        for tile in tiles:
            picture = self._drawn[kept, tile]
            if kept != side:
                picture = np.asarray(Image.fromarray(picture).resize((side, side), Image.Resampling.LANCZOS))
            yield picture

    def _need(self, tiles: list[int], side: int, reporter: Reporter) -> None:
        """Make the pictures of tiles available at a size: from memory, from the cache, or by drawing them."""
        missing = [tile for tile in tiles if (side, tile) not in self._drawn]
        if not missing:
            return
        cache = None if self._cache is None else ThumbnailCache(self._cache, reporter)
        options = bytes.fromhex(digest(self._kind, _DRAWING, side, self.background))[:8]
        keys = {tile: bytes.fromhex(digest(self._art.version, self.codes[tile])) for tile in missing}
        known = cache.thumbnails(options, keys.values()) if cache else {}
        for tile, key in keys.items():
            if key in known and (pixels := known[key].pixels):
                self._drawn[side, tile] = np.frombuffer(pixels, np.uint8).reshape(side, side, 3)
        undrawn = [tile for tile in missing if (side, tile) not in self._drawn]
        if undrawn:
            with reporter.stage("drawing emoji", len(undrawn), "emoji") as stage:
                for tile, picture in zip(undrawn, self._draw(undrawn, side), strict=True):
                    self._drawn[side, tile] = picture
                    stage.advance()
        if cache is not None:
            if undrawn:
                cache.store(options, {keys[tile]: Thumbnail(self._drawn[side, tile].tobytes()) for tile in undrawn})
            cache.close()

    def _draw(self, tiles: list[int], side: int) -> Iterator[NDArray[np.uint8]]:
        """Draw tiles, in order, each (side, side, 3)."""
        codes = [self.codes[tile] for tile in tiles]
        if self.margin == "keep":
            for code in codes:
                yield self._art.with_margin(code, side, self.background)
        else:
            for pictures in self._art.cropped(codes, side, self.background):
                yield from pictures


def _open_font(path: str, codes: Sequence[str]) -> _Art:
    from perceptual_photomosaic.tiles.emoji_font import EmojiFont

    return EmojiFont(path, codes)


def _has_tone(code: str) -> bool:
    return any(point in _SKIN_TONES for point in points_of(code))


def _is_extra(code: str) -> bool:
    """Tell whether a drawing has a code point for private use, or is only a part of other emoji."""
    points = points_of(code)
    if any(0xE000 <= point <= 0xF8FF or point >= 0xF0000 for point in points):
        return True
    alone = points[0] if len(points) == 1 else 0
    return alone in _HAIR or alone in _LETTERS_OF_FLAGS or alone in {0x2D, 0x20E3}
