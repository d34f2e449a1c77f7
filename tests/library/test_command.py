"""Tests of `photomosaic library` on the command line."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from perceptual_photomosaic.cli.main import main


def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str | Path
) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["photomosaic", "library", *(str(word) for word in words)])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr()
    return int(ended.value.code or 0), said.out, said.err


def test_a_library_from_first_to_last(
    tmp_path: Path, photos: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lib = tmp_path / "lib"
    (photos / "broken.jpg").write_text("hello")

    def ask(*words: str | Path) -> tuple[int, str, str]:
        return run(monkeypatch, capsys, *words)

    status, out, err = ask("build", lib, photos)
    assert (status, err) == (0, "")
    assert "broken.jpg: not a picture" in out
    assert "nothing has changed" in ask("update", lib)[1]
    facts = json.loads(ask("info", lib, "--json")[1])
    assert (facts["photos"], facts["files"], facts["near_duplicates"]) == (30, 31, 0)
    assert facts["taken"] == ["2020-01-01 12:00:00", "2020-01-30 12:00:00"]
    assert "30 photos in 31 files" in ask("info", lib)[1]
    found = json.loads(ask("search", lib, photos / "7.jpg", "-n", "3", "--json")[1])["found"]
    assert found[0] == {"path": str(photos / "7.jpg"), "distance": 0.0}
    assert ask("verify", lib)[1].endswith("all is well\n")
    assert "11 files removed from the library" in ask("remove", lib, photos / "below", photos / "7.jpg")[1]
    (photos / "8.jpg").write_bytes(b"changed")
    status, out, err = ask("verify", lib, "--originals")
    assert status == 2
    assert "8.jpg" in out
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("build", "lib"), "DIR"),
        (("build", "lib", "nowhere"), "nowhere"),
        (("info", "nowhere"), "library build"),
        (("update", "photos"), "is no library"),
        (("remove", "lib", "nowhere"), "is no library"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    tmp_path: Path,
    photos: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    status, out, err = run(monkeypatch, capsys, *words)
    assert (status, out) == (2, "")
    assert err.count("\n") == 1
    assert said in err


def test_without_a_command_help_is_shown(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(monkeypatch, capsys)
    assert (status, err) == (0, "")
    assert "verify" in out
