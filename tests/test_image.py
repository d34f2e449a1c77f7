"""The reading of pictures: all kinds of files, and all kinds of broken files."""

from __future__ import annotations

import io
import os
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms

from perceptual_photomosaic.errors import ImageError, MissingExtraError
from perceptual_photomosaic.image import centre, decode, from_pillow, load_image, printable


def gradient(width: int = 40, height: int = 30) -> np.ndarray:
    """A picture in which every corner differs: red grows to the right, green downwards, blue is dim."""
    red, green = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    return np.stack([red, green, np.full_like(red, 40)], axis=-1).round().astype(np.uint8)


def apart(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.abs(a.astype(int) - b.astype(int)).mean())


@pytest.mark.parametrize(
    ("suffix", "options", "tolerance"),
    [
        ("png", {}, 0),
        ("bmp", {}, 0),
        ("tif", {}, 0),
        ("tif", {"compression": "tiff_lzw"}, 0),
        ("webp", {"lossless": True}, 0),
        ("gif", {}, 8),
        ("jpg", {"quality": 95}, 2),
        ("jpg", {"quality": 95, "progressive": True}, 2),
        ("avif", {"quality": 95}, 3),
        ("jp2", {}, 0),
    ],
)
def test_formats(tmp_path: Path, suffix: str, options: dict[str, object], tolerance: float) -> None:
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(gradient()).save(path, **options)
    loaded = load_image(path)
    assert loaded.shape == (30, 40, 3)
    assert loaded.dtype == np.uint8
    assert apart(loaded, gradient()) <= tolerance
    assert apart(decode(path, (40, 30)), loaded) <= 1


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["jpg", "png", "tif", "webp"])
def test_orientation_is_applied(tmp_path: Path, orientation: int, suffix: str) -> None:
    upright = gradient()
    undo = {
        1: lambda p: p,
        2: lambda p: p[:, ::-1],
        3: lambda p: p[::-1, ::-1],
        4: lambda p: p[::-1],
        5: lambda p: p.swapaxes(0, 1),
        6: lambda p: np.rot90(p, 1),
        7: lambda p: p[::-1, ::-1].swapaxes(0, 1),
        8: lambda p: np.rot90(p, -1),
    }
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"quality": 95} if suffix == "jpg" else {"lossless": True} if suffix == "webp" else {}
    stored = Image.fromarray(np.ascontiguousarray(undo[orientation](upright)))
    stored.save(tmp_path / f"a.{suffix}", exif=exif, **options)
    assert apart(load_image(tmp_path / f"a.{suffix}"), upright) < 3
    small = decode(tmp_path / f"a.{suffix}", (20, 15))
    assert apart(small, np.asarray(Image.fromarray(upright).resize((20, 15), Image.Resampling.LANCZOS))) < 6


def test_broken_exif_does_not_lose_the_picture(tmp_path: Path) -> None:
    Image.fromarray(gradient()).save(tmp_path / "a.jpg", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xff" + b"\x01" * 20)
    assert load_image(tmp_path / "a.jpg").shape == (30, 40, 3)


def test_sixteen_bit_grey_is_scaled(tmp_path: Path) -> None:
    values = np.array([[0, 257, 0x8000, 0xFFFF]], np.uint16)
    for name in ("a.png", "a.tif"):
        Image.fromarray(values).save(tmp_path / name)
        assert load_image(tmp_path / name)[0, :, 0].tolist() == [0, 1, 128, 255]


def test_sixteen_bit_colour_is_scaled(tmp_path: Path) -> None:
    rows = np.array([[[0, 0x80FF, 0xFFFF], [0x1234, 0xABCD, 0x0100]]], ">u2")
    raw = b"".join(b"\x00" + row.tobytes() for row in rows)

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", 2, 1, 16, 2, 0, 0, 0)
    path = tmp_path / "a.png"
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")
    )
    expected = np.rint(rows.astype(float) / 257).astype(int)
    assert np.abs(load_image(path).astype(int) - expected).max() <= 1


