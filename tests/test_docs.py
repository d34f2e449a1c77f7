"""The documents: their commands and scripts run, their links work, and they mention every option.

Blocks marked `bash` or `python` in the README and three pages are run in a folder with portrait.jpg,
portraits/ and holiday/; blocks without a mark are not.
"""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import typer
from PIL import Image

import perceptual_photomosaic
from perceptual_photomosaic.cli.app import app
from perceptual_photomosaic.cli.main import main

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
RUN = [ROOT / "README.md", *(ROOT / "docs" / "use" / f"{name}.md" for name in ("start", "guide", "api"))]
BLOCK = re.compile(r"^```(bash|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def _blocks() -> Iterator[tuple[str, str, str]]:
    for path in RUN:
        text = path.read_text(encoding="utf-8")
        for found in BLOCK.finditer(text):
            line = text.count("\n", 0, found.start()) + 1
            yield f"{path.name}:{line}", found[1], found[2]


BLOCKS = list(_blocks())


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with portrait.jpg, another in portraits/, mask.png, and eighty photos and two bad files in holiday/."""
    folder = tmp_path_factory.mktemp("studio")
    rng = np.random.default_rng(5)
    y, x = np.mgrid[0:200, 0:160]
    face = np.hypot((x - 80) / 50, (y - 90) / 70) < 1
    portrait = np.where(face[..., None], (224, 172, 140), np.stack([x, y, 200 - y], axis=-1))
    Image.fromarray(portrait.clip(0, 255).astype(np.uint8)).save(folder / "portrait.jpg")
    Image.fromarray(face).save(folder / "mask.png")
    (folder / "portraits").mkdir()
    Image.open(folder / "portrait.jpg").rotate(180).save(folder / "portraits" / "turned.jpg")
    holiday = folder / "holiday"
    holiday.mkdir()
    for number in range(80):
        colours = rng.integers(0, 256, (3, 4, 3), np.uint8)
        Image.fromarray(colours).resize((128, 96), Image.Resampling.BICUBIC).save(holiday / f"{number:02}.jpg")
    (holiday / "empty.jpg").touch()
    (holiday / "half.jpg").write_bytes((holiday / "00.jpg").read_bytes()[:700])
    return folder


def test_there_is_something_to_run() -> None:
    kinds = [kind for _, kind, _ in BLOCKS]
    assert kinds.count("bash") >= 8
    assert kinds.count("python") >= 2


@pytest.mark.parametrize(("place", "kind", "code"), BLOCKS, ids=[place for place, _, _ in BLOCKS])
def test_blocks_run(
    place: str, kind: str, code: str, studio: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(studio)
    monkeypatch.setenv("PHOTOMOSAIC_CACHE", str(studio / "cache"))  # emoji are drawn once for all blocks
    if kind == "python":
        exec(compile(code, place, "exec"), {"__name__": "__main__"})
        return
    for line in code.strip().splitlines():
        words = shlex.split(line)
        assert words[0] == "photomosaic", f"{place}: only photomosaic commands can be run: {line}"
        monkeypatch.setattr(sys, "argv", words)
        with pytest.raises(SystemExit) as ended:
            main()
        assert not ended.value.code, f"{place}: {line}\n{capsys.readouterr().err}"
        outputs = [words[i + 1] for i, word in enumerate(words) if word in {"-o", "--plan", "--index", "--sheet"}]
        assert all((studio / name).stat().st_size for name in outputs)


def _options() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Return the commands with all spellings of each of their options; first the command itself."""
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    for name, command in commands.items():
        yield name, (f"photomosaic {name}",)
        for parameter in command.params:
            names = (*parameter.opts, *parameter.secondary_opts)
            spellings = tuple(option for option in names if option.startswith("-") and option != "--help")
            if spellings:
                yield name, spellings


@pytest.mark.parametrize(("command", "spellings"), list(_options()))
def test_every_command_and_option_is_in_the_documents(command: str, spellings: tuple[str, ...]) -> None:
    words = re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, spellings))})(?![\w-])")
    assert any(words.search(path.read_text(encoding="utf-8")) for path in DOCUMENTS), f"{command}: {spellings}"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", path.read_text(encoding="utf-8")):
        if not link.startswith(("http://", "https://")):
            assert (path.parent / link).exists(), link


@pytest.mark.parametrize("path", RUN, ids=lambda path: path.name)
def test_options_in_the_documents_exist(path: Path) -> None:
    """Check that the documents name no option that does not exist."""
    known = {spelling for _, spellings in _options() for spelling in spellings} | {"--help"}
    text = "\n".join(line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("pip "))
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text)) <= known


def test_the_architecture_names_every_folder_and_module_once() -> None:
    text = Path("docs/understand/architecture.md").read_text(encoding="utf-8").partition("## Where things are")[2]
    second_column = [line.split("|")[2] for line in text.splitlines() if line.startswith("| ")]
    package = Path(perceptual_photomosaic.__file__).parent
    there = {
        f"{path.name}/" if path.is_dir() else path.name for path in package.iterdir() if path.suffix in ("", ".py")
    }
    there -= {"__init__.py", "__pycache__/", "py.typed"}
    named = [name for cell in second_column for name in re.findall(r"`([a-z_]+(?:/|\.py))`", cell)]
    assert sorted(named) == sorted(there)


@pytest.mark.parametrize("page", ["architecture", "solver"])
def test_files_in_the_documents_exist(page: str) -> None:
    """Check that the documents name no file that does not exist."""
    package = ROOT / "src" / "perceptual_photomosaic"
    text = (ROOT / "docs" / "understand" / f"{page}.md").read_text(encoding="utf-8")
    named = set(re.findall(r"(?<![\w/.])(?:[a-z_]+/)*[a-z_]+\.py\b", text))
    assert len(named) >= 10
    homes = (package, package / "assign" / "solve")
    assert not {name for name in named if not any((home / name).exists() for home in homes)}


def test_the_readme_stays_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) < 120


def test_gallery_pictures_are_small() -> None:
    for path in (ROOT / "docs" / "images").iterdir():
        assert path.stat().st_size <= 400_000, path.name
