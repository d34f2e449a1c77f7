"""The layout: the number of cells for few photos, and the advice where much is cropped."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from perceptual_photomosaic import MosaicOptions, make_mosaic
from perceptual_photomosaic.config import with_values
from perceptual_photomosaic.errors import ConfigError, ConstraintError, GridError
from perceptual_photomosaic.layout import LEAST_CELLS, USES, lay_out, lay_out_for, with_own_shape
from perceptual_photomosaic.tiles import own_aspect


def _set(count: int, spec: str = "photos:holiday", variants: int = 1) -> Any:
    """Return a tile set of `count` tiles with the members that a layout needs."""

    class Tiles(SimpleNamespace):
        def __len__(self) -> int:
            return count * variants

    return Tiles(spec=spec, variants=("as is",) * variants)


def _cells(count: int, target: tuple[int, int] = (1200, 900), spec: str = "photos:holiday", **settings: Any) -> int:
    return lay_out_for(MosaicOptions(**settings), target, _set(count, spec)).grid.num_cells


def test_the_number_of_cells_follows_from_few_photos() -> None:
    usual = lay_out(MosaicOptions(), (1200, 900)).grid.num_cells
    assert _cells(1000) == _cells(410) == usual
    assert _cells(300) == pytest.approx(300 * USES, rel=0.03)
    assert LEAST_CELLS <= _cells(150) < 1.05 * LEAST_CELLS
    assert LEAST_CELLS <= _cells(20) < 1.05 * LEAST_CELLS
    assert _cells(1000, max_uses=3) == pytest.approx(3000, rel=0.03)
    assert _cells(1000, max_uses=5) == usual
    layout = lay_out_for(MosaicOptions(), (1200, 900), _set(300, variants=8))
    assert layout.grid.num_cells == _cells(300)
    assert "because there are 300 photos: about 10 cells for each" in layout.words[0]
    assert layout.options == MosaicOptions()


@pytest.mark.parametrize("asked", [{"columns": 64}, {"rows": 48}, {"cells": 4096}, {"columns": 64, "rows": 48}])
def test_what_was_asked_for_is_not_changed(asked: dict[str, int]) -> None:
    options = MosaicOptions(**asked)  # type: ignore[arg-type]
    assert lay_out_for(options, (1200, 900), _set(30)) == lay_out(options, (1200, 900))


def test_letters_are_more() -> None:
    """Check that letters get 120 columns and 54 lines on a square picture, in the shape of the font."""
    options = with_own_shape(MosaicOptions(), own_aspect(["glyphs"]))
    assert options.cell_aspect == "5:11"
    assert lay_out_for(options, (1200, 1200), _set(30, "glyphs")).grid.shape == (54, 120)
    assert with_own_shape(MosaicOptions(cell_aspect="1:1"), (5, 11)).cell_aspect == "1:1"
    assert with_own_shape(MosaicOptions(method="mosaicnet"), (5, 11)).cell_aspect == "auto"
    assert own_aspect(["glyphs", "emoji"]) is own_aspect(["emoji"]) is own_aspect([]) is None


@pytest.mark.parametrize("spec", ["emoji", "slices:a.png", "colours:64", "photos:holiday;colours:9", "array"])
def test_other_tiles_may_repeat(spec: str) -> None:
    assert lay_out_for(MosaicOptions(), (1200, 900), _set(30, spec)) == lay_out(MosaicOptions(), (1200, 900))


@given(
    photos=st.integers(1, 5000),
    uses=st.none() | st.integers(1, 40),
    target=st.tuples(st.integers(80, 3000), st.integers(80, 3000)),
    use_all=st.booleans(),
    fit=st.sampled_from(["crop", "pad", "stretch"]),
    aspect=st.sampled_from(["1:1", "3:2", "3:5"]),
)
def test_fewer_cells_never_fail_where_the_usual_number_would_do(
    photos: int, uses: int | None, target: tuple[int, int], use_all: bool, fit: str, aspect: str
) -> None:
    options = MosaicOptions(max_uses=uses, use_all=use_all, fit=fit, cell_aspect=aspect)
    try:
        usual = lay_out(options, target).grid.num_cells
    except GridError:
        usual = 0  # the target has too few pixels for them
    try:
        cells = lay_out_for(options, target, _set(photos)).grid.num_cells
    except GridError:
        assert not usual
        return

    def feasible(cells: int) -> bool:
        return (not use_all or photos <= cells) and (uses is None or photos * uses >= cells)

    assert feasible(cells) or not (usual and feasible(usual))
    assert cells >= min(LEAST_CELLS, usual or LEAST_CELLS)
    if uses is not None and 1600 <= photos * uses < 4096 and not use_all and max(target) < 2 * min(target):
        assert feasible(cells)


def test_targets_of_few_pixels() -> None:
    """Check targets with fewer pixels than 1,500 cells, and targets with fewer than 4,096 and few photos."""
    with pytest.raises(GridError, match="more than the target's 30 x 30 px"):
        _cells(100, (30, 30))
    with pytest.raises(GridError, match="more than the target's 50 x 50 px"):
        _cells(1000, (50, 50))
    assert LEAST_CELLS <= _cells(200, (50, 50)) <= 2500


def test_a_size_on_paper_has_fewer_cells_of_few_photos_too() -> None:
    assert _cells(150, size="60x45cm") == pytest.approx(LEAST_CELLS, rel=0.03)
    assert _cells(150, size="200x150cm") == 100 * 75  # tiles of 2 cm
    assert _cells(150, size="200x150cm", max_uses=20) == pytest.approx(3000, rel=0.03)
    assert _cells(150, size="60x45cm", columns=80) == 80 * 60


@pytest.mark.parametrize(
    ("size", "target_px", "aspect", "counts"),
    [
        ("200x20cm", (100, 100), "1:1", (100, 10)),
        ("200x20cm!", (64, 90), "1:1", (64, 6)),
        ("60x90cm", (64, 64), "1:1", (42, 63)),
        ("20x200cm!", (100, 100), "1:1", (10, 100)),
        ("200x20cm", (100, 100), "3:2", (100, 15)),
        ("200x20cm", (10, 10), "1:1", (10, 1)),
        ("200x20px", (100, 100), "1:1", (100, 10)),
    ],
)
def test_cells_of_a_size_keep_their_shape_on_targets_of_few_pixels(
    size: str, target_px: tuple[int, int], aspect: str, counts: tuple[int, int]
) -> None:
    layout = lay_out(MosaicOptions(size=size, cell_aspect=aspect), target_px)
    assert (layout.grid.columns, layout.grid.rows) == counts
    width, height = (float(side) for side in aspect.split(":"))
    assert layout.tile_px[0] / layout.tile_px[1] == pytest.approx(width / height, rel=0.07)


def test_a_size_too_long_for_the_targets_pixels_is_refused() -> None:
    with pytest.raises(GridError, match="10 x 1 cells are more than the target's 5 x 5 px"):
        lay_out(MosaicOptions(size="200x20cm"), (5, 5))


def test_the_whole_line_with_few_photos(target: NDArray[np.uint8], photo_folder: Path, tmp_path: Path) -> None:
    said: list[str] = []
    reporter: Any = SimpleNamespace(note=said.append, stage=__import__("perceptual_photomosaic").progress.SILENT.stage)
    mosaic = make_mosaic(target, photo_folder, tile_size=8, method="mean", reporter=reporter, out=tmp_path / "a.png")
    assert LEAST_CELLS <= mosaic.grid.num_cells < 1.05 * LEAST_CELLS
    assert mosaic.options.cells is None
    assert said == [
        f"{mosaic.grid.columns} x {mosaic.grid.rows} cells, because there are 24 photos: about 66 cells for each. "
        f"--columns or --cells asks for another number."
    ]
    poster = make_mosaic(target, photo_folder, size="30x22.5cm", dpi=60.0, method="mean")
    assert LEAST_CELLS <= poster.grid.num_cells < 1.1 * LEAST_CELLS
    assert poster.tiles.options.cell_aspect == poster.grid.cell_aspect  # type: ignore[attr-defined]
    with pytest.raises(ConstraintError, match="24 tiles used at most 2 times"):
        make_mosaic(target, photo_folder, max_uses=2, method="mean")


def test_limits_are_kept_with_as_many_cells_as_they_allow(target: NDArray[np.uint8], tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    for number, colour in enumerate(rng.integers(0, 256, (90, 1, 1, 3), np.uint8)):
        Image.fromarray(colour.repeat(8, axis=0).repeat(8, axis=1)).save(tmp_path / f"{number}.png")
    (tmp_path / "broken.png").write_bytes(b"no picture")
    mosaic = make_mosaic(target, tmp_path, max_uses=17, use_all=True, tile_size=8, method="mean", variants="flip")
    uses = np.bincount(mosaic.tile_numbers.ravel(), minlength=90)
    assert LEAST_CELLS <= uses.sum() <= 90 * 17
    assert uses.min() >= 1
    assert uses.max() <= 17


def test_what_cannot_be_written_is_refused_before_photos_are_read(
    target: NDArray[np.uint8], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "holiday").mkdir()
    monkeypatch.setattr("perceptual_photomosaic.shared_tiles.open_tile_set", None)
    with pytest.raises(ConfigError, match="compression"):
        make_mosaic(target, tmp_path / "holiday", out=tmp_path / "a.png", compression="lzw")


CROPPED = [
    ({"size": "60x90cm"}, (512, 512)),
    ({"size": "60x90cm!"}, (900, 600)),
    ({"size": "60x90cm!"}, (1000, 600)),
    ({"size": "A2"}, (500, 500)),
    ({"size": "letter"}, (800, 250)),
    ({"size": "2x1.5m"}, (500, 700)),
    ({"size": "2x1m"}, (700, 700)),
    ({"size": "24x36in"}, (3000, 2500)),
    ({"size": "4000x3000px"}, (1500, 700)),
    ({"size": "30x20cm", "columns": 12}, (500, 480)),
    ({"size": "30x20cm", "columns": 12, "rows": 12}, (500, 480)),
    ({"columns": 10}, (96, 72)),
    ({"rows": 3}, (300, 190)),
    ({"cells": 30}, (300, 170)),
    ({"columns": 40, "rows": 40}, (300, 200)),
    ({"columns": 3, "rows": 10}, (300, 385)),
    ({}, (3100, 33)),
]


@pytest.mark.parametrize(("asked", "target"), CROPPED)
def test_a_crop_is_said_and_every_advice_works(asked: dict[str, Any], target: tuple[int, int]) -> None:
    options = MosaicOptions(**asked)
    layout = lay_out(options, target)
    shares = layout.grid.cropped
    if max(shares) <= 0.05:
        assert layout.crop == ""
        return
    sides = "left and right" if shares[0] > shares[1] else "top and bottom"
    assert layout.crop.startswith(f"the target is cropped by {max(shares):.0%} ({sides})")
    assert "--fit pad" in layout.crop
    advice = re.findall(r"--(size|fit|columns|rows|cells) ((?!out)\S+?)(?:,|$| without| to)", layout.crop)
    assert len(advice) == 2 or "leave --rows out" in layout.crop
    for name, value in advice:
        changed = with_values(options, {name: value if name in ("size", "fit") else int(value)}, "test")
        if "without --rows" in layout.crop and name != "fit":
            changed = replace(changed, rows=None)
        assert lay_out(changed, target).crop == "", (name, value)
    if "leave --rows out" in layout.crop:
        assert lay_out(replace(options, rows=None), target).crop == ""


@given(
    width=st.integers(20, 3000),
    height=st.integers(20, 3000),
    size=st.sampled_from(["60x90cm", "60x90cm!", "13x18cm", "A3", "8x10in", "1.2x0.8m", "3000x2000px", "50x50cm"]),
)
def test_sizes_that_are_advised_crop_little(width: int, height: int, size: str) -> None:
    if not 1 / 10 < width / height < 10:
        return
    layout = lay_out(MosaicOptions(size=size), (width, height))
    assert bool(layout.crop) == (max(layout.grid.cropped) > 0.05)
    if layout.crop:
        other = shlex.split(layout.crop)[-1]
        assert max(lay_out(MosaicOptions(size=other), (width, height)).grid.cropped) <= 0.05


def test_the_example_of_the_handbook() -> None:
    assert lay_out(MosaicOptions(size="60x90cm"), (680, 900)).crop == (
        "the target is cropped by 12% (left and right) to fit 60 x 90 cm; "
        "write --fit pad to keep all of it, or --size 68x90cm"
    )
    assert lay_out(MosaicOptions(size="60x90cm"), (900, 600)).crop == ""
