"""Tests of real folders: odd names, broken files, links, pipes, and no photos at all."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from perceptual_photomosaic.errors import TileError
from perceptual_photomosaic.tiles import Photos, TileOptions, open_tiles
from perceptual_photomosaic.tiles.contact_sheet import export_tiles
from perceptual_photomosaic.tiles.walk import natural_key

from .conftest import Heard, Write, noise

ODD_NAMES = [b"a b.png", b"a'\"b.png", b"a\nb.png", "é😀.png".encode(), b"\xff\xfe.png", b"a,b;c\\.png", b"-rf.png"]


def names(photos: Photos) -> list[str]:
    return [os.path.relpath(path, photos.folder) for path in photos.paths]


def test_natural_order_through_all_folders(album: Path) -> None:
    assert names(Photos(album)) == [*(f"{n}.jpg" for n in range(1, 6)), "more/9.png", "more/10.png"]


def test_natural_key_orders_anything() -> None:
    files = ["b", "a10", "a9", "a09", "A9", "10", "9", "²", "a/b", "a", "", "٣"]
    backwards = files[::-1]
    assert sorted(files, key=natural_key) == sorted(backwards, key=natural_key)
    assert sorted(["img10", "img9", "Img1"], key=natural_key) == ["Img1", "img9", "img10"]


@pytest.mark.parametrize("cached", [False, True])
def test_odd_names(tmp_path: Path, cached: bool) -> None:
    folder = tmp_path / "odd, names;"
    folder.mkdir()
    for seed, name in enumerate(ODD_NAMES):
        Image.fromarray(noise(seed)).save(tmp_path / "x.png")
        (tmp_path / "x.png").rename(os.fsdecode(os.fsencode(folder) + b"/" + name))
    (folder / "broken\n.jpg").write_bytes(b"no")
    options = TileOptions(cache=tmp_path / "cache" if cached else None)
    first = open_tiles(str(folder), options)
    again = open_tiles(first.spec, options)
    assert len(first) == len(ODD_NAMES)
    assert first.identity() == again.identity()
    assert np.array_equal(first.pictures((16, 16)), again.pictures((16, 16)))
    assert first.pictures((50, 50)).shape == (7, 50, 50, 3)
    for tiles in (first, again):
        assert [entry.path for entry in tiles.skipped] == [str(folder / "broken\n.jpg")]
        assert tiles.skipped[0].reason == "not a picture that can be read; it is a text file"


def test_broken_files_are_listed_and_others_ignored(album: Path) -> None:
    (album / "empty.jpg").touch()
    (album / "cut.png").write_bytes((album / "more" / "9.png").read_bytes()[:150])
    (album / "letter.jpg").write_text("dear aunt")
    (album / "raw.NEF").write_bytes(b"x")
    (album / "gone.jpg").symlink_to("nowhere")
    os.mkfifo(album / "pipe.jpg")
    Image.new("1", (20_000, 10_000)).save(album / "bomb.png")
    for ignored in ("notes.txt", "Thumbs.db", ".DS_Store", "._1.jpg", "clip.mov", "1.AAE"):
        (album / ignored).write_text("x")
    (album / ".hidden").mkdir()
    (album / ".hidden" / "1.jpg").write_text("x")
    photos = Photos(album)
    assert len(photos) == 7
    reasons = {Path(entry.path).name: entry.reason for entry in photos.skipped}
    assert list(reasons) == sorted(reasons, key=str.casefold)
    assert reasons.keys() == {"empty.jpg", "cut.png", "letter.jpg", "raw.NEF", "gone.jpg", "pipe.jpg", "bomb.png"}
    assert reasons["empty.jpg"] == "the file is empty"
    assert "truncated" in reasons["cut.png"]
    assert "text file" in reasons["letter.jpg"]
    assert "camera raw" in reasons["raw.NEF"]
    assert "no such file" in reasons["gone.jpg"]
    assert "regular" in reasons["pipe.jpg"]
    assert "megapixels" in reasons["bomb.png"]


def test_links_that_lead_in_circles(album: Path, photo: Write, tmp_path: Path) -> None:
    (album / "loop").symlink_to(album)
    (album / "more" / "up").symlink_to(album / "more")
    photo(tmp_path / "elsewhere" / "far.jpg", 77)
    (album / "linked").symlink_to(tmp_path / "elsewhere")
    assert len(Photos(album)) == 8
    a, b = album / "a", album / "b"
    a.symlink_to(b)
    b.symlink_to(a)
    photos = Photos(album)
    assert len(photos) == 8
    assert all("linked" not in name or "far" in name for name in names(photos))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read(album: Path) -> None:
    (album / "1.jpg").chmod(0)
    (album / "more").chmod(0)
    try:
        photos = Photos(album)
    finally:
        (album / "more").chmod(0o700)
    assert len(photos) == 4
    assert ["permission denied" in entry.reason for entry in photos.skipped] == [True, True]


def test_unreadable_folders_are_listed(album: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scandir = os.scandir

    def refuse(path: str) -> object:
        if str(path).endswith("more"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr("perceptual_photomosaic.tiles.walk.os.scandir", refuse)
    photos = Photos(album)
    assert len(photos) == 5
    assert [(Path(s.path).name, s.reason) for s in photos.skipped] == [
        ("more", "the folder cannot be read: permission denied")
    ]


def test_nothing_usable(tmp_path: Path) -> None:
    with pytest.raises(TileError, match="holds no picture files"):
        Photos(tmp_path)
    for number in range(5):
        (tmp_path / f"{number}.jpg").write_text("text")
    with pytest.raises(TileError, match=r"none of the 5 picture files in .* can be used: 0\.jpg: not a picture"):
        Photos(tmp_path)
    with pytest.raises(TileError, match="does not exist"):
        Photos(tmp_path / "none")
    with pytest.raises(TileError, match="is a file"):
        Photos(tmp_path / "0.jpg")


def test_one_photo_is_a_set(tmp_path: Path, photo: Write) -> None:
    photo(tmp_path / "one" / "only.webp", 3)
    assert len(Photos(tmp_path / "one")) == 1


def test_one_pixel_and_extreme_aspects(tmp_path: Path) -> None:
    Image.new("RGB", (1, 1), "red").save(tmp_path / "dot.png")
    Image.new("RGB", (3000, 1), "lime").save(tmp_path / "line.png")
    Image.new("RGB", (1, 3000), "blue").save(tmp_path / "pole.jpg")
    pictures = Photos(tmp_path).pictures((32, 32))
    assert pictures[:2, 0, 0].tolist() == [[255, 0, 0], [0, 255, 0]]


def test_large_pictures_come_from_the_files(album: Path, heard: Heard) -> None:
    photos = Photos(album, TileOptions(thumbnail_px=(4, 4)))
    small = photos.pictures((4, 4), reporter=heard)
    assert not heard.stages
    large = photos.pictures((18, 18), [5, 2, 5, 5], reporter=heard)
    assert heard.stages == [("reading photos", 2)]  # each original once
    assert np.array_equal(large[0], large[2])
    assert np.array_equal(large[0], noise(9)[:, 3:21])  # a PNG cropped, not resized
    enlarged = np.asarray(Image.fromarray(small[2]).resize((18, 18), Image.Resampling.LANCZOS))
    assert np.abs(large[1].astype(int) - enlarged).mean() > 3  # not a thumbnail made larger
    (album / "2.jpg").unlink()
    with pytest.raises(TileError, match=r"usable before .*2\.jpg: cannot be read: no such file"):
        photos.pictures((18, 18), [1])
    photos.pictures((4, 4))


def test_threads_change_nothing(album: Path) -> None:
    one, many = (Photos(album, TileOptions(workers=workers)) for workers in (1, 7))
    assert one.paths == many.paths
    assert np.array_equal(one.pictures((32, 32)), many.pictures((32, 32)))
    assert np.array_equal(one.pictures((40, 40)), many.pictures((40, 40)))


def test_exported_templates_read_back(tmp_path: Path) -> None:
    glyphs = open_tiles("glyphs:set=alnum")
    export_tiles(glyphs, tmp_path / "ascii_8", (8, 8))
    options = TileOptions(thumbnail_px=(8, 8))
    templates = open_tiles(str(tmp_path / "ascii_8"), options)
    assert [Path(templates.source(tile)).name for tile in range(62)] == [f"{n:02}.png" for n in range(62)]
    assert np.array_equal(templates.pictures((8, 8)), glyphs.pictures((8, 8)))
    for cache in (None, tmp_path / "cache", tmp_path / "cache"):  # opened for 32 px they are not blurred on the way
        larger = open_tiles(str(tmp_path / "ascii_8"), TileOptions(cache=cache))
        assert np.array_equal(larger.pictures((8, 8)), glyphs.pictures((8, 8)))
        assert larger.pictures((32, 32)).shape == (62, 32, 32, 3)


def test_templates_of_an_older_version_read_back(tmp_path: Path) -> None:
    """Read pictures numbered without leading zeros, in their original order."""
    glyphs = open_tiles("glyphs:set=alnum")
    export_tiles(glyphs, tmp_path / "ascii_8", (8, 8))
    for picture in list((tmp_path / "ascii_8").iterdir()):
        picture.rename(picture.with_name(f"{int(picture.stem)}.png"))
    templates = open_tiles(str(tmp_path / "ascii_8"), TileOptions(thumbnail_px=(8, 8)))
    assert [Path(templates.source(tile)).name for tile in range(62)] == [f"{n}.png" for n in range(62)]
    assert np.array_equal(templates.pictures((8, 8)), glyphs.pictures((8, 8)))


def test_crops(tmp_path: Path) -> None:
    wide = np.full((90, 270, 3), 128, np.uint8)
    wide[30:60, 220:250] = np.random.default_rng(0).integers(0, 256, (30, 30, 3))  # a salient part, on the right
    Image.fromarray(wide).save(tmp_path / "a.png")
    options = {"thumbnail_px": (45, 45)}
    centre = Photos(tmp_path, TileOptions(**options)).pictures((45, 45))[0]
    seen = Photos(tmp_path, TileOptions(**options, crop="attention"))
    assert centre.std() < 1
    assert seen.pictures((45, 45))[0].std() > 10
    by_spec = open_tiles(f"photos:{tmp_path},crop=attention", TileOptions(**options))
    assert by_spec.identity() == seen.identity()
    assert by_spec.spec == f"photos:{tmp_path},crop=attention"
    with pytest.raises(TileError, match="crop: expected one of"):
        open_tiles(f"photos:{tmp_path},crop=middle")


def test_faces(tmp_path: Path) -> None:
    data = pytest.importorskip("skimage.data")
    scene = np.full((256, 500, 3), 90, np.uint8)
    scene[:, 244:] = np.asarray(Image.fromarray(data.astronaut()).resize((256, 256)))
    Image.fromarray(scene).save(tmp_path / "a.png")
    Image.fromarray(scene[:, :200]).save(tmp_path / "b.png")
    options = TileOptions(crop="faces", thumbnail_px=(64, 64))
    face, none = Photos(tmp_path, options).pictures((64, 64))
    expected = np.asarray(Image.fromarray(scene[:, 230:486]).resize((64, 64)))
    assert np.abs(face.astype(int) - expected).mean() < 30
    assert (none == 90).all()  # no face: the centre


def test_identity_is_of_contents_not_names(album: Path, tmp_path: Path) -> None:
    before = Photos(album).identity()
    album.rename(tmp_path / "moved")
    assert Photos(tmp_path / "moved").identity() == before
    Image.fromarray(noise(99)).save(tmp_path / "moved" / "3.jpg")
    assert Photos(tmp_path / "moved").identity() != before
