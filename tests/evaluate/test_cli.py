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


def test_progress_is_told(files, capsys, monkeypatch):
    monkeypatch.setattr("perceptual_photomosaic.cli.report._PLAIN_EVERY_S", 0.0)
    words = ("--target", files["target"], "--grid", "8x6", "--no-judge")
    for quiet in ((), ("--quiet",)):
        assert run(monkeypatch, "evaluate", files["worse"], *words, *quiet) == 0
        told = capsys.readouterr().err
        assert ("looking at the target: 7 of 7" in told) == (not quiet)
        assert ("measuring: 14 of 14" in told) == (not quiet)


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
