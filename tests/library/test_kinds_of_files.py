"""Tests that the thumbnail of a photo (for matching) and its file (for drawing) show the same, in any format."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, TiffImagePlugin

from perceptual_photomosaic.image import load_image, upright_size
from perceptual_photomosaic.library.build import update_library
from perceptual_photomosaic.library.library_tiles import LibraryTiles
from perceptual_photomosaic.tiles import TileOptions
from tests.library.conftest import smooth

SCENE = smooth(7, (240, 90))  # long, so that a crop of swapped sides shows another part
TURNED = {  # the operation that reverses each orientation
    1: lambda p: p,
    2: lambda p: p[:, ::-1],
    3: lambda p: p[::-1, ::-1],
    4: lambda p: p[::-1],
    5: lambda p: p.swapaxes(0, 1),
    6: lambda p: np.rot90(p, 1),
    7: lambda p: p[::-1, ::-1].swapaxes(0, 1),
    8: lambda p: np.rot90(p, -1),
}


def stored(turn: int) -> Image.Image:
    return Image.fromarray(np.ascontiguousarray(TURNED[turn](SCENE)))


def exif(turn: int) -> Image.Exif:
    data = Image.Exif()
    data[0x0112] = turn
    return data


def xmp(turn: int) -> bytes:
    return (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        b'<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="%d"/></rdf:RDF></x:xmpmeta>'
    ) % turn


def saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def raw_profile(turn: int, name: str, packed: bool) -> bytes:
    """Return a PNG whose EXIF data is a text, as ImageMagick wrote it."""
    data = b"Exif\x00\x00" + exif(turn).tobytes().removeprefix(b"Exif\x00\x00")
    lines = [data.hex()[at : at + 72] for at in range(0, 2 * len(data), 72)]
    text = "\n".join(["", "exif", f"{len(data):8}", *lines, ""]).encode()
    kind, body = (b"zTXt", b"\x00" + zlib.compress(text)) if packed else (b"tEXt", text)
    content = kind + name.encode() + b"\x00" + body
    chunk = struct.pack(">I", len(content) - 4) + content + struct.pack(">I", zlib.crc32(content))
    png = saved(stored(turn), "PNG")
    return png[:33] + chunk + png[33:]


def tiff_with_xmp() -> bytes:
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[700] = xmp(6)
    tags.tagtype[700] = 1
    return saved(stored(1), "TIFF", tiffinfo=tags)


def kinds() -> dict[str, bytes]:
    """Return files that all show the scene, by the name of the way in which they store the orientation."""
    found = {}
    for turn in TURNED:
        found[f"{turn}.tif"] = saved(stored(turn), "TIFF", exif=exif(turn))
        found[f"lzw{turn}.tif"] = saved(stored(turn), "TIFF", exif=exif(turn), compression="tiff_lzw")
        found[f"{turn}.jpg"] = saved(stored(turn), "JPEG", exif=exif(turn), quality=95)
        found[f"{turn}.png"] = saved(stored(turn), "PNG", exif=exif(turn))
        found[f"text{turn}.png"] = raw_profile(turn, "Raw profile type exif", packed=turn % 2 == 0)
    found["app1.png"] = raw_profile(6, "Raw profile type APP1", packed=True)
    found["turned.avif"] = saved(stored(6), "AVIF", exif=exif(6), quality=95)
    found["turned.webp"] = saved(stored(6), "WEBP", exif=exif(6), lossless=True)
    found["xmp.jpg"] = saved(stored(1), "JPEG", xmp=xmp(6), quality=95)
    found["xmp.webp"] = saved(stored(1), "WEBP", xmp=xmp(6), lossless=True)
    found["xmp.tif"] = tiff_with_xmp()
    other = Image.Exif()
    other[0x010E] = "a caption, and no orientation"
    found["both.jpg"] = saved(stored(1), "JPEG", xmp=xmp(6), exif=other, quality=95)
    return found


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> LibraryTiles:
    folder = tmp_path_factory.mktemp("photos")
    for name, content in kinds().items():
        (folder / name).write_bytes(content)
    update_library(folder.parent / "library", [str(folder)], create=True, workers=1)
    return LibraryTiles(folder.parent / "library", TileOptions(cell_aspect=(1, 1)), duplicates=True)


def apart(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> float:
    return float(np.abs(a.astype(int) - b).mean())


def test_no_kind_is_left_out(library: LibraryTiles) -> None:
    assert {Path(path).name for path in library.paths} == set(kinds())
    assert library.skipped == ()


@pytest.mark.parametrize("name", kinds())
def test_thumbnail_and_file_show_the_same(library: LibraryTiles, name: str) -> None:
    tile = next(number for number, path in enumerate(library.paths) if Path(path).name == name)
    path = library.source(tile)
    whole = load_image(path)
    assert apart(whole, SCENE) < 4
    assert upright_size(path) == (240, 90)
    assert (library.content(tile).width, library.content(tile).height) == (240, 90)
    large = library.pictures((90, 90), [tile])[0]  # from the file
    assert apart(large, SCENE[:, 75:165]) < 4
    small = library.pictures((16, 16), [tile])[0]  # from the thumbnail
    assert apart(small, np.asarray(Image.fromarray(large).resize((16, 16), Image.Resampling.LANCZOS))) < 3
