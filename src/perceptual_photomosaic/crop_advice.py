"""Advice where much of the target would be cropped: how much, and which options avoid it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from perceptual_photomosaic.config import MosaicOptions
from perceptual_photomosaic.errors import MosaicError
from perceptual_photomosaic.grid import Grid
from perceptual_photomosaic.render.sizes import is_landscape, parse_size, shown, unit_of

__all__ = ["CROP_SAID", "about_crop"]

CROP_SAID = 0.05
"""Share of the target; a larger crop is reported before all else."""

_CLOSE = 0.025
_FAR_OFF = 400  # numbers of cells that are tried above and below

GridOf = Callable[[MosaicOptions], Grid]


def about_crop(options: MosaicOptions, grid: Grid, target_px: tuple[int, int], grid_of: GridOf) -> str:
    """Return a line on how much of the target is cropped and which options avoid it, if it is more than 5%.

    Args:
        options: The settings as they were asked for.
        grid: The grid that they make.
        target_px: (width, height) of the target.
        grid_of: Returns the grid of other settings, or raises a MosaicError. All advice is tested with it.
    Returns:
        One line; empty where at most 5% is cropped.
    """
    if _crop(grid) <= CROP_SAID:
        return ""
    across, down = grid.cropped
    sides = "left and right" if across > down else "top and bottom"
    reason = "" if options.size is None else f" to fit {shown(options.size, is_landscape(*target_px))}"
    instead = ["write --fit pad to keep all of it"] if _crops_little(replace(options, fit="pad"), grid_of) else []
    others = _other_counts if options.size is None else _other_sizes
    other = next(others(options, grid, target_px, grid_of), "")
    if other:
        instead.append(other if instead or other.startswith("leave") else f"write {other}")
    return (
        f"the target is cropped by {_crop(grid):.0%} ({sides}){reason}{'; ' if instead else ''}{', or '.join(instead)}"
    )


def _crop(grid: Grid) -> float:
    return max(grid.cropped)


def _crops_little(options: MosaicOptions, grid_of: GridOf, at_most: float = CROP_SAID) -> bool:
    try:
        return _crop(grid_of(options)) <= at_most
    except MosaicError:
        return False


def _other_sizes(options: MosaicOptions, grid: Grid, target_px: tuple[int, int], grid_of: GridOf) -> Iterator[str]:
    """Yield sizes in the target's shape: the size turned, or with its cropped side made longer."""
    assert options.size is not None
    plain = options.size.rstrip().removesuffix("!")
    if plain != options.size and _crops_little(replace(options, size=plain), grid_of):
        yield f"--size {plain}"
    size = parse_size(options.size, landscape=is_landscape(*target_px))
    unit, scale = unit_of(options.size)
    shape = target_px[0] / target_px[1]
    across, down = grid.cropped
    width, height = (size.height * shape, size.height) if across > down else (size.width, size.width / shape)
    for at_most in (_CLOSE, CROP_SAID):
        for digits in range(4):
            sides = [f"{round(side / scale, digits):.{digits}f}" for side in (width, height)]
            sides = [side.rstrip("0").rstrip(".") if "." in side else side for side in sides]
            text = f"{sides[0]}x{sides[1]}{unit}"
            if _crops_little(replace(options, size=text), grid_of, at_most):
                yield f"--size {text}"


def _other_counts(options: MosaicOptions, grid: Grid, target_px: tuple[int, int], grid_of: GridOf) -> Iterator[str]:
    """Yield advice: leave out the rows, or ask for another number of columns, rows or cells."""
    both = options.columns is not None and options.rows is not None
    if both and _crops_little(replace(options, rows=None), grid_of):
        yield "leave --rows out"
    name = next((name for name in ("columns", "rows", "cells") if getattr(options, name) is not None), "columns")
    asked = grid.columns if getattr(options, name) is None else getattr(options, name)
    without = " without --rows" if both else ""
    for count in _around(asked):
        changed = {"rows": None, name: count} if both else {name: count}
        if _crops_little(replace(options, **changed), grid_of):
            yield f"--{name} {count}{without}"
            return


def _around(count: int) -> Iterable[int]:
    """Yield whole numbers around another, the nearest first."""
    for step in range(1, _FAR_OFF):
        yield count + step
        if count > step:
            yield count - step
