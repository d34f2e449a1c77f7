"""Pictures from files: whatever a person has, as upright 8-bit sRGB.

`load_image` reads a picture whole (a target); `decode` reads it small (a tile), with the decoder's own downscaling;
`from_pillow` takes one that a program has opened. All apply the EXIF orientation, convert embedded ICC profiles to
sRGB, scale 16-bit and float samples to 8 bits, lay transparent pictures over a background and take the first frame of
animations (an opened one is at a frame already). What is wrong with a file becomes one `ImageError` that names the
file and the reason.

Shrinking averages sRGB values as they are encoded, not linear light. A JPEG decoder downscales in the encoded values
and cannot do otherwise, so a mixture would make a tile's brightness depend on its file format; and it is how browsers
and viewers zoom the finished mosaic. Linear light would make 919 photos, shrunk from 120 to 32 px, brighter by 1.5 of
255 on average.
"""

from __future__ import annotations

import io
import os
import stat
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from perceptual_photomosaic.errors import ImageError, MissingExtraError
from perceptual_photomosaic.mend import bare_png, ended_jpeg
from perceptual_photomosaic.pixels import Colour, to_srgb

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

MAX_PIXELS = 1_000_000_000
_WHITE: Colour = (255, 255, 255)
_ORIENTATION_TAG = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# What is tried, in this order. The first five load with Pillow, the others only when none of these fits. Formats that
# would run another program (EPS) or have no signature to know them by (TGA) are left out.
_FORMATS = ("JPEG", "PNG", "GIF", "BMP", "PPM", "WEBP", "TIFF", "AVIF", "JPEG2000", "DIB", "PSD", "QOI")
_REDUCIBLE = {"L", "RGB", "CMYK", "LA", "RGBA"}  # modes whose neighbouring pixels may be averaged before conversion


def load_image(
    path: str | os.PathLike[str], *, background: Colour = _WHITE, max_pixels: int = MAX_PIXELS
) -> NDArray[np.uint8]:
    """Read a picture whole.

    Args:
        path: The file.
        background: Colour that shows through transparent pixels.
        max_pixels: Larger pictures are refused before they are decoded.
    Returns:
        Upright sRGB pixels, uint8, (H, W, 3).
    Raises:
        ImageError: The file cannot be read as a picture; the message names it and says why.
        MissingExtraError: It is a HEIC photo and pi-heif is not installed.
    """
    name = printable(path)
    data = read_file(path)
    with _decoding(name), _opened(_ended(data), name, max_pixels) as picture:
        turn = _orientation(picture)
        colours = to_srgb(picture, background)
    return np.asarray(_upright(colours, turn), dtype=np.uint8)


def from_pillow(picture: Image.Image, *, background: Colour = _WHITE, name: str) -> Image.Image:
    """Take a Pillow picture for what its file would be read as.

    Args:
        picture: In any mode, with or without a profile, an orientation and transparency; it is left as it is.
        background: Colour that shows through transparent pixels.
        name: What error messages call the picture.
    Returns:
        An upright sRGB picture of mode RGB, not shared with the caller.
    Raises:
        ImageError: It has no pixels, or its file is broken; the message names it and says why.
    """
    if not (picture.width and picture.height):
        raise ImageError(f"{name}: a picture of {picture.width} x {picture.height} px has no pixels")
    with _decoding(name):
        picture.load()  # first, as a TIFF is turned, and its orientation forgotten, when its pixels are read
        turn = _orientation(picture)
        colours = to_srgb(picture, background)
        return colours.copy() if colours is picture and turn not in _TURNS else _upright(colours, turn)


def upright_size(source: str | os.PathLike[str] | bytes, name: str = "") -> tuple[int, int]:
    """Read how large a picture is without decoding it.

    Args:
        source: The file, or its content.
        name: What error messages call the picture, when `source` is content.
    Returns:
        (width, height) in pixels, turned upright.
    Raises:
        ImageError: The file cannot be read as a picture; the message names it and says why.
        MissingExtraError: It is a HEIC photo and pi-heif is not installed.
    """
    if not isinstance(source, bytes):
        name = name or printable(source)
        source = read_file(source)
    with _decoding(name), _opened(source, name, MAX_PIXELS) as picture:
        width, height = picture.size
        return (height, width) if _orientation(picture) >= 5 else (width, height)


def centre(picture: Image.Image, aspect: tuple[int, int]) -> Box:
    """Crop around the middle: the largest box of the aspect that fits.

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
    """Width and height of the largest box of an aspect inside a picture."""
    width, height = size_px
    scale = min(width / aspect[0], height / aspect[1])
    return min(width, aspect[0] * scale), min(height, aspect[1] * scale)  # rounding must not step over the edge


def whole_size(own_px: tuple[int, int], aspect: tuple[int, int], size_px: tuple[int, int]) -> tuple[int, int]:
    """Width and height that a picture is drawn with to be seen whole inside a cell.

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
    """Width and height of the smallest box of an aspect around a picture."""
    width, height = size_px
    scale = max(width / aspect[0], height / aspect[1])
    return max(width, aspect[0] * scale), max(height, aspect[1] * scale)


