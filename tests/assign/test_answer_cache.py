"""The cache of assignments: the same problem finds its assignment, and no other problem does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from perceptual_photomosaic.assign import answer_cache
from perceptual_photomosaic.assign.answer_cache import assign_cached
from perceptual_photomosaic.assign.baselines import NearestPatch
from perceptual_photomosaic.assign.learned import Learned
from perceptual_photomosaic.assign.limits import Limits
from perceptual_photomosaic.assign.problem import Assignment, Problem
from perceptual_photomosaic.assign.solve import Solve, weights_for
from perceptual_photomosaic.grid import Grid
from perceptual_photomosaic.tiles.arrays import ArrayTiles


@pytest.fixture
def problem() -> Problem:
    random = np.random.default_rng(0)
    cells, choices = (random.random((count, 8, 8, 3)).astype(np.float32) for count in (12, 5))
    tiles = ArrayTiles(np.zeros((5, 1, 1, 3), np.uint8))
    return Problem(Grid(3, 4, (1, 1), (0, 0, 4, 3)), cells, choices, tiles, np.zeros((3, 4, 3), np.uint8))


def recalled(assignment: Assignment) -> bool:
    return bool(assignment.figures.get("recalled"))


def test_the_same_problem_is_recalled(problem: Problem, tmp_path: Path) -> None:
    first, second = (assign_cached(NearestPatch(2), problem, tmp_path) for _ in range(2))
    assert not recalled(first)
    assert recalled(second)
    np.testing.assert_array_equal(first.choices, second.choices)


def test_any_difference_is_a_new_problem(problem: Problem, tmp_path: Path) -> None:
    assign_cached(NearestPatch(2), problem, tmp_path)
    brighter = problem.choices.copy()
    brighter[3, 7, 7, 2] += 0.01
    for method, other in (
        (NearestPatch(3), problem),
        (NearestPatch(2), replace(problem, limits=Limits(max_uses=4))),
        (NearestPatch(2), replace(problem, choices=brighter)),
        (NearestPatch(2), replace(problem, seed=1)),
        (NearestPatch(2), replace(problem, importance=np.ones(12, np.float32))),
    ):
        assert not recalled(assign_cached(method, other, tmp_path))


def test_other_weights_are_another_question(problem: Problem, tmp_path: Path) -> None:
    for weights in (weights_for(), weights_for(limited=True), weights_for("far"), {"colour1": 1.0}, {"colour1": 2.0}):
        first, second = (assign_cached(Solve(weights), problem, tmp_path) for _ in range(2))
        assert not recalled(first)
        assert recalled(second)
        np.testing.assert_array_equal(first.choices, second.choices)


def test_a_changed_model_is_a_new_problem(problem: Problem, tmp_path: Path) -> None:
    @dataclass(frozen=True)
    class Reader:
        path: str

        @property
        def files(self) -> tuple[Path, ...]:
            return Learned(self.path).files

        def assign(self, problem: Problem, *, reporter: object = None) -> Assignment:
            return Assignment(np.full((3, 4), int(Path(self.path).read_text())))

    model = tmp_path / "letters.safetensors"
    for content in ("2", "3"):
        model.write_text(content)
        for known in (False, True):
            answer = assign_cached(Reader(str(model)), problem, tmp_path)
            assert recalled(answer) == known
            assert (answer.choices == int(content)).all()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut", b"no archive at all"])
def test_a_damaged_answer_is_worked_out_again(problem: Problem, tmp_path: Path, content: bytes) -> None:
    expected = assign_cached(NearestPatch(2), problem, tmp_path).choices
    (file,) = (tmp_path / "assignments").iterdir()
    file.write_bytes(content)
    again = assign_cached(NearestPatch(2), problem, tmp_path)
    assert not recalled(again)
    np.testing.assert_array_equal(again.choices, expected)


def test_nothing_is_kept_without_a_folder(problem: Problem, tmp_path: Path) -> None:
    assign_cached(NearestPatch(2), problem, None)
    assert not list(tmp_path.iterdir())


def test_changed_code_is_a_new_problem(problem: Problem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a checkout the code changes while the version stays the same."""
    assert not recalled(assign_cached(NearestPatch(2), problem, tmp_path))
    assert recalled(assign_cached(NearestPatch(2), problem, tmp_path))
    package = tmp_path / "package" / "assign"
    package.mkdir(parents=True)
    (package / "baselines.py").write_text("changed")
    monkeypatch.setattr(answer_cache, "__file__", str(package / "answer_cache.py"))
    answer_cache._code.cache_clear()
    assert not recalled(assign_cached(NearestPatch(2), problem, tmp_path))
    answer_cache._code.cache_clear()
