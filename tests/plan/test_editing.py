"""Edits of plans: they are applied, limits still hold, and no other cell changes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from perceptual_photomosaic import Mosaic, make_mosaic, open_plan
from perceptual_photomosaic.assign.spacing import conflicting_cells
from perceptual_photomosaic.errors import ConfigError, ConstraintError, PlanError, TileError
from perceptual_photomosaic.plan import Plan
from perceptual_photomosaic.plan.editing import Edits, edit_plan

METHODS = ["nearest", "solve"]


@pytest.fixture
def plan(tmp_path: Path, target_file: Path, photo_folder: Path) -> Any:
    """Make a plan of 12 x 9 cells with these settings."""

    def make(**settings: Any) -> Path:
        path = tmp_path / "plan.json"
        chosen = {"columns": 12, "tile_size": 8, "method": "nearest", **settings}
        make_mosaic(target_file, str(photo_folder), **chosen).save_plan(path)
        return path

    return make


def moved(mosaic: Mosaic, before: NDArray[np.int64]) -> set[tuple[int, int]]:
    return {(int(row), int(column)) for row, column in np.argwhere(mosaic.choices != before)}


@pytest.mark.parametrize("method", METHODS)
def test_a_pin_moves_one_cell(plan: Any, method: str) -> None:
    path = plan(method=method)
    tile = (open_plan(path).choices[4, 5] + 7) % 24
    mosaic, before = edit_plan(path, Edits(pins={(4, 5): f"{tile:02}.png"}))
    assert moved(mosaic, before) == {(4, 5)}
    assert mosaic.choices[4, 5] == tile
    assert mosaic.pins == ((4, 5),)


@pytest.mark.parametrize("method", METHODS)
def test_a_ban_moves_its_cells_and_no_other(plan: Any, method: str) -> None:
    path = plan(method=method)
    tile = int(np.bincount(open_plan(path).choices.ravel()).argmax())
    mosaic, before = edit_plan(path, Edits(bans=(f"{tile:02}.png",)))
    assert not (mosaic.choices == tile).any()
    assert moved(mosaic, before) == {(int(r), int(c)) for r, c in np.argwhere(before == tile)}


def test_a_swap_exchanges_two_cells(plan: Any) -> None:
    path = plan(variants="flip")
    one, other = (0, 0), (8, 11)
    mosaic, before = edit_plan(path, Edits(swaps=((one, other),)))
    assert mosaic.choices[one] == before[other]
    assert mosaic.choices[other] == before[one]
    assert moved(mosaic, before) <= {one, other}
    assert set(mosaic.pins) == {one, other}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "settings",
    [
        {"max_uses": 5},
        {"min_distance": 3},
        {"max_uses": 7, "min_distance": 2},
        {"max_uses": 6, "use_all": True},
        {"must_include": ["03.png"], "variants": "flip"},
    ],
)
def test_limits_go_on_holding(plan: Any, method: str, settings: dict[str, Any]) -> None:
    path = plan(method=method, **settings)
    variants = 2 if "variants" in settings else 1
    tiles = open_plan(path).tile_numbers
    cell = (4, 6)
    if "must_include" in settings:
        row, column = np.argwhere(tiles == 3)[0]
        cell = (int(row), int(column))
    common = int(np.bincount(tiles[tiles != tiles[cell]].ravel()).argmax())
    mosaic, before = edit_plan(path, Edits(pins={cell: f"{common:02}.png"}))
    now = mosaic.tile_numbers
    assert now[cell] == common
    assert mosaic.choices[cell] // variants == common
    uses = np.bincount(now.ravel(), minlength=24)
    assert uses.max() <= settings.get("max_uses", 108)
    assert not conflicting_cells(now, settings.get("min_distance", 0)).any()
    if settings.get("use_all"):
        assert uses.min() >= 1
    if "must_include" in settings:
        assert uses[3] >= 1
    assert len(moved(mosaic, before)) <= 12


def test_edits_are_remembered(plan: Any, tmp_path: Path) -> None:
    path = plan()
    tile = (open_plan(path).choices[2, 2] + 3) % 24
    mosaic, _ = edit_plan(path, Edits(pins={(2, 2): f"{tile:02}.png"}, bans=(f"{(tile + 1) % 24:02}.png",)))
    mosaic.save_plan(path)
    Plan.load(path).save(tmp_path / "again.json")
    assert (tmp_path / "again.json").read_text() == path.read_text()
    again, before = edit_plan(path, Edits(bans=(f"{(tile + 2) % 24:02}.png",)))
    assert (2, 2) not in moved(again, before)
    assert not np.isin(again.choices, [(tile + 1) % 24, (tile + 2) % 24]).any()
    assert len(again.bans) == 2
    mosaic.save_plan(path)
    unpinned, _ = edit_plan(path, Edits(bans=(f"{tile:02}.png",)))
    assert unpinned.pins == ()
    unbanned, _ = edit_plan(path, Edits(pins={(0, 0): f"{(tile + 1) % 24:02}.png"}))
    assert unbanned.bans == ()
    open_plan(path).save_plan(tmp_path / "again.json")
    assert (tmp_path / "again.json").read_text() == path.read_text()


def rewritten(path: Path, **changes: Any) -> Path:
    """Return the same plan with other text in its file."""
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
    return path


def test_a_plan_with_weights_that_are_gone_can_be_edited(plan: Any) -> None:
    """Check that weights that still exist are used, and that other settings of an older version are ignored."""
    ban = Edits(bans=tuple(f"{tile:02}.png" for tile in range(0, 24, 2)))
    path = plan(method="solve", variety=0, weights="colour1=9")
    settings = json.loads(path.read_text())["settings"]
    wanted, _ = edit_plan(path, ban)
    old = settings | {"weights": "seams1=0.4,colour1=9,perceptual2=3", "quality": "standard", "steps": 200}
    edited, _ = edit_plan(rewritten(path, settings=old, far_colour=0.05), ban)
    np.testing.assert_array_equal(edited.choices, wanted.choices)
    other, _ = edit_plan(rewritten(path, settings=settings | {"weights": "structure8=50,colour8=0"}), ban)
    assert (other.choices != wanted.choices).any()


def test_weights_that_never_were_are_named(plan: Any) -> None:
    path = plan(method="solve")
    settings = json.loads(path.read_text())["settings"]
    with pytest.raises(ConfigError, match=r"there is no weight 'colours8'\. Did you mean 'colour8'\?"):
        edit_plan(rewritten(path, settings=settings | {"weights": "colours8=1"}), Edits(bans=("00.png",)))


def test_what_a_network_chose_is_edited_as_what_the_solver_chose(tmp_path: Path, target_file: Path) -> None:
    """Check that an edit of a network's plan of letters equals an edit of the solver's plan."""
    path = tmp_path / "plan.json"
    made = make_mosaic(target_file, "glyphs:characters=abcdefghMWHX", columns=12, tile_size=8)
    made.save_plan(path)
    settings = json.loads(path.read_text())["settings"]
    uses = np.bincount(made.tile_numbers.ravel(), minlength=12)
    ban = Edits(bans=tuple(made.tiles.source(int(tile)) for tile in uses.argsort()[-3:]))
    solved, _ = edit_plan(path, ban)
    chosen, _ = edit_plan(rewritten(path, settings=settings | {"method": "mosaicnet", "model": "any"}), ban)
    np.testing.assert_array_equal(chosen.choices, solved.choices)
    assert chosen.options.method == "mosaicnet"


def test_room_is_made_around_this_edit_and_not_around_earlier_ones(tmp_path: Path) -> None:
    """Check few tiles with copies three cells apart, where almost no cell can change alone."""
    random = np.random.default_rng(0)
    folder = tmp_path / "few"
    folder.mkdir()
    for number in range(13):
        Image.fromarray(random.integers(0, 256, (8, 8, 3), dtype=np.uint8)).save(folder / f"{number:02}.png")
    wide = tmp_path / "wide.png"
    Image.fromarray(random.integers(0, 256, (16, 240, 3), dtype=np.uint8)).save(wide)
    path = tmp_path / "plan.json"
    made = make_mosaic(wide, str(folder), columns=60, rows=4, tile_size=8, method="nearest", min_distance=3)
    made.save_plan(path)
    pinned, before = edit_plan(path, Edits(pins={(1, 2): f"{made.choices[1, 2]:02}.png"}))
    assert not moved(pinned, before)
    pinned.save_plan(path)
    reached = []
    for tile in range(13):
        mosaic, before = edit_plan(path, Edits(pins={(1, 50): f"{tile:02}.png"}))
        columns = [column for _, column in moved(mosaic, before)]
        reached.append(min(columns, default=50))
    assert 20 < min(reached) < 45


def test_colours_shift_where_tiles_changed(plan: Any) -> None:
    path = plan(adjust=0.5)
    tile = (open_plan(path).choices[4, 5] + 7) % 24
    old = open_plan(path).shifts
    mosaic, _ = edit_plan(path, Edits(pins={(4, 5): f"{tile:02}.png"}))
    assert old is not None
    assert mosaic.shifts is not None
    assert np.argwhere((mosaic.shifts != old).any(axis=2)).tolist() == [[4, 5]]


@pytest.mark.parametrize(
    ("edits", "kind", "said"),
    [
        (
            Edits(pins={(9, 0): "00.png"}),
            ConfigError,
            "there is no cell 9,0: the plan has rows 0 to 8 and columns 0 to 11",
        ),
        (Edits(swaps=(((0, 0), (0, 12)),)), ConfigError, "there is no cell 0,12"),
        (Edits(pins={(0, 0): "granny.png"}), TileError, "has no tile 'granny.png'"),
        (Edits(bans=("0.png",)), TileError, "Did you mean"),
        (Edits(pins={(1, 2): "04.png"}, bans=("04.png",)), ConfigError, "04.png' is pinned to cell 1,2 and banned"),
        (Edits(pins={(0, 0): "04.png", (0, 1): "04.png"}), ConstraintError, "min distance is 2"),
        (Edits(bans=tuple(f"{number:02}.png" for number in range(4))), ConstraintError, "fill 100 of 108 cells"),
    ],
)
def test_what_cannot_be_done_is_said(plan: Any, edits: Edits, kind: type[Exception], said: str) -> None:
    path = plan(max_uses=5, min_distance=2)
    with pytest.raises(kind) as caught:
        edit_plan(path, edits)
    assert said in str(caught.value)


def test_the_target_must_be_there(plan: Any, target_file: Path) -> None:
    path = plan()
    target_file.unlink()
    with pytest.raises(PlanError, match=r"needs its target, as cells are chosen by it: .*portrait.png"):
        edit_plan(path, Edits(bans=("00.png",)))


def test_damaged_pins_are_refused(plan: Any) -> None:
    path = plan()
    data = json.loads(path.read_text())
    for pins in ([[0]], [[99, 0]], 7, [["a", 0]]):
        path.write_text(json.dumps({**data, "pins": pins}))
        with pytest.raises(PlanError, match="is damaged"):
            Plan.load(path)


def test_what_is_chosen_anew_keeps_photos_apart(plan: Any) -> None:
    """Check that a varied plan stays varied: the photo in place of a banned one does not lie beside itself."""
    path = plan(method="solve")
    before = open_plan(path).choices
    assert not conflicting_cells(before, 2).any()
    tile = int(np.bincount(before.ravel()).argmax())
    mosaic, _ = edit_plan(path, Edits(bans=(f"{tile:02}.png",)))
    assert not (mosaic.choices == tile).any()
    assert not conflicting_cells(mosaic.choices, 2).any()
