"""What kind of file this is, where it is no picture that can be read."""

from __future__ import annotations

__all__ = ["is_heic", "what_it_is"]

_HEVC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}


def is_heic(data: bytes) -> bool:
    if data[4:8] != b"ftyp":
        return False
    length = min(int.from_bytes(data[:4]), 256)
    brands = {data[8:12], *(data[i : i + 4] for i in range(16, length, 4))}
    return not brands.isdisjoint(_HEVC_BRANDS)


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


def what_it_is(data: bytes) -> str:
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
