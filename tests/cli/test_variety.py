"""`--variety` on the command line: its effect on the picture and on saved settings, and its bad values."""

from __future__ import annotations

from pathlib import Path

import pytest

from perceptual_photomosaic.assign.spacing import conflicting_cells
from perceptual_photomosaic.config import load_options
from perceptual_photomosaic.plan import Plan
from tests.cli.conftest import Run

MAKE = "make portrait.png -t holiday -o out.png --columns 16 --tile-size 8 --plan plan.json"


def beside() -> int:
    """Count the cells of the plan that have a copy of their own tile beside them."""
    return int(conflicting_cells(Plan.load(Path("plan.json")).choices, 2).sum())


@pytest.mark.usefixtures("desk")
def test_photos_are_varied_by_default_and_free_when_asked(run: Run) -> None:
    assert run(*MAKE.split()).status == 0
    assert beside() == 0
    assert run(*MAKE.split(), "--variety", "0").status == 0
    assert beside() > 0
    assert run(*MAKE.split(), "--min-distance", "0").status == 0
    assert beside() > 0
    assert run(*MAKE.split(), "--variety", "1", "--min-distance", "3").status == 0
    assert beside() == 0


@pytest.mark.usefixtures("desk")
def test_it_is_saved_with_the_settings(run: Run) -> None:
    saved = run(*MAKE.split(), "--variety", "0.3", "--min-distance", "0", "--save-config", "mine.toml")
    assert saved.status == 0
    options = load_options(Path("mine.toml"))
    assert (options.variety, options.min_distance) == (0.3, 0)
    first = Plan.load(Path("plan.json"))
    Path("plan.json").unlink()
    made = MAKE.replace("--columns 16 --tile-size 8 ", "").split()
    assert run(*made, "--config", "mine.toml").status == 0
    assert (Plan.load(Path("plan.json")).choices == first.choices).all()


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--variety", "1.5"), "variety is 1.5; it must be from 0 (free) to 1 (copies as far apart as can be)."),
        (("--variety", "-0.1"), "variety is -0.1; it must be from 0 (free) to 1"),
        (("--variety", "nan"), "variety is nan; it must be from 0 (free) to 1"),
        (("--variety", "much"), "--variety"),
        (("--min-distance", "-1", "--variety", "0.5"), "min distance is -1; it must not be negative"),
        (("--varietey", "0.5"), "--variety"),
    ],
)
@pytest.mark.parametrize("method", ["solve", "mean"])
def test_what_is_refused(run: Run, method: str, words: tuple[str, ...], said: str) -> None:
    ran = run(*MAKE.split(), "--method", method, *words)
    assert ran.status == 2
    assert said in ran.err
    assert not Path("out.png").exists()
