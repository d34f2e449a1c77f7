"""Tests of the checker: wrong, missing, additional and unreadable arrays in a folder are rows that fail."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from perceptual_photomosaic.training.schedule import paper_learning_rate, paper_temperature_rate, paper_temperatures
from tests.golden import __main__ as command
from tests.golden.__main__ import check_folder, unknown_files
from tests.golden.runs import differing


@pytest.fixture(autouse=True)
def without_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace VGG16 by None, as schedules do not need it."""
    monkeypatch.setattr(command.families, "paper_vgg", lambda seed: None)


@pytest.fixture
def arrays() -> dict[str, Any]:
    return {
        "fn0.args": np.array([0.5, 20.0, 25.0, 1000.0, 7.0]),
        "fn0.result": np.array(paper_temperature_rate(0.5, 20, 25, 1000, 7)),
        "loop_q.dataset_size": np.array(30),
        "loop_q.batch_size": np.array(4),
        "loop_q.init_temperature": np.array(2.0),
        "loop_q.iterations_option": np.array(25),
        "loop_q.iteration": np.arange(1, 25),
        "loop_q.temperature": np.array(paper_temperatures(24, 2.0, 30, 4)),
        "lr.base": np.array(1e-4),
        "lr.iterations_option": np.array(203),
        "lr.iteration": np.arange(1, 203),
        "lr.value": np.array([paper_learning_rate(1e-4, i) for i in range(1, 203)], np.float32),
        **{f"resume.{name}": np.array(value) for name, value in RESUME.items()},
        "resume.snapshots": np.array(["checkpoint_iter-00000007.index", "checkpoint_iter-00000014.index"]),
        "resume.iteration": np.arange(14, 31),
        "resume.temperature": np.array(paper_temperatures(30, 1.0, 40, 2, first=14)),
    }


RESUME = {"ds": 40, "bs": 2, "t0": 1.0, "first": 20, "chk": 7, "second": 31}
CONFIG = {
    "vgg_seed": 0,
    "config": {
        "schedule_inputs": [[0.5, 20, 25, 1000, 7]],
        "loops": [{"name": "q", "ds": 30, "bs": 4, "t0": 2.0, "iters": 25}],
        "lr_loop": {"lr": 1e-4, "iters": 203},
        "resume": RESUME,
    },
}


def missed(folder: Path, arrays: dict[str, Any]) -> list[tuple[str, str]]:
    (folder / "config.json").write_text(json.dumps(CONFIG))
    np.savez(folder / "schedule.npz", **arrays)
    return [(row.key, row.measure.split(":")[0]) for row in check_folder(folder, ["schedule"]) if not row.passed]


def test_a_folder_with_other_values_passes(tmp_path: Path, arrays: dict[str, Any]) -> None:
    assert missed(tmp_path, arrays) == []


def test_each_fault_is_a_row(tmp_path: Path, arrays: dict[str, Any]) -> None:
    arrays["loop_q.temperature"] = arrays["loop_q.temperature"] + 1e-6
    arrays["resume.surprise"] = np.zeros(3)
    del arrays["lr.value"]
    assert sorted(missed(tmp_path, arrays)) == [
        ("loop_q.temperature", "rtol"),
        ("lr.value", "missing"),
        ("resume.surprise", "not checked"),
    ]


def test_not_a_number_and_wrong_shape_fail(tmp_path: Path, arrays: dict[str, Any]) -> None:
    arrays["fn0.result"] = np.array([np.nan, 1.0])
    arrays["lr.iteration"] = arrays["lr.iteration"][:-1]
    assert sorted(missed(tmp_path, arrays)) == [("fn0.result", "rtol"), ("lr.iteration", "equal")]


def test_a_part_that_stops_is_a_row(tmp_path: Path, arrays: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*arguments: object) -> None:
        raise IndexError("no such thing")

    monkeypatch.setitem(command.CHECKS, "schedule", stop)
    found = missed(tmp_path, arrays)
    assert ("all of schedule", "stopped") in found
    assert len(found) == 1 + len(arrays)  # and nothing counts as checked


def test_missing_and_unknown_families_are_rows(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    np.savez(tmp_path / "later.npz", a=np.zeros(1))
    assert [(row.key, row.measure) for row in check_folder(tmp_path, ["gauss"])] == [("gauss.npz", "missing")]
    assert [(row.key, row.measure) for row in unknown_files(tmp_path)] == [("later.npz", "unknown family")]


def test_a_cell_is_wrong_where_it_differs_by_more_than_one_level() -> None:
    want = np.full((16, 16, 3), 100, np.uint8)
    have = want + 1
    assert differing(want, have) == 0
    have[3, 9] = 103
    assert differing(want, have) == 0.25
    assert differing(want, have[:8]) == np.inf
