"""Tests of sizes on paper: the accepted texts, and the cells and pixels that result."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perceptual_photomosaic.config import MosaicOptions
from perceptual_photomosaic.errors import ConfigError
from perceptual_photomosaic.grid import Grid, parse_aspect, tile_size_px
from perceptual_photomosaic.render.physical import (
    SMALL_TILE_MM,
    px_per_mm,
    settle_print_size,
    size_mismatch_notes,
    tile_size_for,
)
from perceptual_photomosaic.render.sizes import as_written, parse_length, parse_paper, parse_size, shown, turned


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("200x150cm", (2000, 1500, False)),
        ("2 x 1.5 m", (2000, 1500, False)),
        ("80cm x 60cm", (800, 600, False)),
        ('10x8"', (254, 203.2, False)),
        ("40000x30000px", (40000, 30000, True)),
        ("A3", (420, 297, False)),
        ("a0", (1189, 841, False)),
        ("A8", (74, 52, False)),
        ("letter", (279.4, 215.9, False)),
    ],
)
def test_sizes_that_people_write(text: str, size: tuple[float, float, bool]) -> None:
    read = parse_size(text, landscape=True)
    assert (read.width, read.height) == pytest.approx(size[:2])
    assert read.in_px == size[2]


@pytest.mark.parametrize(
    "text", ["", "200", "200x150", "200x150parsec", "200cmx150in", "A9", "-1x3cm", "60x90cm!!", "!", "60x90!cm"]
)
def test_sizes_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"60x90cm, 80x60in, 40000x30000px or A2 .*60x90cm! does not"):
        parse_size(text, landscape=False)


def test_both_sides_are_above_0() -> None:
    with pytest.raises(ConfigError, match="both sides must be above 0"):
        parse_size("0x5cm", landscape=False)


@pytest.mark.parametrize(
    ("text", "upright", "square", "across"),
    [
        ("60x90cm", (600, 900), (600, 900), (900, 600)),
        ("90x60cm", (600, 900), (900, 600), (900, 600)),
        ("60x90cm!", (600, 900), (600, 900), (600, 900)),
        ("90x60cm!", (900, 600), (900, 600), (900, 600)),
        (" 2 x 1 in ! ", (50.8, 25.4), (50.8, 25.4), (50.8, 25.4)),
        ("300x400px", (300, 400), (300, 400), (400, 300)),
        ("300x400px!", (300, 400), (300, 400), (300, 400)),
        ("A2", (420, 594), (420, 594), (594, 420)),
        ("A2!", (420, 594), (420, 594), (420, 594)),
        ("50x50cm", (500, 500), (500, 500), (500, 500)),
    ],
)
def test_sizes_turn_to_the_picture_unless_told_not_to(
    text: str, upright: tuple[float, float], square: tuple[float, float], across: tuple[float, float]
) -> None:
    for landscape, wanted in ((False, upright), (None, square), (True, across)):
        size = parse_size(text, landscape=landscape)
        assert (size.width, size.height) == pytest.approx(wanted)
        settled = turned(text, landscape)
        if not text.startswith("A2"):
            for other in (False, None, True):
                assert parse_size(settled, landscape=other) == size


def test_sizes_in_sentences_and_in_old_plans() -> None:
    assert shown("60x90cm", True) == "90 x 60 cm"
    assert shown("60x90cm!", True) == "60 x 90 cm"
    assert shown("A2", True) == "A2"
    assert [as_written(text) for text in ("200x150cm", "200x150cm!", "A2")] == ["200x150cm!", "200x150cm!", "A2"]


def test_lengths_and_paper() -> None:
    assert parse_length("3mm", "bleed") == 3
    assert parse_length("0.125in", "bleed") == pytest.approx(3.175)
    assert parse_length("0", "bleed") == 0
    assert parse_paper("420x297mm") == parse_paper("A3") == (297, 420)
    for paper in ("A4!", "210x297mm!"):
        with pytest.raises(ConfigError, match="sheets"):
            parse_paper(paper)
    for text in ("3", "x", "3 furlong"):
        with pytest.raises(ConfigError, match="bleed"):
            parse_length(text, "bleed")
    with pytest.raises(ConfigError, match="sheets"):
        parse_paper("100x100px")


@given(
    width=st.floats(50, 4000),
    height=st.floats(50, 4000),
    dpi=st.integers(30, 600),
    target=st.tuples(st.integers(200, 4000), st.integers(200, 4000)),
    columns=st.none() | st.integers(5, 150),
)
def test_whole_cells_fill_the_size_exactly(
    width: float, height: float, dpi: int, target: tuple[int, int], columns: int | None
) -> None:
    if not 1 / 8 < width / height < 8:
        return
    asked = MosaicOptions(size=f"{width:.3f}x{height:.3f}mm!", dpi=float(dpi), columns=columns)
    options, _ = settle_print_size(asked, target)
    aspect = parse_aspect(options.cell_aspect)
    tile_px = tile_size_px(options.tile_size, aspect)
    assert options.columns is not None
    assert options.rows is not None
    assert columns is None or options.columns == min(columns, round(width / 25.4 * dpi))
    size_px = options.columns * tile_px[0], options.rows * tile_px[1]
    resolution = px_per_mm(options.size, options.dpi, size_px, tile_px)
    assert resolution is not None
    assert size_px[0] / resolution[0] == pytest.approx(width, abs=0.002)
    assert size_px[1] / resolution[1] == pytest.approx(height, abs=0.002)
    if min(tile_px) >= 25:  # rounding to whole pixels moves the resolution by 2% at most
        assert resolution[0] * 25.4 == pytest.approx(dpi, rel=0.02)


def test_tiles_are_two_centimetres_or_there_are_4096_of_them() -> None:
    poster, words = settle_print_size(MosaicOptions(size="200x150cm"), (1200, 900))
    assert (poster.columns, poster.rows, poster.dpi) == (100, 75, 150)
    assert tile_size_px(poster.tile_size, parse_aspect(poster.cell_aspect)) == (118, 118)
    assert words == []
    postcard, words = settle_print_size(MosaicOptions(size="A6", dpi=300.0), (1200, 900))
    assert abs((postcard.columns or 0) * (postcard.rows or 0) - 4096) < 100
    assert "mm" in words[0]
    assert "--columns" in words[0]


def test_following_the_advice_silences_it() -> None:
    assert settle_print_size(MosaicOptions(size="60x40cm", columns=75), (1200, 900))[1] == []  # 8 mm
    _, words = settle_print_size(MosaicOptions(size="40x30cm"), (1200, 900))
    assert "5.4 x 5.4 mm on paper; below 8 mm" in words[0]
    columns = int(words[0].split("--columns ")[1].split()[0])
    assert settle_print_size(MosaicOptions(size="40x30cm", columns=columns), (1200, 900))[1] == []
    assert settle_print_size(MosaicOptions(size="40x30cm", columns=columns + 2), (1200, 900))[1] != []


def test_small_tiles_are_told_when_a_plan_is_drawn_too() -> None:
    grid = Grid(30, 40, (1, 1), (0, 0, 400, 300))
    assert size_mismatch_notes("32x24cm", 150.0, grid, (47, 47)) == []
    (words,) = size_mismatch_notes("31x23.25cm", 150.0, grid, (46, 46))
    assert f"below {SMALL_TILE_MM:.0f} mm" in words
    assert "larger --size" in words
    assert size_mismatch_notes("3000x4000px", None, grid, (100, 100)) == []


def test_a_landscape_hangs_as_a_landscape() -> None:
    for size, target, settled in (
        ("60x90cm", (1200, 900), "90x60cm!"),
        ("60x90cm!", (1200, 900), "60x90cm!"),
        ("60x90cm", (900, 900), "60x90cm!"),
        ("3000x2000px", (900, 1200), "2000x3000px!"),
    ):
        options, _ = settle_print_size(MosaicOptions(size=size), target)
        assert options.size == settled
        again, _ = settle_print_size(options, target)
        assert again == options


def test_pixels_without_a_resolution_say_nothing_about_paper() -> None:
    options, words = settle_print_size(MosaicOptions(size="4000x3000px"), (1200, 900))
    assert (options.dpi, words) == (None, [])
    assert px_per_mm(options.size, options.dpi, (4000, 3000), (40, 40)) is None
    assert px_per_mm("4000x3000px", 100.0, (4000, 3000), (40, 40)) == pytest.approx((100 / 25.4, 100 / 25.4))


def test_a_plan_is_drawn_as_large_as_asked_for() -> None:
    grid = Grid(30, 40, (1, 1), (0, 0, 400, 300))
    assert tile_size_for("4000x3000px", None, grid) == 100
    assert tile_size_for("40x30in", 100.0, grid) == 100
    assert tile_size_for("40x40in", 100.0, grid) == 100  # another shape: what fits
    assert tile_size_for("3000x4000px", None, grid) == 100  # turned to the plan's orientation
    assert tile_size_for("3000x4000px!", None, grid) == 75


def test_nothing_is_settled_without_a_size() -> None:
    options = MosaicOptions(columns=7)
    assert settle_print_size(options, (100, 100)) == (options, [])
    with pytest.raises(ConfigError, match="dpi"):
        settle_print_size(MosaicOptions(dpi=0.0), (100, 100))