def in_the_middle(picture: Image.Image, size_px: tuple[int, int], background: Colour) -> Image.Image:
    """Lay a picture over the middle of a larger one of a single colour."""
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
    """Read a picture at the size it is needed, cropped to an aspect.

    Args:
        source: The file, or its content.
        size_px: (width, height) of the result.
        aspect: (width, height) of the crop, in any unit; None takes that of `size_px`.
        crop: Which part to keep; None keeps the whole picture and fills the rest of the aspect with the background.
        crop_px: The shorter side, in pixels, that `crop` wants to see; 0 is content with that of the result.
        enlarge: Whether a picture that is smaller than `size_px` is brought to that size, or keeps its own.
        background: Colour that shows through transparent pixels, and beside a picture that is kept whole.
        max_pixels: Refuse pictures that would have more pixels in memory (after the decoder's own downscaling), and
            all above `MAX_PIXELS`.
        name: What error messages call the picture, when `source` is content.
    Returns:
        Upright sRGB pixels, uint8, (height, width, 3); smaller only without `enlarge`.
    Raises:
        ImageError: The file cannot be read as a picture; the message names it and says why.
        MissingExtraError: It is a HEIC photo and pi-heif is not installed.
    """
    if not isinstance(source, bytes):
        name = name or printable(source)
        source = read_file(source)
    aspect = aspect or size_px
    with _decoding(name), _opened(_ended(source), name, MAX_PIXELS) as picture:
        turn = _orientation(picture)
        upright_size = picture.size[::-1] if turn >= 5 else picture.size
        box_width, box_height = crop_size(upright_size, aspect) if crop else _around(upright_size, aspect)
        if not enlarge and size_px[0] > box_width and size_px[1] > box_height:
            size_px = max(1, round(box_width)), max(1, round(box_height))
        scale = max(size_px[0] / box_width, size_px[1] / box_height, crop_px / min(upright_size))
        colours = to_srgb(_shrunk(picture, scale, name, max_pixels), background)
    upright = _upright(colours, turn)
    if crop is None:
        drawn = upright.resize(whole_size(upright_size, aspect, size_px), Image.Resampling.LANCZOS)
        return np.asarray(in_the_middle(drawn, size_px, background), dtype=np.uint8)
    if _fills(upright.size, aspect):
        crop = centre  # nothing to choose
    box = crop(upright, aspect)
    if upright.size == size_px and box == (0, 0, *size_px):
        return np.asarray(upright, dtype=np.uint8)
    return np.asarray(upright.resize(size_px, Image.Resampling.LANCZOS, box), dtype=np.uint8)


def _fills(size_px: tuple[int, int], aspect: tuple[int, int]) -> bool:
    """Whether a picture has an aspect already, to within a pixel."""
    width, height = crop_size(size_px, aspect)
    return size_px[0] - width < 1 and size_px[1] - height < 1


def printable(path: str | os.PathLike[str]) -> str:
    """Write a file name on one line of valid text: control characters and undecodable bytes are escaped."""
    text = os.fsdecode(os.fspath(path))
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)


def read_file(path: str | os.PathLike[str]) -> bytes:
    """Read a regular file whole.

    Raises:
        ImageError: It is missing, unreadable, empty, or not a regular file (a pipe would never end).
    """
    try:
        if not stat.S_ISREG(Path(path).stat().st_mode):
            what = "a folder" if Path(path).is_dir() else "not a regular file"
            raise ImageError(f"{printable(path)}: expected a picture, this is {what}")
        data = Path(path).read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ImageError(f"{printable(path)}: cannot be read: {reason.lower()}") from None
    if not data:
        raise ImageError(f"{printable(path)}: the file is empty")
    return data


def _ended(data: bytes) -> bytes:
    return ended_jpeg(data) if data.startswith(b"\xff\xd8") else data


@contextmanager
def _opened(data: bytes, name: str, max_pixels: int) -> Iterator[Image.Image]:
    heic = _is_heic(data)
    if heic:
        _register_heic(name)
    bare, profile = bare_png(data)
    try:
        picture = Image.open(io.BytesIO(bare), formats=["HEIF"] if heic else _FORMATS)
    except UnidentifiedImageError:
        raise ImageError(f"{name}: not a picture that can be read; {_what_it_is(data)}") from None
    if profile:
        picture.info["icc_profile"] = profile
    with picture:
        _refuse_above(max_pixels, picture.size, name)
        yield picture


def _refuse_above(max_pixels: int, size_px: tuple[int, int], name: str) -> None:
    width, height = size_px
    if width * height > max_pixels:
        raise ImageError(
            f"{name}: {width} x {height} px are too many; at most {max_pixels / 1e6:,.0f} megapixels are decoded"
        )


