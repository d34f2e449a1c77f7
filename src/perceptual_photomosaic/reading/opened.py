"""Opening pictures with Pillow, with a limit on pixels and one error for all failures."""

from __future__ import annotations

import io
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from PIL import Image, UnidentifiedImageError

from perceptual_photomosaic.errors import ImageError, MissingExtraError
from perceptual_photomosaic.mend import bare_png
from perceptual_photomosaic.reading.colour_space import profile_of
from perceptual_photomosaic.reading.file_kinds import is_heic, what_it_is
from perceptual_photomosaic.reading.further_formats import open_further
from perceptual_photomosaic.reading.heif_boxes import nclx_in
from perceptual_photomosaic.reading.orientation import orientation, upright_px

__all__ = ["MAX_PIXELS", "Opened", "decoding", "opened", "pillow_lenient", "refuse_above"]

MAX_PIXELS = 1_000_000_000
# Formats in the order in which they are tried. The first five load with Pillow, the others only if none of these fits.
# Formats that would run another program (EPS) or have no signature (TGA) are left out.
_FORMATS = ("JPEG", "PNG", "GIF", "BMP", "PPM", "WEBP", "TIFF", "AVIF", "JPEG2000", "DIB", "PSD", "QOI")


class Opened(NamedTuple):
    """A picture whose header was read, and the data of the header.

    Attributes:
        pillow: The picture; its pixels need not be loaded.
        turn: Its orientation, 1 to 8.
        profile: ICC profile of its colours, empty for sRGB.
        upright_px: (width, height) after turning it upright.
    """

    pillow: Image.Image
    turn: int
    profile: bytes
    upright_px: tuple[int, int]


@contextmanager
def opened(data: bytes, name: str, max_pixels: int = MAX_PIXELS) -> Iterator[Opened]:
    """Open a picture without decoding it; all failures until it is closed become an `ImageError`.

    Args:
        data: Content of the file.
        name: Name of the picture in error messages.
        max_pixels: Larger pictures are refused.
    Raises:
        ImageError: The file cannot be read as a picture; the message has its name and the reason.
        MissingExtraError: It is a HEIC photo and pi-heif is not installed.
    """
    with decoding(name):
        heic = is_heic(data)
        if heic:
            _register_heic(name)
        bare = bare_png(data)
        try:
            picture = open_further(data, name) or Image.open(
                io.BytesIO(bare.data), formats=["HEIF"] if heic else _FORMATS
            )
        except UnidentifiedImageError:
            raise ImageError(f"{name}: not a picture that can be read; {what_it_is(data)}") from None
        if bare.profile:
            picture.info["icc_profile"] = bare.profile
        picture.info.pop("xmp", None)  # Pillow would use its orientation for a TIFF
        with picture:
            refuse_above(max_pixels, picture.size, name)
            turn = orientation(picture)
            profile = profile_of(picture, bare.codes or nclx_in(data))
            yield Opened(picture, turn, profile, upright_px(picture, turn))


def refuse_above(max_pixels: int, size_px: tuple[int, int], name: str) -> None:
    """Raise an `ImageError` if a picture has too many pixels."""
    width, height = size_px
    if width * height > max_pixels:
        raise ImageError(
            f"{name}: {width} x {height} px are too many; at most {max_pixels / 1e6:,.0f} megapixels are decoded"
        )


def _register_heic(name: str) -> None:
    if "HEIF" in Image.OPEN:
        return
    try:
        import pi_heif
    except ImportError:
        raise MissingExtraError(f"{name}: a HEIC photo", "heic") from None
    pi_heif.register_heif_opener()


@contextmanager
def decoding(name: str) -> Iterator[None]:
    """Turn all errors of a decoder on broken data into one `ImageError`, with our own limit on pixels."""
    with pillow_lenient():
        try:
            yield
        except (ImageError, MissingExtraError):
            raise
        except MemoryError:
            raise ImageError(f"{name}: not enough memory to decode it") from None
        except Exception as error:  # decoders raise many kinds: OSError, SyntaxError, struct.error, IndexError...
            reason = " ".join(str(error).split()) or type(error).__name__
            raise ImageError(f"{name}: broken or truncated: {reason}") from error


_lenient_lock = threading.Lock()
_lenient_depth = 0
_lenient_before: Any = None


@contextmanager
def pillow_lenient() -> Iterator[None]:
    """Lift Pillow's pixel limit and silence its warnings while pictures are decoded, in this or another thread.

    Both are settings of the whole process (and the limit warns far below a poster's size), so they are restored when
    the last decode ends; pictures opened here have the limit `max_pixels` instead.
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
