"""Pictures from files, as upright 8-bit sRGB.

`load_image` reads a whole picture (a target); `decode` reads it small (a tile), with the decoder's own downscaling;
`from_pillow` converts one that a program has opened. All apply the EXIF orientation, convert the colours of the file to
sRGB, scale 16-bit and float samples to 8 bits, lay transparent pictures over a background and take the first frame of
animations (of an opened one, the current frame). All failures become one `ImageError` with the file and the reason. The
package `reading` opens and interprets files.

Downscaling averages encoded sRGB values, not linear light. JPEG decoders can only downscale encoded values, so with
linear light elsewhere a tile's brightness would depend on its file format; browsers and viewers also zoom the finished
mosaic this way. Linear light would make 919 photos, reduced from 120 to 32 px, brighter by 1.5 of 255 on average.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from perceptual_photomosaic.errors import ImageError
from perceptual_photomosaic.mend import ended_jpeg
from perceptual_photomosaic.pixels import Colour, to_srgb
from perceptual_photomosaic.reading.colour_space import code_points, profile_of
from perceptual_photomosaic.reading.files import printable, read_file
from perceptual_photomosaic.reading.opened import MAX_PIXELS, decoding, opened, pillow_lenient, refuse_above
from perceptual_photomosaic.reading.orientation import orientation, upright

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "MAX_PIXELS",
    "Box",
    "Colour",
    "Crop",
    "centre",
    "crop_size",
    "decode",
    "from_pillow",
    "in_the_middle",
    "load_image",
    "pillow_lenient",
    "printable",
    "read_file",
    "upright_size",
    "whole_size",
]

Box = tuple[float, float, float, float]  # left, top, right, bottom in pixels
Crop = Callable[[Image.Image, tuple[int, int]], Box]  # an upright RGB picture, (width, height) of the aspect -> Box

_WHITE: Colour = (255, 255, 255)
_REDUCIBLE = {"L", "RGB", "CMYK", "LA", "RGBA"}  # modes in which pixels may be averaged before conversion


def load_image(
    path: str | os.PathLike[str], *, background: Colour = _WHITE, max_pixels: int = MAX_PIXELS
) -> NDArray[np.uint8]:
    """Read a whole picture.

    Args:
        path: The file.
        background: Colour that shows through transparent pixels.
        max_pixels: Larger pictures are refused before they are decoded.
    Returns:
        Upright sRGB pixels, uint8, (H, W, 3).
    Raises:
        ImageError: The file cannot be read as a picture; the message has its name and the reason.
        MissingExtraError: It is a HEIC photo and pi-heif is not installed.
    """
    name = printable(path)
    data = read_file(path)
    with opened(_ended(data), name, max_pixels) as picture:
        colours = to_srgb(picture.pillow, background, picture.profile)
    return np.asarray(upright(colours, picture.turn), dtype=np.uint8)


def from_pillow(picture: Image.Image, *, background: Colour = _WHITE, name: str) -> Image.Image:
    """Convert a Pillow picture to the pixels that its file would be read as.

    Args:
        picture: In any mode, with or without a profile, an orientation and transparency; it does not change.
        background: Colour that shows through transparent pixels.
        name: Name of the picture in error messages.
    Returns:
        An upright sRGB picture of mode RGB, not shared with the caller.
    Raises:
        ImageError: It has no pixels, or its file is broken; the message has its name and the reason.
    """
    if not (picture.width and picture.height):
        raise ImageError(f"{name}: a picture of {picture.width} x {picture.height} px has no pixels")
    with decoding(name):
        codes = code_points(picture)
        picture.load()  # first, as a TIFF is turned, and its orientation forgotten, when its pixels are read
        turn = orientation(picture)
        colours = to_srgb(picture, background, profile_of(picture, codes))
        taken = upright(colours, turn)
        return taken.copy() if taken is picture else taken


def upright_size(source: str | os.PathLike[str] | bytes, name: str = "") -> tuple[int, int]:
    """Read the size of a picture without decoding it.

    Args:
        source: The file, or its content.
        name: Name of the picture in error messages, if `source` is content.
    Returns:
        (width, height) in pixels, turned upright.
    Raises:
        ImageError: The file cannot be read as a picture; the message has its name and the reason.
        MissingExtraError: It is a HEIC photo and pi-heif is not installed.
    """
    if not isinstance(source, bytes):
        name = name or printable(source)
        source = read_file(source)
    with opened(source, name) as picture:
        return picture.upright_px


def centre(picture: Image.Image, aspect: tuple[int, int]) -> Box:
    """Return the largest box of an aspect around the centre of a picture.

    Args:
        picture: The picture to crop.
        aspect: (width, height), in any unit.
    Returns:
        Box in pixels.
    """
    width, height = crop_size(picture.size, aspect)
    left, top = (picture.width - width) / 2, (picture.height - height) / 2
    return left, top, left + width, top + height


def crop_size(size_px: tuple[int, int], aspect: tuple[int, int]) -> tuple[float, float]:
    """Return width and height of the largest box of an aspect inside a picture."""
    width, height = size_px
    scale = min(width / aspect[0], height / aspect[1])
    return min(width, aspect[0] * scale), min(height, aspect[1] * scale)  # rounding must not exceed the edge


def whole_size(own_px: tuple[int, int], aspect: tuple[int, int], size_px: tuple[int, int]) -> tuple[int, int]:
    """Return width and height of a picture that is shown whole inside a cell.

    Args:
        own_px: (width, height) of the picture.
        aspect: (width, height) of the cell, in any unit.
        size_px: (width, height) that the cell is drawn with; its aspect may be rounded.
    Returns:
        At least 1 x 1, at most `size_px`.
    """
    width, height = _around(own_px, aspect)
    return max(1, round(size_px[0] * own_px[0] / width)), max(1, round(size_px[1] * own_px[1] / height))


def _around(size_px: tuple[int, int], aspect: tuple[int, int]) -> tuple[float, float]:
    """Return width and height of the smallest box of an aspect around a picture."""
    width, height = size_px
    scale = max(width / aspect[0], height / aspect[1])
    return max(width, aspect[0] * scale), max(height, aspect[1] * scale)


def in_the_middle(picture: Image.Image, size_px: tuple[int, int], background: Colour) -> Image.Image:
    """Place a picture on the centre of a larger one of a single colour."""
    if picture.size == size_px:
        return picture
    drawn = Image.new("RGB", size_px, background)
    drawn.paste(picture, ((size_px[0] - picture.width) // 2, (size_px[1] - picture.height) // 2))
    return drawn


def decode(
    source: str | os.PathLike[str] | bytes,
    size_px: tuple[int, int],
    *,
    aspect: tuple[int, int] | None = None,
    crop: Crop | None = centre,
    crop_px: int = 0,
    enlarge: bool = True,
    background: Colour = _WHITE,
    max_pixels: int = MAX_PIXELS,
    name: str = "",
) -> NDArray[np.uint8]:
    """Read a picture at the required size, cropped to an aspect.

    Args:
        source: The file, or its content.
        size_px: (width, height) of the result.
        aspect: (width, height) of the crop, in any unit; None takes that of `size_px`.
        crop: The part to keep; None keeps the whole picture and fills the rest of the aspect with the background.
        crop_px: The shorter side, in pixels, of the picture that `crop` needs; 0 takes that of the result.
        enlarge: Whether a picture smaller than `size_px` is enlarged to that size, or keeps its own.
        background: Colour that shows through transparent pixels, and beside a picture that is kept whole.
        max_pixels: Refuse pictures that would have more pixels in memory (after the decoder's own downscaling), and
            all above `MAX_PIXELS`.
        name: Name of the picture in error messages, if `source` is content.
    Returns:
        Upright sRGB pixels, uint8, (height, width, 3); smaller only without `enlarge`.
    Raises:
        ImageError: The file cannot be read as a picture; the message has its name and the reason.
        MissingExtraError: It is a HEIC photo and pi-heif is not installed.
    """
    if not isinstance(source, bytes):
        name = name or printable(source)
        source = read_file(source)
    aspect = aspect or size_px
    with opened(_ended(source), name) as picture:
        box_width, box_height = crop_size(picture.upright_px, aspect) if crop else _around(picture.upright_px, aspect)
        if not enlarge and size_px[0] > box_width and size_px[1] > box_height:
            size_px = max(1, round(box_width)), max(1, round(box_height))
        scale = max(size_px[0] / box_width, size_px[1] / box_height, crop_px / min(picture.upright_px))
        colours = to_srgb(_shrunk(picture.pillow, scale, name, max_pixels), background, picture.profile)
    turned = upright(colours, picture.turn)
    if crop is None:
        drawn = turned.resize(whole_size(picture.upright_px, aspect, size_px), Image.Resampling.LANCZOS)
        return np.asarray(in_the_middle(drawn, size_px, background), dtype=np.uint8)
    if _fills(turned.size, aspect):
        crop = centre  # no part to choose
    box = crop(turned, aspect)
    if turned.size == size_px and box == (0, 0, *size_px):
        return np.asarray(turned, dtype=np.uint8)
    return np.asarray(turned.resize(size_px, Image.Resampling.LANCZOS, box), dtype=np.uint8)


def _fills(size_px: tuple[int, int], aspect: tuple[int, int]) -> bool:
    """Tell whether a picture has an aspect already, to within a pixel."""
    width, height = crop_size(size_px, aspect)
    return size_px[0] - width < 1 and size_px[1] - height < 1


def _ended(data: bytes) -> bytes:
    return ended_jpeg(data) if data.startswith(b"\xff\xd8") else data


def _shrunk(picture: Image.Image, scale: float, name: str, max_pixels: int) -> Image.Image:
    """Reduce a picture to nearly `scale` times its size, never below, by the fastest method of its format."""
    width, height = picture.size
    picture.draft(None, (max(1, int(width * scale)), max(1, int(height * scale))))
    refuse_above(max_pixels, picture.size, name)
    further = scale * width / picture.width  # remaining scale after the decoder's own downscaling
    reduction = int(1 / (3 * further))  # the final filter gets three times the pixels that it needs
    if reduction >= 2 and picture.mode in _REDUCIBLE and "transparency" not in picture.info:
        width, height = picture.size
        left, top = (
            width % reduction // 2,
            height % reduction // 2,
        )
        right, bottom = left + width - width % reduction, top + height - height % reduction
        small = picture.reduce(reduction, (left, top, right, bottom))
        small.info, small.format = picture.info, picture.format  # both describe the samples
        return small
    return picture
