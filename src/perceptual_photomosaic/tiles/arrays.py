"""Tiles that are already in memory: arrays or Pillow images from a program."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from perceptual_photomosaic.errors import ImageError, TileError
from perceptual_photomosaic.image import Colour, from_pillow, in_the_middle, whole_size
from perceptual_photomosaic.progress import Reporter
from perceptual_photomosaic.tiles.tile_set import Skipped

__all__ = ["ArrayTiles"]


class ArrayTiles:
    """A tile set of arrays or Pillow images, cropped around their centre to the requested size.

    Args:
        pictures: sRGB arrays, uint8, (h, w, 3), or Pillow images, which are read as their files would be; sizes may
            differ.
        names: Names of the tiles in indexes; "array:0", "array:1" and so on by default.
        background: Colour that shows through transparent pixels of Pillow images.
        whole: Show pictures whole over the background, not cropped.
    Raises:
        TileError: There is no picture, an array has another form, a Pillow image cannot be read, or the number of names
            is not that of the pictures.
    """

    spec = "array"
    licence = ""
    variants: Sequence[str] = ("as is",)
    skipped: Sequence[Skipped] = ()

    def __init__(
        self,
        pictures: Sequence[NDArray[np.uint8] | Image.Image] | NDArray[np.uint8],
        names: Sequence[str] | None = None,
        *,
        background: Colour = (255, 255, 255),
        whole: bool = False,
    ) -> None:
        self._background, self._whole = background, whole
        self._images = [_image(picture, number, background) for number, picture in enumerate(pictures)]
        if not self._images:
            raise TileError("the list of tiles is empty; at least one picture is needed.")
        self._names = list(names) if names is not None else [f"array:{n}" for n in range(len(self._images))]
        if len(self._names) != len(self._images):
            raise TileError(f"{len(self._images)} tiles came with {len(self._names)} names; give one for each.")

    def __len__(self) -> int:
        return len(self._images)

    def source(self, tile: int) -> str:
        return self._names[tile]

    def identity(self) -> str:
        digest = hashlib.blake2b(digest_size=16)
        for image in self._images:
            digest.update(repr(image.size).encode())
            digest.update(image.tobytes())
        if self._whole:
            digest.update(repr(("whole", self._background)).encode())
        return digest.hexdigest()

    def pictures(
        self, size_px: tuple[int, int], choices: Sequence[int] | None = None, *, reporter: Reporter | None = None
    ) -> NDArray[np.uint8]:
        chosen = range(len(self)) if choices is None else choices
        result = np.empty((len(chosen), size_px[1], size_px[0], 3), np.uint8)
        for place, choice in enumerate(chosen):
            image = self._images[choice]
            result[place] = np.asarray(image if image.size == size_px else self._fitted(image, size_px))
        return result

    def _fitted(self, image: Image.Image, size_px: tuple[int, int]) -> Image.Image:
        if not self._whole:
            return _cropped(image, size_px)
        drawn = image.resize(whole_size(image.size, size_px, size_px), Image.Resampling.LANCZOS, reducing_gap=2.0)
        return in_the_middle(drawn, size_px, self._background)


def _image(picture: NDArray[np.uint8] | Image.Image, number: int, background: Colour) -> Image.Image:
    if isinstance(picture, Image.Image):
        try:
            return from_pillow(picture, background=background, name=f"tile {number}")
        except ImageError as error:
            raise TileError(str(error)) from error
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8 or picture.size == 0:
        raise TileError(f"tile {number} is {picture.dtype} {picture.shape}; uint8 (height, width, 3) is expected.")
    return Image.fromarray(np.ascontiguousarray(picture))


def _cropped(image: Image.Image, size_px: tuple[int, int]) -> Image.Image:
    scale = min(image.width / size_px[0], image.height / size_px[1])
    width, height = size_px[0] * scale, size_px[1] * scale
    left, top = (image.width - width) / 2, (image.height - height) / 2
    return image.resize(size_px, Image.Resampling.LANCZOS, (left, top, left + width, top + height), 2.0)
