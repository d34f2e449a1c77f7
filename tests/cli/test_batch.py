"""`photomosaic make` with several targets: its table, its JSON, and status 1 where a target failed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from tests.cli.conftest import Run

MANY = ("-t", "holiday", "-o", "out", "--method", "nearest", "--tile-size", 12, "--columns", 8)


@pytest.fixture(autouse=True)
def second(desk: Path) -> None:
    """Another target beside portrait.png."""
    Image.open("portrait.png").rotate(180).save("turned.png")


def test_a_table_at_the_end(run: Run) -> None:
    first = run("make", "portrait.png", *MANY, "-o", "bare")
    assert first.status == 0, first.err
    ran = run("make", "portrait.png", "truncated.png", "turned.png", *MANY, "-o", "bare", "--format", ".PNG")
    assert ran.status == 1
    assert ran.err.count("\n") == 1
    assert "truncated.png" in ran.err
    lines = ran.out.splitlines()
    assert lines[0] == "bare/portrait.png   finished before"
    assert lines[1] == "bare/truncated.png  failed"
    assert lines[2].startswith("bare/turned.png     96 x 72 px       8 x 6 cells  ")
    assert lines[3:] == ["1 made, 1 finished, 1 failed: truncated.png"]


def test_quiet_names_failures_alone(run: Run) -> None:
    ran = run("make", "portrait.png", "gone.png", *MANY, "-q")
    assert (ran.status, ran.out) == (1, "")
    assert ran.err.startswith("photomosaic: gone.png: ")
    again = run("make", "portrait.png", "turned.png", *MANY, "-q")
    assert (again.status, again.out, again.err) == (0, "", "")


def test_json_says_of_each_what_make_says(run: Run) -> None:
    Path("holiday/broken.jpg").touch()
    alone = json.loads(run("make", "turned.png", *MANY, "-o", "out.jpg", "--json").out)
    assert run("make", "portrait.png", *MANY, "-o", "bare", "--format", "jpg").status == 0
    ran = run("make", "portrait.png", "nothing.jpg", "turned.png", *MANY, "-o", "bare", "--format", "jpg", "--json")
    facts = json.loads(ran.out)
    assert ran.status == 1
    assert {key: facts[key] for key in ("out", "made", "finished", "failed")} == {
        "out": "bare",
        "made": 1,
        "finished": 1,
        "failed": 1,
    }
    finished, failed, made = facts["mosaics"]
    assert finished == {"state": "finished", "target": "portrait.png", "out": "bare/portrait.jpg"}
    assert failed["state"] == "failed"
    assert failed["error"] == "nothing.jpg: the file is empty"
    same = made.keys() - {"state", "out", "seconds", "figures"}
    assert {key: made[key] for key in same} == {key: alone[key] for key in same}
    assert made.keys() - {"state"} == alone.keys()


def test_tiles_that_were_skipped_are_named_once(run: Run) -> None:
    Path("holiday/broken.jpg").touch()
    ran = run("make", "portrait.png", "turned.png", *MANY, "--redo")
    assert ran.out.count("1 file was skipped:\n  holiday/broken.jpg: the file is empty") == 1


def test_what_is_said_of_targets_comes_with_their_names_and_once(run: Run) -> None:
    Image.open("portrait.png").save("same shape.png")
    Image.open("portrait.png").crop((0, 0, 96, 40)).save("turned.png")
    asked = ("--columns", 10, "--rows", 5)
    ran = run("make", "portrait.png", "same shape.png", "turned.png", *MANY, *asked)
    assert ran.status == 0, ran.err
    lines = ran.err.splitlines()
    assert [line.split(": ")[1] for line in lines] == ["portrait.png", "turned.png"]
