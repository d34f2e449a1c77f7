"""How the command line tells that work goes on: bars on a terminal, plain lines elsewhere, nothing when quiet."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from perceptual_photomosaic.progress import SILENT, Reporter, Stage

if TYPE_CHECKING:
    from rich.progress import Progress

__all__ = ["reporter_for"]

_PLAIN_EVERY_S = 10.0


def reporter_for(*, quiet: bool) -> Reporter:
    """The reporter that suits standard error: bars for a terminal, lines for a file, silence when quiet."""
    if quiet:
        return _NotesOnly()
    return _Bars() if sys.stderr.isatty() else _Lines()


class _NotesOnly:
    """Quiet about progress; notes bind or warn, so they are still said."""

    def stage(self, title: str, total: int | None = None, unit: str = "") -> Stage:
        return SILENT.stage(title, total, unit)

    def note(self, text: str) -> None:
        print(f"photomosaic: {text}", file=sys.stderr)


class _Lines(_NotesOnly):
    """A line when a long stage is under way, so that logs stay short."""

    def stage(self, title: str, total: int | None = None, unit: str = "") -> Stage:
        return _LineStage(title, total, unit)


class _LineStage:
    def __init__(self, title: str, total: int | None, unit: str) -> None:
        self._title, self._total, self._unit = title, total, unit
        self._done, self._last = 0, time.monotonic()

    def advance(self, done: int = 1, **figures: float | str) -> None:
        self._done += done
        now = time.monotonic()
        if now - self._last >= _PLAIN_EVERY_S:
            self._last = now
            of = f" of {self._total}" if self._total else ""
            print(
                f"{self._title}: {self._done}{of} {self._unit} {_words(figures)}".rstrip(), file=sys.stderr, flush=True
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass


class _Bars(_NotesOnly):
    """One bar per stage, with count, rate and time left."""

    def stage(self, title: str, total: int | None = None, unit: str = "") -> Stage:
        return _BarStage(title, total, unit)


class _BarStage:
    def __init__(self, title: str, total: int | None, unit: str) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self._bar: Progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[unit]}"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[figures]}"),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = self._bar.add_task(title, total=total, unit=unit, figures="")

    def advance(self, done: int = 1, **figures: float | str) -> None:
        self._bar.update(self._task, advance=done, figures=_words(figures))

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()


def _words(figures: dict[str, float | str]) -> str:
    return "  ".join(
        f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}" for name, value in figures.items()
    )