def _shrunk(picture: Image.Image, scale: float, name: str, max_pixels: int) -> Image.Image:
    """Bring a picture near `scale` times its size, never below, by the cheapest means its format offers."""
    width, height = picture.size
    picture.draft(None, (max(1, int(width * scale)), max(1, int(height * scale))))
    _refuse_above(max_pixels, picture.size, name)
    further = scale * width / picture.width  # what is left to do after the decoder's own share
    reduction = int(1 / (3 * further))  # leaves three times the pixels that are needed to the final filter
    if reduction >= 2 and picture.mode in _REDUCIBLE and "transparency" not in picture.info:
        width, height = picture.size
        left, top = (
            width % reduction // 2,
            height % reduction // 2,
        )
        right, bottom = left + width - width % reduction, top + height - height % reduction
        small = picture.reduce(reduction, (left, top, right, bottom))
        small.info, small.format = picture.info, picture.format  # both say what the samples mean
        return small
    return picture


def _orientation(picture: Image.Image) -> int:
    """EXIF orientation, 1 to 8; 1 where there is none or it is broken."""
    if "exif" not in picture.info or picture.format == "TIFF":  # Pillow turns TIFF itself
        return 1
    try:
        turn = picture.getexif().get(_ORIENTATION_TAG, 1)
    except Exception:  # broken EXIF data fails in many ways and says nothing about the pixels
        return 1
    return turn if turn in _TURNS else 1


def _upright(picture: Image.Image, turn: int) -> Image.Image:
    return picture.transpose(_TURNS[turn]) if turn in _TURNS else picture


_HEVC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}


def _is_heic(data: bytes) -> bool:
    if data[4:8] != b"ftyp":
        return False
    length = min(int.from_bytes(data[:4]), 256)
    brands = {data[8:12], *(data[i : i + 4] for i in range(16, length, 4))}
    return not brands.isdisjoint(_HEVC_BRANDS)


def _register_heic(name: str) -> None:
    if "HEIF" in Image.OPEN:
        return
    try:
        import pi_heif
    except ImportError:
        raise MissingExtraError(f"{name}: a HEIC photo", "heic") from None
    pi_heif.register_heif_opener()


_SIGNATURES = (
    (b"%PDF", "it is a PDF document"),
    (b"PK\x03\x04", "it is a ZIP archive or office document"),
    (b"<svg", "it is an SVG drawing"),
    (b"<?xml", "it is an XML text, perhaps an SVG drawing"),
    (b"<!DOCTYPE", "it is a web page"),
    (b"<html", "it is a web page"),
    (b"\x1a\x45\xdf\xa3", "it is a Matroska video"),
    (b"RIFF", "it is a RIFF file (sound or video)"),
    (b"ID3", "it is an MP3 sound"),
    (b"\x1f\x8b", "it is a gzip archive"),
    (b"\xff\xd8\xff", "it begins like a JPEG and is broken after that"),
    (b"\x89PNG", "it begins like a PNG and is broken after that"),
    (b"GIF8", "it begins like a GIF and is broken after that"),
    (b"version https://git-lfs", "it is a Git LFS pointer: fetch the file itself"),
)


def _what_it_is(data: bytes) -> str:
    start = data[:4096].lstrip()
    for signature, meaning in _SIGNATURES:
        if start.startswith(signature):
            return meaning
    if data[4:8] == b"ftyp":
        return "it is an MP4 or QuickTime file"
    if not data[:4096].strip(b"\x00"):
        return "it holds zeros only"
    try:
        data[:1024].decode("utf-8")
    except UnicodeDecodeError:
        return "its content is of no known format"
    return "it is a text file"


@contextmanager
def _decoding(name: str) -> Iterator[None]:
    """Turn whatever a decoder raises on broken data into one `ImageError`, under our own limit of pixels."""
    with pillow_lenient():
        try:
            yield
        except (ImageError, MissingExtraError):
            raise
        except MemoryError:
            raise ImageError(f"{name}: not enough memory to decode it") from None
        except Exception as error:  # decoders raise nearly anything: OSError, SyntaxError, struct.error, IndexError...
            reason = " ".join(str(error).split()) or type(error).__name__
            raise ImageError(f"{name}: broken or truncated: {reason}") from error


_lenient_lock = threading.Lock()
_lenient_depth = 0
_lenient_before: Any = None


@contextmanager
def pillow_lenient() -> Iterator[None]:
    """Lift Pillow's pixel limit and silence its warnings while pictures are decoded, in this or another thread.

    Both are settings of the whole process (and the limit warns long before a poster's size), so they are put back
    when the last decode in flight ends; pictures opened here are held to `max_pixels` instead.
    """
    global _lenient_depth, _lenient_before
    with _lenient_lock:
        if _lenient_depth == 0:
            caught = warnings.catch_warnings()
            caught.__enter__()
            warnings.filterwarnings("ignore", module=r"PIL\b")
            _lenient_before = (Image.MAX_IMAGE_PIXELS, caught)
            Image.MAX_IMAGE_PIXELS = None
        _lenient_depth += 1
    try:
        yield
    finally:
        with _lenient_lock:
            _lenient_depth -= 1
            if _lenient_depth == 0:
                Image.MAX_IMAGE_PIXELS, caught = _lenient_before
                caught.__exit__(None, None, None)
