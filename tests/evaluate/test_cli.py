from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from perceptual_photomosaic import make_mosaic
from perceptual_photomosaic.cli.compare import compare
from perceptual_photomosaic.cli.evaluate import evaluate
from perceptual_photomosaic.cli.main import main
from perceptual_photomosaic.errors import ImageError, OutputError
from perceptual_photomosaic.progress import Silent, Stage


def run(monkeypatch, *words: object) -> int:
    monkeypatch.setattr("sys.argv", ["photomosaic", *map(str, words)])
    with pytest.raises(SystemExit) as exit_:
        main()
    return int(exit_.value.code or 0)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """A target, and two mosaics of 8 x 6 cells, one of them better."""
    rng = np.random.default_rng(0)
    cells = rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)
    worse = np.clip(cells + rng.integers(-60, 60, cells.shape), 0, 255).astype(np.uint8)
    paths = {}
    for name, picture, size in (("target", cells, 20), ("better", cells, 16), ("worse", worse, 16)):
        paths[name] = tmp_path / f"{name}.png"
        Image.fromarray(picture.repeat(size, axis=0).repeat(size, axis=1)).save(paths[name])
    return paths


def test_evaluate_prints_a_table(files, monkeypatch, capsys):
    words = ("evaluate", files["worse"], "--target", files["target"], "--grid", "8x6", "--no-judge")
    assert run(monkeypatch, *words) == 0
    shown = capsys.readouterr().out
    assert "1/4" in shown
    assert "128 x 96" in shown
    assert "judge" not in shown
    assert "48 cells, 48 different tiles, the commonest in 1, no tile comes twice" in shown
    assert "as varied as 48 tiles used equally often" in shown
    assert "largest area of one tile: 1 cell; the same tile is beside 0.0% of the cells" in shown
    assert "plates" in shown


def test_evaluate_prints_json_and_draws(files, monkeypatch, capsys, tmp_path):
    pytest.importorskip("matplotlib")
    plot = tmp_path / "curves.svg"
    words = (
        "evaluate",
        files["better"],
        "-t",
        files["target"],
        "--grid",
        "8x6",
        "--no-judge",
        "--json",
        "--plot",
        plot,
    )
    assert run(monkeypatch, *words) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["grid"] == {"rows": 6, "columns": 8}
    assert data["views"][0]["delta_e_mean"] == pytest.approx(0, abs=1e-9)
    assert data["tiles"]["counted_from"] == "pixels"
    assert data["variety"]["effective"] == pytest.approx(48)
    assert data["tone"] == {"plates": 0.0, "grain": 0.0, "bias": 0.0}
    assert plot.read_text().startswith("<?xml")


def test_what_lies_behind_a_padded_or_transparent_target_is_the_plans(monkeypatch, capsys, tmp_path):
    target = np.zeros((40, 96, 4), np.uint8)
    target[:, :48] = (0, 0, 0, 255)
    Image.fromarray(target).save(tmp_path / "target.png")
    black = np.zeros((1, 8, 8, 3), np.uint8)
    tiles = tmp_path / "tiles"
    tiles.mkdir()
    Image.fromarray(black[0]).save(tiles / "black.png")
    plan, mosaic = tmp_path / "plan.json", tmp_path / "mosaic.png"
    settings = {"columns": 8, "rows": 8, "tile_size": 8, "fit": "pad", "background": "black"}
    make_mosaic(tmp_path / "target.png", str(tiles), **settings, out=mosaic).save_plan(plan)
    assert run(monkeypatch, "evaluate", mosaic, "--plan", plan, "--no-judge", "--json") == 0
    views = json.loads(capsys.readouterr().out)["views"]
    assert max(view["delta_e_mean"] for view in views) == pytest.approx(0, abs=1e-6)


def test_what_does_not_belong_together_is_refused(monkeypatch, capsys, tmp_path):
    rng = np.random.default_rng(2)
    for name, size in (("target", (40, 96)), ("other", (40, 48))):
        Image.fromarray(rng.integers(0, 256, (*size, 3), dtype=np.uint8)).save(tmp_path / f"{name}.png")
    plan, mosaic = tmp_path / "plan.json", tmp_path / "mosaic.png"
    make_mosaic(tmp_path / "target.png", "colours:9", columns=12, tile_size=4, out=mosaic).save_plan(
        plan, relative_to=tmp_path
    )
    for said, *words in (
        (
            "the plan was made for a target of 96 x 40 px, this one has 48 x 40",
            "--plan",
            plan,
            "-t",
            tmp_path / "other.png",
        ),
        ("48 x 20 px, too few for a grid of 60 x 5 cells", "--grid", "60x5", "-t", tmp_path / "target.png"),
    ):
        assert run(monkeypatch, "evaluate", mosaic, *words, "--no-judge") == 2
        assert said in capsys.readouterr().err
    assert run(monkeypatch, "evaluate", mosaic, "--plan", plan, "--no-judge") == 0  # its target lies beside it


