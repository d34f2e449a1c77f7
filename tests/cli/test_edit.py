"""`photomosaic edit`: its files and its output."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Run, contents


@pytest.fixture
def made(run: Run, desk: Path) -> Path:
    words = "make portrait.png -t holiday -o out.png --columns 8 --method nearest --tile-size 12 --plan p.json"
    assert run(*words.split()).status == 0
    return desk


def sources(run: Run, plan: str) -> dict[tuple[int, int], str]:
    assert run("render", plan, "-o", "drawn.png", "--index", "i.csv").status == 0
    rows = csv.DictReader(Path("i.csv").read_text().splitlines())
    return {(int(row["row"]), int(row["column"])): row["source"] for row in rows}


def test_a_new_plan_beside_the_old(run: Run, made: Path) -> None:
    old = Path("p.json").read_bytes()
    before = sources(run, "p.json")
    ran = run("edit", "p.json", "--pin", "2,3=holiday/05.png", "--swap", "0,0:5,7", "-o", "new.json", "--json")
    assert ran.status == 0, ran.err
    assert Path("p.json").read_bytes() == old
    after = sources(run, "new.json")
    assert after[2, 3].endswith("05.png")
    assert (after[0, 0], after[5, 7]) == (before[5, 7], before[0, 0])
    facts = json.loads(ran.out)
    differing = {cell for cell in before if before[cell] != after[cell]}
    assert {(cell["row"], cell["column"]) for cell in facts["changed"]} == differing <= {(2, 3), (0, 0), (5, 7)}
    assert facts["pins"] == [[0, 0], [2, 3], [5, 7]]
    assert facts["out"] == "new.json"


def test_the_plan_itself(run: Run, made: Path) -> None:
    used = sources(run, "p.json")[0, 0]
    ran = run("edit", "p.json", "--ban", used)
    assert ran.status == 0, ran.err
    assert ran.out.startswith("p.json: ")
    assert "0 pinned, 1 tiles banned" in ran.out
    assert used not in sources(run, "p.json").values()
    assert run("edit", "p.json", "--pin", f"0,0={used}", "-q").out == ""
    assert sources(run, "p.json")[0, 0] == used


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--pin 9,9=05.png", "there is no cell 9,9: the plan has rows 0 to 5 and columns 0 to 7"),
        ("--ban 99.png", "has no tile '99.png'"),
        ("--ban 05.png -o gone/new.json", "there is no folder 'gone'"),
    ],
)
def test_mistakes_leave_the_plan_alone(run: Run, made: Path, words: str, said: str) -> None:
    before = contents(made)
    ran = run("edit", "p.json", "--no-cache", *words.split())
    assert ran.status == 2
    assert said in ran.err
    assert ran.err.count("\n") == 1
    assert contents(made) == before


def test_a_plan_that_was_moved(run: Run, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Check that all paths, also those of banned tiles, begin at the plan's folder."""
    words = "make portrait.png -t holiday -o out.png --columns 8 --method nearest --plan p.json --relative-to ."
    assert run(*words.split()).status == 0
    assert run("edit", "p.json", "--ban", "05.png").status == 0
    assert json.loads(Path("p.json").read_text())["bans"] == ["holiday/05.png"]
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    for name in ("p.json", "portrait.png", "holiday"):
        (made / name).rename(moved / name)
    ran = run("edit", "elsewhere/p.json", "--pin", "0,0=07.png", "--json")
    assert ran.status == 0, ran.err
    assert [Path(name).name for name in json.loads(ran.out)["bans"]] == ["05.png"]
    assert json.loads((moved / "p.json").read_text())["bans"] == ["holiday/05.png"]


def test_evaluate_finds_the_target_of_a_plan_that_moved(made: Path, run: Run) -> None:
    words = "make portrait.png -t holiday -o out.png --columns 8 --method nearest --plan p.json --relative-to ."
    assert run(*words.split()).status == 0
    (made / "plans").mkdir()
    shutil.move("p.json", "plans/p.json")
    words = "evaluate out.png --plan plans/p.json --no-judge --json"
    assert run(*words.split()).status == 2
    shutil.copy("out.png", "copy.png")
    for command in ("evaluate out.png", "compare out.png copy.png"):
        plans = "--plan plans/p.json " * command.count(".png")
        ran = run(*f"{command} {plans} --no-judge --json --relative-to .".split())
        assert ran.status == 0, ran.err
