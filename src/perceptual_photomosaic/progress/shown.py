"""Progress that people see: a bar on a terminal, plain lines elsewhere.

Stages may lie inside each other. The innermost open one is shown: the per cent that are done and the time left, or the
time so far where the total is unknown. For several mosaics the number of finished mosaics is shown instead, beside the
title of the current stage.
"""

from __future__ import annotations

import math
import sys
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Self

from perceptual_photomosaic.progress import SILENT, Reporter, Stage

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live

__all__ = ["EVERY_S", "FIRST_AFTER_S", "reporter_for", "shown_progress"]

FIRST_AFTER_S = 2.0
"""Seconds after which a stage gets its first plain line."""

EVERY_S = 10.0
"""Seconds between two plain lines about the same stage."""

_BAR = 40  # characters
_WHOLE = "mosaics"  # unit of a stage whose progress is shown throughout, whatever goes on inside it
_COUNTED = frozenset({"photos", "pictures", "emoji", "step", "steps", _WHOLE})
"""Units that people know: their number is shown beside the per cent. Cells and distances are not counted."""


def reporter_for(*, quiet: bool) -> Reporter:
    """Return the reporter of a command: one that shows progress and notes, or notes alone when quiet."""
    return _NotesOnly() if quiet else shown_progress()


def shown_progress() -> Reporter:
    """Return the reporter that suits standard error: bars for a terminal, lines for a file or a notebook."""
    return _Bars() if sys.stderr.isatty() else _Lines()


class _NotesOnly:
    """A reporter that prints each note once, but no progress: notes hold licences and warnings."""

    def __init__(self) -> None:
        self._said: set[str] = set()

    def stage(self, title: str, total: int | None = None, unit: str = "") -> Stage:
        return SILENT.stage(title, total, unit)

    def note(self, text: str) -> None:
        if text not in self._said:
            self._said.add(text)
            _say(f"photomosaic: {text}")


class _Work(_NotesOnly):
    """A reporter that keeps the open stages, and shows the innermost one while a stage is open."""

    def __init__(self) -> None:
        super().__init__()
        self.lock = threading.RLock()
        self.open: list[_Stage] = []

    def stage(self, title: str, total: int | None = None, unit: str = "") -> Stage:
        return _Stage(self, title, total, unit)

    def shown(self) -> tuple[str, _Stage]:
        """Return the title to show, and the stage whose progress is shown; a stage must be open."""
        whole, inner = self.open[0], self.open[-1]
        if inner is whole or whole.unit != _WHOLE:
            return inner.title, inner
        return inner.title if inner.share is None else f"{inner.title} {inner.share:.0%}", whole

    def begin(self) -> None:
        """Start to show progress, as the first stage has opened."""

    def end(self) -> None:
        """Stop showing progress, as the last stage has closed."""


class _Stage:
    """One stage: its finished units, and the time of its start."""

    def __init__(self, work: _Work, title: str, total: int | None, unit: str) -> None:
        self.title, self.total, self.unit = title, total, unit
        self.done, self.since, self.said = 0, time.monotonic(), False
        self.figures: dict[str, float | str] = {}
        self._work = work

    def advance(self, done: int = 1, **figures: float | str) -> None:
        with self._work.lock:
            self.done += done
            self.figures = figures

    def __enter__(self) -> Self:
        self.since = time.monotonic()
        with self._work.lock:
            self._work.open.append(self)
            first = len(self._work.open) == 1
        if first:
            self._work.begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._work.lock:
            self._work.open.remove(self)
            last = not self._work.open
        if last:
            self._work.end()

    @property
    def share(self) -> float | None:
        """Share that is done, 0 to 1; None where the total is unknown or was too low."""
        return self.done / self.total if self.total and self.done <= self.total else None

    def words(self) -> str:
        """Return the text of its progress: "43%, about 5 s left", "312 of 919, 34%", or "12 s so far"."""
        taken = time.monotonic() - self.since
        share = self.share
        parts = []
        if self.unit in _COUNTED and self.done:
            parts.append(f"{self.done:,} of {self.total:,}" if self.total else f"{self.done:,}")
        if share is None or share == 1:
            parts.append(f"{_duration(taken)} so far")
        else:
            parts.append(f"{math.floor(100 * share)}%")
            parts.append(
                f"about {_duration(taken / share - taken)} left" if self.done else f"{_duration(taken)} so far"
            )
        if self.unit.startswith("step"):
            parts += [_figure(name, value) for name, value in self.figures.items()]
        return ", ".join(parts)


class _Lines(_Work):
    """A reporter that prints a line when a stage has taken two seconds, and then every ten, so that logs stay short."""

    def __init__(self) -> None:
        super().__init__()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._last = time.monotonic() + FIRST_AFTER_S - EVERY_S

    def begin(self) -> None:
        self._stop.clear()
        self._thread = threading.Thread(target=self._watch, name="progress", daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(FIRST_AFTER_S / 10):
            with self.lock:
                now = time.monotonic()
                if not self.open:
                    continue
                title, stage = self.shown()
                if now - self._last >= EVERY_S or (not stage.said and now - stage.since >= FIRST_AFTER_S):
                    self._last = now
                    for held in self.open:
                        held.said = True
                    _say(f"{title}: {stage.words()}")


class _Bars(_Work):
    """A reporter with one bar on a terminal: title, bar, per cent and time left."""

    _live: Live | None = None

    def begin(self) -> None:
        from rich.console import Console
        from rich.live import Live

        self._live = Live(
            console=Console(stderr=True), refresh_per_second=5, transient=True, get_renderable=self._drawn
        )
        self._live.start()

    def end(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _drawn(self) -> RenderableType:
        from rich.progress_bar import ProgressBar
        from rich.table import Table

        row = Table.grid(padding=(0, 1))
        with self.lock:
            if self.open:
                title, stage = self.shown()
                share = stage.share
                bar = ProgressBar(total=1.0, completed=share or 0.0, width=_BAR, pulse=share is None)
                row.add_row(title, bar, stage.words())
        return row


def _say(line: str) -> None:
    """Write a line to standard error; errors, as on a full disk or a closed pipe, are ignored."""
    with suppress(OSError):
        print(line, file=sys.stderr, flush=True)


def _figure(name: str, value: float | str) -> str:
    return f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}"


def _duration(seconds: float) -> str:
    """Return a duration as text: 5 s, 3 min, 1 h 20 min."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
