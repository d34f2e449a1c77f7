"""The command as its own process: interrupted, with several numbers of threads, and into a closed pipe."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from perceptual_photomosaic import __version__
from tests.cli.conftest import contents

COMMAND = [sys.executable, "-c", "from perceptual_photomosaic.cli.main import main; main()"]

# Interrupts itself in the middle of writing: a Ctrl-C that does not depend on how fast the machine is.
INTERRUPTED = """
import os, signal, sys
from pathlib import Path
from perceptual_photomosaic.cli.main import main

seen = []

def interrupt(self, target):
    seen.append(self.exists())
    os.kill(os.getpid(), signal.SIGINT)
    raise AssertionError("the interrupt should have come first")

Path.replace = interrupt
try:
    main()
finally:
    assert seen == [True], seen
"""


def _process(
    arguments: list[object], folder: Path, code: str | None = None, **variables: str
) -> subprocess.CompletedProcess[str]:
    command = COMMAND if code is None else [sys.executable, "-c", code]
    return subprocess.run(
        [*command, *map(str, arguments)],
        cwd=folder,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        errors="surrogateescape",
        check=False,
    )


@pytest.mark.parametrize("arguments", [["--version"], ["--version", "make"]])
def test_the_version_is_said(tmp_path: Path, arguments: list[object]) -> None:
    ran = _process(arguments, tmp_path)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, f"photomosaic {__version__}\n", "")


def test_the_version_is_said_without_loading_the_parser(tmp_path: Path) -> None:
    code = "import sys; sys.modules['typer'] = None; from perceptual_photomosaic.cli.main import main; main()"
    assert _process(["--version"], tmp_path, code).stdout == f"photomosaic {__version__}\n"


MAKE: list[object] = ["make", "portrait.png", "-t", "holiday", "-o", "out.png", "--method", "nearest", "--columns", 8]


@pytest.mark.parametrize(
    ("name", "status", "said"),
    [
        ("SIGINT", 130, "photomosaic: interrupted; nothing half-written was left behind.\n"),
        ("SIGTERM", 128 + signal.SIGTERM, ""),
        ("SIGHUP", 128 + signal.SIGHUP, ""),
    ],
)
def test_a_signal_leaves_no_half_written_file(desk: Path, name: str, status: int, said: str) -> None:
    (desk / "out.png").write_bytes(b"an older picture")
    before = contents(desk)
    ran = _process(MAKE, desk, INTERRUPTED.replace("SIGINT", name))
    assert ran.returncode == status, ran.stderr
    assert ran.stderr == said
    assert contents(desk) == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_what_cannot_be_said_is_one_line(desk: Path) -> None:
    with Path("/dev/full").open("w") as full:
        command = [*COMMAND, "tiles", "holiday"]
        ran = subprocess.run(command, cwd=desk, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert ran.returncode == 2
    assert ran.stderr == "photomosaic: the output cannot be written: no space is left on the device. Free some space.\n"


def _redirected(how: str, arguments: list[object], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command with its streams closed or redirected by a shell: ">&-", "2>/dev/full"."""
    command = ["sh", "-c", f'exec "$@" {how}', "sh", *COMMAND, *map(str, arguments)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.skipif(os.name != "posix", reason="streams are closed in the words of a shell")
@pytest.mark.parametrize("how", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_change_neither_picture_nor_status(desk: Path, how: str) -> None:
    with_note: list[object] = [*MAKE, "--rows", 2, "--plan", "plan.json"]  # much is cropped, which is reported
    usual = _process([*with_note, "-o", "usual.png"], desk)
    assert "cropped" in usual.stderr
    ran = _redirected(how, with_note, desk)
    assert ran.returncode == 0, ran.stderr
    assert "Traceback" not in ran.stderr
    assert (desk / "out.png").read_bytes() == (desk / "usual.png").read_bytes()
    assert ran.stdout.replace("out.png", "usual.png") == ("" if ">&-" in how.split() else usual.stdout)
    wrong = _redirected(how, ["make", "gone.png", *MAKE[2:]], desk)
    assert wrong.returncode == 2
    assert wrong.stderr.count("\n") == ("2>&-" not in how)


@pytest.mark.skipif(os.name != "posix", reason="streams are closed in the words of a shell")
def test_every_command_goes_without_streams(desk: Path) -> None:
    assert _process([*MAKE, "--plan", "plan.json"], desk).returncode == 0
    for arguments, written in (
        (["--version"], None),
        (["--help"], None),
        (["show", "portrait.png", "--columns", 20], None),
        (["tiles", "holiday", "--sheet", "sheet.png"], "sheet.png"),
        (["render", "plan.json", "-o", "again.png"], "again.png"),
        (["edit", "plan.json", "--swap", "0,0:1,1", "-o", "edited.json"], "edited.json"),
        (["evaluate", "out.png", "--plan", "plan.json", "--no-judge", "--json"], None),
        (
            ["compare", "out.png", "again.png", "--plan", "plan.json", "--plan", "-", "--no-judge", "-o", "c.png"],
            "c.png",
        ),
        (["library", "build", "lib", "holiday"], "lib"),
    ):
        ran = _redirected("<&- >&- 2>&-", list(arguments), desk)
        assert ran.returncode == 0, arguments
        assert written is None or (desk / written).exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_standard_error_stops_no_work(desk: Path) -> None:
    ran = _redirected("2>/dev/full", [*MAKE, "--rows", 2], desk)
    assert ran.returncode == 0
    assert (desk / "out.png").exists()
    assert _redirected("2>/dev/full", ["make", "gone.png", *MAKE[2:]], desk).returncode == 2


def test_a_real_ctrl_c_at_any_moment(desk: Path) -> None:
    """Check a signal from outside at a random stage: no partial picture and no traceback."""
    rng = np.random.default_rng(0)
    for number in range(60):
        Image.fromarray(rng.integers(0, 256, (400, 400, 3), np.uint8)).save(desk / "holiday" / f"more{number}.png")
    before = contents(desk)
    process = subprocess.Popen(
        [*COMMAND, *map(str, MAKE), "--tile-size", "400"],
        cwd=desk,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        process.wait(0.9)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
    _, errors = process.communicate()
    assert process.returncode in (0, 130, -signal.SIGINT), errors
    left = contents(desk)
    if left.pop(str(desk / "out.png"), None):  # finished before the signal came
        with Image.open(desk / "out.png") as picture:
            picture.load()
    assert left == before


@pytest.mark.parametrize("asked", ["solve", "mean", "nearest", "ncc"])
def test_any_number_of_threads_gives_the_same_bytes(desk: Path, asked: str) -> None:
    results = []
    for threads in ("1", "2"):
        more = ["--method", asked, "--columns", 24, "--max-uses", 30, "--min-distance", 2, "--no-cache"]
        ran = _process(
            [*MAKE, *more, "-o", f"{threads}.png"],
            desk,
            OMP_NUM_THREADS=threads,
            OPENBLAS_NUM_THREADS=threads,
            VIPS_CONCURRENCY=threads,
        )
        assert ran.returncode == 0, ran.stderr
        results.append((desk / f"{threads}.png").read_bytes())
    assert results[0] == results[1]


def test_undecodable_names_can_be_said(desk: Path) -> None:
    """Check that a skipped file whose name is no UTF-8 does not break the summary on a strict terminal."""
    path = os.fsencode(desk) + b"/holiday/caf\xe9.jpg"
    try:
        os.close(os.open(path, os.O_CREAT))
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    for more in ([], ["--json"], ["-v"]):
        ran = _process([*MAKE, *more], desk, PYTHONIOENCODING="utf-8:strict")
        assert ran.returncode == 0, ran.stderr
        assert "caf\\udce9.jpg" in ran.stdout


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_what_an_output_cannot_hold_is_escaped(desk: Path, encoding: str) -> None:
    """Check characters that the output's encoding lacks: ours, like Delta, and names in other scripts."""
    name = "\u03a9\u732b.png"
    (desk / "portrait.png").rename(desk / name)
    made = _process(["make", name, *MAKE[2:], "--plan", "\u03a9.json"], desk, PYTHONIOENCODING=encoding)
    assert made.returncode == 0, made.stderr
    (desk / "out.png").rename(desk / "\u732b.png")
    for command in ("evaluate", "compare"):
        arguments: list[object] = [command, "\u732b.png", "--plan", "\u03a9.json", "--no-judge"]
        ran = _process(arguments, desk, PYTHONIOENCODING=encoding)
        assert ran.returncode == 0, ran.stderr
        assert "\\u" in ran.stdout
        as_json = _process([*arguments, "--json"], desk, PYTHONIOENCODING=encoding)
        assert as_json.returncode == 0, as_json.stderr
        json.loads(as_json.stdout)
    ran = _process(["make", "\u732b\u732b.png", *MAKE[2:]], desk, PYTHONIOENCODING=encoding)
    assert ran.returncode == 2
    assert "\\u732b\\u732b.png" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_closed_pipe_is_no_error_of_ours(desk: Path) -> None:
    ran = subprocess.run(
        f'"{sys.executable}" -c "from perceptual_photomosaic.cli.main import main; main()" make --help | head -1',
        shell=True,
        cwd=desk,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in ran.stderr


def test_errors_go_to_standard_error_alone(desk: Path) -> None:
    ran = _process(["make", "gone.png", "-t", "holiday", "-o", "out.png", "--method", "nearest", "--json"], desk)
    assert ran.returncode == 2
    assert ran.stdout == ""
    assert ran.stderr.count("\n") == 1
    assert "Traceback" not in ran.stderr
