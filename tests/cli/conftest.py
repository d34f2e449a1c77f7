"""The command line in this process: it takes arguments, and returns status, standard output and standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from perceptual_photomosaic.cli.main import main


@dataclass(frozen=True)
class Ran:
    """The result of a command: status and output."""

    status: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `photomosaic` with these arguments."""

    def call(*arguments: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["photomosaic", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as caught:
            main()
        out, err = capsys.readouterr()
        return Ran(int(caught.value.code or 0), out, err)

    return call


@pytest.fixture
def desk(tmp_path: Path, photo_folder: Path, target: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with portrait.png, holiday/, and useless files."""
    Image.fromarray(target).save(tmp_path / "portrait.png")
    data = (tmp_path / "portrait.png").read_bytes()
    (tmp_path / "truncated.png").write_bytes(data[: len(data) // 2])
    (tmp_path / "nothing.jpg").touch()
    (tmp_path / "notes.txt").write_text("not a picture\n")
    (tmp_path / "renamed.jpg").write_text("not a picture\n")
    (tmp_path / "bare").mkdir()
    hopeless = tmp_path / "hopeless"
    hopeless.mkdir()
    (hopeless / "a.jpg").touch()
    (hopeless / "b.png").write_bytes(data[:60])
    (tmp_path / "words.toml").write_text("columns = many\n")
    (tmp_path / "misspelt.toml").write_text("colums = 10\n")
    (tmp_path / "mistyped.toml").write_text('columns = "10"\n')
    (tmp_path / "best.toml").write_text('quality = "best"\n')
    monkeypatch.chdir(tmp_path)
    return tmp_path


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder with its bytes, and every folder."""
    found = {}
    for root, folders, files in os.walk(folder):
        found |= {str(Path(root, name)): b"" for name in folders}
        found |= {str(Path(root, name)): Path(root, name).read_bytes() for name in files}
    return found
