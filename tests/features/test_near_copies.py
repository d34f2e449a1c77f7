"""Near copies share a number, and no other pictures do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from perceptual_photomosaic.features import near_copies as module
from perceptual_photomosaic.features.colour import linear_to_din99d, linear_to_srgb, to_linear
from perceptual_photomosaic.features.near_copies import same_pictures
from perceptual_photomosaic.features.patches import reduce_patches


def scenes(count: int, seed: int, side: int = 8) -> NDArray[np.float32]:
    """Return random pictures of large shapes, linear light, (count, side, side, 3)."""
    random = np.random.default_rng(seed)
    coarse = random.uniform(0.02, 0.9, (count, 4, 4, 3)).astype(np.float32)
    return coarse.repeat(side // 4, axis=1).repeat(side // 4, axis=2)


def light_of(srgb: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return the linear light of sRGB values in [0, 1], rounded to eight bits."""
    return to_linear(np.rint(255 * np.clip(srgb, 0, 1)).astype(np.uint8))


def eight_ways(picture: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    return [np.rot90(each, turns) for each in (picture, picture[:, ::-1]) for turns in range(4)]


def slow_numbers(patches: NDArray[np.float32]) -> list[int]:
    """Number pictures by comparing all pairs in all eight ways and growing groups from their first members."""
    colours = [linear_to_din99d(reduce_patches(patch[None], 8))[0].astype(float) for patch in patches]

    def alike(one: int, other: int) -> bool:
        return any(
            np.sqrt(np.square(colours[one] - way).sum(axis=2).mean()) < 0.03 for way in eight_ways(colours[other])
        )

    numbers = [-1] * len(patches)
    for first in range(len(patches)):
        if numbers[first] < 0:
            numbers[first] = max(numbers) + 1
            queue = [first]
            while queue:
                one = queue.pop()
                for other in range(len(patches)):
                    if numbers[other] < 0 and alike(one, other):
                        numbers[other] = numbers[first]
                        queue.append(other)
    return numbers


@given(st.integers(1, 14), st.floats(0, 0.08), st.sampled_from([8, 16]), st.integers(0, 999))
@settings(max_examples=15)
def test_the_same_as_looking_at_all_pairs(count: int, noise: float, side: int, seed: int) -> None:
    """Some pictures are turned and get more or less noise, so some pairs are near copies and some just not."""
    random = np.random.default_rng(seed)
    originals = linear_to_srgb(scenes(3, seed, side))
    patches = []
    for number in random.integers(0, 3, count):
        turned = eight_ways(originals[number])[random.integers(8)]
        disturbed = turned + random.uniform(-noise, noise) + random.normal(0, noise / 2, turned.shape)
        patches.append(light_of(disturbed))
    assert same_pictures(np.stack(patches)).tolist() == slow_numbers(np.stack(patches))


@pytest.mark.parametrize("way", range(8))
def test_turned_and_mirrored_pictures_are_the_same(way: int) -> None:
    pictures = scenes(5, 1)
    both = np.concatenate([pictures, eight_ways(pictures[3])[way][None]])
    assert same_pictures(both).tolist() == [0, 1, 2, 3, 4, 3]


def test_a_little_brighter_or_recompressed_is_the_same_and_much_brighter_is_not() -> None:
    pictures = linear_to_srgb(scenes(4, 2)) * np.float32(0.8)
    noise = np.random.default_rng(0).normal(0, 0.01, pictures[1].shape).astype(np.float32)
    others = np.stack([pictures[0] + np.float32(0.012), pictures[1] + noise, pictures[2] + np.float32(0.12)])
    numbers = same_pictures(light_of(np.concatenate([pictures, others])))
    assert numbers.tolist() == [0, 1, 2, 3, 0, 1, 4]


def test_different_pictures_of_one_mean_colour_are_different() -> None:
    """The same colours in other places are another picture, and so is the flat mean."""
    one = scenes(1, 5)
    shuffled = one[:, ::2, ::2].reshape(1, 16, 3)[:, np.random.default_rng(1).permutation(16)]
    other = shuffled.reshape(1, 4, 4, 3).repeat(2, axis=1).repeat(2, axis=2)
    flat = np.broadcast_to(one.mean(axis=(1, 2), keepdims=True), one.shape)
    assert same_pictures(np.concatenate([one, other, flat])).tolist() == [0, 1, 2]


def test_a_row_of_near_copies_is_one_picture() -> None:
    """Each tone is near the next, though the last is far from the first; the order makes no difference."""
    steps = np.linspace(0.3, 0.6, 25, dtype=np.float32)
    frames = light_of(np.broadcast_to(steps[:, None, None, None], (25, 8, 8, 3)))
    assert np.linalg.norm(linear_to_din99d(frames[0, 0, 0]) - linear_to_din99d(frames[-1, 0, 0])) > 0.2
    order = np.random.default_rng(3).permutation(25)
    assert not same_pictures(frames[order]).any()
    without_the_middle = np.delete(frames, np.s_[9:16], axis=0)
    assert same_pictures(without_the_middle).tolist() == [0] * 9 + [1] * 9


def test_numbers_come_in_the_order_of_first_tiles_without_gaps() -> None:
    pictures = scenes(3, 7)
    assert same_pictures(pictures[[2, 0, 0, 2, 1, 0]]).tolist() == [0, 1, 1, 0, 2, 1]
    numbers = same_pictures(scenes(40, 9))
    assert numbers.dtype == np.int64
    assert numbers.tolist() == list(range(40))


def test_one_tile_flat_tiles_and_tiny_ones() -> None:
    assert same_pictures(scenes(1, 0)).tolist() == [0]
    assert same_pictures(np.full((6, 8, 8, 3), 0.4, np.float32)).tolist() == [0] * 6
    tones = np.linspace(0, 1, 9, dtype=np.float32)[:, None, None, None] * np.ones((9, 8, 8, 3), np.float32)
    assert same_pictures(tones).tolist() == list(range(9))
    assert same_pictures(tones[:, :4, :4]).tolist() == list(range(9))


def test_many_pairs_are_looked_at_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(4)
    patches = scenes(12, 3)[random.integers(0, 12, 60)]
    whole = same_pictures(patches)
    assert len(set(whole.tolist())) == len(np.unique(patches.reshape(60, -1), axis=0))
    monkeypatch.setattr(module, "_PAIRS", 50)
    assert same_pictures(patches).tolist() == whole.tolist()
