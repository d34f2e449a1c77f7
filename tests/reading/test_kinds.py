"""Tests of messages about files that cannot be read."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from perceptual_photomosaic.errors import ImageError
from perceptual_photomosaic.image import decode, load_image
from perceptual_photomosaic.reading.file_kinds import is_heic, what_it_is
from tests.reading.test_samples import tiff

HEIC = (Path(__file__).parents[1] / "data" / "gradient.heic").read_bytes()


def avif() -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)).save(file, "AVIF")
    return file.getvalue()


def ftyp(main: bytes, *others: bytes) -> bytes:
    body = b"ftyp" + main + bytes(4) + b"".join(others)
    return struct.pack(">I", len(body) + 4) + body + bytes(200)


def psd(depth: int, version: int = 1) -> bytes:
    return b"8BPS" + struct.pack(">H6xHIIHH", version, 3, 4, 4, depth, 3) + bytes(12) + bytes(500)


def rgb_tiff(bits: int, kind: int) -> bytes:
    """Return the header of a TIFF of three samples per pixel; it is refused without pixels."""
    long_fields = [(256, 4), (257, 4), (259, 1), (262, 2), (277, 3)]
    after = 8 + 2 + 12 * 7 + 4
    fields = [(tag, struct.pack("<HII", 3, 1, value)) for tag, value in long_fields]
    fields += [(258, struct.pack("<HII", 3, 3, after)), (339, struct.pack("<HII", 3, 3, after + 6))]
    entries = b"".join(struct.pack("<H", tag) + rest for tag, rest in sorted(fields))
    values = struct.pack("<6H", bits, bits, bits, kind, kind, kind)
    return struct.pack("<2sHIH", b"II", 42, 8, 7) + entries + bytes(4) + values + bytes(100)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (ftyp(b"mp42", b"isom"), "MP4 or QuickTime"),
        (ftyp(b"qt  "), "MP4 or QuickTime"),
        (ftyp(b"crx "), "raw photo"),
        (avif()[:100], "begins like an AVIF"),
        (ftyp(b"avif", b"mif1"), "begins like an AVIF"),
        (rgb_tiff(32, 3), r"a TIFF of a kind that is not read \(3 x 32-bit floating-point samples\): save it with 8"),
        (rgb_tiff(32, 1), r"3 x 32-bit unsigned"),
        (tiff(bytes(64), 64, kind=3), r"1 x 64-bit floating-point samples"),
        (
            tiff(bytes(64), 16).replace(struct.pack("<HHII", 262, 3, 1, 1), struct.pack("<HHII", 262, 3, 1, 32803)),
            "raw",
        ),
        (rgb_tiff(32, 3)[:60], "begins like a TIFF"),
        (b"II*\x00" + bytes(40), "begins like a TIFF"),
        (b"MM\x00+\x00\x08\x00\x00" + bytes(40), "begins like a TIFF"),
        (psd(16), "a Photoshop file of 16 bits, of which only those of 8"),
        (psd(8, version=2), "PSB"),
        (psd(8)[:30], "begins like a Photoshop"),
        (b"\x00\x00\x00\x0cjP  \x0d\x0a\x00\x0a" + bytes(40), "begins like a JPEG 2000"),
        (b"<!doctype html><p>Not found", "a web page"),
        (b"<!DOCTYPE html><p>Not found", "a web page"),
        (b"\xef\xbb\xbf\n<HTML>", "a web page"),
        (b"RIFF\x24\x00\x00\x00WEBPJUNK" + bytes(20), "begins like a WebP"),
        (b"RIFF\x00\x00\x00\x00AVI LIST", "a RIFF file"),
    ],
)
def test_files_are_called_by_their_kind(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "a.jpg").write_bytes(content)
    for read in (load_image, lambda path: decode(path, (8, 8))):
        with pytest.raises(ImageError, match=rf"a\.jpg: not a picture that can be read; it .*{said}"):
            read(tmp_path / "a.jpg")


def test_a_heif_photo_of_the_general_brand_is_opened() -> None:
    pytest.importorskip("pi_heif", reason="the heic extra is not installed")
    whole = decode(HEIC, (64, 48), name="x")
    for brands in (b"mif1\0\0\0\0mif1heicmiaf", b"mif1\0\0\0\0mif1miafmiaf", b"heic\0\0\0\0mif1mif1mif1"):
        assert np.array_equal(decode(HEIC[:8] + brands + HEIC[8 + len(brands) :], (64, 48), name="x"), whole)


@pytest.mark.parametrize("cut", [40, 200, 460])
def test_cut_heif_photos_are_called_so(cut: int) -> None:
    pytest.importorskip("pi_heif", reason="the heic extra is not installed")
    for content in (HEIC[:cut], HEIC[:8] + b"mif1" + HEIC[12:cut]):
        with pytest.raises(ImageError, match=r"x: .*(begins like a HEIC photo|broken or truncated)"):
            decode(content, (8, 8), name="x")


def test_avif_of_the_general_brand_is_no_heic() -> None:
    content = avif()
    general = content[:8] + b"mif1" + content[12:]
    assert not is_heic(general)
    assert np.array_equal(decode(general, (8, 8), name="x"), decode(content, (8, 8), name="x"))
    assert "AVIF" in what_it_is(general)
