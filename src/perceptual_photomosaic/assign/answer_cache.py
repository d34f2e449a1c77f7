"""A cache of assignments, so that the same problem is not solved twice.

Runs that differ only in file format, plan or print size choose the same tiles. The key covers everything that decides
the assignment: cells and choices, the limits, the method with its numbers and files, the seed, and the code itself. So
a changed photo, option, model or line of code never returns an old assignment.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from functools import cache
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from perceptual_photomosaic.assign.problem import Assignment, Matcher, Problem
from perceptual_photomosaic.files.replacing import written_aside
from perceptual_photomosaic.progress import SILENT, Reporter
from perceptual_photomosaic.threads import one_blas_thread

__all__ = ["assign_cached"]

_KEPT = 200


@one_blas_thread()
def assign_cached(method: Matcher, problem: Problem, folder: Path | None, *, reporter: Reporter = SILENT) -> Assignment:
    """Choose a tile for every cell, or load the assignment if the same problem was solved before.

    Args:
        method: A method. Its repr must name all its numbers; its `files`, if it has them, are the files that it reads.
        problem: The problem.
        folder: Folder of the cache, which keeps the newest 200 assignments; None uses no cache.
        reporter: Receives progress.
    Returns:
        The assignment; its figures hold "recalled": True if it was loaded from the cache.
    Raises:
        ConstraintError: The limits cannot be met.
    """
    if folder is None:
        return method.assign(problem, reporter=reporter)
    path = folder / "assignments" / f"{_key(method, problem)}.npz"
    known = _load(path, problem)
    if known is not None:
        return known
    assignment = method.assign(problem, reporter=reporter)
    with suppress(OSError):  # a read-only cache is not an error
        _save(path, assignment)
    return assignment


@cache
def _code() -> str:
    """Return a digest of the source files that decide an assignment: `assign` and the packages it uses."""
    package = Path(__file__).parent.parent
    digest = hashlib.blake2b(digest_size=16)
    for folder in ("assign", "features", "models"):
        for path in sorted((package / folder).rglob("*")):
            if path.suffix in (".py", ".toml", ".safetensors"):
                digest.update(path.read_bytes())
    return digest.hexdigest()


def _key(method: Matcher, problem: Problem) -> str:
    limits = problem.limits
    words = (
        _code(),
        repr(method),
        problem.grid.shape,
        problem.variants,
        problem.seed,
        problem.tone is not None,
        problem.narrow,
        problem.variety,
        limits.max_uses,
        limits.min_distance,
        limits.use_all,
        sorted(limits.must_include),
        sorted(limits.banned),
        sorted(limits.pinned.items()),
    )
    digest = hashlib.blake2b(repr(words).encode(), digest_size=16)
    for path in getattr(method, "files", ()):
        digest.update(path.read_bytes())
    for part in (problem.cells, problem.choices, problem.importance, problem.pictures, problem.detail):
        digest.update(b"none" if part is None else np.ascontiguousarray(part).data)
    return digest.hexdigest()


def _load(path: Path, problem: Problem) -> Assignment | None:
    """Load an assignment; return None if the file is missing, damaged or does not fit the problem."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as data:
            choices = data["choices"].astype(np.int64)
            figures = json.loads(str(data["figures"]))
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return None
    if choices.shape != problem.grid.shape or choices.min() < 0 or choices.max() >= len(problem.choices):
        return None
    return Assignment(choices, {**figures, "recalled": True})


def _save(path: Path, assignment: Assignment) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    figures = np.array(json.dumps(dict(assignment.figures)))
    with written_aside(path) as part:
        np.savez_compressed(part, choices=assignment.choices.astype(np.int32), figures=figures)
    kept = sorted(path.parent.glob("[!.]*.npz"), key=lambda file: file.stat().st_mtime)
    for old in kept[:-_KEPT]:
        old.unlink(missing_ok=True)
