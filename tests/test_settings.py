"""Settings: their checks for every method and output, their types for editors, and their place in signatures."""

from __future__ import annotations

import inspect
from dataclasses import fields
from pathlib import Path
from typing import Any, get_type_hints

import numpy as np
import pytest
from numpy.typing import NDArray

import perceptual_photomosaic
from perceptual_photomosaic import MosaicOptions, make_mosaic, open_plan, open_tiles
from perceptual_photomosaic.batch import make_mosaics
from perceptual_photomosaic.config import GridSettings, MatchingSettings, PrintSettings, TileSettings, field_types
from perceptual_photomosaic.config.keywords import MosaicKeywords
from perceptual_photomosaic.errors import ConfigError, OutputError
from tests.cli.conftest import Run, run  # noqa: F401 (a fixture)


@pytest.fixture
def command(run: Run, target_file: Path, photo_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Run:  # noqa: F811
    """Run `photomosaic` in a folder with portrait.png and holiday/."""
    monkeypatch.chdir(target_file.parent)
    return run


def test_every_setting_belongs_to_one_group() -> None:
    groups = (GridSettings, TileSettings, MatchingSettings, PrintSettings)
    names = [item.name for group in groups for item in fields(group)]
    assert len(names) == len(set(names))
    assert set(names) == {item.name for item in fields(MosaicOptions)}


def test_keywords_are_the_settings() -> None:
    assert get_type_hints(MosaicKeywords) == field_types()


@pytest.mark.parametrize("function", [make_mosaic, make_mosaics])
def test_signature_and_docstring_list_the_settings(function: Any) -> None:
    parameters = inspect.signature(function).parameters
    for item in fields(MosaicOptions):
        assert parameters[item.name].default == item.default
        assert f"{item.name}: {item.metadata['help']}" in function.__doc__


def test_dir_lists_the_public_names() -> None:
    assert {name for name in dir(perceptual_photomosaic) if not name.startswith("_")} == set(
        perceptual_photomosaic.__all__
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            "--method nearest --viewing fra",
            "viewing 'fra' is unknown; did you mean 'far'? Choose one of near",
        ),
        ("--method nearest --viewing far", "viewing is for method 'solve' only; ask for that, or leave viewing out."),
        ("--method mean --weights colour1=2", "weights is for method 'solve' only"),
        ("--patch 3", "patch is for method 'nearest' only"),
        ("--method ncc --detail none", "detail is for method 'solve' only"),
        ("--method mosaicnet --tone fit", "tone is for method 'solve', 'net', 'nearest', 'mean' or 'ncc' only"),
        ("--tiles glyphs --ink duo --viewing far", "viewing is for ink 'none' only"),
        ("--fit padd", "fit 'padd' is unknown; did you mean 'pad'? Choose one of crop, pad, stretch."),
        ("--crop face", "crop 'face' is unknown; did you mean 'faces'?"),
        ("--method solver", "method 'solver' is unknown; did you mean 'solve'?"),
        ("--tone x", "tone 'x' is unknown; choose one of auto, keep, fit."),
        ("--ink targets", "ink 'targets' is unknown; did you mean 'target'?"),
        ("--contrast 1.5", "contrast is 1.5; it must be from 0 (off) to 1 (all of it)."),
        ("--compression lzw", "compression is for TIFF, not for PNG; write such a file, or leave compression out."),
        ("--compression zip", "compression 'zip' is unknown"),
        ("--jpeg-quality 80", "PNG loses nothing, so jpeg quality would do nothing; leave it out."),
        ("--ansi-colours 16", "ansi colours is for ANSI text, not for PNG"),
        ("--outlines", "outlines is for SVG, not for PNG"),
        ("--marks", "marks is for PDF, not for PNG"),
        ("--cmyk press.icc", "cmyk is for TIFF, JPEG or PDF, not for PNG"),
    ],
)
def test_what_would_do_nothing_is_refused(
    command: Run,
    words: str,
    said: str,
) -> None:
    tiles = "" if "--tiles" in words else "--tiles holiday"
    ran = command("make", "portrait.png", *tiles.split(), "-o", "out.png", "--columns", "6", *words.split())
    assert (ran.status, ran.err.count("\n")) == (2, 1)
    assert said in ran.err
    assert not Path("out.png").exists()


def test_a_plan_keeps_settings_that_another_output_does_not_need(
    command: Run,
) -> None:
    words = "make portrait.png -t holiday -o a.tif --columns 6 --method mean --compression lzw --plan p.json"
    assert command(*words.split()).status == 0
    assert command("render", "p.json", "-o", "a.png").status == 0
    ran = command("render", "p.json", "-o", "b.png", "--compression", "lzw")
    assert ran.status == 2
    assert "compression is for TIFF, not for PNG" in ran.err


