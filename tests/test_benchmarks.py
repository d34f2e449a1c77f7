"""The benchmarks: their command and their shared parts."""

from __future__ import annotations

import importlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from benchmarks import __main__ as command
from benchmarks import common, page

ROOT = Path(__file__).parents[1]


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> None:
    monkeypatch.setattr(sys, "argv", ["benchmarks", *words])
    command.main()


def test_without_a_name_all_are_listed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    run(monkeypatch)
    said = capsys.readouterr().out
    for name in command.MODULES:
        assert re.search(rf"^  {name} +\w.+[.?]$", said, re.MULTILINE)


@pytest.mark.parametrize("name", command.MODULES)
def test_each_has_help(name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("torch", reason="the perceptual extra is not installed")
    pytest.importorskip("skimage")
    with pytest.raises(SystemExit, match="0"):
        run(monkeypatch, name, "--help")
    assert f"python -m benchmarks {name}" in capsys.readouterr().out


def test_an_unknown_name_is_answered_with_those_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit, match=r"(?s)'speed'.*make-cost"):
        run(monkeypatch, "speed")


def test_every_module_with_a_main_has_a_name() -> None:
    folder = ROOT / "benchmarks"
    files = [path for path in [*folder.glob("*.py"), *folder.glob("peers/*.py")] if path.name[0] != "_"]
    runs = {path for path in files if "\ndef main()" in path.read_text(encoding="utf-8")}
    assert runs == {folder / f"{module.replace('.', '/')}.py" for module in command.MODULES.values()}
    assert not [path for path in files if "__main__" in path.read_text(encoding="utf-8")]


def test_every_section_of_the_page_can_be_written_again() -> None:
    text = page.PAGE.read_text(encoding="utf-8")
    assert set(re.findall(r"<!-- (?!end )(\S+) -->", text)) <= set(page.SECTIONS)
    for _, words in page.SECTIONS.values():
        assert words[0] in command.MODULES


def test_a_section_replaces_its_older_self(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "PAGE", tmp_path / "page.md")
    page.PAGE.write_text("# Page\n\n<!-- a -->\nold\n<!-- end a -->\n\nrest\n", encoding="utf-8")
    page._put("a", r"new \1")
    page._put("b", page._body(f"said on the way\n{common.table(['one', 'two'], [['1', '2']])}\n\nWords.\n"))
    assert page.PAGE.read_text(encoding="utf-8") == (
        "# Page\n\n<!-- a -->\nnew \\1\n<!-- end a -->\n\nrest\n\n"
        "<!-- b -->\n| one | two |\n|---|---|\n| 1 | 2 |\n\nWords.\n<!-- end b -->\n"
    )


def test_a_whole_process_is_measured_and_stopped_in_time() -> None:
    took = common.measure_process([sys.executable, "-c", "print(len(b'x' * 60_000_000))"], 60, capture_output=True)
    assert took["status"] == 0
    assert took["peak_mb"] > 60
    stopped = common.measure_process([sys.executable, "-c", "import time; time.sleep(60)"], 1)
    assert stopped["status"] != 0
    assert stopped["wall_s"] < 30


def test_what_other_environments_import_needs_no_more_than_the_standard_library() -> None:
    code = "import benchmarks.common, benchmarks.network_cases, sys; print('numpy' in sys.modules)"
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    ran = subprocess.run(
        [sys.executable, "-S", "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert ran.stdout == "False\n"


def test_figures_are_written_as_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(common, "WORK", tmp_path / "new")
    common.save_figures("name", {"a": 1})
    assert json.loads((tmp_path / "new" / "name.json").read_text()) == {"a": 1}


def test_runners_of_peers_are_where_entrants_look_for_them() -> None:
    entrants = importlib.import_module("benchmarks.peers.entrants")
    source = Path(entrants.__file__).read_text(encoding="utf-8")
    for script in re.findall(r'"(run_\w+\.py)"', source):
        assert (entrants.RUNNERS / script).is_file()
