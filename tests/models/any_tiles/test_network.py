"""The network for any tiles: tiles in any order, copies, tiles left out, grids of any shape, and torch."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from perceptual_photomosaic.features.traits import Traits
from perceptual_photomosaic.models.any_tiles.inputs import BANDS, group_of_band, phases, see
from perceptual_photomosaic.models.any_tiles.network import PLAIN_WEIGHTS, ConditionedMosaicNet, nearest
from tests.assign.problems import grainy_patches, smooth_patches

SHAPE = (6, 7)
CELLS = Traits(smooth_patches(42, 0))
TILES = grainy_patches(30, 1)


def logits_of(tiles: NDArray[np.float32], cells: Traits = CELLS, shape: tuple[int, int] = SHAPE) -> NDArray[np.float32]:
    network = ConditionedMosaicNet.shipped()
    keys = network.keys(Traits(tiles))
    return network.queries(cells, shape, keys) @ keys.keys.T


def test_bands_are_a_rotation_of_the_colours() -> None:
    """Their squares add up to the mean square, and those of the first three are the mean."""
    traits = Traits(TILES)
    seen, colours = see(traits), traits.colours(8)
    assert seen.bands.shape == (30, BANDS)
    for number in range(30):
        bands = seen.bands[number, :-3].reshape(3, 64)
        assert np.square(bands).sum() == pytest.approx(np.square(colours[number]).mean(axis=1).sum(), rel=1e-4)
        assert bands[:, 0] == pytest.approx(colours[number].mean(axis=1), rel=1e-4, abs=1e-5)
    for group in range(10):
        own = np.square(seen.bands[:, group_of_band() == group]).sum(axis=1)
        assert seen.energies[:, group] == pytest.approx(own, rel=1e-4, abs=1e-6)


def test_spread_is_the_variance_of_each_quarter() -> None:
    traits = Traits(TILES)
    luma = traits.luma(8).reshape(-1, 8, 8)
    for number, (down, right) in enumerate([(0, 0), (0, 4), (4, 0), (4, 4)]):
        own = luma[:, down : down + 4, right : right + 4].reshape(30, -1).var(axis=1)
        assert see(traits).spread[:, number] == pytest.approx(own, abs=1e-5)


def test_the_nearest_tile_is_that_of_brute_force() -> None:
    cells, tiles = see(CELLS), see(Traits(TILES))
    weights = PLAIN_WEIGHTS[group_of_band()]
    far = (np.square(cells.bands[:, None].astype(float) - tiles.bands) * weights).sum(axis=2)
    np.testing.assert_array_equal(nearest(cells, tiles), far.argmin(axis=1))


def test_another_order_of_tiles_gives_the_answer_in_that_order() -> None:
    order = np.random.default_rng(0).permutation(30)
    before, after = logits_of(TILES), logits_of(TILES[order])
    np.testing.assert_allclose(after, before[:, order], rtol=1e-3, atol=2e-3)
    np.testing.assert_array_equal(order[after.argmax(axis=1)], before.argmax(axis=1))


def test_keys_are_computed_once_for_the_same_tiles() -> None:
    network, tiles = ConditionedMosaicNet.shipped(), Traits(TILES)
    assert network.keys(tiles) is network.keys(tiles)
    assert network.keys(tiles) is not network.keys(tiles, narrow=True)
    assert network.keys(tiles) is not network.keys(Traits(TILES))


def test_copies_share_their_key_and_their_coefficient() -> None:
    """They agree to the last digits, which a matrix product may round differently."""
    twice = np.concatenate([TILES, TILES[:5]])
    keys = ConditionedMosaicNet.shipped().keys(Traits(twice)).keys
    np.testing.assert_allclose(keys[:5], keys[30:], rtol=1e-5, atol=1e-5)
    both = logits_of(twice)
    np.testing.assert_allclose(both[:, :5], both[:, 30:], rtol=1e-4, atol=1e-3)


def test_a_tile_that_is_never_chosen_can_be_left_out_of_the_keys() -> None:
    network = ConditionedMosaicNet.shipped()
    keys = network.keys(Traits(TILES))
    queries = network.queries(CELLS, SHAPE, keys)
    chosen = (queries @ keys.keys.T).argmax(axis=1)
    kept = np.unique(chosen)
    assert len(kept) < 30
    np.testing.assert_array_equal(kept[(queries @ keys.keys[kept].T).argmax(axis=1)], chosen)


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (13, 2)])
@pytest.mark.parametrize("tiles", [1, 2, 30])
def test_grids_and_sets_of_any_size(shape: tuple[int, int], tiles: int) -> None:
    cells = Traits(smooth_patches(shape[0] * shape[1], 3))
    found = logits_of(TILES[:tiles], cells, shape)
    assert found.shape == (shape[0] * shape[1], tiles)
    assert np.isfinite(found).all()


def test_phases_repeat_after_four_cells() -> None:
    pattern = phases((8, 12)).reshape(8, 12, 7)
    np.testing.assert_array_equal(pattern[:4, :4], pattern[4:, 8:])
    assert len(np.unique(pattern[:4, :4].reshape(16, 7), axis=0)) == 16
    assert pattern.min() == -1
    assert pattern.max() == 1


@pytest.mark.parametrize("parts", [{}, {"blocks": 0}, {"summary": False}, {"distance": False}])
def test_torch_computes_the_same(parts: dict[str, int]) -> None:
    torch = pytest.importorskip("torch", reason="the perceptual extra is not installed")
    from perceptual_photomosaic.training.any_tiles.torch_network import Architecture, TorchNetwork

    torch.manual_seed(0)
    network = TorchNetwork(Architecture(**parts))
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.02 * torch.randn_like(parameter))
    plain = ConditionedMosaicNet(network.plain())
    for narrow in (False, True):
        keys = plain.keys(Traits(TILES), narrow=narrow)
        own = plain.queries(CELLS, SHAPE, keys) @ keys.keys.T
        with torch.no_grad():
            theirs = network(see(CELLS), SHAPE, network.keys(see(Traits(TILES)), narrow=narrow)).numpy()
        np.testing.assert_allclose(own, theirs, rtol=1e-4, atol=1e-3)


def test_without_training_it_takes_the_nearest_patch() -> None:
    torch = pytest.importorskip("torch", reason="the perceptual extra is not installed")
    from perceptual_photomosaic.training.any_tiles.torch_network import TorchNetwork

    torch.manual_seed(0)
    network = ConditionedMosaicNet(TorchNetwork().plain())
    keys = network.keys(Traits(TILES))
    chosen = (network.queries(CELLS, SHAPE, keys) @ keys.keys.T).argmax(axis=1)
    assert (chosen == nearest(see(CELLS), keys.seen)).mean() > 0.9
