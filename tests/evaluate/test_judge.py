from __future__ import annotations

import importlib.metadata
import sys

import numpy as np
import pytest

from perceptual_photomosaic.errors import MissingExtraError
from perceptual_photomosaic.evaluate.flip import flip_error
from perceptual_photomosaic.evaluate.judge import MIN_SIDE_PX, load_judge


def smooth_picture() -> np.ndarray:
    y, x = np.mgrid[0:48, 0:64] / 48
    return np.stack([x / 1.4, y, (x - y) ** 2], axis=-1).clip(0, 1)


@pytest.fixture
def judge():
    pytest.importorskip("torch")
    try:
        return load_judge()
    except MissingExtraError as error:
        pytest.skip(str(error))


def test_the_judge_says_what_the_published_network_says(judge):
    picture = smooth_picture()
    distance = judge.distance(judge.features(picture), judge.features(picture[:, ::-1]))
    assert distance == pytest.approx(0.51903611, abs=1e-4)  # from the authors' class, version ST0.0, on this pair


def test_the_judge_is_zero_on_equals_and_symmetric(judge):
    one = judge.features(smooth_picture())
    two = judge.features(np.random.default_rng(0).random((48, 64, 3)))
    assert judge.distance(one, one) == 0
    assert judge.distance(one, two) == pytest.approx(judge.distance(two, one))


def test_the_smallest_picture_is_large_enough(judge):
    picture = smooth_picture()[:MIN_SIDE_PX, :MIN_SIDE_PX]
    assert np.isfinite(judge.distance(judge.features(picture), judge.features(1 - picture)))


def test_missing_weights_are_named(monkeypatch):
    def absent(name: str) -> None:
        raise importlib.metadata.PackageNotFoundError(name)

    load_judge.cache_clear()
    monkeypatch.setattr(importlib.metadata, "distribution", absent)
    with pytest.raises(MissingExtraError, match=r"perceptual judge needs the 'eval' extra"):
        load_judge()


def test_flip_is_zero_on_equals_and_one_at_most():
    pytest.importorskip("flip_evaluator")
    white, black = np.ones((40, 40, 3)), np.zeros((40, 40, 3))
    assert flip_error(smooth_picture(), smooth_picture()) == 0
    assert flip_error(white, black) == pytest.approx(0.96, abs=0.05)


def test_missing_flip_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "flip_evaluator", None)
    with pytest.raises(MissingExtraError, match=r"FLIP error needs the 'eval' extra"):
        flip_error(np.ones((8, 8, 3)), np.ones((8, 8, 3)))
