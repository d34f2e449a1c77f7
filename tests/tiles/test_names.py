"""Tests of tiles by name: paths, file names, sources, and the errors if no tile or several have the name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from perceptual_photomosaic.errors import TileError
from perceptual_photomosaic.tiles import TileOptions, open_tiles
from perceptual_photomosaic.tiles.arrays import ArrayTiles
from perceptual_photomosaic.tiles.meant import likely_meant
from perceptual_photomosaic.tiles.names import TileNames


def named(*names: str) -> TileNames:
    return TileNames(ArrayTiles(np.zeros((len(names), 2, 2, 3), np.uint8), names))


def test_photos_by_path_and_by_file_name(photo_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(photo_folder.parent)
    names = TileNames(open_tiles("holiday", TileOptions(variants=("flip",))))
    for name in ("07.png", "holiday/07.png", "./holiday/../holiday/07.png", str(photo_folder / "07.png")):
        assert names.find(name) == 7
    assert names.find_all(["07.png", "03.png", "holiday/03.png"]) == {3, 7}


def test_other_sources_by_their_names() -> None:
    assert named("emoji:1F600", "emoji:1F601").find("emoji:1F601") == 1
    assert TileNames(open_tiles("glyphs:characters=ab/", TileOptions())).find("glyph:/") == 2


def test_the_first_of_two_joined_copies_serves() -> None:
    assert named("a.jpg", "b.jpg", "a.jpg").find("a.jpg") == 0


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("emoji:1F602", "array has no tile 'emoji:1F602'. Did you mean 'emoji:1F60"),
        ("one/grandma.jpeg", "Did you mean 'one/grandma.jpg'?"),
        ("granma.jpg", "Did you mean 'one/grandma.jpg'?"),
        ("", "has no tile ''. One it has is 'one/grandma.jpg'."),
        ("two/uncle\n.jpg", r"has no tile 'two/uncle\n.jpg'"),
        ("uncle.jpg", "'uncle.jpg' is the name of 2 tiles; say 'one/uncle.jpg' or 'two/uncle.jpg'."),
        ("other/uncle.jpg", "has no tile 'other/uncle.jpg'. Did you mean"),
    ],
)
def test_what_is_said_otherwise(name: str, said: str) -> None:
    names = named("one/grandma.jpg", "one/uncle.jpg", "two/uncle.jpg", "emoji:1F600")
    with pytest.raises(TileError) as caught:
        names.find(name)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("0365.jpg", "0364.jpg"),  # its neighbour, and not 0736.jpg, which shares more characters in order
        ("0736.png", "0736.jpg"),
        ("736", "0736.jpg"),
        ("IMG_00736.jpg", None),
        ("7036.jpg", "0736.jpg"),  # two digits swapped
        ("9999.jpg", None),
        ("Emma at the beach (13).JPG", "Emma at the beach (12).jpg"),
        ("emma at teh beach (12).jpg", "Emma at the beach (12).jpg"),
        ("Emma at the beach (40).jpg", None),
    ],
)
def test_what_a_person_would_mean(name: str, meant: str | None) -> None:
    names = ["0001.jpg", "0364.jpg", "0736.jpg", "0360.jpg", "3065.jpg.jpg", "Emma at the beach (12).jpg"]
    assert likely_meant(name, names) == meant


def test_of_many_numbers_the_nearest_is_meant() -> None:
    names = [f"folder/DSC_{number:06d}.jpg" for number in range(0, 20_000, 2)]
    assert likely_meant("DSC_12345.jpg", names) in ("folder/DSC_012344.jpg", "folder/DSC_012346.jpg")
