"""Progress: per cent and time left for people, on a terminal and in a file."""

from __future__ import annotations

import io
import re
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perceptual_photomosaic.progress import shown as report
from perceptual_photomosaic.progress.shown import reporter_for


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Show lines after a tenth of a second instead of two seconds, and then every fifth of a second."""
    monkeypatch.setattr(report, "FIRST_AFTER_S", 0.1)
    monkeypatch.setattr(report, "EVERY_S", 0.2)


def _wait_for(capsys: pytest.CaptureFixture[str], pattern: str) -> str:
    """Wait until standard error matches, and return it; fail after five seconds."""
    said = ""
    for _ in range(500):
        said += capsys.readouterr().err
        if re.search(pattern, said):
            return said
        time.sleep(0.01)
    raise AssertionError(f"{pattern!r} was not said, but {said!r}")


@pytest.mark.usefixtures("hurried")
def test_cells_are_not_counted_but_time_is(capsys: pytest.CaptureFixture[str]) -> None:
    with reporter_for(quiet=False).stage("choosing tiles", 4056, "cells") as stage:
        stage.advance(1745, energy=3.0)
        said = _wait_for(capsys, "left")
    assert re.fullmatch(r"(choosing tiles: 43%, about 1 s left\n)+", said), said


@pytest.mark.usefixtures("hurried")
def test_photos_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    with reporter_for(quiet=False).stage("reading photos", 1919, "photos") as stage:
        stage.advance(1312)
        assert "reading photos: 1,312 of 1,919, 68%, about 1 s left\n" in _wait_for(capsys, "left")


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("total", [None, 4056])
def test_elapsed_time_where_the_total_is_unknown_or_wrong(
    capsys: pytest.CaptureFixture[str], total: int | None
) -> None:
    """Check that a wrong total, as in 19,812 of 4,056 cells, is never shown."""
    with reporter_for(quiet=False).stage("keeping copies apart", total, "cells") as stage:
        stage.advance(19_812)
        assert "keeping copies apart: 1 s so far\n" in _wait_for(capsys, "so far")


@pytest.mark.usefixtures("hurried")
def test_the_innermost_stage_is_shown_and_work_without_steps_too(capsys: pytest.CaptureFixture[str]) -> None:
    reporter = reporter_for(quiet=False)
    with reporter.stage("choosing tiles"):
        with reporter.stage("comparing tiles", 10, "cells") as inner:
            inner.advance(5)
            assert "choosing" not in _wait_for(capsys, "comparing tiles: 50%")
        _wait_for(capsys, "choosing tiles: 1 s so far")


@pytest.mark.usefixtures("hurried")
def test_of_several_mosaics_it_is_said_how_many_are_done(capsys: pytest.CaptureFixture[str]) -> None:
    reporter = reporter_for(quiet=False)
    with reporter.stage("making mosaics", 4, "mosaics") as whole:
        whole.advance(3)
        with reporter.stage("c.jpg: reading photos", 10, "photos") as inner:
            inner.advance(5)
            said = _wait_for(capsys, "left")
    assert re.fullmatch(r"(c.jpg: reading photos 50%: 3 of 4, 75%, about 1 s left\n)+", said), said


@pytest.mark.usefixtures("hurried")
def test_training_tells_its_loss(capsys: pytest.CaptureFixture[str]) -> None:
    with reporter_for(quiet=False).stage("training", 100, "step") as stage:
        stage.advance(20, loss=0.123456)
        assert re.search(r"training: 20 of 100, 20%, about 1 s left, loss 0\.1235", _wait_for(capsys, "loss"))


def test_short_work_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with reporter_for(quiet=False).stage("reading photos", 3, "photos") as stage:
        stage.advance()
    assert capsys.readouterr() == ("", "")


@pytest.mark.usefixtures("hurried")
def test_quiet_says_notes_alone_and_each_once(capsys: pytest.CaptureFixture[str]) -> None:
    reporter = reporter_for(quiet=True)
    with reporter.stage("reading photos", 3, "photos") as stage:
        stage.advance()
        time.sleep(0.3)
    reporter.note("a licence")
    reporter.note("a licence")
    assert capsys.readouterr() == ("", "photomosaic: a licence\n")


def test_a_terminal_shows_one_bar_with_per_cent_and_time(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    reporter = reporter_for(quiet=False)
    with reporter.stage("choosing tiles"), reporter.stage("comparing tiles", 8, "cells") as stage:
        stage.advance(6)
        time.sleep(0.5)
        reporter.note("a note in between")
    drawn = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen.getvalue())
    assert "comparing tiles" in drawn
    assert re.search(r"75%, about 1 s left", drawn)
    assert "of 8" not in drawn
    assert "photomosaic: a note in between" in drawn


@given(st.floats(0, 1e6))
def test_durations_are_close_and_short(seconds: float) -> None:
    words = report._duration(seconds)
    units = {"s": 1, "min": 60, "h": 3600}
    value = sum(int(number) * units[unit] for number, unit in re.findall(r"(\d+) (s|min|h)", words))
    assert abs(value - seconds) <= max(1, 30 if seconds >= 90 else 0.5)
