"""Formats that Pillow cannot read alone: SVG drawings, read by libvips, and JPEG XL, read by a plug-in."""

from __future__ import annotations

import io
import re
import zlib
from importlib import import_module
from importlib.util import find_spec

from PIL import Image

from perceptual_photomosaic.errors import ImageError

__all__ = ["jxl_plugin", "open_further"]

_DRAWN_PX = 1024, 4096  # fewest and most pixels along the longer side of a drawing
_HEAD = 65536
_LARGEST_DRAWING = 1 << 27
_GZIP = b"\x1f\x8b"
_SVG = re.compile(rb"<(?:[A-Za-z]+:)?svg[\s>/]")
_HTML = re.compile(rb"<(?:!doctype\s+)?html", re.IGNORECASE)
_JXL = (b"\xff\x0a", b"\x00\x00\x00\x0cJXL \r\n\x87\n")
_JXL_PLUGINS = ("pillow_jxl", "jxlpy.JXLImagePlugin")


def open_further(data: bytes, name: str) -> Image.Image | None:
    """Open a picture of a format that Pillow cannot read alone.

    Args:
        data: Content of a file.
        name: Name of the picture in error messages.
    Returns:
        The picture; None if it is neither SVG nor JPEG XL.
    Raises:
        ImageError: The package for the format is not installed, or the drawing is broken or too large.
    """
    if data.startswith(_JXL):
        return _open_jxl(data, name)
    if data.startswith(_GZIP):
        data = _unpacked(data, name)
    return _drawn(data, name) if _is_svg(data) else None


def jxl_plugin() -> str:
    """Return the name of the installed module that adds JPEG XL to Pillow; empty if there is none."""
    return next((name for name in _JXL_PLUGINS if find_spec(name.partition(".")[0]) is not None), "")


def _open_jxl(data: bytes, name: str) -> Image.Image:
    plugin = jxl_plugin()
    if "JXL" not in Image.OPEN and plugin:
        import_module(plugin)
    if "JXL" not in Image.OPEN:
        raise ImageError(f"{name}: a JPEG XL picture, which needs a plug-in: pip install pillow-jxl-plugin")
    return Image.open(io.BytesIO(data), formats=["JXL"])


def _unpacked(data: bytes, name: str) -> bytes:
    """Unpack a drawing that was packed with gzip; other data is returned unchanged."""
    unpacker = zlib.decompressobj(wbits=31)
    try:
        head = unpacker.decompress(data, _HEAD)
        if not _is_svg(head):
            return data
        whole = head + unpacker.decompress(unpacker.unconsumed_tail, _LARGEST_DRAWING)
    except zlib.error:
        return data
    if unpacker.unconsumed_tail:
        raise ImageError(f"{name}: the drawing has more than {_LARGEST_DRAWING >> 20} MB unpacked")
    return whole


def _is_svg(data: bytes) -> bool:
    head = data[:_HEAD].removeprefix(b"\xef\xbb\xbf").lstrip()
    return head.startswith(b"<") and not _HTML.match(head) and _SVG.search(head) is not None


def _drawn(data: bytes, name: str) -> Image.Image:
    import pyvips

    if not pyvips.type_find("VipsOperation", "svgload_buffer"):
        raise ImageError(f"{name}: an SVG drawing, which needs a libvips with librsvg: pip install 'pyvips[binary]'")
    try:
        own = pyvips.Image.svgload_buffer(data)  # reads the size; nothing is drawn yet
        longer = max(own.width, own.height)
        least, most = _DRAWN_PX
        drawn = pyvips.Image.svgload_buffer(data, scale=min(max(longer, least), most) / longer)
        return Image.fromarray(drawn.numpy(), "RGBA")
    except pyvips.Error as error:
        raise ImageError(f"{name}: an SVG drawing that is broken: {' '.join(str(error).split())}") from None
