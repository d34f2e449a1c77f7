"""The report: one row per golden array, with the error of our value and its tolerance."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Row:
    """One comparison. `error` and `tolerance` have the unit that `measure` names."""

    family: str
    key: str
    measure: str
    error: float
    tolerance: float

    @property
    def passed(self) -> bool:
        return self.error <= self.tolerance  # a NaN fails


@dataclass
class Golden:
    """The golden arrays of one family, and the rows of their comparisons.

    A missing array, an array that was not used, and a part that stops with an error are rows that fail.
    """

    family: str
    folder: Path
    rows: list[Row] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.arrays: dict[str, np.ndarray[Any, Any]] = {}
        if not (self.folder / f"{self.family}.npz").is_file():
            self.add(f"{self.family}.npz", "missing", np.inf, 0.0)
            return
        with np.load(self.folder / f"{self.family}.npz") as file:
            self.arrays = {key: file[key] for key in file.files}

    def __getitem__(self, key: str) -> Any:
        """Return an array, and count it as used."""
        self.seen.add(key)
        return self.arrays[key]

    def __contains__(self, key: str) -> bool:
        return key in self.arrays

    @contextmanager
    def part(self, key: str) -> Iterator[None]:
        """Turn an error in one part of the family into a row that fails, so that the next parts are still compared."""
        try:
            yield
        except Exception as error:  # the row names it
            self.add(key, f"stopped: {type(error).__name__}: {error}", np.inf, 0.0)

    def add(self, key: str, measure: str, error: float, tolerance: float) -> None:
        self.seen.add(key)
        self.rows.append(Row(self.family, key, measure, float(error), tolerance))

    def exact(self, key: str, ours: Any) -> None:
        """Compare an array that must be equal in shape and in every element."""
        if self._lacks(key):
            return
        want, have = self[key], np.asarray(ours)
        same = want.shape == have.shape and bool(np.all(want == have))
        self.add(key, "equal", 0.0 if same else np.inf, 0.0)

    def close(self, key: str, ours: Any, tolerance: float, measure: str = "max") -> None:
        """Compare whole arrays.

        max: largest difference over the largest golden magnitude. rtol: largest relative difference. abs: largest
        difference. l2: L2 norm of the difference over that of the golden.
        """
        if self._lacks(key):
            return
        want, have = np.asarray(self[key], np.float64), np.asarray(ours, np.float64)
        if want.shape != have.shape:
            self.add(key, f"shape {have.shape} for {want.shape}", np.inf, tolerance)
            return
        self.add(key, measure, distance(want, have, measure), tolerance)

    def sampled(self, key: str, ours: Any, tolerance: float, measure: str = "max", norm: float = 1e-5) -> None:
        """Compare an array with the golden shape, mean, standard deviation, norm and some elements."""
        absent = [part for part in ("shape", "mean", "std", "l2", "idx", "val") if self._lacks(f"{key}.{part}")]
        if absent:
            return
        have = np.asarray(ours, np.float64)
        self.exact(f"{key}.shape", have.shape)
        if have.shape != tuple(self[f"{key}.shape"]):
            self.add(f"{key}.val", f"shape {have.shape}", np.inf, tolerance)
            return
        spread = float(self[f"{key}.std"])
        self.add(f"{key}.mean", "of std", abs(have.mean() - float(self[f"{key}.mean"])) / max(spread, 1e-300), 1e-3)
        self.close(f"{key}.std", have.std(), norm, "rtol")
        self.close(f"{key}.l2", np.linalg.norm(have), norm, "rtol")
        want = np.asarray(self[f"{key}.val"], np.float64)
        self.add(f"{key}.val", measure, distance(want, have.ravel()[self[f"{key}.idx"]], measure), tolerance)

    def finish(self) -> Iterator[Row]:
        """Yield all rows. An array that was not used is a row that fails."""
        yield from self.rows
        for key in self.arrays:
            if key not in self.seen:
                yield Row(self.family, key, "not checked", np.inf, 0.0)

    def _lacks(self, key: str) -> bool:
        """Return True, and add a row that fails, if an array is missing."""
        if key not in self.arrays:
            self.add(key, "missing", np.inf, 0.0)
        return key not in self.arrays


def distance(want: np.ndarray[Any, Any], have: np.ndarray[Any, Any], measure: str) -> float:
    """Return the distance of arrays of one shape, by one of the measures of `Golden.close`."""
    difference = np.abs(have - want)
    if measure == "abs":
        return float(difference.max(initial=0.0))
    if measure == "l2":
        return float(np.linalg.norm(have - want) / max(float(np.linalg.norm(want)), 1e-300))
    if measure == "rtol":
        return float((difference / np.maximum(np.abs(want), 1e-300)).max(initial=0.0))
    assert measure == "max"
    return float(difference.max(initial=0.0) / max(float(np.abs(want).max(initial=0.0)), 1e-300))


def show(rows: list[Row], only_missed: bool = False) -> int:
    """Print the table, and return the number of missed rows."""
    missed = [row for row in rows if not row.passed]
    for row in missed if only_missed else rows:
        mark = "ok  " if row.passed else "MISS"
        print(f"{mark} {row.family:9s} {row.key:52s} {row.error:10.3g} <= {row.tolerance:8.3g}  {row.measure}")
    print(f"{len(rows)} arrays, {len(rows) - len(missed)} within tolerance, {len(missed)} missed")
    sys.stdout.flush()
    return len(missed)