@pytest.mark.parametrize("variants", ["flip", "rotate,flip"])
def test_pictures_in_memory_are_turned_as_files_are(
    target: NDArray[np.uint8], pictures: NDArray[np.uint8], photo_folder: Path, variants: str
) -> None:
    asked: Any = {"columns": 8, "tile_size": 16, "method": "nearest", "variants": variants}
    files = make_mosaic(target, str(photo_folder), **asked)
    memory = make_mosaic(target, list(pictures), **asked)
    assert list(memory.tiles.variants) == list(files.tiles.variants)
    assert len(np.unique(memory.choices % len(files.tiles.variants))) > 1
    assert (memory.choices == files.choices).mean() > 0.9  # thumbnails are cut by another filter


@pytest.mark.parametrize("asked", [{"variants": "flip"}, {"crop": "faces"}])
def test_what_an_open_tile_set_cannot_have_is_refused(
    target: NDArray[np.uint8], photo_folder: Path, asked: dict[str, Any]
) -> None:
    with pytest.raises(ConfigError, match="is for tiles that are opened now; give it to open_tiles"):
        make_mosaic(target, open_tiles(str(photo_folder)), columns=8, **asked)


def test_a_crop_that_pictures_in_memory_cannot_have_is_refused(
    target: NDArray[np.uint8], pictures: NDArray[np.uint8]
) -> None:
    with pytest.raises(
        ConfigError, match="crop 'faces' is for photos in files; of pictures in memory choose centre or none"
    ):
        make_mosaic(target, list(pictures), columns=8, crop="faces")


def test_a_network_sees_the_target_as_it_is(target: NDArray[np.uint8]) -> None:
    """Check that the target of a network is not fitted, and that the figures say so."""
    pytest.importorskip("torch", reason="the perceptual extra is not installed")
    mosaic = make_mosaic(target, "glyphs:set=alnum", columns=8, method="mosaicnet")
    assert mosaic.tone is None
    assert mosaic.figures["tone"] == "kept"


def test_a_mosaic_shows_itself(target: NDArray[np.uint8], photo_folder: Path, tmp_path: Path) -> None:
    mosaic = make_mosaic(target, str(photo_folder), columns=12, tile_size=200, method="mean")
    assert repr(mosaic).startswith("<Mosaic: 12 x 9 cells of 200 x 200 px, ")
    assert len(repr(mosaic)) < 200
    png = mosaic._repr_png_()
    assert png.startswith(b"\x89PNG")
    assert len(png) < 500_000


def test_progress_is_shown_where_it_is_asked_for(
    target: NDArray[np.uint8], photo_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setattr("perceptual_photomosaic.progress.shown.FIRST_AFTER_S", 0.0)
    mosaic = make_mosaic(target, str(photo_folder), columns=30, method="solve", progress=True)
    assert "choosing tiles" in capsys.readouterr().err
    mosaic.save_plan(tmp_path / "plan.json")
    make_mosaic(target, str(photo_folder), columns=30, method="solve")
    open_plan(tmp_path / "plan.json", progress=True)
    assert "choosing" not in capsys.readouterr().err


def test_quality_of_a_lossless_file_is_refused(target: NDArray[np.uint8], photo_folder: Path, tmp_path: Path) -> None:
    mosaic = make_mosaic(target, str(photo_folder), columns=6, method="mean")
    with pytest.raises(OutputError, match="TIFF loses nothing"):
        mosaic.write(tmp_path / "a.tif", quality=80)
    mosaic.write(tmp_path / "a.jpg", quality=80)


def test_a_settings_file_serves_other_methods_and_outputs(
    command: Run,
) -> None:
    """What the file says for another method or output is left out; what is said now is checked."""
    Path("s.toml").write_text('patch = 6\nmethod = "nearest"\ncompression = "lzw"\n')
    make = "make portrait.png -t holiday --columns 6 --config s.toml"
    assert command(*f"{make} -o a.png --method mean".split()).status == 0
    ran = command(*f"{make} -o a.png --method mean --patch 3".split())
    assert (ran.status, "patch is for method 'nearest' only" in ran.err) == (2, True)


def test_saved_settings_are_those_that_were_given(
    command: Run,
) -> None:
    words = "make portrait.png -t holiday --cells 48 --size 10x8cm --dpi 30 --method mean -o a.png --save-config s.toml"
    assert command(*words.split()).status == 0
    saved = [line for line in Path("s.toml").read_text().splitlines() if not line.startswith("#")]
    assert "cells = 48" in saved
    assert not [line for line in saved if line.startswith(("columns", "rows", "tile-size = 3"))]
