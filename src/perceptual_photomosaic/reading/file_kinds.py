"""Detection of the kind of a file that cannot be read as a picture."""

from __future__ import annotations

import io

from PIL import TiffImagePlugin

__all__ = ["is_heic", "what_it_is"]

_HEVC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
_AV1_BRANDS = {b"avif", b"avis"}
_HEIF_BRANDS = {b"mif1", b"msf1", b"mif2", b"miaf"}  # these do not state the codec
_HEAD = 4096


def is_heic(data: bytes) -> bool:
    """Tell whether a file is a HEIF picture that is not AVIF."""
    brands = _brands(data)
    if brands & _HEVC_BRANDS:
        return True
    return bool(brands & _HEIF_BRANDS) and not brands & _AV1_BRANDS and b"av01" not in data[:_HEAD]


def _brands(data: bytes) -> set[bytes]:
    """Return the main brand and the compatible brands of a file of boxes."""
    if data[4:8] != b"ftyp":
        return set()
    length = min(int.from_bytes(data[:4]), 256)
    return {data[8:12], *(data[i : i + 4] for i in range(16, length, 4))}


_BROKEN = "it begins like {} and is broken after that"
_SIGNATURES = (
    (b"%PDF", "it is a PDF document"),
    (b"PK\x03\x04", "it is a ZIP archive or office document"),
    (b"\x1a\x45\xdf\xa3", "it is a Matroska video"),
    (b"ID3", "it is an MP3 sound"),
    (b"\x1f\x8b", "it is a gzip archive"),
    (b"\xff\xd8\xff", _BROKEN.format("a JPEG")),
    (b"\x89PNG", _BROKEN.format("a PNG")),
    (b"GIF8", _BROKEN.format("a GIF")),
    (b"\x00\x00\x00\x0cjP  ", _BROKEN.format("a JPEG 2000")),
    (b"version https://git-lfs", "it is a Git LFS pointer: fetch the file itself"),
)
_MARKUP = (
    (b"<?xml", "it is an XML text"),
    (b"<!doctype", "it is a web page"),
    (b"<html", "it is a web page"),
)


def what_it_is(data: bytes) -> str:
    """Return the kind of a file that cannot be opened, with a remedy if there is one."""
    start = data[:_HEAD].removeprefix(b"\xef\xbb\xbf").lstrip()
    for signature, meaning in _SIGNATURES:
        if data.startswith(signature) or start.startswith(signature):
            return meaning
    for signature, meaning in _MARKUP:
        if start[: len(signature)].lower() == signature:
            return meaning
    if data[4:8] == b"ftyp":
        return _of_boxes(data)
    if data.startswith(b"RIFF"):
        return _BROKEN.format("a WebP") if data[8:12] == b"WEBP" else "it is a RIFF file (sound or video)"
    if data.startswith((b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")):
        return _of_tiff(data)
    if data.startswith(b"8BPS"):
        return _of_photoshop(data)
    if not data[:_HEAD].strip(b"\x00"):
        return "it holds zeros only"
    return "it is a text file" if _is_text(data[:1024]) else "its content is of no known format"


def _is_text(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _of_boxes(data: bytes) -> str:
    brands = _brands(data)
    if brands & _AV1_BRANDS:
        return _BROKEN.format("an AVIF")
    if brands & (_HEVC_BRANDS | _HEIF_BRANDS):
        return _BROKEN.format("a HEIC photo")
    if data[8:12] == b"crx ":
        return "it is a camera's raw photo, which is not read: save it as JPEG or TIFF"
    return "it is an MP4 or QuickTime file"


_COLOUR_FILTERS = 32803  # samples behind the coloured filters of a sensor
_NUMBERS = {1: "unsigned", 2: "signed", 3: "floating-point", 4: "undefined", 5: "complex", 6: "complex"}


def _of_tiff(data: bytes) -> str:
    """Return the reason why a TIFF is refused: a well-formed one is refused only for its kind of samples."""
    try:
        tags = TiffImagePlugin.ImageFileDirectory_v2(data[: 16 if data[2:3] == b"+" or data[3:4] == b"+" else 8])
        file = io.BytesIO(data)
        file.seek(tags.next)
        tags.load(file)
        bits = tags.get(TiffImagePlugin.BITSPERSAMPLE, (1,))
        kinds = tags.get(TiffImagePlugin.SAMPLEFORMAT, (1,))
        photometric = tags.get(TiffImagePlugin.PHOTOMETRIC_INTERPRETATION)
        if photometric is None or TiffImagePlugin.IMAGEWIDTH not in tags:
            return _BROKEN.format("a TIFF")
        if photometric == _COLOUR_FILTERS:
            return "it is a camera's raw photo, which is not read: save it as JPEG or TIFF"
        samples = f"{len(bits)} x {max(bits)}-bit {_NUMBERS.get(kinds[0], 'unknown')} samples"
    except Exception:  # broken TIFFs raise errors of many kinds
        return _BROKEN.format("a TIFF")
    return f"it is a TIFF of a kind that is not read ({samples}): save it with 8 bits, or as PNG"


def _of_photoshop(data: bytes) -> str:
    version, depth = int.from_bytes(data[4:6]), int.from_bytes(data[22:24])
    if version == 2:
        return "it is a Photoshop file of the large kind (PSB), which is not read: save it as PNG or TIFF"
    if depth in {16, 32}:
        return f"it is a Photoshop file of {depth} bits, of which only those of 8 are read: save it as PNG or TIFF"
    return _BROKEN.format("a Photoshop file")