def test_float_and_integer_tiffs_are_scaled(tmp_path: Path) -> None:
    Image.fromarray(np.array([[0.0, 0.5, 1.0]], np.float32)).save(tmp_path / "f.tif")
    assert load_image(tmp_path / "f.tif")[0, :, 1].tolist() == [0, 128, 255]
    Image.fromarray(np.array([[0, 32768, 65535]], np.int32)).save(tmp_path / "i.tif")
    assert load_image(tmp_path / "i.tif")[0, :, 1].tolist() == [0, 128, 255]


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGBA", "CMYK"])
def test_modes(tmp_path: Path, mode: str) -> None:
    picture = Image.fromarray(gradient()).convert(mode)
    path = tmp_path / ("a.tif" if mode == "CMYK" else "a.png")
    picture.save(path)
    assert apart(load_image(path), np.asarray(picture.convert("RGB"))) <= 1
    assert decode(path, (8, 6)).shape == (6, 8, 3)


def test_transparency_shows_the_background(tmp_path: Path) -> None:
    pixels = np.zeros((4, 4, 4), np.uint8)
    pixels[:2] = (200, 0, 0, 255)
    pixels[2:] = (0, 0, 200, 0)  # its blue must not leak out
    Image.fromarray(pixels).save(tmp_path / "a.png")
    loaded = load_image(tmp_path / "a.png", background=(10, 20, 30))
    assert loaded[0, 0].tolist() == [200, 0, 0]
    assert loaded[3, 3].tolist() == [10, 20, 30]
    shrunk = decode(tmp_path / "a.png", (1, 1), background=(0, 0, 0))
    assert shrunk[0, 0, 2] == 0
    half = Image.new("LA", (2, 2), (100, 128))
    half.save(tmp_path / "la.png")
    assert load_image(tmp_path / "la.png", background=(0, 0, 0))[0, 0].tolist() == [50, 50, 50]


def test_palette_and_colour_key_transparency(tmp_path: Path) -> None:
    palette = Image.fromarray(np.array([[0, 1]], np.uint8), mode=None).convert("P")
    palette.putpalette([255, 0, 0, 0, 255, 0])
    palette.save(tmp_path / "p.png", transparency=0)
    assert load_image(tmp_path / "p.png", background=(1, 2, 3))[0].tolist() == [[1, 2, 3], [0, 255, 0]]
    palette.save(tmp_path / "p.gif", transparency=0)
    assert load_image(tmp_path / "p.gif", background=(1, 2, 3))[0].tolist() == [[1, 2, 3], [0, 255, 0]]
    Image.fromarray(np.array([[[9, 9, 9], [8, 8, 8]]], np.uint8)).save(tmp_path / "k.png", transparency=(9, 9, 9))
    assert load_image(tmp_path / "k.png")[0].tolist() == [[255, 255, 255], [8, 8, 8]]


def test_first_frame_of_animations(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (5, 5), colour) for colour in ("red", "blue")]
    for suffix in ("gif", "webp", "png"):
        frames[0].save(tmp_path / f"a.{suffix}", save_all=True, append_images=frames[1:], duration=100)
        assert apart(load_image(tmp_path / f"a.{suffix}"), np.full((5, 5, 3), (255, 0, 0))) < 3


def test_profiles_are_converted_to_srgb(tmp_path: Path) -> None:
    """Check pictures in sRGB, in CIELAB, and with a broken profile."""
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    picture = Image.fromarray(gradient())
    picture.save(tmp_path / "srgb.png", icc_profile=srgb.tobytes())
    assert np.array_equal(load_image(tmp_path / "srgb.png"), gradient())
    in_lab = ImageCms.applyTransform(picture, ImageCms.buildTransform(srgb, lab, "RGB", "LAB"))
    in_lab.save(tmp_path / "lab.tif")
    assert apart(load_image(tmp_path / "lab.tif"), gradient()) < 3
    picture.save(tmp_path / "broken.png", icc_profile=b"this is no profile")
    assert np.array_equal(load_image(tmp_path / "broken.png"), gradient())


def test_wide_gamut_profile_changes_colours(tmp_path: Path) -> None:
    profile = swapped_profile()
    Image.fromarray(gradient()).save(tmp_path / "a.png", icc_profile=profile)
    converted = load_image(tmp_path / "a.png")
    assert apart(converted[..., 0], gradient()[..., 1]) < 4  # what the file calls red is green
    transparent = Image.fromarray(gradient()).convert("RGBA")
    transparent.save(tmp_path / "b.png", icc_profile=profile)
    assert np.array_equal(load_image(tmp_path / "b.png"), converted)
    assert apart(decode(tmp_path / "a.png", (20, 15))[..., 0], gradient(20, 15)[..., 1]) < 8


