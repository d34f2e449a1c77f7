"""The paths of a plan: it opens wherever it, its photos and its target were moved."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from perceptual_photomosaic import Mosaic, make_mosaic, open_plan
from perceptual_photomosaic.errors import PlanError
from perceptual_photomosaic.plan import Plan
from perceptual_photomosaic.plan.contents import find_by_content, fingerprint
from perceptual_photomosaic.plan.editing import Edits, edit_plan
from perceptual_photomosaic.plan.paths import map_paths
from perceptual_photomosaic.plan.reference import page, schema
from perceptual_photomosaic.progress import Silent

Make = Callable[..., Mosaic]


@pytest.fixture
def home(tmp_path: Path, photo_folder: Path, target_file: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with portrait.png and holiday/, in which the commands run."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _made(home: Path, plan: str = "plan.json", **settings: object) -> NDArray[np.uint8]:
    mosaic = make_mosaic("portrait.png", "holiday", columns=8, tile_size=16, method="nearest", **settings)
    mosaic.save_plan(home / plan)
    return mosaic.to_array()


def test_a_plan_opens_from_another_working_directory(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = _made(home)
    (home / "elsewhere").mkdir()
    monkeypatch.chdir(home / "elsewhere")
    np.testing.assert_array_equal(open_plan("../plan.json").to_array(), drawn)


def test_a_plan_that_is_copied_away_finds_its_photos_where_they_were(home: Path) -> None:
    drawn = _made(home)
    (home / "elsewhere").mkdir()
    shutil.move("plan.json", "elsewhere/plan.json")
    again = open_plan("elsewhere/plan.json")
    np.testing.assert_array_equal(again.to_array(), drawn)
    assert again.target_path == str(home / "portrait.png")


def test_a_folder_moves_as_a_whole(home: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Check that files in the plan's own folder are preferred to those in the folder where it was written."""
    drawn = _made(home)
    there = tmp_path_factory.mktemp("there") / "copy"
    shutil.copytree(home, there)
    for photo in (home / "holiday").iterdir():
        Image.new("RGB", (24, 20)).save(photo)
    np.testing.assert_array_equal(open_plan(there / "plan.json").to_array(), drawn)


def test_without_absolute_paths_a_plan_can_be_given_away(home: Path) -> None:
    make_mosaic("portrait.png", "holiday", columns=8, method="nearest").save_plan("plan.json", relative_to=home)
    assert str(home) not in Path("plan.json").read_text()
    edited, _ = edit_plan("plan.json", Edits(bans=("00.png",)))
    assert edited.plan().target == "portrait.png"


