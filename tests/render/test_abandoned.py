"""Tests that the next process removes the files of a killed one, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from perceptual_photomosaic.files.abandoned import process_name, remove_abandoned
from perceptual_photomosaic.files.replacing import replacing

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/ns/pid").exists(), reason="this system does not name its processes"
)

# Writes a file, the folder of a Deep Zoom picture and one of a PDF, reports it, and waits to be killed.
WRITER = """
import sys, time
from pathlib import Path
from perceptual_photomosaic.files.replacing import replacing

with replacing(Path(sys.argv[1])) as part:
    part.write_bytes(b"half")
    for folder in (part.with_name(f"{part.stem}_files"), part.with_name(f"{part.stem}-abc")):
        folder.mkdir()
        (folder / "0").write_bytes(b"half")
    print("ready", flush=True)
    time.sleep(600)
"""


def write(path: Path) -> None:
    with replacing(path) as part:
        part.write_bytes(b"whole")


def hidden(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.name.startswith(".")}


def test_a_later_write_removes_what_a_killed_process_left(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(tmp_path / "out.dzi")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "ready\n"
            left = hidden(tmp_path)
            assert len(left) == 3
            write(tmp_path / "other.png")
            assert hidden(tmp_path) == left  # it lives
        finally:
            process.kill()
    assert hidden(tmp_path) == left
    write(tmp_path / "other.png")
    assert {path.name for path in tmp_path.iterdir()} == {"other.png"}


def test_nothing_else_is_removed(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    system = process_name().partition("-")[0]
    kept = {
        f".01234567.{system}-{os.getpid()}.part.png",  # ours
        f".01234567.{system}-1.part.png",  # of a process that we may not ask
        f".01234567.{'0' * 12}-{gone.pid}.part.png",  # of another machine
        f".01234567.{system}-{gone.pid}.png",
        f"01234567.{system}-{gone.pid}.part.png",
        ".01234567.part.png",  # of an older version: the process is unknown
    }
    for name in kept | {f".01234567.{system}-{gone.pid}.part.png"}:
        (tmp_path / name).touch()
    remove_abandoned(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == kept
    remove_abandoned(tmp_path / "gone")  # no error
