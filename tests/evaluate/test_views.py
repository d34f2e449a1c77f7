from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perceptual_photomosaic.errors import GridError, ImageError
from perceptual_photomosaic.evaluate.views import (
    area_average,
    centred_box,
    check_picture,
    decode_srgb,
    encode_srgb,
    view_shape,
)


def obvious_average(light: np.ndarray, shape: tuple[int, int], box: tuple[float, float, float, float]) -> np.ndarray:
    """Compute each output pixel separately: the sum of light times covered area, divided by the area."""
    left, top, right, bottom = box
    tall, wide = (bottom - top) / shape[0], (right - left) / shape[1]
    result = np.zeros((*shape, 3))
    for row, column in np.ndindex(*shape):
        y, x = top + row * tall, left + column * wide
        for i, j in np.ndindex(*light.shape[:2]):
            down = min(y + tall, i + 1) - max(y, i)
            across = min(x + wide, j + 1) - max(x, j)
            if down > 0 and across > 0:
                result[row, column] += light[i, j] * down * across / (tall * wide)
    return result


@settings(max_examples=40, deadline=None)
@given(
    st.tuples(st.integers(1, 12), st.integers(1, 12)),
    st.tuples(st.integers(1, 40), st.integers(1, 40)),
    st.tuples(st.floats(0, 0.4), st.floats(0, 0.4), st.floats(0.6, 1), st.floats(0.6, 1)),
)
def test_area_average_is_what_its_name_says(size, shape, part):
    light = np.random.default_rng(0).random((*size, 3))
    height, width = size
    box = (part[0] * width, part[1] * height, part[2] * width, part[3] * height)
    np.testing.assert_allclose(area_average(light, shape, box), obvious_average(light, shape, box), atol=1e-6)


def test_bytes_are_decoded_to_light_first():
    checkers = np.indices((8, 8)).sum(axis=0) % 2 * np.uint8(255)
    picture = np.repeat(checkers[..., None], 3, axis=2).astype(np.uint8)
    np.testing.assert_allclose(area_average(picture, (1, 1)), 0.5, atol=1e-6)
    assert encode_srgb(np.array(0.5)) == pytest.approx(0.7354, abs=1e-4)  # and not 0.5: that is the point


def test_pixels_per_cell_do_not_matter():
    small = np.random.default_rng(1).integers(0, 256, (10, 14, 3), dtype=np.uint8)
    large = small.repeat(3, axis=0).repeat(5, axis=1)
    np.testing.assert_allclose(area_average(large, (7, 9)), area_average(small, (7, 9)), atol=1e-6)


def test_averages_of_averages_are_averages():
    picture = np.random.default_rng(2).integers(0, 256, (96, 60, 3), dtype=np.uint8)
    twice = area_average(area_average(picture, (32, 40)), (8, 10))
    np.testing.assert_allclose(twice, area_average(picture, (8, 10)), atol=1e-6)


def test_srgb_goes_both_ways():
    values = np.linspace(0, 1, 1001)
    np.testing.assert_allclose(encode_srgb(decode_srgb(values)), values, atol=1e-6)


@pytest.mark.parametrize(
    ("grid", "cell_px", "aspect", "expected"),
    [
        ((64, 64), 16.0, 1.0, (1024, 1024)),
        ((48, 64), 0.25, 1.0, (12, 16)),
        ((3, 5), 0.25, 1.0, (1, 1)),
        ((40, 30), 4.0, 4.0, (80, 240)),  # cells four times as wide as high: 8 x 2 px, 4 px as a square
    ],
)
def test_view_shape(grid, cell_px, aspect, expected):
    assert view_shape(grid, cell_px, aspect) == expected


@pytest.mark.parametrize(("grid", "cell_px"), [((0, 4), 1.0), ((4, 0), 1.0), ((4, 4), 0.0), ((4, 4), float("nan"))])
def test_view_shape_refuses_nothing(grid, cell_px):
    with pytest.raises(GridError):
        view_shape(grid, cell_px)


@pytest.mark.parametrize(
    ("size", "aspect", "box"),
    [
        ((300, 200), 1.0, (50.0, 0.0, 250.0, 200.0)),
        ((200, 300), 1.0, (0.0, 50.0, 200.0, 250.0)),
        ((300, 200), 1.5, (0.0, 0.0, 300.0, 200.0)),
        ((101, 100), 1.0, (0.5, 0.0, 100.5, 100.0)),
    ],
)
def test_centred_box(size, aspect, box):
    assert centred_box(size, aspect) == box


@pytest.mark.parametrize("bad", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3)), np.zeros((0, 4, 3), np.uint8)])
def test_check_picture_names_the_culprit(bad):
    with pytest.raises(ImageError, match="the target must be"):
        check_picture(bad, "target")
