"""Files that lack no pixel are read, and those that do are not."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from perceptual_photomosaic.errors import ImageError
from perceptual_photomosaic.image import decode

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
