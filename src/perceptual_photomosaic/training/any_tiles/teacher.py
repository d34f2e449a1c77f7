"""The making of examples: random problems, and the solver's answers to them, kept as files.

The seed and the number of an example alone decide its problem, so work that was interrupted goes on with the files that
are missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.errors import ImageError
from perceptual_photomosaic.features.colour import to_linear
from perceptual_photomosaic.features.patches import reduce_patches
from perceptual_photomosaic.image import decode
from perceptual_photomosaic.models.any_tiles.network import ConditionedMosaicNet
from perceptual_photomosaic.progress import SILENT, Reporter
from perceptual_photomosaic.training.any_tiles.examples import (
    Example,
    answer,
    draw_target,
    fitted,
    read_example,
    write_example,
)
from perceptual_photomosaic.training.any_tiles.tile_sets import TileSets
from perceptual_photomosaic.training.data import list_pictures

__all__ = ["Pictures", "load_pictures", "make_examples"]

_TARGET_PX, _TILE_PX = 384, 96
"""Side of the pictures as targets and as tiles."""
_ROTATION = ("photos", "emoji", "letters", "photos", "slices", "colours")
"""The families of validation examples, in turn."""


@dataclass(frozen=True)
class Pictures:
    """Pictures to draw problems from.

    Attributes:
        targets: sRGB, uint8, (N, 384, 384, 3).
        photos: The same in linear light, float16, (N, 96, 96, 3).
    """

    targets: NDArray[np.uint8]
    photos: NDArray[np.float16]


def load_pictures(folder: str, reporter: Reporter = SILENT) -> Pictures:
    """Read the central squares of all pictures in a folder. Those that cannot be read are left out, and counted.

    Raises:
        TileError: There is no such folder.
        ImageError: It contains no picture that can be read.
    """
    paths = list_pictures(folder)
    squares, lost = [], 0
    with reporter.stage("reading pictures", len(paths), "pictures") as stage:
        for path in paths:
            try:
                squares.append(decode(path, (_TARGET_PX, _TARGET_PX)))
            except ImageError:
                lost += 1
            stage.advance()
    if not squares:
        raise ImageError(f"no picture in {folder} can be read")
    if lost:
        reporter.note(f"left out {lost:,} of {len(paths):,} pictures in {folder}: they cannot be read")
    small = [reduce_patches(to_linear(square)[None], _TILE_PX)[0].astype(np.float16) for square in squares]
    return Pictures(np.stack(squares), np.stack(small))


def make_examples(
    folder: Path,
    count: int,
    pictures: Pictures,
    *,
    cells: int,
    seed: int,
    fonts: Sequence[str] = (),
    held_out: bool = False,
    network: ConditionedMosaicNet,
    reporter: Reporter = SILENT,
) -> list[Example]:
    """Read the examples of a folder, and make those that it lacks or that are damaged.

    Args:
        folder: The folder of the files.
        count: The number of examples.
        pictures: Pictures to draw from.
        cells: Rows and columns.
        seed: Decides the problems.
        fonts: Font files or families for letters, besides the built-in font.
        held_out: Draw from the other half of the emoji, and from the families in turn, for validation.
        network: The network that lists the candidates and the start of the solver.
        reporter: Receives progress.
    Returns:
        The examples, by their numbers.
    """
    folder.mkdir(parents=True, exist_ok=True)
    sets = TileSets(pictures.photos, fonts, emoji_part=int(held_out))
    examples = []
    with reporter.stage("solving examples", count, "examples") as stage:
        for number in range(count):
            path = folder / f"{number:06d}.npz"
            example = read_example(path)
            if example is None:
                family = _ROTATION[number % len(_ROTATION)] if held_out else ""
                random = np.random.default_rng([seed, held_out, number])
                example = _draw(pictures, sets, cells, random, family, network)
                write_example(path, example)
            examples.append(example)
            stage.advance()
    return examples


def _draw(
    pictures: Pictures,
    sets: TileSets,
    cells: int,
    random: np.random.Generator,
    family: str,
    network: ConditionedMosaicNet,
) -> Example:
    target = draw_target(pictures.targets[int(random.integers(len(pictures.targets)))], cells, random)
    drawn = sets.draw(random, family)
    return answer(*fitted(target, (cells, cells), drawn), drawn.family, network)
