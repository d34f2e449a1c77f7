"""Threads: sums that decide a mosaic have one order on any machine."""

from __future__ import annotations

import numpy as np
from threadpoolctl import threadpool_info, threadpool_limits

from perceptual_photomosaic.assign.answer_cache import assign_cached
from perceptual_photomosaic.assign.limits import Limits
from perceptual_photomosaic.assign.problem import Assignment, Problem
from perceptual_photomosaic.grid import Grid
from perceptual_photomosaic.progress import SILENT, Reporter
from perceptual_photomosaic.threads import one_blas_thread
from perceptual_photomosaic.tiles.arrays import ArrayTiles


def blas_threads() -> list[int]:
    np.ones((2, 2)) @ np.ones((2, 2))
    return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]


class Asks:
    """A method that records the number of threads that it may use."""

    seen: list[int]

    def assign(self, problem: Problem, *, reporter: Reporter = SILENT) -> Assignment:
        self.seen = blas_threads()
        return Assignment(np.zeros(problem.grid.shape, np.int64), {})


def test_methods_choose_on_one_thread_of_blas() -> None:
    grid = Grid(2, 3, (1, 1), (0, 0, 3, 2))
    cells, choices = np.zeros((6, 8, 8, 3), np.float32), np.zeros((1, 8, 8, 3), np.float32)
    picture = np.zeros((2, 3, 3), np.uint8)
    problem = Problem(grid, cells, choices, ArrayTiles(np.zeros((1, 1, 1, 3), np.uint8)), picture, Limits())
    method = Asks()
    with threadpool_limits(2, user_api="blas"):
        before = blas_threads()
        assign_cached(method, problem, None)
        assert blas_threads() == before
    assert before, "numpy has a BLAS"
    assert set(method.seen) == {1}


def test_products_are_the_same_with_any_number_of_threads() -> None:
    random = np.random.default_rng(0)
    one, two = random.random((700, 255), np.float32), random.random((255, 919), np.float32)

    def product(threads: int) -> bytes:
        with threadpool_limits(threads, user_api="blas"), one_blas_thread():
            return (one @ two).tobytes()

    assert product(1) == product(2)
