"""`photomosaic predict`: each mosaic is named after its picture, and no picture is overwritten."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from perceptual_photomosaic.errors import ImageError, OutputError
from perceptual_photomosaic.models.predict_many import find_sources
from tests.cli.conftest import Run, contents, desk, run

__all__ = ["desk", "run"]


@pytest.fixture
def album(tmp_path: Path) -> Path:
    """Return a folder with a picture, a picture in a subfolder, and a damaged file."""
    random = np.random.default_rng(0)
    folder = tmp_path / "album"
    (folder / "sea").mkdir(parents=True)
    for name, size in (("a.png", (40, 64)), ("sea/b.png", (48, 48))):
        Image.fromarray(random.integers(0, 256, (*size, 3), dtype=np.uint8)).save(folder / name)
    (folder / "c.jpg").write_text("no picture")
    return folder


def test_folders_keep_their_structure(album: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    pairs = {source.name: path for source, path in find_sources([album], out, ".jpg")}
    assert pairs == {"a.png": out / "a.jpg", "b.png": out / "sea" / "b.jpg", "c.jpg": out / "c.jpg"}
    assert find_sources([album / "a.png"], out, ".png") == [(album / "a.png", out / "a.png")]


def test_no_source_is_written_over(album: Path, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="would replace what is read from it"):
        find_sources([album / "a.png"], album, ".png")
    with pytest.raises(OutputError, match="would replace what is read from it"):
        find_sources([album / "sea" / "b.png", album / "a.png"], album / "sea" / "..", ".png")
    with pytest.raises(OutputError, match="lies inside"):
        find_sources([album], album / "mosaics", ".png")
    assert find_sources([album / "a.png"], album, ".jpg")


def test_two_pictures_of_one_name_are_refused(album: Path, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="would both become"):
        find_sources([album / "a.png", album.parent / "a.jpg"], tmp_path / "out", ".png")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ImageError, match="no pictures in"):
        find_sources([tmp_path / "empty"], tmp_path / "out", ".png")


def test_the_command_makes_a_mosaic_of_every_picture(run: Run, album: Path, tmp_path: Path) -> None:
    pytest.importorskip("stlpips_pytorch", reason="the weights of the network")
    before = contents(album)
    ran = run("predict", album, "--model", "glyphs", "-o", tmp_path / "out", "--tile-size", 10)
    assert ran.status == 0, ran.err
    assert ran.out == f"2 mosaics in {tmp_path / 'out'}\n"
    assert "left out" in ran.err
    assert "c.jpg" in ran.err
    for name, cells in (("a.png", (8, 5)), ("sea/b.png", (6, 6))):
        with Image.open(tmp_path / "out" / name) as picture:
            assert picture.size == (10 * cells[0], 10 * cells[1])
            assert np.asarray(picture).std() > 1
    assert contents(album) == before
    ran = run("predict", album / "a.png", "--model", "glyphs", "-o", album)
    assert ran.status == 2
    assert "would replace what is read from it" in ran.err
    assert contents(album) == before


def test_names_that_are_not_utf8_can_be_read_written_and_said(run: Run, album: Path, tmp_path: Path) -> None:
    pytest.importorskip("stlpips_pytorch", reason="the weights of the network")
    odd = Path(os.fsdecode(b"caf\xe9"))
    try:
        (album / "sea").rename(album / odd)
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    ran = run("predict", album, "--model", "glyphs", "-o", tmp_path / odd)
    assert ran.status == 0, ran.err
    assert ran.out == f"2 mosaics in {tmp_path}/caf\\udce9\n"
    with Image.open(tmp_path / odd / odd / "b.png") as picture:
        picture.load()
