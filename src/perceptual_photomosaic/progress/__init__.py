"""Progress of long work: the protocol by which the library reports it to a program that shows it.

The library calls `Reporter.stage` around each stage, and `Reporter.note` for a line that a person should read once.
`Silent` shows nothing and is the default; the command line shows a bar on terminals and plain lines in files.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Protocol, Self

__all__ = ["SILENT", "Reporter", "Silent", "Stage", "Stages"]


class Stage(Protocol):
    """One stage of work, used as a context manager."""

    def advance(self, done: int = 1, **figures: float | str) -> None:
        """Report that `done` more units are finished; `figures` (loss=..., energy=...) are shown beside the bar."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Reporter(Protocol):
    """A receiver of stages and notes."""

    def stage(self, title: str, total: int | None = None, unit: str = "") -> Stage:
        """Open a stage of `total` units (None: unknown), named by a verb in -ing form: "reading photos".

        Stages may lie inside each other; what is shown is the innermost one that is open.
        """

    def note(self, text: str) -> None:
        """Receive one line that a person should read: a licence, a warning, a count of skipped files."""


class _SilentStage:
    def advance(self, done: int = 1, **figures: float | str) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass


class Silent:
    """A reporter that shows nothing."""

    def stage(self, title: str, total: int | None = None, unit: str = "") -> Stage:
        return _SilentStage()

    def note(self, text: str) -> None:
        pass


SILENT: Reporter = Silent()


class Stages:
    """The stages of one job, which are reported and timed.

    Args:
        reporter: Receives the stages and notes.
    Attributes:
        seconds: Seconds by the stage's name, in order.
    """

    def __init__(self, reporter: Reporter) -> None:
        self.seconds: dict[str, float] = {}
        self._reporter = reporter
        self._said: set[str] = {""}

    @contextmanager
    def __call__(self, name: str, title: str) -> Iterator[None]:
        """Time a stage and report it as one of unknown length: "choosing tiles"."""
        start = time.perf_counter()
        with self._reporter.stage(title):
            yield
        self.seconds[name] = round(time.perf_counter() - start, 3)

    def note(self, *lines: str) -> None:
        """Pass on lines that a person should read, each once; empty ones are left out."""
        for line in lines:
            if line not in self._said:
                self._said.add(line)
                self._reporter.note(line)
