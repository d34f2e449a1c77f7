"""Tests of SVG drawings and JPEG XL: they are read like photos, or the missing package is named."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from perceptual_photomosaic.errors import ImageError
from perceptual_photomosaic.image import decode, load_image, upright_size
from perceptual_photomosaic.reading.further_formats import jxl_plugin
from perceptual_photomosaic.tiles import Photos, TileOptions
from tests.tiles.conftest import Heard

HALVES = """{head}<svg xmlns="http://www.w3.org/2000/svg" width="24" height="12" viewBox="0 0 24 12">
<rect width="12" height="12" fill="#c80a1e"/></svg>"""
JXL_HEAD = b"\x00\x00\x00\x0cJXL \r\n\x87\n"


def halves(head: str = "") -> bytes:
    """Return a drawing of 24 x 12 units: red on the left, empty on the right."""
    return HALVES.format(head=head).encode()


@pytest.mark.parametrize(
    "data",
    [
        halves(),
        halves("\ufeff<?xml version='1.0'?>\n<!-- drawn by hand -->\n"),
        halves('<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">'),
        gzip.compress(halves(), mtime=0),
    ],
)
def test_drawings_are_read_sharp_at_any_size(data: bytes) -> None:
    for size in (8, 300):
        drawn = decode(data, (2 * size, size), background=(10, 200, 90), name="a.svg")
        assert drawn.shape == (size, 2 * size, 3)
        ringing = 3  # pixels beside the edge
        assert np.abs(drawn[:, : size - ringing].astype(int) - (200, 10, 30)).max() <= 3
        assert np.abs(drawn[:, size + ringing :].astype(int) - (10, 200, 90)).max() <= 3


def test_a_drawing_is_a_target(tmp_path: Path) -> None:
    (tmp_path / "a.svg").write_bytes(halves())
    assert load_image(tmp_path / "a.svg").shape == (512, 1024, 3)
    assert upright_size(tmp_path / "a.svg") == (1024, 512)
    (tmp_path / "a.svg").write_bytes(halves().replace(b'width="24" height="12"', b'width="240000" height="120000"'))
    assert load_image(tmp_path / "a.svg").shape == (2048, 4096, 3)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (halves()[:-20], "an SVG drawing that is broken: "),
        (b"<!DOCTYPE html><body>" + halves() + b"</body>", "it is a web page"),
        (b"<?xml version='1.0'?><feed/>", "it is an XML text"),
        (gzip.compress(b"a letter", mtime=0), "it is a gzip archive"),
        (gzip.compress(halves(), mtime=0)[:-30], "."),
        (gzip.compress(halves() + bytes(300_000_000), 1, mtime=0), "more than 128 MB unpacked"),
    ],
)
def test_what_is_no_drawing_or_a_broken_one(tmp_path: Path, data: bytes, reason: str) -> None:
    (tmp_path / "a.svg").write_bytes(data)
    with pytest.raises(ImageError, match=reason) as caught:
        load_image(tmp_path / "a.svg")
    assert str(caught.value).startswith(f"{tmp_path / 'a.svg'}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(bool(jxl_plugin()), reason="JPEG XL is read here")
@pytest.mark.parametrize("data", [JXL_HEAD + bytes(40), b"\xff\x0a" + bytes(40)])
def test_jpeg_xl_says_which_package_reads_it(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.jxl").write_bytes(data)
    Image.new("RGB", (9, 9), "red").save(tmp_path / "b.png")
    photos = Photos(tmp_path)
    assert [entry.reason for entry in photos.skipped] == [
        "a JPEG XL picture, which needs a plug-in: pip install pillow-jxl-plugin"
    ]


def test_jpeg_xl_is_read_where_a_plug_in_is_there(tmp_path: Path) -> None:
    pytest.importorskip("pillow_jxl")
    Image.new("RGB", (40, 30), (200, 10, 30)).save(tmp_path / "a.jxl", lossless=True)
    assert (decode(tmp_path / "a.jxl", (8, 8)) == (200, 10, 30)).all()


def test_what_a_folder_holds_besides_pictures_is_counted_by_kind(tmp_path: Path) -> None:
    heard = Heard()
    (tmp_path / "below").mkdir()
    (tmp_path / "a.svg").write_bytes(halves())
    Photos(tmp_path, TileOptions(), reporter=heard)
    assert not heard.notes
    for name in (
        "1.MOV",
        "2.mov",
        "below/3.mov",
        "a.txt",
        "b.txt",
        "noname",
        "a.pdf",
        "a.aae",
        "a.xyz",
        "b.xyz",
        "a.q",
    ):
        (tmp_path / name).touch()
    (tmp_path / ".hidden").touch()
    photos = Photos(tmp_path, TileOptions(), reporter=heard)
    assert len(photos) == 1
    assert len(heard.notes) == 1
    assert heard.notes[0].startswith(f"{tmp_path}: 11 files are no pictures by name: 3 .mov, 2 .")
    assert heard.notes[0].endswith(", 2 others")
