"""The grid: its counts follow from the target's shape, and it covers the right box."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from perceptual_photomosaic.errors import GridError
from perceptual_photomosaic.grid import Grid, parse_aspect, tile_size_px

SIDES = st.integers(1, 4000)
ASPECTS = st.sampled_from([(1, 1), (3, 2), (2, 3), (16, 9), (20, 1), (1, 7)])
FITS = st.sampled_from(["crop", "pad", "stretch"])


def _cell_px(grid: Grid) -> tuple[float, float]:
    left, top, right, bottom = grid.target_box
    return (right - left) / grid.columns, (bottom - top) / grid.rows


@pytest.mark.parametrize(
    ("size_px", "asked", "shape", "box"),
    [
        ((512, 512), {}, (64, 64), (0, 0, 512, 512)),
        ((640, 427), {"columns": 64}, (42, 64), (0, 3.5, 640, 423.5)),
        ((640, 427), {"columns": 64, "fit": "pad"}, (43, 64), (0, -1.5, 640, 428.5)),
        ((640, 427), {"columns": 64, "fit": "stretch"}, (43, 64), (0, 0, 640, 427)),
        ((600, 400), {"rows": 10, "cell_aspect": (3, 2)}, (10, 10), (0, 0, 600, 400)),
        ((600, 400), {"rows": 10, "columns": 10}, (10, 10), (100, 0, 500, 400)),
        ((400, 400), {"cells": 100, "cell_aspect": (1, 4)}, (5, 20), (0, 0, 400, 400)),
        ((1, 1), {"columns": 1}, (1, 1), (0, 0, 1, 1)),
    ],
)
def test_table_of_grids(
    size_px: tuple[int, int], asked: dict[str, object], shape: tuple[int, int], box: tuple[float, ...]
) -> None:
    grid = Grid.fit(size_px, **asked)  # type: ignore[arg-type]
    assert grid.shape == shape
    assert grid.target_box == pytest.approx(box)
    assert grid.num_cells == shape[0] * shape[1]


@given(SIDES, SIDES, st.sampled_from(["columns", "rows", "cells"]), st.integers(1, 300), ASPECTS, FITS)
def test_covered_box_keeps_its_promise(
    width: int, height: int, asked: str, count: int, aspect: tuple[int, int], fit: str
) -> None:
    try:
        grid = Grid.fit((width, height), cell_aspect=aspect, fit=fit, **{asked: count})  # type: ignore[arg-type]
    except GridError:
        assume(False)
    left, top, right, bottom = grid.target_box
    cell_width, cell_height = _cell_px(grid)
    if asked != "cells":
        assert getattr(grid, asked) == count
    if fit == "stretch":
        assert grid.target_box == (0, 0, width, height)
        return
    assert cell_width / cell_height == pytest.approx(aspect[0] / aspect[1])
    assert left + right == pytest.approx(width)
    assert top + bottom == pytest.approx(height)
    inside = 1 if fit == "crop" else -1
    margins = (inside * left, inside * top)
    assert min(margins) >= -1e-6
    assert margins[0] * 2 < cell_width * (1 + 1e-6)
    assert margins[1] * 2 < cell_height * (1 + 1e-6)


@given(SIDES, SIDES, st.integers(1, 20_000), ASPECTS, FITS)
def test_about_so_many_cells(width: int, height: int, cells: int, aspect: tuple[int, int], fit: str) -> None:
    """Check that the number of cells is within a row and a column of the one asked for."""
    try:
        grid = Grid.fit((width, height), cells=cells, cell_aspect=aspect, fit=fit)  # type: ignore[arg-type]
    except GridError:
        assume(False)
    assert (grid.rows - 1) * (grid.columns - 1) <= cells
    assert (grid.rows + 1) * (grid.columns + 1) >= cells


@given(SIDES, SIDES, st.integers(1, 300), FITS)
def test_mirrored_target_gives_the_same_grid(width: int, height: int, count: int, fit: str) -> None:
    """Check that a transposed picture has rows and columns exchanged."""
    try:
        grid = Grid.fit((width, height), columns=count, fit=fit)  # type: ignore[arg-type]
    except GridError:
        with pytest.raises(GridError):
            Grid.fit((height, width), rows=count, fit=fit)  # type: ignore[arg-type]
        return
    turned = Grid.fit((height, width), rows=count, fit=fit)  # type: ignore[arg-type]
    assert turned.shape == grid.shape[::-1]
    assert (*turned.target_box[1::-1], *turned.target_box[:1:-1]) == pytest.approx(grid.target_box)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"columns": 0}, "columns is 0; it must be at least 1."),
        ({"rows": -3}, "rows is -3; it must be at least 1."),
        ({"cells": 0}, "cells is 0; it must be at least 1."),
        ({"cells": 100, "columns": 10}, "give either cells, or columns and rows"),
        ({"columns": 41}, "41 x 30 cells are more than the target's 40 x 30 px can tell apart"),
        ({"fit": "squeeze"}, "fit 'squeeze' is unknown; choose one of crop, pad, stretch."),
    ],
)
def test_refuses_in_words(asked: dict[str, object], said: str) -> None:
    with pytest.raises(GridError) as caught:
        Grid.fit((40, 30), **asked)  # type: ignore[arg-type]
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("size_px", [(1000, 10), (10, 1000)])
def test_a_strip_thinner_than_a_cell_is_not_cut_to_a_fragment(size_px: tuple[int, int]) -> None:
    """Check that few columns over a long strip, whose cells would be taller than the strip, are refused."""
    with pytest.raises(GridError, match="one cell would be 200 px"):
        Grid.fit(size_px, **{"columns" if size_px[0] > size_px[1] else "rows": 5})
    assert sorted(Grid.fit(size_px, cells=5).shape) == [1, 100]
    assert sorted(Grid.fit(size_px, cells=5, fit="stretch").shape) == [1, 22]


@pytest.mark.parametrize(
    ("text", "aspect"),
    [
        ("1:1", (1, 1)),
        ("3:2", (3, 2)),
        ("6:4", (3, 2)),
        ("1.5", (3, 2)),
        ("4x3", (4, 3)),
        (" 16 / 9 ", (16, 9)),
        ("2", (2, 1)),
    ],
)
def test_aspects_read(text: str, aspect: tuple[int, int]) -> None:
    assert parse_aspect(text) == aspect


@pytest.mark.parametrize("text", ["", "0:1", "1:0", "-1:2", "3:2:1", "wide", "1:21", "nan", "1e3:1"])
def test_aspects_refused(text: str) -> None:
    with pytest.raises(GridError, match="cell aspect"):
        parse_aspect(text)


@given(st.integers(1, 500), st.integers(1, 20), st.integers(1, 20))
def test_tile_sizes_keep_the_longer_side(tile_size: int, width: int, height: int) -> None:
    tile_px = tile_size_px(tile_size, (width, height))
    assert max(tile_px) == tile_size
    assert min(tile_px) >= 1
    assert abs(tile_px[0] - tile_size * width / max(width, height)) <= 1


def test_tile_size_below_one_is_refused() -> None:
    with pytest.raises(GridError, match="tile size is 0 px"):
        tile_size_px(0, (1, 1))


def test_mosaic_size() -> None:
    assert Grid(3, 5, (3, 2), (0, 0, 1, 1)).size_px((30, 20)) == (150, 60)
