"""Photos and targets whose last part is damaged: used only on request, and always with a note."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from perceptual_photomosaic.api import make_mosaic
from perceptual_photomosaic.cli.main import main
from perceptual_photomosaic.errors import ImageError, TileError
from perceptual_photomosaic.reading.damaged import decode_what_is_there, load_what_is_there
from perceptual_photomosaic.tiles import Photos, TileOptions
from tests.library.conftest import smooth
from tests.tiles.conftest import Heard

SCENE = smooth(3, (240, 180))


def cut(kind: str, share: float = 0.75, **options: object) -> bytes:
    """Write a file of a kind without its last part."""
    file = io.BytesIO()
    Image.fromarray(SCENE).save(file, kind, **options)
    return file.getvalue()[: int(len(file.getvalue()) * share)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of two whole photos, two without their last part, and two without any pixel."""
    folder = tmp_path / "holiday"
    folder.mkdir()
    for number in range(2):
        Image.fromarray(smooth(number)).save(folder / f"{number}.png")
    (folder / "cut.jpg").write_bytes(cut("JPEG"))
    (folder / "cut.png").write_bytes(cut("PNG", 0.8))
    (folder / "head.jpg").write_bytes(cut("JPEG", 0.05))
    (folder / "text.jpg").write_text("text")
    return folder


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_what_is_there_is_as_in_the_whole_picture(tmp_path: Path, kind: str) -> None:
    (tmp_path / "a").write_bytes(cut(kind))
    picture, damage = load_what_is_there(tmp_path / "a", (255, 255, 255))
    assert damage.startswith(f"{tmp_path / 'a'}: broken or truncated: ")
    assert picture.shape == SCENE.shape
    assert np.abs(picture[:100].astype(int) - SCENE[:100]).mean() < 3
    assert np.abs(picture[-9:].astype(int) - SCENE[-9:]).mean() > 20
    small, damage = decode_what_is_there(cut(kind), (24, 18), name="a")
    assert damage
    assert small.shape == (18, 24, 3)


def test_whole_pictures_are_as_they_are(tmp_path: Path) -> None:
    whole = cut("PNG", 1)
    (tmp_path / "a").write_bytes(whole)
    for picture, damage in (
        load_what_is_there(tmp_path / "a", (255, 255, 255)),
        decode_what_is_there(whole, (240, 180), name="a"),
    ):
        assert damage == ""
        assert np.array_equal(picture, SCENE)


@pytest.mark.parametrize("data", [b"text", cut("JPEG", 0.05), cut("PNG", 1)[:33], b"\xff\xd8\xff\xe0"])
def test_of_what_no_picture_can_be_made_the_first_reason_stands(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a").write_bytes(data)
    with pytest.raises(ImageError, match=r"/a: (broken or truncated|not a picture)"):
        load_what_is_there(tmp_path / "a", (255, 255, 255))


@pytest.mark.parametrize("cached", [False, True])
def test_damaged_photos_are_counted_and_named(folder: Path, tmp_path: Path, cached: bool) -> None:
    cache = tmp_path / "cache" if cached else None
    assert len(Photos(folder, TileOptions(cache=cache))) == 2
    for _ in range(2):
        heard = Heard()
        photos = Photos(folder, TileOptions(cache=cache, accept_damaged=True), reporter=heard)
        assert [Path(entry.path).name for entry in photos.skipped] == ["head.jpg", "text.jpg"]
        assert heard.notes[0] == "2 damaged photos are used as far as they go: cut.jpg, cut.png"
        assert photos.pictures((64, 64), [len(photos) - 1]).std() > 10
    assert len(Photos(folder, TileOptions(cache=cache))) == 2


def test_a_damaged_target_is_refused_unless_it_is_accepted(folder: Path) -> None:
    with pytest.raises(ImageError, match="truncated"):
        make_mosaic(folder / "cut.jpg", "colours:27", columns=4)
    heard = Heard()
    mosaic = make_mosaic(folder / "cut.jpg", "colours:27", columns=4, accept_damaged=True, reporter=heard)
    assert heard.notes[0].startswith(f"the target is used as far as it goes: {folder / 'cut.jpg'}: broken or truncated")
    assert mosaic.options.accept_damaged
    (folder / "0.png").unlink()
    (folder / "1.png").unlink()
    with pytest.raises(TileError, match="none of the 4 picture files"):
        make_mosaic(SCENE, str(folder), columns=4)


def test_the_command_names_them(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for flags, count in ([], 2), (["--accept-damaged"], 4):
        monkeypatch.setattr("sys.argv", ["photomosaic", "tiles", str(folder), *flags])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        assert not ended.value.code
        assert f": {count} tiles" in said.out
        assert ("cut.jpg, cut.png" in said.err) == bool(flags)
