"""Candidates are the network's, and those with the nearest mean colours."""

from __future__ import annotations

import numpy as np

from perceptual_photomosaic.assign.limits import Limits
from perceptual_photomosaic.assign.solve.candidates import with_nearest_means
from tests.assign.problems import problem_of, small_problem


def test_the_nearest_means_are_added() -> None:
    problem = small_problem((5, 7), tiles=40, limits=Limits(banned=frozenset({3, 8})))
    listed = np.tile(np.array([5, 6], np.int32), (35, 1))
    found = with_nearest_means(problem, listed)
    np.testing.assert_array_equal(found[:, :2], listed)
    assert not np.isin(found, [3, 8]).any()
    wanted, offered = (traits.colours(1)[:, :, 0] for traits in (problem.cell_traits, problem.choice_traits))
    for cell in range(35):
        far = np.square(wanted[cell] - offered).sum(axis=1)
        far[[3, 8]] = np.inf
        np.testing.assert_array_equal(found[cell, 2:], np.argsort(far)[:4])


def test_the_only_tile_of_a_hue_is_found_though_it_is_less_smooth() -> None:
    """Among a hundred plain grey tiles, a plain red cell has a striped red tile as a candidate."""
    greys = np.linspace(0.05, 0.9, 100, dtype=np.float32)[:, None, None, None] * np.ones((8, 8, 3), np.float32)
    striped = np.zeros((1, 8, 8, 3), np.float32)
    striped[:, :, ::2] = 1.0, 0.9, 0.9
    striped[:, :, 1::2] = 0.2, 0.0, 0.0
    cell = striped.mean(axis=(1, 2), keepdims=True) * np.ones((1, 8, 8, 3), np.float32)
    problem = problem_of(cell, np.concatenate([greys, striped]), (1, 1))
    assert 100 in with_nearest_means(problem, np.empty((1, 0), np.int32))[0]
