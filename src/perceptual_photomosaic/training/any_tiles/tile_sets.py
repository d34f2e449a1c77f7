"""Random tile sets to train on: photos, slices, letters, emoji and flat colours, cut and coloured at random.

No set is drawn twice, so the network cannot learn a set by heart. Flags among the emoji are left out, and so is every
second emoji, so that they can serve to test it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.features.colour import srgb_to_linear
from perceptual_photomosaic.features.patches import PATCH, reduce_patches, tile_patches
from perceptual_photomosaic.pixels import Colour
from perceptual_photomosaic.tiles.colours import Colours
from perceptual_photomosaic.tiles.emoji import Emoji
from perceptual_photomosaic.tiles.glyphs import Glyphs

__all__ = ["DrawnSet", "TileSets", "emoji_of", "is_flag"]

_FEWEST, _MOST = 16, 1000
_EMOJI_PX = 32
_LETTER_PX = 32
_PRINTED = "".join(map(chr, range(33, 127)))
_REGIONAL = range(0x1F1E6, 0x1F200)
_FLAGS = (0x1F3F3, 0x1F3F4, 0x1F6A9, 0x1F38C, 0x1F3C1)


@dataclass(frozen=True)
class DrawnSet:
    """A random tile set.

    Attributes:
        family: "photos", "slices", "letters", "emoji" or "colours".
        tiles: Patches in linear light, float32, (T, 8, 8, 3).
        drawn: True if the tiles are characters or emoji.
    """

    family: str
    tiles: NDArray[np.float32]
    drawn: bool = False


def is_flag(code: str) -> bool:
    """Tell whether an emoji, given by its code points as in "1F1E9-1F1EA", is a flag."""
    points = [int(part, 16) for part in code.split("-")]
    return any(point in _REGIONAL for point in points) or points[0] in _FLAGS


@cache
def emoji_of(part: int) -> NDArray[np.float32]:
    """Return every second emoji without flags, in linear light, (N, 8, 8, 3).

    Args:
        part: 0 for training, 1 for validation.
    """
    emoji = Emoji()
    kept = [number for number in range(len(emoji)) if not is_flag(emoji.codes[number])]
    return tile_patches(emoji.pictures((_EMOJI_PX, _EMOJI_PX), kept[part::2]))


class TileSets:
    """A source of random tile sets.

    Args:
        photos: Training pictures in linear light, float16 or float32, (N, side, side, 3).
        fonts: Font files or families for letters, besides the built-in font.
        emoji_part: Which half of the emoji to draw from, 0 or 1.
    """

    def __init__(self, photos: NDArray[np.floating], fonts: Sequence[str] = (), emoji_part: int = 0) -> None:
        self._photos = photos
        self._fonts = (None, *fonts)
        self._emoji_part = emoji_part
        self._families: tuple[tuple[str, float, Callable[[np.random.Generator, int], NDArray[np.float32]]], ...] = (
            ("photos", 0.45, self._photo_crops),
            ("emoji", 0.2, self._some_emoji),
            ("letters", 0.17, self._letters),
            ("slices", 0.12, self._slices),
            ("colours", 0.06, self._colours),
        )

    def draw(self, random: np.random.Generator, family: str = "") -> DrawnSet:
        """Draw a tile set.

        Args:
            random: Generator of all random decisions.
            family: The family to draw from; empty draws one by its share.
        """
        names = [name for name, _, _ in self._families]
        shares = np.array([share for _, share, _ in self._families])
        name = family or names[int(random.choice(len(names), p=shares / shares.sum()))]
        draw = dict(zip(names, (draw for _, _, draw in self._families), strict=True))[name]
        count = int(_FEWEST * (_MOST / _FEWEST) ** (random.random() ** 0.5))
        tiles = draw(random, count)
        if name in ("photos", "emoji", "slices"):
            tiles = _biased(tiles, random) if random.random() < 0.3 else tiles
            tiles = _recoloured(tiles, random)
        if random.random() < 0.1 and len(tiles) > _FEWEST:  # a few of another family
            other = self._photo_crops if name != "photos" else self._some_emoji
            tiles = np.concatenate([tiles, other(random, int(random.integers(4, max(5, len(tiles) // 3))))])
        if random.random() < 0.08 and len(tiles) <= _MOST // 2:  # mirrored variants
            tiles = np.concatenate([tiles, tiles[:, :, ::-1]])
        tiles = np.ascontiguousarray(tiles[random.permutation(len(tiles))])
        return DrawnSet(name, tiles, drawn=name in ("letters", "emoji"))

    def _photo_crops(self, random: np.random.Generator, count: int) -> NDArray[np.float32]:
        """Cut square parts out of random photos, most of them large."""
        side = self._photos.shape[1]
        tiles = np.empty((count, PATCH, PATCH, 3), np.float32)
        least = int(random.choice([PATCH * 2, side // 2, side - 1]))
        for number, photo in enumerate(random.choice(len(self._photos), count, replace=count > len(self._photos))):
            size = int(random.integers(least, side + 1))
            top, left = random.integers(0, side - size + 1, 2)
            part = self._photos[photo, top : top + size, left : left + size].astype(np.float32)
            tiles[number] = reduce_patches(part[None], PATCH)[0]
        return tiles

    def _slices(self, random: np.random.Generator, count: int) -> NDArray[np.float32]:
        """Cut one photo into a grid of slices."""
        photo = self._photos[int(random.integers(len(self._photos)))].astype(np.float32)
        cells = max(4, round(count**0.5))
        size = max(3, len(photo) // cells)
        cells = len(photo) // size
        grid = photo[: cells * size, : cells * size].reshape(cells, size, cells, size, 3).swapaxes(1, 2)
        return reduce_patches(np.ascontiguousarray(grid).reshape(-1, size, size, 3), PATCH)

    def _some_emoji(self, random: np.random.Generator, count: int) -> NDArray[np.float32]:
        emoji = emoji_of(self._emoji_part)
        count = min(count, len(emoji))
        return emoji[random.choice(len(emoji), count, replace=False)]

    def _letters(self, random: np.random.Generator, count: int) -> NDArray[np.float32]:
        """Draw characters of one font in one or several inks, in cells of the font's shape or square ones."""
        font = self._fonts[int(random.integers(len(self._fonts)))]
        kept = int(random.integers(_FEWEST, len(_PRINTED) + 1))
        characters = " " + "".join(random.choice(list(_PRINTED), kept, replace=False))
        inks = 1 if random.random() < 0.6 else int(random.integers(2, 7))
        paper, ink = _two_colours(random)
        foreground = [ink, *(_colour(random, 0, 256) for _ in range(inks - 1))]
        bold = font is None and random.random() < 0.3
        glyphs = Glyphs(
            characters,
            font=font,
            weight="bold" if bold else "regular",
            foreground=foreground,
            background=paper,
        )
        width, height = glyphs.cell_aspect if random.random() < 0.7 else (1, 1)
        px = max(PATCH, round(_LETTER_PX * width / height)), _LETTER_PX
        return tile_patches(glyphs.pictures(px))

    @staticmethod
    def _colours(random: np.random.Generator, count: int) -> NDArray[np.float32]:
        """Take flat colours, evenly spread or at random."""
        count = min(count, 300)
        colours = Colours(count).colours if random.random() < 0.5 else random.integers(0, 256, (count, 3))
        linear = srgb_to_linear(np.asarray(colours, np.float64) / 255.0)
        return np.broadcast_to(linear[:, None, None], (count, PATCH, PATCH, 3)).astype(np.float32)