class Counting(Silent):
    """A reporter that counts the advanced units of each stage."""

    def __init__(self) -> None:
        self.told: dict[str, list[int]] = {}

    def stage(self, title: str, total: int | None = None, unit: str = "") -> Stage:
        counted = self.told[title] = [0, total or 0]

        class Counted(type(super().stage(title))):  # type: ignore[misc]
            def advance(self, done: int = 1, **figures: float | str) -> None:
                counted[0] += done

        return Counted()


def test_progress_is_told(files, capsys, monkeypatch):
    asked = []

    def reporter_for(*, quiet: bool) -> Counting:
        asked.append((quiet, Counting()))
        return asked[-1][1]

    monkeypatch.setattr("perceptual_photomosaic.cli.evaluate.reporter_for", reporter_for)
    words = ("--target", files["target"], "--grid", "8x6", "--no-judge")
    for quiet in ((), ("--quiet",), ("--json",)):
        assert run(monkeypatch, "evaluate", files["worse"], *words, *quiet) == 0
    assert [quiet for quiet, _ in asked] == [False, True, True]
    assert asked[0][1].told == {"looking at the target": [7, 7], "measuring": [14, 14]}


def test_compare_draws_a_sheet(files, monkeypatch, capsys, tmp_path):
    pytest.importorskip("matplotlib")
    out = tmp_path / "sheet.png"
    words = ("compare", files["better"], files["worse"], "--target", files["target"], "--grid", "8x6", "--no-judge")
    assert run(monkeypatch, *words, "-o", out) == 0
    shown = capsys.readouterr().out
    assert "better" in shown
    assert "ΔE" in shown
    with Image.open(out) as sheet:
        assert sheet.width > 600
        assert len(sheet.convert("RGB").getcolors(2**24) or []) > 100


def test_compare_prints_json_under_names_that_differ(files, monkeypatch, capsys, tmp_path):
    (tmp_path / "other").mkdir()
    twin = files["better"].rename(tmp_path / "other" / "worse.png")
    words = ("compare", files["worse"], twin, "--target", files["target"], "--grid", "8x6", "--no-judge", "--json")
    assert run(monkeypatch, *words) == 0
    data = json.loads(capsys.readouterr().out)
    assert len(data) == 2
    worse, better = (result["views"][4]["delta_e_mean"] for result in data.values())
    assert better < worse


@pytest.fixture
def kept(tmp_path: Path) -> dict[str, Path]:
    """A target, and two mosaics of 16 x 16 cells with an index each: one is nearer to it, the other more varied."""
    rng = np.random.default_rng(5)
    shades = rng.integers(0, 256, (8, 3))
    numbers = rng.integers(0, 2, (16, 16))
    numbers[:8] = 0
    varied = rng.integers(0, 8, (16, 16))
    paths = {}
    for name, cells in (("target", numbers), ("plain", numbers), ("varied", varied)):
        colours = shades[cells] + (rng.integers(-1, 2, (16, 16, 3)) if name == "target" else 0)
        paths[name] = tmp_path / f"{name}.png"
        pixels = np.clip(colours, 0, 255).astype(np.uint8).repeat(8, axis=0).repeat(8, axis=1)
        Image.fromarray(pixels).save(paths[name])
        lines = [f"{row},{column},{tile}" for (row, column), tile in np.ndenumerate(cells)]
        (tmp_path / f"{name}.csv").write_text("\n".join(["row,column,tile", *lines]))
    return paths


def test_compare_marks_who_wins_by_repeating(kept, monkeypatch, capsys):
    words = ("compare", kept["plain"], kept["varied"], "-t", kept["target"], "--no-judge", "--quiet")
    indexes = ("--index", kept["plain"].with_suffix(".csv"), "--index", "-")
    assert run(monkeypatch, *words, *indexes) == 0
    shown = capsys.readouterr().out
    assert "commonest tile" in shown
    assert "*" in next(line for line in shown.splitlines() if "plates" in line)
    assert "* the best, but it repeats its tiles clearly more" in shown
    assert "tiles of varied: cells that look alike count as one" in shown
    assert run(monkeypatch, *words, *indexes, "--json") == 0
    data = json.loads(capsys.readouterr().out)
    assert data["plain"]["repeats_more_than"] == ["varied"]
    assert data["varied"]["repeats_more_than"] == []
    assert data["plain"]["tiles"]["counted_from"] == "assignment"
    assert data["varied"]["tiles"]["counted_from"] == "pixels"
    assert data["varied"]["variety"]["effective"] == pytest.approx(8, abs=0.3)
    assert data["plain"]["variety"]["largest_area"] > 128
    assert data["plain"]["tone"]["plates"] < data["varied"]["tone"]["plates"]