class Notes(Silent):
    """A reporter that keeps its notes."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


def test_photos_that_were_renamed_are_found_by_their_content(home: Path) -> None:
    drawn = _made(home)
    for photo in sorted((home / "holiday").iterdir()):
        photo.rename(photo.with_name(f"summer {photo.name}"))
    notes = Notes()
    np.testing.assert_array_equal(open_plan("plan.json", reporter=notes).to_array(), drawn)
    used = len(Plan.load("plan.json").sources)
    assert notes.notes == [f"{used} of the plan's photos were moved; they were found by their content."]


def test_photos_in_another_folder_are_found_by_their_content(home: Path) -> None:
    drawn = _made(home)
    shutil.move("holiday", "archive")
    with pytest.raises(PlanError, match=r"tiles were in 'holiday', which is gone. If it was moved, --look-in FOLDER"):
        open_plan("plan.json")
    np.testing.assert_array_equal(open_plan("plan.json", look_in=["archive"]).to_array(), drawn)
    some = sorted((home / "archive").iterdir())[:12]
    (home / "holiday").mkdir()
    for photo in some:
        photo.rename(home / "holiday" / photo.name)
    with pytest.raises(PlanError, match=r"no longer has. If it was moved, --look-in FOLDER finds it"):
        open_plan("plan.json")
    again = open_plan("plan.json", look_in=["archive"])
    np.testing.assert_array_equal(again.to_array(), drawn)
    again.save_plan("plan.json")
    np.testing.assert_array_equal(open_plan("plan.json").to_array(), drawn)


def test_another_photo_of_the_same_name_or_size_is_not_taken(home: Path) -> None:
    _made(home)
    used = sorted(Plan.load("plan.json").sources.values())[0]
    content = Path(used).read_bytes()
    Path(used).unlink()
    Path("holiday/other.png").write_bytes(content[:-20] + b"\0" * 20)
    with pytest.raises(PlanError, match=used):
        open_plan("plan.json")


def test_a_target_that_was_moved_is_found_by_its_content(home: Path) -> None:
    _made(home)
    (home / "pictures").mkdir()
    shutil.move("portrait.png", "pictures/me.png")
    with pytest.raises(PlanError, match=r"portrait.png.*say --look-in FOLDER"):
        edit_plan("plan.json", Edits(bans=("00.png",)))
    plan = Plan.load("plan.json", look_in=["pictures"])
    assert plan.target == "pictures/me.png"
    shutil.move("pictures/me.png", "renamed.png")
    assert edit_plan("plan.json", Edits(bans=("00.png",)))[0].target_path == "renamed.png"


def test_every_path_is_relative_and_found_again(home: Path) -> None:
    """Check masks, profiles, models and fonts, too; names of font families and shipped models are no paths."""
    Path("mask.png").write_bytes(Path("portrait.png").read_bytes())
    mosaic = make_mosaic("portrait.png", "holiday", columns=8, method="nearest", region="mask.png")
    plan = mosaic.plan()
    settings = {**plan.settings, "cmyk": "press.icc", "model": "mine.safetensors", "must_include": ["holiday/00.png"]}
    specs = ("photos:holiday", "glyphs:font=type.ttf", "glyphs:font=DejaVu Sans", "slices:portrait.png,size=9")
    seen: list[str] = []
    changed = map_paths(
        Plan(**{**vars(plan), "settings": settings, "specs": specs, "bans": ("holiday/01.png",)}),
        lambda path: seen.append(path) or f"x/{path}",  # type: ignore[func-returns-value]
    )
    assert {"portrait.png", "holiday", "type.ttf", "mask.png", "press.icc", "mine.safetensors"} <= set(seen)
    assert changed.specs[1:] == ("glyphs:font=x/type.ttf", "glyphs:font=DejaVu Sans", "slices:x/portrait.png,size=9")
    assert changed.bans == ("x/holiday/01.png",)
    assert 0 not in plan.sources or changed.settings["must_include"] == ["x/holiday/00.png"]
    assert map_paths(Plan(**{**vars(plan), "settings": {"model": "emoji"}}), str.upper).settings == {"model": "emoji"}


def test_a_mask_is_found_from_another_folder(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("mask.png").write_bytes(Path("portrait.png").read_bytes())
    _made(home, region="mask.png")
    (home / "elsewhere").mkdir()
    monkeypatch.chdir(home / "elsewhere")
    mosaic, before = edit_plan("../plan.json", Edits(bans=("00.png",)))
    assert mosaic.options.region == "../mask.png"
    assert mosaic.choices.shape == before.shape


def test_plans_of_version_1_are_opened_from_where_they_were_made(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = _made(home)
    data = json.loads(Path("plan.json").read_text()) | {"version": 1}
    del data["folder"], data["contents"]
    (home / "plans").mkdir()
    Path("plans/old.json").write_text(json.dumps(data))
    np.testing.assert_array_equal(open_plan("plans/old.json").to_array(), drawn)  # from the working directory
    monkeypatch.chdir(home / "plans")
    with pytest.raises(Exception, match="holiday"):
        open_plan("old.json")
    Path("old.json").write_text(json.dumps(data | {"relative": True}))
    monkeypatch.chdir("/")
    np.testing.assert_array_equal(open_plan(home / "plans/old.json", relative_to=home).to_array(), drawn)


def test_the_preview_of_an_opened_plan_shows_its_target(home: Path) -> None:
    _made(home)
    first = make_mosaic("portrait.png", "holiday", columns=8, tile_size=16, method="nearest").preview()
    assert (np.asarray(open_plan("plan.json").preview()) == np.asarray(first)).all()
    Path("portrait.png").unlink()
    with pytest.raises(PlanError, match="needs its target, as it is drawn beside the mosaic"):
        open_plan("plan.json").save_preview("preview.png")


def test_settings_of_a_plan_are_checked_before_it_is_edited(home: Path) -> None:
    _made(home)
    data = json.loads(Path("plan.json").read_text())
    data["settings"]["adjust"] = 7.0
    Path("plan.json").write_text(json.dumps(data))
    with pytest.raises(Exception, match=r"adjust is 7; it must be from 0"):
        edit_plan("plan.json", Edits(bans=("00.png",)))


def test_fingerprints_tell_files_apart(tmp_path: Path) -> None:
    for name, content in (("a", b"x" * 50_000), ("b", b"x" * 50_000), ("c", b"y" + b"x" * 49_999), ("d", b"")):
        (tmp_path / name).write_bytes(content)
    marks = {name: fingerprint(tmp_path / name) for name in "abcd"}
    assert marks["a"] == marks["b"] != marks["c"]
    assert marks["d"] is not None
    assert fingerprint(tmp_path / "none") is None
    names = [str(tmp_path / name) for name in ("c", "d", "b", "none")]
    assert find_by_content({"1": str(marks["a"]), "2": "3:0123456789abcdef"}, names) == {"1": str(tmp_path / "b")}


@pytest.mark.parametrize(
    "settings",
    [
        {"method": "solve", "max_uses": 9, "variants": "flip"},
        {"tiles": "glyphs", "ink": "duo"},
        {"tiles": "glyphs"},
        {"adjust": 0.5},
        {"tiles": ["holiday", "emoji"], "size": "10x8cm", "dpi": 30.0},
        {"target": "array"},
    ],
)
def test_plans_are_as_the_schema_says(home: Path, target: NDArray[np.uint8], settings: dict[str, object]) -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    validator = jsonschema.Draft202012Validator(schema())
    picture = target if settings.pop("target", None) else "portrait.png"
    tiles = settings.pop("tiles", "holiday")
    mosaic = make_mosaic(picture, tiles, **{"columns": 8, "method": "nearest", **settings})  # type: ignore[arg-type]
    mosaic.save_plan("plan.json")
    if isinstance(picture, str):
        edit_plan("plan.json", Edits(swaps=(((0, 0), (1, 1)),)))[0].save_plan("plan.json")
    data = json.loads(Path("plan.json").read_text())
    validator.validate(data)
    assert data["settings"].keys() == asdict(mosaic.options).keys()
    for wrong in ({**data, "cells": [[[0, -1]]]}, {**data, "surprise": 1}, {k: data[k] for k in data if k != "grid"}):
        with pytest.raises(jsonschema.ValidationError):
            validator.validate(wrong)


def test_the_page_of_the_format_is_up_to_date() -> None:
    """Compare the page; remake it: python -m perceptual_photomosaic.plan.reference > docs/understand/plan-format.md"""
    assert Path("docs/understand/plan-format.md").read_text(encoding="utf-8") == page()


def test_folders_that_hold_nothing_that_is_missed_are_left_out(home: Path) -> None:
    """A folder named for a moved target does not become a tile set."""
    (home / "pictures").mkdir()
    Path("pictures/other.png").write_bytes(Path("portrait.png").read_bytes())
    make_mosaic("portrait.png", "glyphs", columns=12, tile_size=11).save_plan("letters.json")
    shutil.move("portrait.png", "pictures/me.png")
    plan = Plan.load("letters.json", look_in=["pictures"])
    assert plan.specs == open_plan("letters.json").plan().specs
    assert Path(str(plan.target)).parent == Path("pictures")
    _ = open_plan(plan).to_text()


def test_other_photos_of_a_folder_do_not_come_in(home: Path) -> None:
    """Strangers beside moved photos are banned, also where every tile must be used."""
    shutil.copy("portrait.png", "me.png")
    make_mosaic("portrait.png", "holiday", columns=8, tile_size=16, method="nearest", use_all=True).save_plan("p.json")
    shutil.move("holiday", "all")
    for number in range(5):
        Image.new("RGB", (24, 20), (number, 9, 200)).save(f"all/stranger{number}.png")
    plan = Plan.load("p.json", look_in=["all"])
    mosaic, before = edit_plan(plan, Edits(swaps=(((0, 0), (1, 1)),)))
    assert (mosaic.choices != before).sum() <= 2
    assert not [name for name in mosaic.plan().sources.values() if "stranger" in name]
    mosaic.save_plan("q.json")
    again, _ = edit_plan("q.json", Edits(swaps=(((2, 0), (1, 3)),)))
    assert not [name for name in again.plan().sources.values() if "stranger" in name]


def test_bans_of_photos_that_are_away_are_kept(home: Path) -> None:
    _made(home)
    edited, _ = edit_plan("plan.json", Edits(bans=("05.png",)))
    edited.save_plan("plan.json")
    Path("holiday/05.png").rename("05.png")
    again, _ = edit_plan("plan.json", Edits(swaps=(((0, 0), (1, 1)),)))
    assert again.bans == ("holiday/05.png",)


def test_photos_that_must_be_included_are_named_as_sources(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_mosaic("portrait.png", "holiday", columns=8, method="nearest", must_include=("./holiday/03.png",)).save_plan(
        "plan.json", relative_to=home
    )
    assert json.loads(Path("plan.json").read_text())["settings"]["must_include"] == ["holiday/03.png"]
    (home / "elsewhere").mkdir()
    monkeypatch.chdir(home / "elsewhere")
    edited, _ = edit_plan("../plan.json", Edits(swaps=(((0, 0), (1, 1)),)))
    assert edited.options.must_include == ("../holiday/03.png",)


def test_fingerprints_stay_while_files_are_away(home: Path) -> None:
    _made(home)
    before = json.loads(Path("plan.json").read_text())["contents"]
    shutil.move("holiday", "archive")
    Plan.load("plan.json").save("plan.json")
    assert json.loads(Path("plan.json").read_text())["contents"] == before
    assert open_plan("plan.json", look_in=["archive"])


def test_damaged_fingerprints_are_passed_over(home: Path) -> None:
    _made(home)
    data = json.loads(Path("plan.json").read_text())
    Path("plan.json").write_text(json.dumps(data | {"contents": {"target": "xyz", "0": 7, "1": "3:zz"}}))
    Path("portrait.png").unlink()
    assert Plan.load("plan.json").contents == {}


def test_pictures_of_one_size_with_plain_borders_are_told_apart(tmp_path: Path) -> None:
    marks = set()
    for number in range(4):
        picture = np.full((300, 200, 3), 255, np.uint8)
        picture[100:200, 50:150] = 40 * number
        Image.fromarray(picture).save(tmp_path / f"{number}.bmp")
        marks.add(fingerprint(tmp_path / f"{number}.bmp"))
    assert len(marks) == 4


def test_a_plan_for_print_is_drawn_for_the_screen(home: Path) -> None:
    """Settings of print that a format cannot hold are left out, unless they are asked for now."""
    mosaic = make_mosaic("portrait.png", "holiday", columns=8, method="nearest", size="20x15cm", sheets="A6")
    mosaic.save_plan("plan.json")
    open_plan("plan.json").write("screen.png")
    with pytest.raises(Exception, match="sheets is for PDF, not for PNG"):
        open_plan("plan.json", sheets="A5").write("screen.png")
    with pytest.raises(Exception, match="sheets is for PDF, not for PNG"):
        mosaic.write("screen.png")