def test_a_profile_is_known_by_what_it_does_not_by_its_name(tmp_path: Path) -> None:
    profile = renamed(linear_profile(), "sRGB")
    description = ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(profile)))
    assert description.startswith("sRGB")
    Image.new("RGB", (4, 4), (147, 12, 12)).save(tmp_path / "linear.png", icc_profile=profile)
    assert apart(load_image(tmp_path / "linear.png"), np.full((4, 4, 3), (200, 60, 60))) <= 1
    Image.fromarray(gradient()).save(tmp_path / "swapped.png", icc_profile=renamed(swapped_profile(), "sRGB"))
    assert apart(load_image(tmp_path / "swapped.png")[..., 0], gradient()[..., 1]) < 4
    own = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.fromarray(gradient()).save(tmp_path / "own.png", icc_profile=renamed(own, "mine"))
    assert np.array_equal(load_image(tmp_path / "own.png"), gradient())


def swapped_profile() -> bytes:
    """Return the sRGB profile with the primaries of red and green exchanged."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for start in tags(data):
        name = bytes(data[start : start + 4])
        if name in {b"rXYZ", b"gXYZ"}:
            data[start : start + 4] = b"gXYZ" if name == b"rXYZ" else b"rXYZ"
    return renamed(bytes(data), "swap")


def linear_profile() -> bytes:
    """Return the sRGB profile with straight lines for its curves."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for start in tags(data):
        if bytes(data[start : start + 4]) in {b"rTRC", b"gTRC", b"bTRC"}:
            (offset,) = struct.unpack(">I", data[start + 4 : start + 8])
            data[offset : offset + 12] = b"curv" + bytes(8)
    return bytes(data)


def renamed(profile: bytes, name: str) -> bytes:
    """Return a profile whose description begins with another word of four letters."""
    data = bytearray(profile)
    for start in tags(data):
        if bytes(data[start : start + 4]) == b"desc":
            (offset, size) = struct.unpack(">II", data[start + 4 : start + 12])
            text = bytes(data[offset : offset + size])
            for old in ("sRGB", "swap"):
                for coding in ("utf-16-be", "ascii"):
                    text = text.replace(old.encode(coding), name.encode(coding))
            data[offset : offset + size] = text
    return bytes(data)


def tags(profile: bytes | bytearray) -> range:
    """Return the offsets of the entries in a profile's table of tags."""
    (count,) = struct.unpack(">I", profile[128:132])
    return range(132, 132 + 12 * count, 12)


def test_cmyk_jpegs_of_both_conventions(tmp_path: Path) -> None:
    cyan = Image.new("CMYK", (16, 16), (255, 0, 0, 0))
    data = io.BytesIO()
    cyan.save(data, "JPEG", quality=95)
    assert b"Adobe" in data.getvalue()
    (tmp_path / "adobe.jpg").write_bytes(data.getvalue())
    assert apart(load_image(tmp_path / "adobe.jpg"), np.full((16, 16, 3), (0, 255, 255))) < 6
    assert decode(tmp_path / "adobe.jpg", (4, 4)).shape == (4, 4, 3)
    plain = without_adobe(data.getvalue())  # the same samples without Adobe's word for it mean the opposite
    (tmp_path / "plain.jpg").write_bytes(plain)
    assert apart(load_image(tmp_path / "plain.jpg"), np.full((16, 16, 3), (255, 0, 0))) > 60


@pytest.mark.parametrize("side", [16, 100, 800])
def test_cmyk_jpegs_keep_their_meaning_when_reduced(side: int) -> None:
    for ink, adobe, colour in (((0, 255, 255, 0), True, (255, 0, 0)), ((255, 0, 0, 255), False, (255, 0, 0))):
        data = io.BytesIO()
        Image.new("CMYK", (side, side), ink).save(data, "JPEG", quality=95)
        content = data.getvalue() if adobe else without_adobe(data.getvalue())
        assert apart(decode(content, (8, 8), name="x"), np.full((8, 8, 3), colour)) < 6