def test_the_star_is_for_repeating_alone(files, monkeypatch, capsys):
    words = ("compare", files["better"], files["worse"], "-t", files["target"], "--grid", "8x6", "--no-judge", "-q")
    assert run(monkeypatch, *words) == 0
    assert "*" not in capsys.readouterr().out


def test_compare_draws_fidelity_over_variety(kept, monkeypatch, capsys, tmp_path):
    pytest.importorskip("matplotlib")
    curve = tmp_path / "curve.svg"
    words = ("compare", kept["plain"], kept["varied"], "-t", kept["target"], "--grid", "16x16", "--no-judge", "--json")
    assert run(monkeypatch, *words, "--curve", curve) == 0
    drawn = curve.read_text()
    assert drawn.startswith("<?xml")
    for said in ("varied", "effective number of tiles", "SSIM, at 1/2 px per cell"):
        assert f"<!-- {said} -->" in drawn


def test_only_what_nobody_beats_is_joined_in_the_curve():
    from perceptual_photomosaic.evaluate.plot import _unbeaten

    numbers, values = [50.0, 80.0, 120.0, 200.0], [4.0, 6.0, 5.0, 9.0]
    assert _unbeaten(numbers, values, min) == [3, 2, 0]
    assert _unbeaten(numbers, values, max) == [3]


def test_plans_know_grid_target_and_tiles(monkeypatch, capsys, tmp_path):
    rng = np.random.default_rng(2)
    Image.fromarray(rng.integers(0, 256, (40, 96, 3), dtype=np.uint8)).save(tmp_path / "target.png")
    words: list[object] = ["compare"]
    for name, fit in (("one", "crop"), ("two", "crop"), ("whole", "stretch")):
        settings = {"columns": 12, "rows": 10, "tile_size": 4, "fit": fit}
        mosaic = make_mosaic(tmp_path / "target.png", "colours:9", **settings, out=tmp_path / f"{name}.png")
        mosaic.save_plan(tmp_path / f"{name}.json")
    one, two, whole = ([tmp_path / f"{name}{end}" for end in (".png", ".json")] for name in ("one", "two", "whole"))
    both = ("--no-judge", "--json", "--plan", one[1], "--plan")
    assert run(monkeypatch, *words, one[0], two[0], *both, two[1]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["one"]["grid"] == {"rows": 10, "columns": 12}
    assert data["one"]["views"] == data["two"]["views"]
    assert run(monkeypatch, *words, one[0], whole[0], *both, whole[1]) == 2
    assert "show different parts of the target. Compare mosaics of one part." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["--index", "plain.csv"],
            "--index was given once for 2 mosaics. Give one for each, in their order, and - where",
        ),
        (["--index", "plain.csv"] + 2 * ["--index", "-"], "--index was given 3 times for 2 mosaics"),
        (2 * ["--plan", "-"], "Add --grid COLUMNSxROWS"),
        (2 * ["--index", "plain.csv"] + ["--plan", "plain.csv", "--plan", "-"], "one of them is enough"),
        (2 * ["--index", "plain.csv"] + ["--grid", "4x4"], "--grid says 4x4, 'plain.csv' has 16x16"),
        (["--index", "plain.csv", "--index", "small.csv"], "'plain.csv' has 16x16 cells, 'small.csv' 1x2. Compare"),
        (["--grid", "16x16", "--curve", "c.png", "--out", "c.png"], "'c.png' is named by --out and by --curve"),
        (["--grid", "16x16", "--curve", "plain.png"], "'plain.png' would replace what is read"),
        (["--grid", "3x7", "--curve", "c.txt"], "figures are drawn as .png, .svg or .pdf"),
        (["--grid", "60x60", "--curve", "c.svg"], "how varied 'plain' is cannot be told from its pixels"),
    ],
)
def test_mistakes_of_compare_are_one_line(kept, monkeypatch, capsys, words, said):
    pytest.importorskip("matplotlib")
    monkeypatch.chdir(kept["target"].parent)
    Path("small.csv").write_text("row,column,tile\n0,0,3\n1,0,3\n")
    mosaics = ("plain.png", "varied.png", "-t", "target.png", "--no-judge", "--quiet")
    assert run(monkeypatch, "compare", *mosaics, *words) == 2
    err = capsys.readouterr().err
    assert said in err
    assert err.count("\n") == 1


