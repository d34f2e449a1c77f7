"""`photomosaic train-any`: a small run, its output and its errors."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run

SMALL = ["--examples", 2, "--rounds", 1, "--steps", 2, "--cells", 4, "--validations", 1]


def test_a_run_names_the_network_and_its_curves(photo_folder: Path, tmp_path: Path, run: Run) -> None:
    pytest.importorskip("tensorboardX", reason="the train extra is not installed")
    asked = ["train-any", "--data", photo_folder, "--run", tmp_path / "any", *SMALL]
    ran = run(*asked, "--without", "summary", "--without", "distance")
    assert ran.status == 0
    assert ran.out.splitlines()[0] == f"the network: {tmp_path / 'any' / 'network.safetensors'}"
    assert "tensorboard --logdir" in ran.out
    assert (tmp_path / "any" / "network.safetensors").is_file()
    again = run(*asked)
    assert (again.status, again.err.count("\n")) == (2, 1)
    assert "give --resume or another name" in again.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--without", "colour"], "there is no part 'colour' to leave out; choose of neighbours, summary, distance"),
        (["--examples", 0], "examples is 1 or more, not 0"),
        (["--cells", 2], "cells is 4 or more, not 2"),
        (["--learning-rate", 0], "learning-rate is more than 0, not 0"),
        (["--teacher", 0], "weights of 0 or more, not both 0: got 0 and 0"),
        (["--data", "nowhere"], "nowhere"),
        (["--font", "No Such Font"], "No Such Font"),
    ],
)
def test_what_makes_no_sense_is_one_line(
    words: list[object], said: str, photo_folder: Path, tmp_path: Path, run: Run
) -> None:
    pytest.importorskip("tensorboardX", reason="the train extra is not installed")
    ran = run("train-any", "--data", photo_folder, "--run", tmp_path / "any", *SMALL, "--quiet", *words)
    assert (ran.status, ran.err.count("\n")) == (2, 1)
    assert said in ran.err
