from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from perceptual_photomosaic.errors import GridError, PlanError
from perceptual_photomosaic.evaluate.sources import KnownGrid, parse_grid, read_grid
from perceptual_photomosaic.grid import Grid
from perceptual_photomosaic.plan import Plan


def test_grids_are_written_columns_first():
    assert parse_grid("64x48") == (48, 64)
    assert parse_grid(" 3 × 2 ") == (2, 3)
    for bad in ("64", "64x", "0x4", "-3x4", "4.5x4", "x", ""):
        with pytest.raises(GridError, match="COLUMNSxROWS"):
            parse_grid(bad)


def test_an_index_knows_grid_and_tiles(tmp_path):
    index = tmp_path / "tiles.csv"
    index.write_text("row,column,tile,variant,source\n0,0,7,as is,a\n0,1,2,as is,b\n1,1,2,as is,b\n1,0,9,as is,c\n")
    layout = read_grid(None, index=index)
    assert layout.grid_shape == (2, 2)
    np.testing.assert_array_equal(layout.assignment, [[7, 2], [9, 2]])
    with pytest.raises(GridError, match=r"--grid says 3x2, '.*tiles.csv' has 2x2"):
        read_grid("3x2", index=index)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("row,column\n0,0\n", "no whole numbers"),
        ("row,column,tile\n0,0,x\n", "no whole numbers"),
        ("row,column,tile\n", "lists no cell"),
        ("row,column,tile\n0,0,1\n1,1,1\n", "2 cells, not all of 2 rows x 2 columns"),
        ("row,column,tile\n-1,0,1\n0,0,1\n", "not all of"),
    ],
)
def test_a_damaged_index_is_refused(tmp_path, text, message):
    index = tmp_path / "tiles.csv"
    index.write_text(text)
    with pytest.raises(PlanError, match=message):
        read_grid(None, index=index)


def test_a_plan_knows_all(tmp_path):
    grid = Grid.fit((60, 40), columns=3, rows=3)
    variants = ("as is", "mirrored")
    choices = np.array([[0, 1, 2], [3, 4, 5], [1, 1, 0]])
    path = tmp_path / "plan.json"
    plan = Plan(grid, ("photos:x",), {0: "a", 1: "b", 2: "c"}, choices, variants, 8, target="t.jpg")
    plan.save(path)
    layout = read_grid("3x3", plan=path)
    np.testing.assert_array_equal(layout.assignment, choices // 2)
    assert layout.box == (10.0, 0.0, 50.0, 40.0)
    assert layout.target == str(Path("t.jpg").absolute())
    with pytest.raises(PlanError, match="one of them is enough"):
        read_grid(None, plan=path, index=path)


def test_something_must_be_known(tmp_path):
    with pytest.raises(GridError, match="Add --grid"):
        read_grid(None)
    with pytest.raises(PlanError, match="cannot be read"):
        read_grid(None, index=tmp_path / "none.csv")


def test_a_target_is_widened_where_the_grid_reaches_beyond():
    target = np.zeros((4, 6, 3), np.uint8)
    same, box = KnownGrid((1, 1), box=(1.0, 0.0, 5.0, 4.0)).lay_over(target)
    assert same is target
    assert box == (1.0, 0.0, 5.0, 4.0)
    wider, box = KnownGrid((1, 1), box=(0.0, -1.0, 6.0, 5.0)).lay_over(target)
    assert wider.shape == (6, 8, 3)
    assert box == (1.0, 0.0, 7.0, 6.0)
    assert (wider[0] == 255).all()
    assert (wider[1:5, 1:7] == 0).all()
    behind, _ = KnownGrid((1, 1), box=(0.0, -1.0, 6.0, 5.0), background=(0, 90, 180)).lay_over(target)
    np.testing.assert_array_equal(behind[0], np.tile(np.array([0, 90, 180]), (8, 1)))
    assert (behind[1:5, 1:7] == 0).all()
