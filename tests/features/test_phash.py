"""Perceptual hashes and the groups of pictures that look alike."""

from __future__ import annotations

import numpy as np
from PIL import Image

from perceptual_photomosaic.features import phash
from perceptual_photomosaic.features.colour import linear_to_oklab
from perceptual_photomosaic.features.patches import tile_patches
from perceptual_photomosaic.features.phash import largest_of_each, near_copy_groups, perceptual_hashes
from tests.library.conftest import smooth


def test_hashes_stay_while_photos_are_re_encoded_and_differ_between_photos() -> None:
    pressed = np.stack([smooth(seed, (96, 96)) for seed in range(40)])
    small = np.stack(
        [np.asarray(Image.fromarray(p).resize((40, 40)).resize((96, 96), Image.Resampling.BICUBIC)) for p in pressed]
    )
    hashes, again = perceptual_hashes(pressed), perceptual_hashes(small)
    assert np.bitwise_count(hashes ^ again).max() <= 3
    apart = np.bitwise_count(hashes[:, None] ^ hashes)
    assert apart[~np.eye(40, dtype=bool)].min() > 3


def test_groups_are_those_that_comparing_all_with_all_finds() -> None:
    rng = np.random.default_rng(0)
    base = rng.integers(0, 2**63, 60, dtype=np.uint64)
    flips = np.array(
        [sum(1 << int(b) for b in rng.choice(64, n, replace=False)) for n in rng.integers(0, 6, 60)], np.uint64
    )
    hashes = np.concatenate([base, base ^ flips, base[:5]])
    features = np.tile(rng.random((60, 8, 8, 3), np.float32), (3, 1, 1, 1))[: len(hashes)]
    features[60::3] += np.float32(0.019)
    features[61::3] += np.float32(0.021)  # too far, although the hash is near
    order = rng.permutation(len(hashes))
    hashes, features = hashes[order], features[order]
    near = np.bitwise_count(hashes[:, None] ^ hashes) <= 3
    near &= np.sqrt(np.square(features[:, None] - features).mean(axis=(2, 3, 4))) < 0.02
    expected = np.arange(len(hashes))
    for _ in hashes:
        expected = np.where(near, expected, len(hashes)).min(axis=1)
    numbers = np.unique(expected, return_inverse=True)[1]
    assert 60 < numbers.max() + 1 < len(hashes) - 10
    assert near_copy_groups(hashes, features).tolist() == numbers.tolist()
    rows = rng.permutation(len(hashes))
    assert near_copy_groups(hashes[rows], features, rows).max() == numbers.max()


def test_flat_colours_are_never_alike() -> None:
    """All have the same hash, up to rounding, and each colour is near the next."""
    greys = np.broadcast_to(np.arange(256, dtype=np.uint8)[:, None, None, None], (256, 32, 32, 3))
    features = linear_to_oklab(tile_patches(greys)).astype(np.float32)
    assert near_copy_groups(perceptual_hashes(greys), features).tolist() == list(range(256))


def test_very_many_copies_are_one_group(monkeypatch) -> None:
    one = smooth(5, (32, 32))[None]
    hashes = np.repeat(perceptual_hashes(one), 3000)
    features = np.repeat(linear_to_oklab(tile_patches(one)).astype(np.float32), 3000, axis=0)
    compared = []
    monkeypatch.setattr(phash, "groups_of_pairs", lambda *of: compared.append(len(of[1])) or np.zeros(of[0], int))
    assert not near_copy_groups(hashes, features).any()
    assert compared == [2999]  # not the four million pairs


def test_the_largest_of_each_group_and_the_first_of_equals() -> None:
    groups, sizes = np.array([0, 1, 0, 2, 1, 0]), np.array([5, 7, 9, 1, 7, 9])
    assert largest_of_each(groups, sizes).tolist() == [2, 1, 3]
    assert largest_of_each(groups[:0], sizes[:0]).tolist() == []