def test_compare_wants_a_target(kept, monkeypatch, capsys):
    assert run(monkeypatch, "compare", kept["plain"], "--grid", "16x16", "--no-judge") == 2
    assert "no target was named" in capsys.readouterr().err


def test_mistakes_are_one_line(files, monkeypatch, capsys):
    assert run(monkeypatch, "evaluate", files["worse"], "--target", files["target"]) == 2
    assert capsys.readouterr().err == (
        "photomosaic: the mosaic's grid is not known. Add --grid COLUMNSxROWS, or the --plan it was made with.\n"
    )
    with pytest.raises(ImageError, match="no target was named"):
        evaluate(files["worse"], grid="8x6")
    with pytest.raises(OutputError, match=r"\.png, \.svg or \.pdf"):
        evaluate(files["worse"], target=files["target"], grid="8x6", plot=Path("curves.bmp"))
    with pytest.raises(ImageError, match="named twice"):
        compare([files["worse"], files["worse"]], target=files["target"], grid="8x6", no_judge=True)


def test_mosaics_of_different_shapes_are_not_compared(files, tmp_path):
    narrow = tmp_path / "narrow.png"
    Image.new("RGB", (64, 96)).save(narrow)
    with pytest.raises(ImageError, match="not on one grid"):
        compare([files["worse"], narrow], target=files["target"], grid="8x6", no_judge=True)


@pytest.fixture
def pale(files) -> Path:
    """A mosaic of the same target that has a quarter of its tones, the light ones."""
    path = files["target"].with_name("pale.png")
    with Image.open(files["better"]) as picture:
        Image.fromarray((190 + np.asarray(picture) / 4).astype(np.uint8)).save(path)
    return path


def test_legibility_comes_last_where_tones_are_enough(files, monkeypatch, capsys):
    words = (files["worse"], "-t", files["target"], "--grid", "8x6", "--no-judge", "--quiet")
    assert run(monkeypatch, "evaluate", *words) == 0
    shown = capsys.readouterr().out
    assert shown.splitlines()[-1].startswith("legibility 0.")
    assert "few of its target's tones" not in shown
    assert run(monkeypatch, "evaluate", *words, "--json") == 0
    data = json.loads(capsys.readouterr().out)
    assert data["mapped"] is None
    assert list(data["legibility"]) == ["tones32", "tones64", "tones128", "outlines64", "outlines128", "mean"]
    assert data["legibility"]["mean"] == pytest.approx(np.mean(list(data["legibility"].values())[:5]))


def test_legibility_comes_first_where_tones_are_few(files, pale, monkeypatch, capsys):
    words = (pale, "-t", files["target"], "--grid", "8x6", "--no-judge", "--quiet")
    assert run(monkeypatch, "evaluate", *words) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[0].startswith("legibility 0.9")
    assert shown[1].startswith("this mosaic has few of its target's tones")
    assert sum(line.startswith("legibility") for line in shown) == 1
    assert run(monkeypatch, "evaluate", *words, "--json") == 0
    data = json.loads(capsys.readouterr().out)
    plain, mapped = (views[4]["delta_e_mean"] for views in (data["views"], data["mapped"]["views"]))
    assert mapped < plain / 1.5
    row = next(line.split() for line in shown if line.split()[:1] == ["1"])
    assert row[4] == f"{mapped:.2f}"


def test_one_mosaic_of_few_tones_has_all_compared_in_their_own(files, pale, monkeypatch, capsys):
    words = (pale, files["worse"], "-t", files["target"], "--grid", "8x6", "--no-judge", "--quiet")
    assert run(monkeypatch, "compare", *words) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("few of the target's tones: pale\n")
    assert shown.index("legibility, more is better") < shown.index("ΔE, less is better")
    assert run(monkeypatch, "compare", *words, "--json") == 0
    data = json.loads(capsys.readouterr().out)
    assert all(result["mapped"] for result in data.values())
    assert run(monkeypatch, "compare", files["better"], *words[1:]) == 0
    shown = capsys.readouterr().out
    assert "few of the target's tones" not in shown
    assert shown.index("ΔE, less is better") < shown.index("legibility, more is better") < shown.index("commonest tile")
