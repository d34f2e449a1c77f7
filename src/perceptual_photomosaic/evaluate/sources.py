"""The grid of a mosaic and the tile of each cell, read from a plan or an index."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from perceptual_photomosaic.errors import GridError, PlanError
from perceptual_photomosaic.evaluate.matching import assignment_from_picture
from perceptual_photomosaic.features.patches import framed
from perceptual_photomosaic.plan import Plan
from perceptual_photomosaic.tiles.spec import parse_colour

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from perceptual_photomosaic.evaluate.views import Box

__all__ = ["KnownGrid", "parse_grid", "read_grid", "read_grids"]


@dataclass(frozen=True)
class KnownGrid:
    """The cells of a mosaic: their grid, their tiles, and the part of the target that they cover.

    Attributes:
        grid_shape: (rows, cols).
        assignment: Tile number of each cell, (rows, cols); None when not known.
        box: Part of the target that the grid covers, in target pixels; None for the largest centred part.
        target: Path of the target, where a plan names it.
        background: sRGB colour behind a target that is padded or transparent.
    """

    grid_shape: tuple[int, int]
    assignment: NDArray[np.int64] | None = None
    box: Box | None = None
    target: str | None = None
    background: tuple[int, int, int] = (255, 255, 255)

    def tiles_of(self, mosaic: NDArray[np.uint8]) -> NDArray[np.int64] | None:
        """Return the tile number of each cell: as known, or else found by comparing the cells of the mosaic.

        Args:
            mosaic: uint8, (H, W, 3), the whole grid and nothing else.
        Returns:
            Tile numbers, (rows, cols); None where cells are too small to be compared.
        """
        return assignment_from_picture(mosaic, self.grid_shape) if self.assignment is None else self.assignment

    def lay_over(self, target: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], Box | None]:
        """Return the target, padded with the background where the grid reaches beyond it, and the grid's box in it.

        Args:
            target: uint8, (H, W, 3).
        Raises:
            PlanError: The box lies on a target of another size.
        """
        if self.box is None:
            return target, None
        left, top, right, bottom = self.box
        height, width = target.shape[:2]
        wanted = round(left + right), round(top + bottom)  # the box is centred
        if wanted != (width, height):
            raise PlanError(
                f"the plan was made for a target of {wanted[0]} x {wanted[1]} px, this one has {width} x {height}. "
                f"Name that target, or use --grid in place of --plan."
            )
        beyond = max(0.0, -left, -top, right - width, bottom - height)
        border = int(np.ceil(beyond - 1e-6))
        if border == 0:
            return target, self.box
        wider = framed(target, border, self.background)
        return wider, (left + border, top + border, right + border, bottom + border)


def parse_grid(text: str) -> tuple[int, int]:
    """Read a grid like "64x48", columns first.

    Returns:
        (rows, cols).
    Raises:
        GridError: Not two whole numbers above 0.
    """
    match = re.fullmatch(r"\s*(\d+)\s*[x×X*]\s*(\d+)\s*", text)
    columns, rows = (int(match[1]), int(match[2])) if match else (0, 0)
    if rows < 1 or columns < 1:
        raise GridError(f"grid '{text}' is not COLUMNSxROWS with whole numbers above 0. Write it like 64x48.")
    return rows, columns


def read_grid(
    grid: str | None, *, plan: Path | None = None, index: Path | None = None, relative_to: Path | None = None
) -> KnownGrid:
    """Read the layout from a plan, an index or a grid.

    Args:
        grid: "COLUMNSxROWS"; needed only without a plan and an index.
        plan: A plan as `make --plan` writes it.
        index: A table as `make --index` writes it; not with a plan.
        relative_to: Folder at which the plan's paths begin; None takes the plan's own folder.
    Raises:
        GridError: Nothing was given, or the grid differs from the file's.
        PlanError: A file that cannot be used.
    """
    asked = parse_grid(grid) if grid is not None else None
    if plan is not None and index is not None:
        raise PlanError("a plan and an index were both named; one of them is enough.")
    if plan is not None:
        saved = Plan.load(plan, relative_to=relative_to)
        tiles = saved.choices // len(saved.variants)
        behind = parse_colour(saved.settings.get("background", "white"), f"plan '{plan}'")
        layout = KnownGrid(saved.grid.shape, tiles, saved.grid.target_box, saved.target, behind)
    elif index is not None:
        tiles = _read_index(index)
        layout = KnownGrid((tiles.shape[0], tiles.shape[1]), tiles)
    elif asked is not None:
        return KnownGrid(asked)
    else:
        raise GridError("the mosaic's grid is not known. Add --grid COLUMNSxROWS, or the --plan it was made with.")
    if asked is not None and asked != layout.grid_shape:
        rows, cols = layout.grid_shape
        raise GridError(f"--grid says {asked[1]}x{asked[0]}, '{plan or index}' has {cols}x{rows}; leave --grid out.")
    return layout


def read_grids(
    count: int,
    grid: str | None,
    *,
    plans: Sequence[Path] = (),
    indexes: Sequence[Path] = (),
    relative_to: Path | None = None,
) -> list[KnownGrid]:
    """Read the layouts of several mosaics of one target, which must have one grid.

    Args:
        count: Number of mosaics.
        grid: "COLUMNSxROWS"; needed only without plans and indexes.
        plans: One for each mosaic, in their order, or none at all; "-" where there is none.
        indexes: One for each mosaic, in the same way.
        relative_to: Folder at which the plans' paths begin; None takes the folder of each.
    Returns:
        One layout for each mosaic; all have one grid, and those of plans one box.
    Raises:
        GridError: Nothing was given, or the grids differ.
        PlanError: Not one for each mosaic, a file that cannot be used, or plans for different parts of a target.
    """
    for option, files in (("--plan", plans), ("--index", indexes)):
        if files and len(files) != count:
            raise PlanError(
                f"{option} was given {_times(len(files))} for {count} mosaics. Give one for each, in their order, "
                f"and - where there is none."
            )
    named = [
        tuple(None if not files or str(files[k]) == "-" else files[k] for files in (plans, indexes))
        for k in range(count)
    ]
    known = {
        k: read_grid(grid, plan=plan, index=index, relative_to=relative_to)
        for k, (plan, index) in enumerate(named)
        if plan or index
    }
    if not known:
        return [read_grid(grid)] * count
    first, layout = next(iter(known.items()))
    for k, other in known.items():
        here, there = named[first][0] or named[first][1], named[k][0] or named[k][1]
        if other.grid_shape != layout.grid_shape:
            (rows, cols), (more_rows, more_cols) = layout.grid_shape, other.grid_shape
            raise GridError(
                f"'{here}' has {cols}x{rows} cells, '{there}' {more_cols}x{more_rows}. Compare mosaics of one grid."
            )
        if other.box is not None and layout.box is not None and not np.allclose(other.box, layout.box):
            raise PlanError(f"'{here}' and '{there}' show different parts of the target. Compare mosaics of one part.")
        layout = layout if layout.box is not None else other
    return [known.get(k, KnownGrid(layout.grid_shape)) for k in range(count)]


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _read_index(path: Path) -> NDArray[np.int64]:
    """Read tile numbers from a CSV file with the columns row, column and tile; other columns are ignored."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            cells = {(int(line["row"]), int(line["column"])): int(line["tile"]) for line in csv.DictReader(file)}
    except OSError as error:
        raise PlanError(f"index '{path}' cannot be read: {error.strerror}.") from error
    except (KeyError, TypeError, ValueError, csv.Error) as error:
        raise PlanError(f"index '{path}' has no whole numbers under row, column and tile: {error}.") from error
    if not cells:
        raise PlanError(f"index '{path}' lists no cell; make it again with --index.")
    rows, cols = (max(place[axis] for place in cells) + 1 for axis in (0, 1))
    if set(cells) != set(np.ndindex(rows, cols)):
        raise PlanError(f"index '{path}' lists {len(cells)} cells, not all of {rows} rows x {cols} columns.")
    return np.array([cells[place] for place in np.ndindex(rows, cols)], np.int64).reshape(rows, cols)
