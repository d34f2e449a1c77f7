"""Settings by name, from TOML, and as TOML."""

from __future__ import annotations

import tomllib
from dataclasses import asdict, fields, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perceptual_photomosaic.config import MosaicOptions, field_types, load_options, save_options, with_values
from perceptual_photomosaic.errors import ConfigError

VALUES = {int: st.integers(-5, 10_000), str: st.text(), bool: st.booleans(), float: st.floats(-10, 10)}


@st.composite
def some_options(draw: st.DrawFn) -> MosaicOptions:
    """Draw options with any values of the right types; their meaning is not checked here."""
    chosen = {}
    for name, kind in field_types().items():
        plain = next((part for part in VALUES if part is kind or f"{part.__name__} | None" == str(kind)), None)
        if plain is not None and draw(st.booleans()):
            chosen[name] = draw(VALUES[plain])
    return replace(MosaicOptions(), **chosen)


@given(some_options())
def test_saved_options_read_back_the_same(options: MosaicOptions) -> None:
    text = save_options(options)
    values = tomllib.loads(text)
    assert with_values(MosaicOptions(), values, "test") == options
    assert all("\n" not in line for line in text.splitlines())


def test_saved_options_explain_themselves() -> None:
    text = save_options(MosaicOptions(columns=80))
    for item in fields(MosaicOptions):
        assert f"# {item.metadata['help']}" in text
    assert "\ncolumns = 80\n" in text
    assert "\n# max-uses =\n" in text


def test_file_changes_only_what_it_names(tmp_path: Path) -> None:
    path = tmp_path / "poster.toml"
    path.write_text('max-uses = 3\nmin_distance = 5\nfit = "pad"\n')
    assert load_options(path, MosaicOptions(columns=90, fit="stretch")) == MosaicOptions(
        columns=90, fit="pad", max_uses=3, min_distance=5
    )


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"colums": 3}, "here: there is no setting 'colums'. Did you mean 'columns'?"),
        ({"max-use": 3}, "here: there is no setting 'max-use'. Did you mean 'max_uses'?"),
        ({"zzz": 3}, "here: there is no setting 'zzz'."),
        ({"columns": 8.5}, "here: columns is 8.5, but a whole number is expected."),
        ({"columns": "80"}, "here: columns is '80', but a whole number is expected."),
        ({"columns": True}, "here: columns is True, but a whole number is expected."),
        ({"use-all": 1}, "here: use-all is 1, but true or false is expected."),
        ({"fit": None}, "here: fit is None, but a text is expected."),
        ({"fit": ["pad"]}, "here: fit is ['pad'], but a text is expected."),
    ],
)
def test_bad_values_are_named(values: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        with_values(MosaicOptions(), values, "here")
    assert str(caught.value) == said


GONE = {"quality": "standard", "steps": 200, "time_limit": None, "watch": None, "loss": "lpips", "device": "auto"}
"""Settings of the removed `--quality best`, with the values that they had without it."""


def test_files_of_an_older_version_are_read(tmp_path: Path) -> None:
    assert with_values(MosaicOptions(columns=4), GONE, "here") == MosaicOptions(columns=4)
    path = tmp_path / "poster.toml"
    path.write_text('columns = 9\nquality = "standard"\nsteps = 200\nloss = "lpips"\ndevice = "auto"\n')
    assert load_options(path) == MosaicOptions(columns=9)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("quality", "best"),
        ("steps", 60),
        ("time-limit", 30.0),
        ("time_limit", 30.0),
        ("watch", "so-far.png"),
        ("loss", "paper"),
        ("device", "cuda"),
    ],
)
def test_what_best_was_told_is_no_more(name: str, value: object) -> None:
    with pytest.raises(ConfigError) as caught:
        with_values(MosaicOptions(), {"columns": 4, name: value}, "poster.toml")
    assert str(caught.value) == f"poster.toml: {name} no longer exists, as quality 'best' was removed; leave it out."
    assert not {field.name for field in fields(MosaicOptions)} & set(GONE)


def test_none_unsets_what_may_be_unset() -> None:
    assert with_values(MosaicOptions(columns=4), {"columns": None}, "here").columns is None


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "cannot be read: No such file"), (b"columns = ", "is not TOML"), (b"\xff\xfe", "is not TOML")],
)
def test_bad_files_are_named(tmp_path: Path, content: bytes | None, said: str) -> None:
    path = tmp_path / "poster.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load_options(path)
    assert said in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_options_are_plain_values() -> None:
    """Check that options are plain values, because plans hold them as JSON."""
    assert all(
        value is None or isinstance(value, str | int | float | bool | tuple)
        for value in asdict(MosaicOptions()).values()
    )
