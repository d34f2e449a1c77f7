"""Colour spaces: published values, round trips, and the order of colours."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from perceptual_photomosaic.evaluate import colour_difference as ruler
from perceptual_photomosaic.features.colour import (
    ciede2000,
    from_linear,
    linear_to_lab,
    linear_to_oklab,
    oklab_to_linear,
    to_linear,
    to_oklab,
)

CODES = st.integers(0, 255)


def test_every_code_survives_the_way_to_linear_light_and_back() -> None:
    codes = np.arange(256, dtype=np.uint8)
    assert (from_linear(to_linear(codes)) == codes).all()


def test_linear_light_follows_the_standard() -> None:
    """IEC 61966-2-1: a linear toe up to 0.04045, then a power of 2.4."""
    for code in range(256):
        value = code / 255
        light = value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        assert to_linear(np.array([code], np.uint8))[0] == pytest.approx(light, abs=1e-7)


def test_light_outside_the_range_is_clipped() -> None:
    assert from_linear(np.array([-0.5, 0.0, 1.0, 7.0])).tolist() == [0, 0, 255, 255]


@pytest.mark.parametrize(
    ("srgb", "lab"),
    [
        ((255, 255, 255), (1.000, 0.000, 0.000)),
        ((0, 0, 0), (0.000, 0.000, 0.000)),
        ((255, 0, 0), (0.628, 0.225, 0.126)),
        ((0, 255, 0), (0.866, -0.234, 0.179)),
        ((0, 0, 255), (0.452, -0.032, -0.312)),
        ((128, 128, 128), (0.600, 0.000, 0.000)),
    ],
)
def test_oklab_of_known_colours(srgb: tuple[int, int, int], lab: tuple[float, float, float]) -> None:
    """The values are those of CSS Color 4 and of Ottosson's page."""
    assert to_oklab(np.array(srgb, np.uint8)) == pytest.approx(lab, abs=1e-3)


def test_oklab_of_known_xyz() -> None:
    """The values are Ottosson's pairs of XYZ and OKLab (white point D65), by way of linear sRGB."""
    xyz_of_rgb = np.array(
        [[0.4123908, 0.3575843, 0.1804808], [0.2126390, 0.7151687, 0.0721923], [0.0193308, 0.1191948, 0.9505322]]
    )
    for xyz, lab in [((0.950, 1.000, 1.089), (1.000, 0.000, 0.000))]:
        assert linear_to_oklab(np.linalg.solve(xyz_of_rgb, xyz)) == pytest.approx(lab, abs=1e-3)


@given(CODES, CODES, CODES)
def test_oklab_round_trip(red: int, green: int, blue: int) -> None:
    srgb = np.array([[red, green, blue]], np.uint8)
    assert (from_linear(oklab_to_linear(to_oklab(srgb))) == srgb).all()


@given(CODES, CODES)
def test_greys_have_no_colour_and_keep_their_order(one: int, other: int) -> None:
    lab = to_oklab(np.array([[one] * 3, [other] * 3], np.uint8))
    assert np.abs(lab[:, 1:]).max() < 1e-4
    assert np.sign(lab[0, 0] - lab[1, 0]) == np.sign(one - other)


def test_shapes_and_types_are_kept() -> None:
    picture = np.zeros((4, 5, 6, 3), np.uint8)
    assert to_oklab(picture).shape == picture.shape
    assert to_oklab(picture).dtype == np.float32
    assert to_linear(picture).dtype == np.float32
    assert from_linear(to_linear(picture)).dtype == np.uint8


def test_lab_is_the_rulers() -> None:
    light = np.random.default_rng(0).random((500, 3)) ** 3
    assert np.abs(linear_to_lab(light) - ruler.lab_from_light(light)).max() < 1e-3


LAB = st.tuples(st.floats(0, 100), st.floats(-120, 120), st.floats(-120, 120))


@given(LAB, LAB)
def test_fast_differences_are_the_rulers(one: tuple[float, ...], other: tuple[float, ...]) -> None:
    fast = ciede2000(np.float32([one]), np.float32([other]))
    assert fast.dtype == np.float32
    hues = np.arctan2([one[2], other[2]], [one[1], other[1]])
    assume(abs(abs(hues[0] - hues[1]) - np.pi) > 1e-2)  # opposite hues have no mean
    assert fast[0] == pytest.approx(float(ruler.ciede2000(np.array(one), np.array(other))), rel=1e-3, abs=5e-3)


def test_differences_of_nearby_colours_broadcast() -> None:
    random = np.random.default_rng(1)
    one = (random.random((40, 1, 3)) * (100, 160, 160) - (0, 80, 80)).astype(np.float32)
    other = (one + random.normal(0, 5, (40, 30, 3))).astype(np.float32)
    expected = ruler.ciede2000(np.broadcast_to(one, other.shape), other)
    assert np.abs(ciede2000(one, other) - expected).max() < 5e-3
    assert not ciede2000(one, one).any()
