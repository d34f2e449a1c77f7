"""What suits cells best that have to share a pool of tiles."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from perceptual_photomosaic.assign.solve.limited import nearest_in_pool
from tests.assign.problems import small_problem


@given(st.integers(1, 9), st.integers(1, 20), st.integers(1, 25), st.integers(0, 999))
@settings(max_examples=20)
def test_what_suits_cells_best_that_have_to_share(cells: int, pool: int, count: int, seed: int) -> None:
    """The result is that of a loop over products of differences from the mean."""
    problem = small_problem((3, 3), tiles=20, seed=seed)
    random = np.random.default_rng(seed)
    some, shared = random.permutation(9)[:cells], random.permutation(20)[:pool]
    found = nearest_in_pool(problem, some, shared, count)
    assert found.shape == (cells, min(count, pool))
    assert np.isin(found, shared).all()
    wanted, offered = problem.cell_traits.descriptors[some], problem.choice_traits.descriptors[shared]
    wanted, offered = wanted - wanted.mean(axis=0), offered - offered.mean(axis=0)
    for place, row in enumerate(found):
        assert len(set(row)) == len(row)
        alike = {int(choice): float(wanted[place] @ offered[number]) for number, choice in enumerate(shared)}
        left_out = [alike[choice] for choice in alike if choice not in row]
        assert not left_out or min(alike[int(choice)] for choice in row) >= max(left_out) - 1e-3
