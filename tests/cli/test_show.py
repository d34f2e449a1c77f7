"""`photomosaic show`: its size and its colours follow the terminal, and it starts fast."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import typer
from PIL import Image

from perceptual_photomosaic.cli.app import app
from perceptual_photomosaic.cli.at_once import FLAGS, VALUES, parsed, show_text
from perceptual_photomosaic.text.quick import columns_within
from perceptual_photomosaic.text.terminal import Terminal
from tests.cli.conftest import Run

PIPE = ("--colour", "always")


class _Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environment", "wish", "colours"),
    [
        ({"COLORTERM": "truecolor", "TERM": "xterm"}, "auto", "24bit"),
        ({"COLORTERM": "24bit"}, "auto", "24bit"),
        ({"TERM": "screen-256color"}, "auto", "256"),
        ({"TERM": "linux"}, "auto", "16"),
        ({"TERM": "dumb", "COLORTERM": "truecolor"}, "auto", None),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, "auto", None),
        ({"TERM": "xterm-256color", "NO_COLOR": ""}, "auto", "256"),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, "always", "256"),
        ({"TERM": "xterm-256color"}, "never", None),
    ],
)
def test_colours_of_terminals(
    environment: dict[str, str], wish: str, colours: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "132")
    monkeypatch.setenv("LINES", "50")
    assert Terminal.of(_Screen(), environment, wish) == Terminal(132, 50, colours)
    into_pipe = Terminal.of(io.StringIO(), environment, wish)
    assert into_pipe == Terminal(80, None, colours if wish == "always" else None)


def test_a_picture_fits_the_terminal() -> None:
    assert columns_within((1000, 1000), 80, None, (5, 11)) == 80
    assert columns_within((1000, 1000), 80, 23, (5, 11)) == 50
    assert columns_within((1000, 100), 80, 23, (5, 11)) == 80
    assert columns_within((10, 5000), 80, 3, (1, 2)) == 1


def test_into_a_pipe_go_no_escapes(run: Run, desk: Path) -> None:
    ran = run("show", "portrait.png", "--columns", 30)
    assert ran.status == 0, ran.err
    lines = ran.out.splitlines()
    assert {len(line) for line in lines} == {30}
    assert len(lines) == round(30 * 72 / 96 * 5 / 11)
    assert "\x1b" not in ran.out
    assert len(set(ran.out)) > 8
    assert {len(line) for line in run("show", "portrait.png").out.splitlines()} == {80}
    assert len(run("show", "portrait.png", "--columns=30", "--font-ratio", "1:1").out.splitlines()) == 22


def test_colour_on_request(run: Run, desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLORTERM", "truecolor")
    assert "\x1b[38;2;" in run("show", "portrait.png", "--columns", 20, *PIPE).out
    assert ";48;2;" not in run("show", "portrait.png", "--columns", 20, *PIPE, "--ink", "target").out
    tinted = run("show", "portrait.png", "--columns", 20, *PIPE, "--ink", "target", "--light").out
    assert len(set(re.findall(r"38;2;[\d;]+", tinted))) > 10
    monkeypatch.delenv("COLORTERM")
    monkeypatch.setenv("TERM", "xterm-256color")
    assert "38;5;" in run("show", "portrait.png", "--columns", 20, *PIPE).out
    monkeypatch.setenv("TERM", "vt100")
    assert "38;" not in (out := run("show", "portrait.png", "--columns", 20, *PIPE).out)
    assert "\x1b[" in out


def test_a_terminal_gets_as_much_as_it_holds(run: Run, desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("LINES", "12")
    screen = _Screen()
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setenv("TERM", "dumb")
    show_text(Path("portrait.png"))
    lines = screen.getvalue().splitlines()
    assert len(lines) == 11
    assert {len(line) for line in lines} == {int(11 * 96 / 72 * 11 / 5)}


def test_the_text_resembles_the_picture(run: Run, desk: Path) -> None:
    """Check the lightness of the text: more ink is lighter in white on black, and darker in black on white."""
    ramp = np.linspace(0, 255, 200).astype(np.uint8)
    Image.fromarray(np.broadcast_to(ramp, (100, 200))).convert("RGB").save("ramp.png")
    ink = {"dark": [], "light": []}
    for background, found in ink.items():
        lines = run("show", "ramp.png", "--columns", 40, f"--{background}").out.splitlines()
        blank = np.array([[character in " .'`" for character in line] for line in lines]).mean(axis=0)
        found += [blank[:5].mean(), blank[-5:].mean()]
    assert ink["dark"][0] > 0.9 > 0.1 > ink["dark"][1]
    assert ink["light"][0] < 0.1 < 0.9 < ink["light"][1]


@pytest.mark.parametrize("turn", [1, 6])
def test_large_and_turned_photos(run: Run, desk: Path, turn: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = turn
    Image.new("RGB", (2000, 1000), "orange").save("big.jpg", exif=exif)
    lines = run("show", "big.jpg", "--columns", 20).out.splitlines()
    assert len(lines) == (round(20 / 2 * 5 / 11) if turn == 1 else round(20 * 2 * 5 / 11))


def test_a_plan_is_shown(run: Run, desk: Path) -> None:
    make = ("make", "portrait.png", "-t", "glyphs", "--columns", 20, "--method", "nearest", "--plan", "p.json")
    assert "\np.txt: 6 lines of 20 characters\n" in run(*make, "-o", "p.txt").out
    for words in (("p.json",), ("--plan", "p.json")):
        assert run("show", *words).out == Path("p.txt").read_text("utf-8")
    assert run("make", "portrait.png", "-t", "holiday", "--columns", 8, "--plan", "q.json", "-o", "q.png").status == 0
    ran = run("show", "q.json")
    assert ran.status == 2
    assert "is not text" in ran.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "no picture was named"),
        (("gone.jpg",), "gone.jpg: cannot be read"),
        (("notes.txt",), "notes.txt"),
        (("portrait.png", "--tiles", "emoji"), "'emoji': show draws with letters"),
        (("portrait.png", "--tiles", "glyphs:foreground=red/blue"), "letters of one colour"),
        (("portrait.png", "--colour", "sometimes"), "colour 'sometimes' is unknown; choose one of auto, always, never"),
        (("portrait.png", "--ink", "red"), "ink 'red' is unknown"),
        (("portrait.png", "--columns", "0"), "--columns"),
        (("portrait.png", "--colums", "9"), "--colums"),
        (("portrait.png", "--plan", "p.json"), "both named"),
    ],
)
def test_what_is_wrong_is_one_line(run: Run, desk: Path, words: tuple[str, ...], said: str) -> None:
    ran = run("show", *words)
    assert ran.status == 2
    assert ran.err.count("\n") == 1
    assert said in ran.err
    assert ran.out == ""


def test_the_quick_reader_knows_the_options_of_the_command() -> None:
    """Check that names, arguments and defaults are those of the declaration."""
    command = typer.main.get_command(app).commands["show"]  # type: ignore[attr-defined]
    declared = {option: item.name for item in command.params for option in (*item.opts, *item.secondary_opts)}
    declared = {option: name for option, name in declared.items() if option.startswith("-") and name != "help"}
    assert {option: name for option, (name, _) in (VALUES | FLAGS).items()} == declared
    import inspect

    own = {name: item.default for name, item in inspect.signature(show_text).parameters.items()}
    assert own == {item.name: item.default for item in command.params if item.name != "help"}


def test_the_quick_reader_reads_what_is_plain() -> None:
    assert parsed(["a.jpg", "--columns", "9", "-t", "glyphs", "--light", "--ink=duo"]) == {
        "target": Path("a.jpg"),
        "columns": 9,
        "tiles": "glyphs",
        "dark": False,
        "ink": "duo",
    }
    for words in (["--help"], ["a", "b"], ["--columns", "x"], ["--columns"], ["--columns", "0"], ["--dark=1"], ["-tx"]):
        assert parsed(words) is None


def test_nothing_slow_is_loaded(desk: Path) -> None:
    code = """
import sys
from perceptual_photomosaic.cli.main import main
sys.argv = ["photomosaic", "show", "portrait.png", "--columns", "20", "--colour", "always"]
try:
    main()
except SystemExit as end:
    assert not end.code
heavy = {"typer", "rich", "pydantic", "pyvips", "ortools", "scipy", "torch", "fontTools", "sqlite3", "argparse"}
print("\\n" + " ".join(heavy & set(sys.modules)))
"""
    environment = os.environ | {"COLORTERM": "truecolor"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.splitlines()[-1] == ""