def without_adobe(data: bytes) -> bytes:
    at = data.index(b"\xff\xee")
    (length,) = struct.unpack(">H", data[at + 2 : at + 4])
    return data[:at] + data[at + 2 + length :]


def kinds_of_pictures() -> dict[str, tuple[Image.Image, dict[str, object]]]:
    """Return pictures by a file name whose format keeps all their data, with the options for saving them."""
    turned = Image.Exif()
    turned[0x0112] = 6
    rgb = Image.fromarray(gradient())
    ramp = np.linspace(0, 1, 1200).reshape(30, 40)
    clear = rgb.convert("RGBA")
    clear.putalpha(Image.fromarray((ramp * 255).astype(np.uint8)))
    keyed = Image.fromarray(np.array([[0, 1]], np.uint8)).convert("P")
    keyed.putpalette([255, 0, 0, 0, 255, 0])
    return {
        "plain.png": (rgb, {}),
        "turned.png": (rgb, {"exif": turned}),
        "turned.tif": (rgb, {"exif": turned}),
        "turned.jpg": (rgb, {"exif": turned}),
        "profile.png": (rgb, {"icc_profile": swapped_profile()}),
        "clear.png": (clear, {"exif": turned}),
        "keyed.png": (keyed, {"transparency": 0}),
        "deep.png": (Image.fromarray((ramp * 65535).astype(np.uint16)), {}),
        "whole.tif": (Image.fromarray((ramp * 65535).astype(np.int32)), {}),
        "float.tif": (Image.fromarray(ramp.astype(np.float32)), {}),
        "ink.jpg": (rgb.convert("CMYK"), {}),
    }


@pytest.mark.parametrize("name", kinds_of_pictures())
def test_a_pillow_picture_means_what_its_file_means(tmp_path: Path, name: str) -> None:
    picture, options = kinds_of_pictures()[name]
    path = tmp_path / name
    picture.save(path, **options)
    expected = load_image(path, background=(10, 200, 30))
    with Image.open(path) as opened:
        for _ in range(2):  # the second time the pixels are loaded
            assert np.array_equal(from_pillow(opened, background=(10, 200, 30), name="x"), expected)
        before = opened.tobytes()
        taken = from_pillow(opened, name="x")
        taken.paste((1, 2, 3), (0, 0, 5, 5))
        assert opened.tobytes() == before


def test_pillow_pictures_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="the target: a picture of 0 x 3 px has no pixels"):
        from_pillow(Image.new("L", (0, 3)), name="the target")
    with (
        Image.open(io.BytesIO(JPEG.getvalue()[:1500])) as opened,
        pytest.raises(ImageError, match="the target: broken or truncated"),
    ):
        from_pillow(opened, name="the target")


def test_heic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    header = struct.pack(">I", 24) + b"ftypheic\x00\x00\x00\x00mif1heic" + b"\x00" * 50
    path = tmp_path / "a.jpg"  # phones name them so
    path.write_bytes(header)
    monkeypatch.setitem(sys.modules, "pi_heif", None)
    monkeypatch.delitem(Image.OPEN, "HEIF", raising=False)
    with pytest.raises(MissingExtraError, match=r"a\.jpg: a HEIC photo needs the 'heic' extra"):
        load_image(path)
    monkeypatch.delitem(sys.modules, "pi_heif")
    pytest.importorskip("pi_heif")
    with pytest.raises(ImageError, match=r"a\.jpg"):
        load_image(path)


JPEG = io.BytesIO()
Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)).save(JPEG, "JPEG")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"\xff\xd8\xff\xe0", "begins like a JPEG"),
        (JPEG.getvalue()[:1500], "truncated"),
        (b"hello, I am a letter to my aunt", "text file"),
        (b"%PDF-1.7 and so on", "PDF"),
        (b"PK\x03\x04" + b"x" * 50, "ZIP"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "text file"),
        (b"\x00" * 4000, "zeros"),
        (b"\x00\x00\x00\x18ftypmp42" + b"\x00" * 99, "MP4"),
        (os.urandom(8) + b"\xfe\xff" * 200, "no known format"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00", "LFS"),
    ],
)
def test_broken_files_say_what_is_wrong(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "holiday.jpg"
    path.write_bytes(content)
    for read in (load_image, lambda p: decode(p, (8, 8))):
        with pytest.raises(ImageError, match=reason) as caught:
            read(path)
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)


