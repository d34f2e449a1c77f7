"""How long work tells that it goes on: one small protocol, spoken by the library, heard by whoever shows it.

The library calls `Reporter.stage` around each stage and `Reporter.note` for what a person should read once.
`Silent` hears nothing and is the default; the command line brings a bar for terminals and plain lines for files.
"""

from __future__ import annotations

from types import TracebackType
from typing import Protocol, Self

__all__ = ["SILENT", "Reporter", "Silent", "Stage"]


class Stage(Protocol):
    """One stage of work, used as a context manager."""

    def advance(self, done: int = 1, **figures: float | str) -> None:
        """Say that `done` more units are finished; `figures` (loss=..., energy=...) are shown beside the bar."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Reporter(Protocol):
    """Hears about stages and notes."""

    def stage(self, title: str, total: int | None = None, unit: str = "") -> Stage:
        """Open a stage of `total` units (None: unknown), named by a verb in -ing form: "reading photos"."""

    def note(self, text: str) -> None:
        """Hand over one line that a person should read: a licence, a warning, a count of skipped files."""


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
    """Hears nothing."""

    def stage(self, title: str, total: int | None = None, unit: str = "") -> Stage:
        return _SilentStage()

    def note(self, text: str) -> None:
        pass


SILENT: Reporter = Silent()