def _two_colours(random: np.random.Generator) -> tuple[Colour, Colour]:
    """Return paper and ink: black on white, white on black, or two random colours apart in lightness."""
    kind = random.random()
    black: Colour = (0, 0, 0)
    white: Colour = (255, 255, 255)
    if kind < 0.3:
        return white, black
    if kind < 0.55:
        return black, white
    light, dark = _colour(random, 170, 256), _colour(random, 0, 110)
    return (light, dark) if random.random() < 0.5 else (dark, light)


def _colour(random: np.random.Generator, low: int, high: int) -> Colour:
    red, green, blue = random.integers(low, high, 3).tolist()
    return red, green, blue


def _biased(tiles: NDArray[np.float32], random: np.random.Generator) -> NDArray[np.float32]:
    """Keep the half of the tiles that is dark, light, or of one hue, roughly."""
    towards = tiles.mean(axis=(1, 2)) @ random.normal(size=3)
    order = np.argsort(towards + random.normal(size=len(tiles)) * towards.std() * 0.5)
    return tiles[order[: max(_FEWEST, len(tiles) // 2)]]


def _recoloured(tiles: NDArray[np.float32], random: np.random.Generator) -> NDArray[np.float32]:
    """Swap the colour channels, change the gamma, or reduce the saturation, each of them sometimes."""
    if random.random() < 0.3:
        tiles = tiles[..., random.permutation(3)]
    if random.random() < 0.3:
        tiles = tiles ** np.float32(np.exp(random.uniform(-0.4, 0.4)))
    if random.random() < 0.2:
        grey = tiles.mean(axis=3, keepdims=True)
        tiles = grey + np.float32(random.uniform(0, 1)) * (tiles - grey)
    return np.asarray(tiles, np.float32)
