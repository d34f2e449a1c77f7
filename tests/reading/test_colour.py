"""Tests of colours that a file states without an ICC profile."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import pyvips
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms

from perceptual_photomosaic.image import decode, from_pillow, load_image
from perceptual_photomosaic.reading.heif_boxes import nclx_in
from perceptual_photomosaic.reading.icc import D65, Primaries, rgb_profile

Colour = tuple[int, int, int]
SRGB_CHRM = 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000
P3_CHRM = 31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000
STORED, AS_P3 = (200, 60, 60), (217, 42, 52)


def read(content: bytes) -> Colour:
    """Return the colour of a flat picture, which must be equal read whole and read small."""
    small = decode(content, (8, 8), name="x").astype(int)
    assert np.abs(small - small[0, 0]).max() <= 2
    return tuple(small[0, 0].tolist())


def near(colour: Colour, expected: Colour, by: int = 1) -> bool:
    return max(abs(a - b) for a, b in zip(colour, expected, strict=True)) <= by


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(colour: Colour | int, *chunks: bytes, **options: object) -> bytes:
    file = io.BytesIO()
    Image.new("L" if isinstance(colour, int) else "RGB", (40, 40), colour).save(file, "PNG", **options)
    content = file.getvalue()
    return content[:33] + b"".join(chunks) + content[33:]


def chrm(values: tuple[int, ...]) -> bytes:
    return chunk(b"cHRM", struct.pack(">8I", *values))


def gama(value: int) -> bytes:
    return chunk(b"gAMA", struct.pack(">I", value))


def cicp(primaries: int, transfer: int) -> bytes:
    return chunk(b"cICP", bytes((primaries, transfer, 0, 1)))


@pytest.mark.parametrize(
    ("stored", "chunks", "meant"),
    [
        (STORED, [cicp(12, 13)], AS_P3),
        (STORED, [chrm(P3_CHRM), gama(45455)], (219, 37, 49)),
        (STORED, [chrm(P3_CHRM)], AS_P3),
        ((112, 179, 72), [chrm((31270, 32900, 64000, 33000, 21000, 71000, 15000, 6000)), gama(45470)], (60, 180, 60)),
        ((147, 12, 12), [gama(100000)], (200, 60, 60)),
        ((147, 12, 12), [gama(100000), chrm(SRGB_CHRM)], (200, 60, 60)),
        ((147, 12, 12), [cicp(1, 8)], (200, 60, 60)),
        (128, [gama(100000)], (188, 188, 188)),
        (STORED, [gama(45455)], STORED),
        (STORED, [gama(45455), chrm(SRGB_CHRM)], STORED),
        (STORED, [chunk(b"sRGB", b"\x00"), gama(100000), chrm(P3_CHRM)], STORED),  # sRGB comes first
        (STORED, [chunk(b"sRGB", b"\x00"), cicp(12, 13)], AS_P3),  # and before that the code points
        (STORED, [cicp(1, 13), chrm(P3_CHRM)], STORED),
        (STORED, [cicp(1, 1)], STORED),
        (STORED, [cicp(200, 200)], STORED),
    ],
)
def test_png_chunks(stored: Colour | int, chunks: list[bytes], meant: Colour) -> None:
    assert near(read(png(stored, *chunks)), meant)


def test_an_icc_profile_comes_before_gamma_and_after_code_points() -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert near(read(png(STORED, gama(100000), chrm(P3_CHRM), icc_profile=srgb)), STORED)
    assert near(read(png(STORED, cicp(12, 13), icc_profile=srgb)), AS_P3)


@pytest.mark.parametrize(
    "broken",
    [
        chrm((0,) * 8),
        chrm((31270, 32900) + (64000, 33000) * 3),
        gama(0),
        gama(45455)[:-1] + b"?",
        chrm(P3_CHRM)[:-1] + b"?",
        cicp(12, 13)[:-1] + b"?",
        chunk(b"cHRM", bytes(3)),
        chunk(b"gAMA", b""),
        chunk(b"cICP", b"\x0c"),
        chunk(b"sRGB", b""),
    ],
)
def test_broken_chunks_say_nothing(broken: bytes) -> None:
    assert read(png(STORED, broken)) == STORED


def test_hdr_white_is_white_and_dark_is_dark() -> None:
    for transfer, white in ((16, 148), (18, 191)):  # 203 cd/m2, 75%
        assert near(read(png((white,) * 3, cicp(9, transfer))), (255,) * 3, 3)
        assert read(png((255,) * 3, cicp(9, transfer))) == (255,) * 3
        assert read(png((0,) * 3, cicp(9, transfer))) == (0,) * 3
        grey = read(png((100,) * 3, cicp(9, transfer)))
        assert 60 < grey[0] < 200
        assert len(set(grey)) == 1


def with_interoperability(index: str, space: int = 0xFFFF) -> bytes:
    """Return EXIF data of a camera with an interoperability index, which names its colour space."""
    inner = struct.pack("<HHHII", 2, 0xA001, 3, 1, space) + struct.pack("<HHIII", 0xA005, 4, 1, 56, 0)
    outer = struct.pack("<HHHIII", 1, 0x8769, 4, 1, 26, 0)
    interoperability = struct.pack("<HHHI4sI", 1, 1, 2, 4, index.encode() + b"\x00", 0)
    return b"Exif\x00\x00II*\x00\x08\x00\x00\x00" + outer + inner + interoperability


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "PNG"])
def test_cameras_set_to_adobe_rgb(kind: str) -> None:
    def photo(exif: bytes, **options: object) -> bytes:
        file = io.BytesIO()
        Image.new("RGB", (400, 400), (112, 179, 72)).save(file, kind, quality=100, lossless=True, exif=exif, **options)
        return file.getvalue()

    assert near(read(photo(with_interoperability("R03"))), (60, 180, 60), 2)
    assert near(read(photo(with_interoperability("R98"))), (112, 179, 72))
    assert near(read(photo(with_interoperability("R03", space=1))), (112, 179, 72))  # an editor made it sRGB
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert near(read(photo(with_interoperability("R03"), icc_profile=srgb)), (112, 179, 72))
    assert near(read(photo(with_interoperability("R03")[:-20])), (112, 179, 72))


def avif(primaries: int, transfer: int, **options: object) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 64), STORED).save(file, "AVIF", quality=100, **options)
    content = file.getvalue()
    at = content.index(b"nclx") + 4
    return content[:at] + struct.pack(">HH", primaries, transfer) + content[at + 4 :]


def test_avif_code_points() -> None:
    assert near(read(avif(12, 13)), AS_P3, 2)
    assert near(read(avif(1, 13)), STORED, 2)
    assert near(read(avif(2, 2)), STORED, 2)
    assert nclx_in(avif(9, 16)) == (9, 16)


def test_heif_code_points() -> None:
    pytest.importorskip("pi_heif", reason="the heic extra is not installed")
    content = (Path(__file__).parents[1] / "data" / "gradient.heic").read_bytes()
    plain = decode(with_nclx(content, 1, 13), (64, 48), name="x")
    wide = decode(with_nclx(content, 12, 13), (64, 48), name="x")
    as_png = io.BytesIO()
    Image.fromarray(plain).save(as_png, "PNG")
    expected = decode(as_png.getvalue()[:33] + cicp(12, 13) + as_png.getvalue()[33:], (64, 48), name="x")
    assert np.abs(wide.astype(int) - expected).max() <= 1
    assert np.abs(wide.astype(int) - plain).max() > 10


def with_nclx(content: bytes, primaries: int, transfer: int) -> bytes:
    """Return the HEIF test file with one more property of its last item."""
    data, box = bytearray(content), struct.pack(">I4s4sHHHB", 19, b"colr", b"nclx", primaries, transfer, 6, 0x80)
    first = struct.unpack_from(">I", data, data.index(b"iloc") + 18)[0]
    struct.pack_into(">I", data, data.index(b"iloc") + 18, first + len(box) + 1)
    ipma = data.index(b"ipma") - 4
    data[ipma + 23 : ipma + 26] = b"\x03" + data[ipma + 24 : ipma + 26] + b"\x05"  # the fifth property
    data[ipma:ipma] = box
    for name, more in ((b"meta", 20), (b"iprp", 20), (b"ipco", 19), (b"ipma", 1)):
        place = data.index(name) - 4
        struct.pack_into(">I", data, place, struct.unpack_from(">I", data, place)[0] + more)
    return bytes(data)


@given(st.binary(max_size=300), st.integers(0, 235))
def test_broken_boxes_say_nothing_worse(noise: bytes, at: int) -> None:
    content = avif(12, 13)
    nclx_in(content[:at])
    nclx_in(content[: at + 12] + noise)


@pytest.mark.parametrize("by_name", [True, False])
def test_pillow_pictures_mean_what_their_files_say(tmp_path: Path, by_name: bool) -> None:
    for name, content in {
        "points.png": png(STORED, cicp(12, 13)),
        "gamma.png": png(STORED, gama(100000)),
        "a.avif": avif(12, 13),
    }.items():
        (tmp_path / name).write_bytes(content)
        with Image.open(tmp_path / name if by_name else io.BytesIO(content)) as opened:
            taken = np.asarray(from_pillow(opened, name="x"))
        assert np.array_equal(taken, load_image(tmp_path / name))


def test_a_made_profile_does_what_that_of_libvips_does() -> None:
    srgb = Primaries(D65, (0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
    wide = Primaries(D65, (0.680, 0.320), (0.265, 0.690), (0.150, 0.060))
    colours = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8))
    seen = []
    for name, primaries in (("p3", wide), ("srgb", srgb)):
        theirs = pyvips.Image.profile_load(name)
        for profile in (theirs, rgb_profile(primaries, "srgb")):
            file = io.BytesIO()
            colours.save(file, "PNG", icc_profile=profile)
            seen.append(decode(file.getvalue(), (64, 64), name="x").astype(int))
        apart = np.abs(seen[-1] - seen[-2])
        assert apart.mean() < 0.2
        assert apart.max() <= 5  # libvips' has zero where Display P3 has a negative number
