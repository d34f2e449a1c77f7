"""Damaged files: those with all their pixels are read, the others are refused."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

from perceptual_photomosaic.errors import ImageError
from perceptual_photomosaic.image import decode, upright_size

RNG = np.random.default_rng(0)
SCENE = Image.fromarray(RNG.integers(0, 255, (6, 9, 3), np.uint8)).resize((203, 121))
FLAT = Image.new("RGB", (200, 120), (90, 90, 200))
VIDEO = b"\x00\x00\x00\x18ftypmp42" + RNG.integers(0, 256, 50_000, np.uint8).tobytes()
NOTES = b"II*\x00\x08\x00\x00\x00" + bytes(range(200))


def jpeg(picture: Image.Image, progressive: bool) -> bytes:
    file = io.BytesIO()
    picture.save(file, "JPEG", progressive=progressive)
    assert file.getvalue().endswith(b"\xff\xd9")
    return file.getvalue()


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("picture", [SCENE, FLAT, SCENE.convert("L")], ids=["scene", "flat", "grey"])
def test_jpegs_without_their_end_are_read(picture: Image.Image, progressive: bool) -> None:
    content = jpeg(picture, progressive)
    whole = decode(content, picture.size, name="x")
    for trailer in (b"", VIDEO, NOTES, bytes(300), b"\n"):
        assert np.array_equal(decode(content + trailer, picture.size, name="x"), whole)
        assert np.array_equal(decode(content[:-2] + trailer, picture.size, name="x"), whole)
    assert np.array_equal(decode(content[:-1], picture.size, name="x"), whole)
    assert np.array_equal(decode(content[:-1] + VIDEO, picture.size, name="x"), whole)


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("trailer", [b"", VIDEO], ids=["bare", "video"])
def test_jpegs_that_lack_pixels_are_refused(progressive: bool, trailer: bytes) -> None:
    content = jpeg(SCENE, progressive)
    for cut in (6, 8, 12, 30, 100, len(content) // 2, len(content) * 3 // 4):
        with pytest.raises(ImageError, match="truncated"):
            decode(content[:-cut] + trailer, SCENE.size, name="x")


@pytest.mark.parametrize("trailer", [b"", VIDEO, NOTES, bytes(3000)], ids=["bare", "video", "notes", "zeros"])
def test_progressive_jpegs_that_lack_whole_scans_are_refused(trailer: bytes) -> None:
    content = jpeg(SCENE, True)
    scans = [at for at in range(len(content)) if content.startswith(b"\xff\xda", at)]
    assert len(scans) > 5
    for at in scans[1:]:
        with pytest.raises(ImageError):
            decode(content[:at] + trailer, SCENE.size, name="x")


def chunk(kind: bytes, body: bytes, right: bool = True) -> bytes:
    checksum = zlib.crc32(kind + body) ^ (0 if right else 1)
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", checksum)


def png(*, before: bytes = b"", after: bytes = b"", picture: Image.Image = SCENE, **options: object) -> bytes:
    """Return a PNG with chunks before and after its pixels."""
    file = io.BytesIO()
    picture.save(file, "PNG", **options)
    content = file.getvalue()
    pixels, end = content.index(b"IDAT") - 4, content.rindex(b"IEND") - 4
    return content[:pixels] + before + content[pixels:end] + after + content[end:]


LONG = zlib.compress(bytes(3_000_000))
SIDE_CHUNKS = {
    "zTXt": chunk(b"zTXt", b"Comment\x00\x00" + LONG),
    "iTXt": chunk(b"iTXt", b"Comment\x00\x01\x00\x00\x00" + LONG),
    "long tEXt": chunk(b"tEXt", b"Comment\x00" + b"a" * 3_000_000),
    "tEXt": chunk(b"tEXt", b"Comment\x00hello", right=False),
    "pHYs": chunk(b"pHYs", bytes(9), right=False),
    "short pHYs": chunk(b"pHYs", bytes(3)),
    "private": chunk(b"prVt", b"anything", right=False),
    "broken iCCP": chunk(b"iCCP", b"x\x00\x07" + LONG),
    "long iCCP": chunk(b"iCCP", b"x\x00\x00" + LONG),
    "eXIf": chunk(b"eXIf", b"MM\x00*", right=False),
    "acTL": chunk(b"acTL", bytes(3)),
    "fcTL": chunk(b"fcTL", b"\xff" * 26),
}


@pytest.mark.parametrize("name", SIDE_CHUNKS)
def test_no_chunk_beside_the_pixels_is_a_reason_to_refuse_a_png(name: str) -> None:
    for content in (png(before=SIDE_CHUNKS[name]), png(after=SIDE_CHUNKS[name])):
        assert np.array_equal(decode(content, SCENE.size, name="x"), np.asarray(SCENE))
        assert upright_size(content, "x") == SCENE.size


def test_a_png_may_end_in_a_chunk_behind_its_pixels() -> None:
    content = png(after=chunk(b"tEXt", b"Comment\x00" + b"a" * 5000))
    assert np.array_equal(decode(content[:-2000], SCENE.size, name="x"), np.asarray(SCENE))


def test_chunks_that_say_what_the_pixels_are_count() -> None:
    turned = Image.Exif()
    turned[0x0112] = 3
    noise = chunk(b"tEXt", b"Comment\x00hello", right=False)
    upside_down = decode(png(before=noise, exif=turned), SCENE.size, name="x")
    assert np.array_equal(upside_down, np.asarray(SCENE)[::-1, ::-1])
    keyed = png(before=noise, picture=FLAT, transparency=(90, 90, 200))
    assert (decode(keyed, (8, 8), background=(1, 2, 3), name="x") == (1, 2, 3)).all()
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = profile.replace(b"rXYZ", b"?XYZ").replace(b"gXYZ", b"rXYZ").replace(b"?XYZ", b"gXYZ")
    green = Image.new("RGB", (8, 8), (255, 0, 0))
    for length in (0, 3_000_000):  # more than Pillow takes
        body = b"x\x00\x00" + zlib.compress(swapped + bytes(length))
        read = decode(png(before=noise + chunk(b"iCCP", body), picture=green), (8, 8), name="x")
        assert (np.abs(read.astype(int) - (0, 255, 0)) <= 2).all()


def test_pngs_that_lack_pixels_are_refused() -> None:
    content = png(after=chunk(b"tEXt", b"Comment\x00hello"))
    at = content.index(b"IDAT")
    for broken in (content[: at + 500], content[: at + 100] + bytes(4) + content[at + 104 :]):
        with pytest.raises(ImageError):
            decode(broken, SCENE.size, name="x")