def test_what_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="no such file"):
        load_image(tmp_path / "nothing.png")
    with pytest.raises(ImageError, match="this is a folder"):
        load_image(tmp_path)
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(ImageError, match="not a regular file"):
        load_image(tmp_path / "pipe.jpg")
    with pytest.raises(ImageError, match="null"):
        load_image("a\x00b.png")


def test_limit_of_pixels(tmp_path: Path) -> None:
    before = Image.MAX_IMAGE_PIXELS
    Image.new("1", (20_000, 10_000)).save(tmp_path / "bomb.png")  # 200 megapixels in 25 kB
    with pytest.raises(ImageError, match="at most 100 megapixels"):
        decode(tmp_path / "bomb.png", (8, 8), max_pixels=100_000_000)
    with pytest.raises(ImageError, match=r"20000 x 10000 px are too many"):
        load_image(tmp_path / "bomb.png", max_pixels=1_000_000)
    Image.new("L", (4000, 4000)).save(tmp_path / "large.jpg")
    assert decode(tmp_path / "large.jpg", (8, 8), max_pixels=1_000_000).shape == (8, 8, 3)  # drafted at an eighth
    assert before == Image.MAX_IMAGE_PIXELS


def test_decode_crops_to_the_aspect(tmp_path: Path) -> None:
    Image.fromarray(gradient(60, 20)).save(tmp_path / "a.png")
    square = decode(tmp_path / "a.png", (20, 20))
    assert np.array_equal(square, gradient(60, 20)[:, 20:40])
    wide = decode(tmp_path / "a.png", (10, 10), aspect=(3, 1))
    assert wide[:, 0, 0].max() < 20
    assert wide[:, -1, 0].min() > 235


def test_decode_is_close_to_a_plain_resize() -> None:
    noise = np.random.default_rng(1).integers(0, 255, (12, 16, 3), np.uint8)
    scene = np.asarray(Image.fromarray(noise).resize((1600, 1200), Image.Resampling.BICUBIC))
    for kind in ("JPEG", "PNG"):
        data = io.BytesIO()
        Image.fromarray(scene).save(data, kind, quality=95)
        plain = Image.fromarray(scene).crop((200, 0, 1400, 1200)).resize((32, 32), Image.Resampling.LANCZOS)
        assert apart(decode(data.getvalue(), (32, 32), name=kind), np.asarray(plain)) < 1.5


def test_a_real_heic_file() -> None:
    pytest.importorskip("pi_heif", reason="the heic extra is not installed")
    read = load_image(Path(__file__).parent / "data" / "gradient.heic").astype(int)
    y, x = np.mgrid[0:48, 0:64]
    drawn = np.stack([x * 4, y * 5, 255 - x * 4], axis=-1)
    assert read.shape == drawn.shape
    assert np.abs(read - drawn).mean() < 4


@given(st.integers(1, 500), st.integers(1, 500), st.integers(1, 20), st.integers(1, 20))
def test_centre_is_the_largest_box_inside(width: int, height: int, across: int, down: int) -> None:
    left, top, right, bottom = centre(Image.new("1", (width, height)), (across, down))
    assert left >= -1e-9
    assert top >= -1e-9
    assert right <= width + 1e-9
    assert bottom <= height + 1e-9
    assert min(left, top) < 1e-6
    assert (right - left) / (bottom - top) == pytest.approx(across / down)


@given(st.sampled_from(["JPEG", "PNG", "GIF", "TIFF", "WEBP"]), st.data())
def test_damaged_files_never_raise_anything_else(kind: str, data: st.DataObject) -> None:
    file = io.BytesIO()
    Image.fromarray(gradient()).save(file, kind)
    content = bytearray(file.getvalue())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(1, len(content)))
    try:
        decode(bytes(content[:cut]), (8, 8), max_pixels=10_000_000, name="x")
    except (ImageError, MissingExtraError) as error:
        assert "\n" not in str(error)  # noqa: PT017


def test_names_are_printable() -> None:
    assert printable("a b'\"é😀.jpg") == "a b'\"é😀.jpg"
    assert printable("a\nb") == "a\\nb"
    assert printable(os.fsencode("x") + b"\xff") == "x\\udcff"
    printable(os.fsdecode(b"\xff\xfe")).encode()
