"""Tests of samples other than 8-bit ones with black as 0."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from perceptual_photomosaic.image import decode, from_pillow, load_image
from perceptual_photomosaic.library.build import THUMBNAIL_PX, update_library
from perceptual_photomosaic.library.library_tiles import LibraryTiles

BACKGROUND = (200, 10, 30)


def tiff(samples: np.ndarray | bytes, bits: int, *, kind: int = 1, min_is_white: bool = False, width: int = 4) -> bytes:
    """Return a grey TIFF with rows of `width` samples; `kind` is 1 for unsigned numbers, 2 for signed, 3 for floats."""
    raw = samples if isinstance(samples, bytes) else samples.tobytes()
    height = len(raw) * 8 // (width * bits)
    short, long = 3, 4
    fields = [
        (256, short, width),
        (257, short, height),
        (258, short, bits),
        (259, short, 1),
        (262, short, 0 if min_is_white else 1),
        (273, long, 8 + 2 + 12 * 10 + 4),
        (277, short, 1),
        (278, short, height),
        (279, long, len(raw)),
        (339, short, kind),
    ]
    entries = b"".join(struct.pack("<HHII", tag, form, 1, value) for tag, form, value in fields)
    return struct.pack("<2sHIH", b"II", 42, 8, len(fields)) + entries + bytes(4) + raw


RAMP = np.array([0, 1, 2, 3]) / 3
GREYS = {
    "12 bits": tiff(bytes.fromhex("000555aaafff"), 12),
    "16 bits": tiff(np.rint(RAMP * 65535).astype("<u2"), 16),
    "16 bits, white is 0": tiff(np.rint((1 - RAMP) * 65535).astype("<u2"), 16, min_is_white=True),
    "32 bits": tiff(np.rint(RAMP * (2**32 - 1)).astype("<u4"), 32),
    "32 bits of 16": tiff(np.rint(RAMP * 65535).astype("<u4"), 32),
    "32 bits, signed": tiff(np.rint(RAMP * (2**31 - 1)).astype("<i4"), 32, kind=2),
    "float": tiff(RAMP.astype("<f4"), 32, kind=3),
    "float, white is 0": tiff((1 - RAMP).astype("<f4"), 32, kind=3, min_is_white=True),
    "float of 8 bits": tiff((RAMP * 255).astype("<f4"), 32, kind=3),
}


@pytest.mark.parametrize("name", GREYS)
def test_greys_are_scaled_to_their_white(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.tif"
    path.write_bytes(GREYS[name])
    whole = load_image(path)
    assert np.abs(whole[0].astype(int) - [[0], [85], [170], [255]]).max() <= 1
    assert np.array_equal(decode(path, (4, 1)), whole)
    with Image.open(path) as opened:
        assert np.array_equal(np.asarray(from_pillow(opened, name="x")), whole)


def test_thumbnails_show_the_same_greys(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    for name, content in GREYS.items():
        (tmp_path / "photos" / f"{name}.tif").write_bytes(content)
    update_library(tmp_path / "lib", [str(tmp_path / "photos")], create=True, workers=1)
    tiles = LibraryTiles(tmp_path / "lib", duplicates=True)
    assert len(tiles) == len(GREYS)
    for tile in range(len(tiles)):
        small = tiles.pictures((1, 1), [tile]).astype(int)
        large = tiles.pictures((THUMBNAIL_PX, THUMBNAIL_PX), [tile]).astype(int)
        assert np.abs(small.mean() - large.mean()) < 3


@pytest.mark.parametrize("scale", [1, 255])
@pytest.mark.parametrize("odd", [np.inf, -np.inf, np.nan, 1e30, 3e4])
def test_a_few_odd_samples_do_not_blacken_a_float_picture(scale: float, odd: float) -> None:
    ramp = np.tile(np.linspace(0, scale, 64, dtype=np.float32), (40, 1))
    clean = decode(tiff(ramp, 32, kind=3, width=64), (64, 40), name="x")
    assert clean[0, -1, 0] == 255
    ramp[3, 5] = ramp[20, 30] = odd
    read = decode(tiff(ramp, 32, kind=3, width=64), (64, 40), name="x").copy()
    assert read[3, 5, 0] == (255 if odd > 0 else 0)
    read[3, 5], read[20, 30] = clean[3, 5], clean[20, 30]
    assert np.array_equal(read, clean)


def test_float_pictures_without_any_number_are_read() -> None:
    for odd in (np.inf, np.nan):
        read = decode(tiff(np.full(8, odd, np.float32), 32, kind=3), (4, 2), name="x")
        assert (read == (255 if odd == np.inf else 0)).all()


def keyed_png(depth: int, kind: int, width: int, row: bytes, key: tuple[int, ...]) -> bytes:
    """Return a PNG of one row in which one colour is transparent."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, 1, depth, kind, 0, 0, 0))
        + chunk(b"tRNS", struct.pack(f">{len(key)}H", *key))
        + chunk(b"IDAT", zlib.compress(b"\x00" + row))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("content", "left"),
    [
        (keyed_png(16, 0, 3, struct.pack(">3H", 1000, 0, 65535), (1000,)), [(0,) * 3, (255,) * 3]),
        (keyed_png(8, 0, 3, bytes((100, 0, 255)), (100,)), [(0,) * 3, (255,) * 3]),
        (keyed_png(4, 0, 3, bytes((0x50, 0xF0)), (5,)), [(0,) * 3, (255,) * 3]),
        (keyed_png(2, 0, 3, bytes((0b01001100,)), (1,)), [(0,) * 3, (255,) * 3]),
        (keyed_png(1, 0, 2, bytes((0b10000000,)), (1,)), [(0,) * 3]),
        (keyed_png(16, 2, 2, struct.pack(">6H", 1000, 2000, 3000, 65535, 0, 0), (1000, 2000, 3000)), [(255, 0, 0)]),
        (keyed_png(8, 2, 2, bytes((10, 20, 30, 40, 50, 60)), (10, 20, 30)), [(40, 50, 60)]),
    ],
)
def test_transparent_colours_of_any_depth(tmp_path: Path, content: bytes, left: list[tuple[int, ...]]) -> None:
    (tmp_path / "a.png").write_bytes(content)
    assert load_image(tmp_path / "a.png", background=BACKGROUND)[0].tolist() == [list(c) for c in (BACKGROUND, *left)]


def test_sixteen_bit_greys_of_pillow_may_be_transparent() -> None:
    content = keyed_png(16, 0, 3, struct.pack(">3H", 1000, 0, 65535), (1000,))
    with Image.open(io.BytesIO(content)) as opened:
        taken = from_pillow(opened, background=BACKGROUND, name="x")
    assert [taken.getpixel((x, 0)) for x in range(3)] == [BACKGROUND, (0, 0, 0), (255, 255, 255)]
