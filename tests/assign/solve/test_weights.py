"""Weights by viewing distance and by number, and the errors for unknown names and invalid numbers."""

from __future__ import annotations

import tomllib
from importlib.resources import files

import pytest

from perceptual_photomosaic.assign.methods import matcher
from perceptual_photomosaic.assign.solve import Solve, parse_weights, present_weights, weights_for
from perceptual_photomosaic.assign.solve.terms import TERMS
from perceptual_photomosaic.config import VIEWINGS, MosaicOptions
from perceptual_photomosaic.errors import ConfigError

SCALES = {row.name: row.scale for row in TERMS}
GONE = [
    ("colour4", "colour8"),
    ("colour2", "colour8"),
    ("colour_half", "halftone1"),
    ("colour_quarter", "halftone2"),
    ("gradient8", "structure8"),
    ("contrast8", "structure8"),
    ("perceptual2", "structure2"),
    ("seams4", "structure4"),
    ("seams1", "halftone1"),
    ("structure1_luma", "structure2"),
    ("structure_half", "structure2"),
    ("structure_quarter", "structure2"),
    ("structure1", "structure2"),
]


def test_the_file_weighs_every_term_and_nothing_else() -> None:
    """Repetition is the exception: its weight is the price of the variety."""
    text = files("perceptual_photomosaic.assign.solve").joinpath("weights.toml").read_text()
    read = tomllib.loads(text)
    assert set(read["weights"]) == {row.name for row in TERMS} - {"repeat"}
    assert all(weight >= 0 for weight in read["weights"].values())
    assert set(read["limited"]) <= set(read["weights"])
    assert weights_for() == read["weights"]
    for name, weight in weights_for(limited=True).items():
        assert weight == read["weights"][name] * read["limited"].get(name, 1)


def test_who_looks_from_near_sees_many_samples() -> None:
    """Terms of more samples per cell gain more weight for "near", and lose as much for "far"."""
    near, balanced, far = (weights_for(viewing) for viewing in ("near", "balanced", "far"))
    assert list(VIEWINGS) == ["near", "balanced", "far"]
    factors = {name: near[name] / weight for name, weight in balanced.items() if weight}
    assert len(factors) > 3
    for name, factor in factors.items():
        assert near[name] * far[name] == pytest.approx(balanced[name] ** 2)
        assert (factor > 1) == (SCALES[name] > 1)
        assert (factor < 1) == (SCALES[name] < 1)
        assert all(factor >= other for term, other in factors.items() if SCALES[term] <= SCALES[name])
    assert near["colour8"] > balanced["colour8"] > far["colour8"] > 0


@pytest.mark.parametrize("viewing", VIEWINGS)
@pytest.mark.parametrize("limited", [False, True])
def test_weights_by_number_replace_those_by_word(viewing: str, limited: bool) -> None:
    usual = weights_for(viewing, limited=limited)
    assert parse_weights(viewing, "", limited=limited) == usual
    asked = parse_weights(viewing, "halftone1=3, structure8 = 0.5,repeat=0,colour8=1e-3", limited=limited)
    assert asked == usual | {"halftone1": 3.0, "structure8": 0.5, "repeat": 0.0, "colour8": 0.001}


@pytest.mark.parametrize(
    ("viewing", "text", "said"),
    [
        ("near", "colours8=1", "there is no weight 'colours8'. Did you mean 'colour8'? Weights are colour8, colour1"),
        ("near", "structur=1", "Did you mean 'structure"),
        ("near", "zzz=1", "there is no weight 'zzz'. Weights are colour8,"),
        ("near", "=1", "there is no weight ''. Weights are"),
        ("near", "colour8=1,,", "there is no weight ''. Weights are"),
        ("near", "colour8=x", "weight colour8 is 'x'; it must be a number from 0 to below 10000, as in colour8=0.5."),
        ("near", "colour8", "weight colour8 is ''; it must be a number"),
        ("near", "colour8=-0.1", "weight colour8 is '-0.1'; it must be a number"),
        ("near", "colour8=1e4", "weight colour8 is '1e4'; it must be a number from 0 to below 10000"),
        ("near", "colour8=nan", "weight colour8 is 'nan'; it must be a number"),
        ("near", "colour8=inf", "weight colour8 is 'inf'; it must be a number"),
    ],
)
def test_what_means_nothing_is_named(viewing: str, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_weights(viewing, text)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("name", "successor"), GONE)
def test_terms_that_are_gone_name_what_took_their_place(name: str, successor: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_weights("balanced", f"colour8=1, {name}=0.5")
    assert str(caught.value) == f"weight '{name}' no longer exists; use '{successor}' instead."
    assert successor in SCALES
    assert name not in SCALES


@pytest.mark.parametrize(
    ("text", "present"),
    [
        ("", ""),
        ("colour8=1", "colour8=1"),
        ("seams1=0.5", ""),
        ("colour8=1,seams4=2, structure8 = 0.5", "colour8=1, structure8 = 0.5"),
        (" colour_half =3,structure1_luma=1", ""),
        (",".join(f"{name}=1" for name, _ in GONE) + ",halftone2=4", "halftone2=4"),
        ("never=1", "never=1"),
    ],
)
def test_weights_of_older_plans_keep_what_is_still_there(text: str, present: str) -> None:
    """Names that never existed stay in the text, so that `parse_weights` reports them."""
    assert present_weights(text) == present


def test_the_settings_say_what_the_solver_weighs() -> None:
    def asked(**settings: object) -> object:
        solve = matcher(MosaicOptions(**settings))  # type: ignore[arg-type]
        assert isinstance(solve, Solve)
        return solve.weights

    assert asked() == weights_for() == Solve().weights
    assert asked(max_uses=3) == weights_for(limited=True)
    assert asked(viewing="far", weights="colour1=7") == weights_for("far") | {"colour1": 7.0}
    with pytest.raises(ConfigError, match="'seams1' no longer exists"):
        matcher(MosaicOptions(weights="seams1=1"))
