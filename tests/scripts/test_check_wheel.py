"""The check of built packages finds missing, additional and different files."""

from __future__ import annotations

import re
import sys
import zipfile
from pathlib import Path

import pytest
from scripts.check_wheel import ADDED, CheckError, check_contents, check_same, find_wheel, names_in, run, tracked_files

DIST_INFO = "perceptual_photomosaic-0.1.0.dist-info"


def write_wheel(path: Path, files: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


def test_a_complete_wheel_passes() -> None:
    names = tracked_files() | ADDED
    check_contents(names | {"dist-info/METADATA"}, tracked_files())


@pytest.mark.parametrize(
    "name",
    [
        "perceptual_photomosaic/view/vendor/openseadragon/openseadragon.min.js",
        "perceptual_photomosaic/view/vendor/openseadragon/LICENSE.txt",
        "perceptual_photomosaic/view/static/index.html",
        "perceptual_photomosaic/plan/schema.json",
        "perceptual_photomosaic/models/data/emoji.safetensors",
        "perceptual_photomosaic/models/data/glyphs.safetensors",
        "perceptual_photomosaic/models/data/glyphs-white.safetensors",
        "perceptual_photomosaic/models/data/LICENSE.md",
        "perceptual_photomosaic/py.typed",
        "dist-info/licenses/LICENSE",
    ],
)
def test_a_file_that_is_missing_is_named(name: str) -> None:
    with pytest.raises(CheckError, match=f"lacks {re.escape(name)}$"):
        check_contents((tracked_files() | ADDED) - {name}, tracked_files())


def test_a_file_that_does_not_belong_is_named() -> None:
    with pytest.raises(CheckError, match=r"does not track: perceptual_photomosaic/scratch\.py"):
        check_contents(tracked_files() | ADDED | {"perceptual_photomosaic/scratch.py"}, tracked_files())


def test_names_of_the_metadata_lose_the_version(tmp_path: Path) -> None:
    files = {"perceptual_photomosaic/api.py": "", f"{DIST_INFO}/licenses/LICENSE": ""}
    assert names_in(write_wheel(tmp_path / "a.whl", files)) == {
        "perceptual_photomosaic/api.py",
        "dist-info/licenses/LICENSE",
    }


def test_wheels_that_differ_are_refused(tmp_path: Path) -> None:
    one = write_wheel(tmp_path / "one.whl", {"api.py": "1", "grid.py": "", "plan.py": ""})
    other = write_wheel(tmp_path / "other.whl", {"api.py": "2", "grid.py": "", "image.py": ""})
    check_same(one, one)
    with pytest.raises(CheckError, match=r"different wheels: api\.py, image\.py, plan\.py"):
        check_same(one, other)


@pytest.mark.parametrize("names", [[], ["a.whl"], ["a.whl", "b.whl", "a.tar.gz"]])
def test_a_folder_must_hold_one_wheel_and_one_sdist(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        (tmp_path / name).touch()
    with pytest.raises(CheckError, match=r"not one of each. Run make dist"):
        find_wheel(tmp_path)


def test_a_command_that_fails_is_shown_with_its_words(tmp_path: Path) -> None:
    with pytest.raises(CheckError, match="ended with 3:\nno photos"):
        run([sys.executable, "-c", "import sys; print('no photos', file=sys.stderr); sys.exit(3)"], tmp_path)


def test_programs_are_run_without_the_variables_of_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    said = run([sys.executable, "-c", "import os; print([n for n in os.environ if n.startswith('PYTHON')])"], tmp_path)
    assert said == "[]\n"
