"""Calls of libvips' savers, with the colours, the resolution and the options of each format."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from perceptual_photomosaic.errors import OutputError
from perceptual_photomosaic.render.formats import Format
from perceptual_photomosaic.render.output import Output

__all__ = ["compressed_bytes", "most_bytes", "saver"]

_BIG_TIFF_BYTES = 2_000_000_000
_PYRAMID_PX = 8192
_SCREEN_DPI = 72.0  # resolution of pictures for the screen; libvips' default is 25.4


def saver(part: Path, file_format: Format, output: Output) -> Callable[[Any], None]:
    """Return a function that writes a picture to a file.

    Args:
        part: The file; for Deep Zoom the .dzi, whose folder is beside it.
        file_format: Its format.
        output: The output options.
    """

    def save(picture: Any) -> None:
        picture = _finished(picture, output)
        options = _options(file_format, output, (picture.width, picture.height))
        if file_format.name == "Deep Zoom":
            picture.dzsave(str(part.with_suffix("")), **options)
        elif file_format.name == "TIFF":
            picture.tiffsave(str(part), **options)
        else:
            picture.write_to_file(str(part.with_suffix(".jpg") if file_format.name == "PDF" else part), **options)

    return save


def most_bytes(file_format: Format, size_px: tuple[int, int]) -> float:
    """Return an upper limit of a file's size: its raw pixels, the pyramid above them, and a little more."""
    raw = size_px[0] * size_px[1] * 3
    pyramid = file_format.name == "Deep Zoom" or (file_format.name == "TIFF" and max(size_px) > _PYRAMID_PX)
    copies = 2 if file_format.name == "PDF" else 1  # the JPEG and the PDF around it
    return raw * (4 / 3 if pyramid else 1) * 1.02 * copies + 1e6


def compressed_bytes(sample: Any, file_format: Format, output: Output, size_px: tuple[int, int]) -> float:
    """Estimate the size of a file from a sample of the picture.

    Args:
        sample: A `pyvips.Image` with a part of the picture.
        file_format: The format.
        output: The output options.
        size_px: (width, height) of the whole picture.
    """
    sample = _finished(sample, output)
    options = _options(file_format, output, (1, 1))
    for name in ("tile_size", "overlap", "suffix"):
        options.pop(name, None)
    suffix = {"PNG": ".png", "WebP": ".webp", "TIFF": ".tif"}.get(file_format.name, ".jpg")
    content = sample.tiffsave_buffer(**options) if suffix == ".tif" else sample.write_to_buffer(suffix, **options)
    raw = sample.width * sample.height * 3
    return float(len(content) / raw * most_bytes(file_format, size_px))


def _finished(picture: Any, output: Output) -> Any:
    """Return the picture marked as sRGB or converted to the colours of a press, with its resolution."""
    import pyvips

    picture = picture.copy(interpretation="srgb")
    if output.cmyk is not None:
        try:
            picture = picture.icc_transform(
                str(output.cmyk), input_profile="srgb", intent="relative", black_point_compensation=True
            )
        except pyvips.Error as error:
            raise OutputError(
                f"the ICC profile '{output.cmyk}' cannot be used: {' '.join(str(error).split())}."
            ) from error
        if picture.bands != 4:
            raise OutputError(f"the ICC profile '{output.cmyk}' is not for CMYK.")
    across, down = output.px_per_mm or (_SCREEN_DPI / 25.4, _SCREEN_DPI / 25.4)
    return picture.copy(xres=across, yres=down)


def _options(file_format: Format, output: Output, size_px: tuple[int, int]) -> dict[str, Any]:
    options = dict(file_format.options)
    if output.cmyk is not None:
        options["profile"] = str(output.cmyk)
    if file_format.name == "TIFF":
        options["compression"] = output.compression
        if output.compression in ("deflate", "lzw"):
            options["predictor"] = "horizontal"
        if output.compression == "jpeg":
            options["Q"] = 90
        options["pyramid"] = max(size_px) > _PYRAMID_PX
        options["bigtiff"] = size_px[0] * size_px[1] * 3 * 4 / 3 > _BIG_TIFF_BYTES
        options["resunit"] = "inch"
    if output.quality is not None and "Q" in options:
        options["Q"] = output.quality
    return options
