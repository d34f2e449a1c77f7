"""Reading, on request, of pictures whose last part is damaged."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from perceptual_photomosaic.errors import ImageError
from perceptual_photomosaic.image import decode, load_image, printable, read_file, upright_size
from perceptual_photomosaic.pixels import Colour

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["damaged_note", "decode_what_is_there", "load_what_is_there"]

_JPEG = b"\xff\xd8"
_EOI = b"\xff\xd9"
_NAMED = 5


def load_what_is_there(path: str | os.PathLike[str], background: Colour) -> tuple[NDArray[np.uint8], str]:
    """Read a whole picture; of a damaged one, read the undamaged part.

    Args:
        path: The file.
        background: Colour that shows through transparent pixels.
    Returns:
        Upright sRGB pixels, uint8, (H, W, 3), and a text that says what is damaged, empty if nothing is.
    Raises:
        ImageError: No picture can be made of the file.
    """
    name = printable(path)

    def whole(data: bytes) -> NDArray[np.uint8]:
        return decode(data, upright_size(data, name), background=background, name=name)

    return _as_far_as_it_goes(lambda: load_image(path, background=background), lambda: read_file(path), whole)


def decode_what_is_there(
    data: bytes, size_px: tuple[int, int], *, name: str, **options: Any
) -> tuple[NDArray[np.uint8], str]:
    """Read a picture at the required size; of a damaged one, read the undamaged part.

    Args:
        data: Content of the file.
        size_px: (width, height) of the result.
        name: Name of the picture in error messages.
        **options: Other options of `decode`.
    Returns:
        Upright sRGB pixels, uint8, (height, width, 3), and a text that says what is damaged, empty if nothing is.
    Raises:
        ImageError: No picture can be made of the file.
    """

    def small(content: bytes) -> NDArray[np.uint8]:
        return decode(content, size_px, name=name, **options)

    return _as_far_as_it_goes(lambda: small(data), lambda: data, small)


def damaged_note(paths: Sequence[str], folder: str) -> str:
    """Return a one-line note: the number of damaged photos of a folder that are used, and the name of the first."""
    named = ", ".join(printable(os.path.relpath(path, folder)) for path in paths[:_NAMED])
    more = f" and {len(paths) - _NAMED:,} more" if len(paths) > _NAMED else ""
    said = "damaged photo is used as far as it goes" if len(paths) == 1 else "damaged photos are used as far as they go"
    return f"{len(paths):,} {said}: {named}{more}"


def _as_far_as_it_goes(
    read: Callable[[], NDArray[np.uint8]],
    content: Callable[[], bytes],
    read_again: Callable[[bytes], NDArray[np.uint8]],
) -> tuple[NDArray[np.uint8], str]:
    """Read a picture; if that fails, read it again from its completed content."""
    try:
        return read(), ""
    except ImageError as error:
        completed = _completed(content())
        if not completed:
            raise
        try:
            picture = read_again(completed)
        except ImageError:
            raise error from None
        if (picture == picture[0, 0]).all():  # all of it is lacking
            raise
        return picture, str(error)


def _completed(data: bytes) -> bytes:
    """Complete a file whose last part is damaged; lacking pixels become grey or black.

    Returns:
        Content of a JPEG, or of a TIFF; empty if no picture can be made of it.
    """
    if data.startswith(_JPEG):
        return data + _EOI  # the decoder fills in lacking pixels
    import pyvips

    try:
        picture = pyvips.Image.new_from_buffer(data, "", fail_on="none")
        whole: bytes = picture.tiffsave_buffer()
    except pyvips.Error:
        return b""
    return whole
