"""Tests of fonts by file and by family, and of their weights."""

from __future__ import annotations

import shutil
import sys
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from perceptual_photomosaic.errors import TileError
from perceptual_photomosaic.tiles.fonts import font_data
from perceptual_photomosaic.tiles.glyphs import Glyphs

FILE = resources.files("fontpkg_jetbrains_mono").joinpath("files", "JetBrainsMono[wght].ttf")


@pytest.fixture
def fonts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a home folder with one font in it."""
    folder = tmp_path / "fonts"
    folder.mkdir()
    shutil.copy(str(FILE), folder / "mono.ttf")
    (folder / "broken.ttf").write_bytes(b"no font")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    return folder


@pytest.mark.skipif(sys.platform in ("darwin", "win32"), reason="fonts are looked for in another place there")
def test_an_installed_family_is_found_by_its_name(fonts: Path) -> None:
    assert font_data("JetBrains Mono") == font_data("jetbrains mono") == FILE.read_bytes()
    with pytest.raises(TileError, match="no installed font 'JetBrains Mon'; did you mean 'JetBrains Mono'"):
        font_data("JetBrains Mon")


def test_a_font_file_is_read_as_it_is(fonts: Path) -> None:
    assert Glyphs(font=fonts / "mono.ttf").identity() == Glyphs().identity()
    with pytest.raises(TileError, match=r"broken\.ttf is not a font that can be read"):
        Glyphs(font=fonts / "broken.ttf")


def test_bold_has_more_ink() -> None:
    regular, bold = (Glyphs(weight=weight).pictures((20, 44)).mean() for weight in ("regular", "bold"))
    assert 255 - bold > 1.2 * (255 - regular)
    assert Glyphs(weight="bold").spec == "glyphs:set=ascii,weight=bold,foreground=#000000,background=#ffffff"
    assert Glyphs(weight="bold").identity() != Glyphs().identity()
    with pytest.raises(TileError, match="weight: expected one of regular, bold, got 'heavy'"):
        Glyphs(weight="heavy")


def test_letters_of_a_line_stand_in_the_font_s_own_cells() -> None:
    tiles = Glyphs()
    assert tiles.cell_aspect == (5, 11)
    own, square = tiles.pictures((20, 44)), tiles.pictures((44, 44))
    widest = {name: (255 - picture[tiles.characters.index("@")].min(axis=(0, 2))) > 128
              for name, picture in (("own", own), ("square", square))}  # fmt: skip
    assert np.count_nonzero(widest["own"]) / 20 > 1.5 * np.count_nonzero(widest["square"]) / 44
    underscore, quote = (np.flatnonzero(own[tiles.characters.index(c)].min(axis=(1, 2)) < 128) for c in "_'")
    assert quote.max() < 22 < underscore.min()
