"""Several mosaics in one folder: each as if made alone, made once, and never in place of other files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from perceptual_photomosaic import MosaicError, make_mosaic, make_mosaics
from perceptual_photomosaic.batch import BatchItem
from perceptual_photomosaic.errors import ConfigError, ImageError, OutputError, TileError

SMALL: dict[str, Any] = {"columns": 8, "tile_size": 12, "method": "nearest"}


@pytest.fixture
def studio(tmp_path: Path, photo_folder: Path, target: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: a.png, b.png, c.png, and holiday/."""
    for name, picture in {"a": target, "b": target[:, ::-1], "c": 255 - target}.items():
        Image.fromarray(picture).save(tmp_path / f"{name}.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def states(items: list[BatchItem]) -> list[str]:
    return [item.state for item in items]


def made(*targets: str, **changes: Any) -> list[BatchItem]:
    return make_mosaics(targets, "holiday", **{"out": "out", **SMALL, **changes})


def test_files_are_those_of_single_mosaics(studio: Path) -> None:
    items = made("a.png", "b.png", "c.png")
    assert states(items) == ["made"] * 3
    for item in items:
        assert item.out == Path("out", item.target.name)
        make_mosaic(item.target, "holiday", out="alone.png", **SMALL)
        assert item.out.read_bytes() == Path("alone.png").read_bytes()
        assert item.mosaic is not None
        assert item.mosaic.target is None
        assert item.mosaic.size_px == (96, 72)


def test_what_is_finished_is_not_made_again(studio: Path) -> None:
    made("a.png", "b.png")
    before = Path("out/a.png").stat().st_mtime_ns
    assert states(made("a.png", "b.png", "c.png")) == ["finished", "finished", "made"]
    assert Path("out/a.png").stat().st_mtime_ns == before
    assert states(made("a.png", redo=True)) == ["made"]


@pytest.mark.parametrize(
    "change", ["setting", "target", "photo", "more photos", "mask", "gone", "quality", "killed", "record"]
)
def test_what_would_come_out_differently_is_made_again(studio: Path, change: str) -> None:
    Image.new("L", (96, 72), 200).save("mask.png")
    asked: dict[str, Any] = {"region": "mask.png", "format": "jpg", "jpeg_quality": 80}
    made("a.png", **asked)
    assert states(made("a.png", **asked)) == ["finished"]
    record = Path("out/.a.jpg.made.json")
    if change == "setting":
        asked["columns"] = 6
    elif change == "quality":
        asked["jpeg_quality"] = 70
    elif change in ("target", "photo", "mask"):
        os.utime({"target": "a.png", "photo": "holiday/03.png", "mask": "mask.png"}[change], (1, 1))
    elif change == "more photos":
        Image.new("RGB", (24, 24), "red").save("holiday/new.png")
    elif change == "gone":
        Path("out/a.jpg").unlink()
    elif change == "killed":  # between the record and the end
        record.write_text('{"key": "any", "size": null}')
    else:
        Path("out/a.jpg").unlink()
        record.write_text("[]")
    assert states(made("a.png", **asked)) == ["made"]
    assert states(made("a.png", **asked)) == ["finished"]


@pytest.mark.parametrize("how", ["another file", "changed since", "a folder"])
def test_no_file_is_replaced_that_no_run_wrote(studio: Path, how: str) -> None:
    place = Path("out/a.png")
    if how == "changed since":
        made("a.png")
        place.write_bytes(place.read_bytes() + b" retouched")
    else:
        place.parent.mkdir()
        place.mkdir() if how == "a folder" else place.write_bytes(b"precious")
    before = None if place.is_dir() else place.read_bytes()
    taken, other = made("a.png", "b.png")
    assert (taken.state, other.state) == ("failed", "made")
    assert "'out/a.png' exists and was not written by an earlier run; --redo replaces it." in taken.error
    assert place.is_dir() if before is None else place.read_bytes() == before
    assert states(made("a.png", redo=True)) == ["failed" if before is None else "made"]


def test_a_target_that_fails_does_not_end_the_others(studio: Path) -> None:
    Path("broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    made("b.png", "broken.png")
    first, broken, gone, last = made("a.png", "broken.png", "gone.png", "b.png")
    assert (first.state, broken.state, gone.state, last.state) == ("made", "failed", "failed", "finished")
    assert "broken.png" in broken.error
    assert "gone.png" in gone.error
    names = sorted(path.name for path in Path("out").iterdir())
    assert names == [
        ".a.png.made.json",
        ".b.png.made.json",
        "a.png",
        "b.png",
    ]


def test_an_older_mosaic_outlives_a_failure(studio: Path) -> None:
    made("a.png")
    assert states(made("a.png", max_uses=1)) == ["failed"]
    assert states(made("a.png")) == ["finished"]


def test_folders_keep_their_folders(studio: Path) -> None:
    Path("in/deep").mkdir(parents=True)
    for name in ("in/a.png", "in/deep/a.png", "in/deep/.hidden.png"):
        Path(name).write_bytes(Path("a.png").read_bytes())
    Path("in/raw.nef").touch()
    Path("in/notes.txt").touch()
    items = made("in", "b.png", out="in/mosaics")
    assert [(str(item.out), item.state) for item in items] == [
        ("None", "failed"),
        ("in/mosaics/a.png", "made"),
        ("in/mosaics/deep/a.png", "made"),
        ("in/mosaics/b.png", "made"),
    ]
    assert states(made("in", "b.png", out="in/mosaics")) == ["failed", *["finished"] * 3]


WRONG: list[tuple[list[Any], dict[str, Any], type[MosaicError], str]] = [
    (["a.png", "in/a.jpg"], {}, OutputError, "'a.png' and 'in/a.jpg' would both be written to 'out/a.png'; rename one"),
    (["a.png", "in/A.jpg"], {}, OutputError, "would both be written"),
    (["a.png"], {"out": "."}, OutputError, "'a.png' is a target"),
    (["a.png"], {"out": ".", "redo": True}, OutputError, "'a.png' is a target"),
    (["in"], {"out": "in"}, OutputError, "among their targets"),
    (["a.png"], {"out": "holiday/out"}, OutputError, "among the tiles"),
    (["a.png"], {"out": "b.png"}, OutputError, "'b.png' is a file, but several mosaics need a folder"),
    (["a.png"], {"out": "new.png"}, OutputError, "'new.png' names one file"),
    (["a.png"], {"out": "gone/out"}, OutputError, "there is no folder 'gone'"),
    (["a.png"], {"format": "jgp"}, ConfigError, "format 'jgp' is unknown. Did you mean jpg?"),
    (["a.png", "b.png"], {"fit": "crop", "background": "hot"}, TileError, "background"),
    (["a.png"], {"colums": 8}, ConfigError, r"make_mosaics\(\): there is no setting 'colums'"),
    (["a.png", "b.png"], {"method": "solve", "weights": "structur=1"}, ConfigError, "structure"),
    (["in/empty"], {}, ImageError, "there is no picture in in/empty"),
    ([], {}, ImageError, "there is no picture"),
    ([np.zeros((8, 8, 3), np.uint8)], {}, ImageError, "make each mosaic with make_mosaic"),
]


@pytest.mark.parametrize(("targets", "asked", "kind", "said"), WRONG)
def test_what_is_wrong_for_all_ends_all(
    studio: Path, targets: list[Any], asked: dict[str, Any], kind: type[MosaicError], said: str
) -> None:
    Path("in/empty").mkdir(parents=True)
    for name in ("in/a.jpg", "in/A.jpg"):
        Path(name).write_bytes(Path("a.png").read_bytes())
    before = sorted(studio.rglob("*"))
    with pytest.raises(kind, match=said):
        made(*targets, **asked)
    assert sorted(studio.rglob("*")) == before


@pytest.mark.parametrize("tiles", ["gone", "glyhps", "in"])
def test_tiles_that_cannot_be_opened_end_all(studio: Path, tiles: str) -> None:
    Path("in").mkdir()
    with pytest.raises(TileError, match=f"glyphs|{tiles}"):
        make_mosaics(["a.png", "b.png"], tiles, out="out", **SMALL)
    assert not Path("out").exists()


def test_tiles_may_be_pictures_in_memory(studio: Path, pictures: NDArray[np.uint8]) -> None:
    assert states(make_mosaics("a.png", pictures, out="out", **SMALL)) == ["made"]
    assert states(make_mosaics("a.png", list(pictures), out="out", **SMALL)) == ["finished"]
    assert states(make_mosaics("a.png", pictures[1:], out="out", **SMALL)) == ["made"]
