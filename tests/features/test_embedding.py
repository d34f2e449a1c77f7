"""The embedding of patches against VGG16, which taught it, and against a loop over its layers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray
from PIL import Image
from safetensors.numpy import load_file

from perceptual_photomosaic.features.colour import linear_to_srgb
from perceptual_photomosaic.features.embedding import WEIGHTS, embed
from perceptual_photomosaic.features.patches import cell_patches, fit_target
from perceptual_photomosaic.features.vgg import VGG16
from perceptual_photomosaic.features.weights import load_vgg_weights
from perceptual_photomosaic.grid import Grid
from perceptual_photomosaic.training.distil import distil, seen_by_vgg


def photo_patches(side: int, cut_px: int = 8) -> NDArray[np.float32]:
    """Patches of real photos in linear light, (N, side, side, 3), from cuts of `cut_px`."""
    found = []
    for name in ("astronaut", "chelsea", "coffee"):
        picture = getattr(skimage.data, name)()
        rows, columns = (length // cut_px for length in picture.shape[:2])
        grid = Grid.fit((picture.shape[1], picture.shape[0]), rows=rows, columns=columns)
        found.append(cell_patches(fit_target(picture, grid, (columns * side, rows * side)), grid)[::7])
    return np.concatenate(found)


def test_it_is_what_its_layers_say() -> None:
    patches = photo_patches(8)[:20]
    stored = load_file(WEIGHTS)
    layers = [(stored[f"matrix{n}"].astype(float), stored[f"offset{n}"].astype(float)) for n in range(4)]
    for patch, point in zip(patches, embed(patches), strict=True):
        quarters = [patch[r : r + 4, c : c + 4].mean(axis=(0, 1)) for r in (0, 4) for c in (0, 4)]
        values = linear_to_srgb(np.stack(quarters)).ravel().astype(float) * 2 - 1
        for number, (matrix, offset) in enumerate(layers):
            values = np.array([(values * column).sum() for column in matrix.T]) + offset
            values = values if number == 3 else np.maximum(values, 0)
        np.testing.assert_allclose(point, values, atol=1e-4)


@pytest.mark.parametrize("cut_px", [4, 16])
def test_distances_are_those_of_vgg16(cut_px: int) -> None:
    """On photos that it was not taught from."""
    patches = photo_patches(2, cut_px)[:2000]
    seen = seen_by_vgg(VGG16(load_vgg_weights()), patches).numpy()
    other = np.random.default_rng(0).permutation(len(patches))
    distances = [np.square(points - points[other]).sum(axis=1) for points in (embed(patches), seen)]
    assert np.corrcoef(*distances)[0, 1] > 0.98
    assert np.abs(distances[0] - distances[1]).mean() < 0.1 * distances[1].mean()


def test_grain_is_seen_where_colours_hardly_differ() -> None:
    """The point of it: as far in colour, a step inside a patch is more than another shade."""
    flat = np.full((1, 2, 2, 3), 0.4, np.float32)
    shade, grain = flat + np.float32(0.03), flat + np.array([[0.03, -0.03], [-0.03, 0.03]], np.float32)[..., None]
    apart = [float(np.square(embed(patch) - embed(flat)).sum()) for patch in (shade, grain)]
    assert apart[1] > 2 * apart[0]


def test_it_can_be_taught_again(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    for name in ("astronaut", "chelsea"):
        Image.fromarray(getattr(skimage.data, name)()).save(tmp_path / "photos" / f"{name}.png")
    (tmp_path / "photos" / "broken.jpg").write_bytes(b"no picture")
    out = tmp_path / "taught.safetensors"
    unexplained, correlation = distil(tmp_path / "photos", out, patches=9000, epochs=30)
    assert unexplained < 0.2
    assert correlation > 0.85
    taught, shipped = load_file(out), load_file(WEIGHTS)
    assert {name: values.shape for name, values in taught.items()} == {
        name: values.shape for name, values in shipped.items()
    }
