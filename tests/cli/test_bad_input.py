"""Bad input: one line on standard error with the remedy, status 2, and no file written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image

from perceptual_photomosaic import make_mosaic
from perceptual_photomosaic.errors import OutputError
from tests.cli.conftest import Run, contents

MAKE = "make portrait.png -t holiday -o out.png --columns 8 --method nearest"

TARGETS = {
    "make -t holiday -o out.png": "Missing argument",
    "make gone.png -t holiday -o out.png": "gone.png",
    "make bare -t holiday -o out.png": "there is no picture in bare",
    "make truncated.png -t holiday -o out.png": "truncated.png",
    "make nothing.jpg -t holiday -o out.png": "nothing.jpg: the file is empty",
    "make notes.txt -t holiday -o out.png": "notes.txt",
    "make renamed.jpg -t holiday -o out.png": "renamed.jpg",
}
TILES = {
    "make portrait.png -o out.png": "no tiles were named. Add --tiles FOLDER",
    "make portrait.png -t bare -o out.png": "it holds no picture files",
    "make portrait.png -t hopeless -o out.png": "none of the 2 picture files in hopeless can be used: a.jpg: the file",
    "make portrait.png -t gone -o out.png": "the folder gone does not exist",
    "make portrait.png -t glyhps -o out.png": "did you mean glyphs?",
    "make portrait.png -t emojis -o out.png": "did you mean emoji?",
    "make portrait.png -t colors:8 -o out.png": "did you mean colours?",
    "make portrait.png -t slice:portrait.png -o out.png": "did you mean slices?",
    "make portrait.png -t portrait.png -o out.png": "slices:portrait.png",
    "make portrait.png -t slices:gone.png -o out.png": "gone.png",
    "make portrait.png -t slices:portrait.png,size=900 -o out.png": "900",
    "make portrait.png -t colours:0 -o out.png": "colours",
    "make portrait.png -t colours:many -o out.png": "expected a whole number, got 'many'",
    "make portrait.png -t glyphs:characters= -o out.png": "expected one character",
    "make portrait.png -t glyphs:color=red -o out.png": "'color=red' is not an option",
    "make portrait.png -t glyphs:font=notes.txt -o out.png": "notes.txt is not a font",
    "make portrait.png -t photos:gone -o out.png": "gone",
    "make portrait.png -t holiday -t gone -o out.png": "the folder gone does not exist",
}
SIZES = {
    f"{MAKE} --columns 0": "columns is 0; it must be at least 1",
    f"{MAKE} --columns -4": "columns is -4; it must be at least 1",
    f"{MAKE} --rows 0": "rows is 0; it must be at least 1",
    f"{MAKE} --tile-size 0": "tile size is 0 px; it must be at least 1",
    f"{MAKE} --tile-size -8": "tile size is -8 px; it must be at least 1",
    f"{MAKE} --cells 50": "either cells, or columns and rows",
    f"{MAKE} --columns 97": "97 x 72 cells are more than the target's 96 x 72 px can tell apart",
    f"{MAKE} --columns 8.5": "--columns",
    f"{MAKE} --columns ten": "--columns",
    f"{MAKE} --cell-aspect wide": "cell aspect 'wide' is not W:H",
    f"{MAKE} --cell-aspect 0:1": "cell aspect '0:1' is not W:H",
    f"{MAKE} --fit squeeze": "fit 'squeeze' is unknown; choose one of crop, pad, stretch",
    f"{MAKE} --patch 9": "patch is 9; it must be 1 to 8",
    f"{MAKE} --jpeg-quality 101 -o out.jpg": "--jpeg-quality",
    f"{MAKE} --tile-size 99999": "99999",
}
WORDS = {
    "mak": "No such command 'mak'. Did you mean 'make'? See --help.",
    f"{MAKE} --colums 8": "--columns",
    f"{MAKE} --method neerest": "method 'neerest' is unknown; did you mean 'nearest'?",
    f"{MAKE} --crop center": "crop 'center' is unknown; did you mean 'centre'?",
    f"{MAKE} --crop face": "crop 'face' is unknown; did you mean 'faces'?",
    f"{MAKE} --method solve --viewing afar": "viewing 'afar' is unknown; did you mean 'far'?",
    f"{MAKE} --method solve --weights structur=1": "structure",
    f"{MAKE} --method solve --weights colour1=2e6": "colour1 is '2e6'; it must be a number from 0 to below 10000",
    f"{MAKE} --method solve --weights seams1=1": "weight 'seams1' no longer exists; use 'halftone1' instead",
    f"{MAKE} --method solve --weights colour1=nan": "colour1 is 'nan'; it must be a number from 0",
    f"{MAKE} --variants turn": "turn",
    f"{MAKE} --detail face": "detail 'face' is unknown; choose one of auto, none",
    f"{MAKE} --region gone.png": "gone.png",
    f"{MAKE} --adjust 1.5": "adjust is 1.5; it must be from 0 (off) to 1 (all of it)",
    f"{MAKE} --blend -0.1": "blend is -0.1; it must be from 0 (off) to 1 (all of it)",
    f"{MAKE} --blend nan": "blend is nan",
    f"{MAKE} --background hot": "background: expected a colour such as white or #a00, got 'hot'",
    f"{MAKE} --config gone.toml": "settings file 'gone.toml' cannot be read: No such file",
    f"{MAKE} --config words.toml": "settings file 'words.toml' is not TOML",
    f"{MAKE} --quality best": "No such option: --quality",
    f"{MAKE} --watch so-far.png": "No such option: --watch",
    f"{MAKE} --config best.toml": "quality no longer exists, as quality 'best' was removed; leave it out.",
    f"{MAKE} --config misspelt.toml": "there is no setting 'colums'. Did you mean 'columns'?",
    f"{MAKE} --config mistyped.toml": "columns is '10', but a whole number is expected",
    f"{MAKE} extra": "'out.png' names one file, but there are several targets; name a folder, as in -o mosaics",
}
LIMITS = {
    f"{MAKE} --max-uses 0": "max uses is 0; it must be at least 1",
    f"{MAKE} --max-uses 1": "24 tiles used at most 1 times fill 24 of 48 cells: 24 are missing. Allow 2 uses",
    f"{MAKE} --min-distance -1": "min distance is -1; it must not be negative",
    f"{MAKE} --min-distance 5": "needs 25 different tiles in every 5 x 5 cells, but there are 24: 1 are missing",
    f"{MAKE} --columns 4 --use-all": "24 tiles must all appear, but there are 12 cells: 12 are missing",
    f"{MAKE} --must-include 70.png": "photos:holiday has no tile '70.png'. One it has is 'holiday/",
}
SEVERAL = {
    "make portrait.png -t holiday -o out.png --format jpg": "--format is for several targets",
    "make portrait.png -t holiday -o out.png --redo": "--redo is for several targets",
    "make portrait.png a.png -t holiday -o out --format gif": "format 'gif' is unknown",
    "make portrait.png a.png -t holiday -o out --plan plan.json": "--plan 'plan.json' is for one target; leave it out",
    "make portrait.png a.png -t holiday -o out --index i.csv": "--index 'i.csv' is for one target",
    "make portrait.png a.png -t holiday -o out --preview p.jpg": "--preview 'p.jpg' is for one target",
    "make portrait.png a.png -t holiday -o out --save-config c.toml": "--save-config 'c.toml' is for one target",
    "make portrait.png a.png -t holiday -o out --relative-to bare": "--relative-to 'bare' is for one target",
    "make portrait.png bare/portrait.jpg -t holiday -o out": "would both be written to 'out/portrait.png'",
    "make portrait.png a.png -t holiday -o holiday": "the mosaics would lie in 'holiday' among the tiles",
    "make portrait.png a.png -t holiday -o out --format txt": "photos are not text; use --tiles glyphs or emoji",
    "make portrait.png a.png -t gone -o out": "the folder gone does not exist",
}
OUTPUTS = {
    "make portrait.png -t holiday": "no output was named. Add -o mosaic.png",
    "make portrait.png -t holiday -o out": "no format is known by ''",
    "make portrait.png -t holiday -o out.jpgg": "no format is known by '.jpgg'. Did you mean .jpg",
    "make portrait.png -t holiday -o out.gif": "no format is known by '.gif'",
    "make portrait.png -t holiday -o gone/out.png": "there is no folder 'gone'. Make it first",
    "make portrait.png -t holiday -o bare.png/out.png": "there is no folder 'bare.png'",
    "make portrait.png -t holiday -o portrait.png": "would replace what is read from it",
    f"{MAKE} --tile-size 3000 -o out.webp": "WebP holds at most 16383 px a side. Write .",
    f"{MAKE} --tile-size 9000 -o out.jpg": "JPEG holds at most 65500 px a side",
    f"{MAKE} --plan gone/plan.json": "there is no folder 'gone'",
    f"{MAKE} --index bare": "'bare' is a folder; name a file in it",
    f"{MAKE} --preview preview.xyz": "no format is known by '.xyz'",
    f"{MAKE} --plan same.txt --index same.txt": "'same.txt' is named for two outputs",
    f"{MAKE} --plan out.png": "'out.png' is named for two outputs",
    f"{MAKE} --plan portrait.png": "would replace what is read from it",
    f"{MAKE} --save-config gone/a.toml": "there is no folder 'gone'",
    f"{MAKE} --preview sheet.dzi": "'sheet.dzi': only mosaics are written as .dzi. Choose .png",
    "tiles holiday --sheet sheet.dzi": "only mosaics are written as .dzi",
    "features portrait.png -o sheet.dzi": "only mosaics are written as .dzi",
}
SPARED = {
    f"{MAKE} -o holiday/03.png": "'holiday/03.png' would replace a file of 'holiday', which is read; choose another",
    f"{MAKE} --index holiday/03.png": "'holiday/03.png' would replace a file of 'holiday'",
    f"{MAKE} --preview holiday/03.png": "'holiday/03.png' would replace a file of 'holiday'",
    f"{MAKE} --config good.toml --plan good.toml": "'good.toml' would replace what is read from it",
    f"{MAKE} --region mask.png --preview mask.png": "'mask.png' would replace what is read from it",
    "make portrait.png -t slices:mask.png,size=8 -o mask.png": "'mask.png' would replace what is read from it",
    "render plan.json -o holiday/03.png": "'holiday/03.png' would replace a file of 'holiday'",
    "render plan.json -o portrait.png": "'portrait.png' would replace what is read from it",
    "render plan.json -o out.png --index portrait.png": "'portrait.png' would replace what is read from it",
    "edit plan.json --ban 03.png -o portrait.png": "'portrait.png' would replace what is read from it",
    "edit plan.json --ban 03.png -o holiday/05.png": "'holiday/05.png' would replace a file of 'holiday'",
    "tiles holiday --sheet holiday/03.png": "'holiday/03.png' would replace a file of 'holiday'",
    "features portrait.png -o portrait.png": "'portrait.png' would replace what is read from it",
    "evaluate made.png --plan plan.json --no-judge --plot portrait.png": "'portrait.png' would replace what is read",
    "evaluate made.png --plan plan.json --no-judge --plot made.png": "'made.png' would replace what is read",
    "compare made.png -t portrait.png --grid 8x6 --no-judge -o made.png": "'made.png' would replace what is read",
    "compare made.png -t portrait.png --grid 8x6 --no-judge -o portrait.png": "'portrait.png' would replace what",
    "render plan.json -o deep.dzi": "'deep.dzi' goes with the folder 'deep_files', which holds something else",
}
"""Commands in the folder `desk`, with a mosaic of the portrait, its plan and other files."""
IDLE = {
    f"{MAKE} --model glyphs": "model is for method 'mosaicnet' only",
    f"{MAKE} --size A4 --tile-size 30": "leave --tile-size out, or --size",
    f"{MAKE} -o out.pdf --overlap 9mm": "overlap is what neighbouring sheets share; ask for sheets",
    f"{MAKE} -o out.pdf --sheets A9 --size 40x30cm": "sheets is 'A9'",
    f"{MAKE} -o out.pdf --size 40x30cm --bleed 500mm": "a bleed of 500 mm is larger than the mosaic",
    f"{MAKE} --seed -1": "seed is -1; it must be at least 0",
}
OTHER_COMMANDS = {
    "render": "Missing argument",
    "render gone.json -o out.png": "plan 'gone.json' cannot be read: No such file",
    "render notes.txt -o out.png": "plan 'notes.txt' is not JSON",
    "render portrait.png -o out.png": "plan 'portrait.png' is not JSON",
    "render gone.json": "no output was named",
    "render notes.txt -o out.png --index notes.txt": "would replace what is read from it",
    "edit gone.json --ban 00.png": "plan 'gone.json' cannot be read: No such file",
    "edit notes.txt": "nothing to change. Add --pin ROW,COL=FILE, --ban FILE or --swap",
    "edit notes.txt --pin 00.png": "pin '00.png' is not ROW,COL=FILE, counted from 0",
    "edit notes.txt --pin 1,2=a.png --pin 1,2=b.png": "two pins name the same cell",
    "edit notes.txt --swap 0,0-1,1": "swap '0,0-1,1' is not ROW,COL:ROW,COL",
    "edit notes.txt --ban 00.png": "plan 'notes.txt' is not JSON",
    "tiles": "Missing argument",
    "tiles gone": "the folder gone does not exist",
    "tiles holiday --sheet sheet.xyz": "no format is known by '.xyz'",
    "tiles holiday --export holiday": "holiday",
    "tiles holiday --size 0": "--size",
}
TABLE = TARGETS | SEVERAL | TILES | SIZES | WORDS | LIMITS | OUTPUTS | OTHER_COMMANDS | IDLE


@pytest.mark.parametrize(("command", "said"), TABLE.items())
def test_one_line_and_nothing_written(run: Run, desk: Path, command: str, said: str) -> None:
    before = contents(desk)
    ran = run(
        *command.split(), *(["--method", "nearest"] if command.startswith("make") and "--method" not in command else [])
    )
    assert ran.status == 2, ran
    assert said in ran.err
    assert ran.err.count("\n") == 1, ran.err
    assert ran.err.startswith("photomosaic: ")
    assert ran.out == ""
    assert contents(desk) == before


@pytest.mark.parametrize(("command", "said"), SPARED.items())
def test_nothing_that_is_read_is_replaced(run: Run, desk: Path, command: str, said: str) -> None:
    assert run(*MAKE.split(), "--method", "nearest", "--plan", "plan.json", "-o", "made.png").status == 0
    Image.new("L", (96, 72), 255).save(desk / "mask.png")
    (desk / "good.toml").write_text("columns = 8\n")
    (desk / "deep_files").mkdir()
    (desk / "deep_files" / "thesis.txt").write_text("years of work\n")
    before = contents(desk)
    ran = run(*command.split())
    assert ran.status == 2, ran
    assert said in ran.err
    assert ran.err.count("\n") == 1, ran.err
    assert contents(desk) == before


def test_an_earlier_deep_zoom_picture_may_be_replaced(run: Run, desk: Path) -> None:
    for columns in (8, 6):
        ran = run(*MAKE.split(), "--method", "nearest", "--columns", columns, "-o", "deep.dzi")
        assert ran.status == 0, ran.err
    assert (desk / "deep_files").is_dir()


def test_the_library_replaces_nothing_that_it_reads_either(desk: Path) -> None:
    before = contents(desk)
    mosaic = make_mosaic(desk / "portrait.png", str(desk / "holiday"), columns=8, method="nearest", tile_size=8)
    for write in (mosaic.write, mosaic.save_preview, mosaic.save_plan, mosaic.save_index):
        for path in (desk / "portrait.png", desk / "holiday" / "03.png"):
            with pytest.raises(OutputError, match="would replace"):
                write(path)
    assert contents(desk) == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_folder_that_is_not_writable(run: Run, desk: Path) -> None:
    (desk / "bare").chmod(0o500)
    ran = run(*MAKE.split(), "-o", "bare/out.png")
    assert ran.status == 2
    assert "is not writable" in ran.err


def test_folder_is_checked_before_any_work(run: Run, desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Check the folder's permission with a faked answer of the system, as root can write everywhere."""
    monkeypatch.setattr(os, "access", lambda *_: False)
    ran = run("make", "gone.png", "-t", "gone", "-o", "bare/out.png")
    assert ran.status == 2
    assert "the folder 'bare' is not writable" in ran.err


def test_a_full_disk_leaves_nothing(run: Run, desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Check a failure half-way: one line, no picture, no temporary file, and the older picture is still there."""
    old = b"an older picture"
    (desk / "out.png").write_bytes(old)
    before = contents(desk)

    def full(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    ran = run(*MAKE.split())
    assert ran.status == 2
    assert ran.err == "photomosaic: 'out.png' cannot be written: No space left on device.\n"
    assert contents(desk) == before
