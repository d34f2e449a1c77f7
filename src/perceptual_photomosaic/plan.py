"""A plan: everything needed to draw a mosaic again, at any tile size, without choosing again.

The file is JSON that people may read and edit: the grid, the tile set's spec, the name of every tile that is
used, the settings, and one [tile, variant] pair per cell. Tiles are found again by name, so a folder may have gained
photos since.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.errors import PlanError
from perceptual_photomosaic.features.ink import Ink
from perceptual_photomosaic.features.tone import ToneFit
from perceptual_photomosaic.grid import Grid
from perceptual_photomosaic.render.sizes import as_written
from perceptual_photomosaic.tiles.base import TileSet
from perceptual_photomosaic.tiles.plain import copies_in
from perceptual_photomosaic.tiles.spec import spec_of_old

__all__ = ["Plan", "index_csv", "rebind"]

_FORMAT = "perceptual-photomosaic plan"
_VERSION = 1


@dataclass(frozen=True)
class Plan:
    """A mosaic on paper.

    Attributes:
        grid: Where the cells are.
        specs: Specs of the tile set.
        sources: Tile number -> name, for every tile used.
        choices: Choice numbers, int64, (rows, columns).
        variants: Names of the variants; choice = tile * len(variants) + variant.
        tile_size: Longer side of a tile in pixels, as first drawn.
        target: Path of the target, if it has one.
        settings: The options the mosaic was made with, as plain values.
        shifts: sRGB values added to each cell, (rows, columns, 3), or None.
        ink: The colours of characters and of their paper, or None.
        tone: How the target was fitted to the tiles, or None where it was not.
        pins: Cells (row, column) whose tile was set by hand and stays.
        bans: Names of tiles that were ruled out by hand.
        relative: Whether paths begin at a folder that is named when the plan is opened; see `plan_paths`.
    """

    grid: Grid
    specs: tuple[str, ...]
    sources: dict[int, str]
    choices: NDArray[np.int64]
    variants: tuple[str, ...]
    tile_size: int
    target: str | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    shifts: NDArray[np.float32] | None = None
    ink: Ink | None = None
    tone: ToneFit | None = None
    pins: tuple[tuple[int, int], ...] = ()
    bans: tuple[str, ...] = ()
    relative: bool = False

    def to_json(self) -> str:
        """The plan as JSON, one row of cells a line."""
        head = {
            "format": _FORMAT,
            "version": _VERSION,
            "target": self.target,
            **({"relative": True} if self.relative else {}),
            "grid": {
                "rows": self.grid.rows,
                "columns": self.grid.columns,
                "cell_aspect": list(self.grid.cell_aspect),
                "target_box": list(self.grid.target_box),
            },
            "tiles": list(self.specs),
            "variants": list(self.variants),
            "tile_size": self.tile_size,
            "settings": self.settings,
            **({"tone": self.tone.as_dict()} if self.tone is not None else {}),
            **({"pins": [list(cell) for cell in self.pins]} if self.pins else {}),
            **({"bans": list(self.bans)} if self.bans else {}),
            "sources": {str(tile): name for tile, name in sorted(self.sources.items())},
        }
        lines = [f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in head.items()]
        if self.shifts is not None:
            lines.append(f'  "shifts": {_json_rows(np.round(self.shifts, 2))}')
        for name, colours in (("ink", self.ink.colours), ("paper", self.ink.papers)) if self.ink is not None else ():
            lines.append(f'  "{name}": {_json_rows(_codes(colours))}')
        pairs = np.stack(np.divmod(self.choices, len(self.variants)), axis=-1)
        lines.append(f'  "cells": {_json_rows(pairs)}')
        return "{\n" + ",\n".join(lines) + "\n}\n"

    @classmethod
    def load(cls, path: Path) -> Plan:
        """Read a plan from a file.

        Raises:
            PlanError: A missing file, or one that is not a whole plan of a version we know.
        """
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise PlanError(f"plan '{path}' cannot be read: {error.strerror}.") from error
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            raise PlanError(f"plan '{path}' is not JSON: {error}.") from error
        if not isinstance(data, dict) or data.get("format") != _FORMAT:
            raise PlanError(f"'{path}' is not a plan of ours; make one with --plan.")
        if data.get("version") != _VERSION:
            raise PlanError(f"plan '{path}' has version {data.get('version')}, but {_VERSION} is the one known here.")
        try:
            return cls._from_data(data)
        except (AttributeError, KeyError, TypeError, ValueError, IndexError, OverflowError) as error:
            raise PlanError(f"plan '{path}' is damaged: {type(error).__name__} {error}. Make it again.") from error

    @classmethod
    def _from_data(cls, data: dict[str, Any]) -> Plan:
        grid = _grid(data["grid"])
        pairs = np.array(data["cells"], np.int64)
        variants = tuple(str(name) for name in data["variants"])
        sources = {int(tile): str(name) for tile, name in data["sources"].items()}
        if pairs.shape != (*grid.shape, 2):
            raise ValueError(f"cells have shape {pairs.shape}, the grid {grid.shape}")
        unknown = set(np.unique(pairs[..., 0]).tolist()) - set(sources)
        if unknown or pairs.min() < 0 or pairs[..., 1].max() >= len(variants):
            raise ValueError(f"cells name tiles or variants that are not listed: {sorted(unknown)[:3]}")
        shifts = np.array(data["shifts"], np.float32) if data.get("shifts") is not None else None
        if shifts is not None and shifts.shape != (*grid.shape, 3):
            raise ValueError(f"shifts have shape {shifts.shape}, the grid {grid.shape}")
        ink = None
        if data.get("ink") is not None:
            ink = Ink(*(_colours(data[name], grid.shape) for name in ("ink", "paper")))
        pins = tuple((int(row), int(column)) for row, column in data.get("pins", ()))
        if any(not (0 <= row < grid.rows and 0 <= column < grid.columns) for row, column in pins):
            raise ValueError(f"pins lie outside the grid: {pins}")
        if not isinstance(data["tiles"], list) or not data["tiles"] or int(data["tile_size"]) < 1:
            raise ValueError("it names no tile set, or a tile size below 1")
        return cls(
            grid=grid,
            specs=tuple(spec_of_old(str(spec)) for spec in data["tiles"]),
            sources=sources,
            choices=pairs[..., 0] * len(variants) + pairs[..., 1],
            variants=variants,
            tile_size=int(data["tile_size"]),
            target=data.get("target"),
            settings=_settings(data.get("settings", {})),
            shifts=shifts,
            ink=ink,
            tone=None if data.get("tone") is None else ToneFit.from_dict(data["tone"]),
            pins=pins,
            bans=tuple(str(name) for name in data.get("bans", ())),
            relative=bool(data.get("relative", False)),
        )


def _settings(saved: dict[str, Any]) -> dict[str, Any]:
    """Settings as they were, with the size that the mosaic has; see `as_written`."""
    size = saved.get("size")
    return {**saved, **({"size": as_written(size)} if isinstance(size, str) else {})}


def _grid(shape: dict[str, Any]) -> Grid:
    left, top, right, bottom = (float(edge) for edge in shape["target_box"])
    rows, columns = int(shape["rows"]), int(shape["columns"])
    aspect = int(shape["cell_aspect"][0]), int(shape["cell_aspect"][1])
    if min(rows, columns, *aspect) < 1:
        raise ValueError(f"the grid has {rows} rows and {columns} columns of {aspect[0]}:{aspect[1]}")
    return Grid(rows, columns, aspect, (left, top, right, bottom))


def rebind(plan: Plan, tiles: TileSet) -> NDArray[np.int64]:
    """Find the plan's tiles in a tile set opened today.

    Args:
        plan: The plan.
        tiles: The tile set opened again from its specs.
    Returns:
        Choices in today's numbering, (rows, columns).
    Raises:
        PlanError: A tile is gone; names it.
    """
    num_tiles = len(tiles) // len(tiles.variants)
    here: dict[str, int] = {}
    for tile in range(num_tiles - 1, -1, -1):
        here[tiles.source(tile)] = tile
    here = {copy: here[kept] for copy, kept in copies_in(tiles).items() if kept in here} | here
    missing = [name for name in plan.sources.values() if name not in here]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise PlanError(f"the plan uses '{missing[0]}'{more}, which {' + '.join(plan.specs)} no longer has.")
    if tuple(tiles.variants) != plan.variants:
        raise PlanError(f"the plan has variants {', '.join(plan.variants)}, the tile set {', '.join(tiles.variants)}.")
    number = np.zeros(max(plan.sources) + 1, np.int64)
    for then, name in plan.sources.items():  # joined sets may have a name twice: black letters and white ones
        number[then] = then if then < num_tiles and tiles.source(then) == name else here[name]
    tile_then, variant = np.divmod(plan.choices, len(plan.variants))
    choices: NDArray[np.int64] = number[tile_then] * len(plan.variants) + variant
    return choices


def index_csv(choices: NDArray[np.int64], tiles: TileSet) -> str:
    """Which tile sits where, as CSV with the header row,column,tile,variant,source; rows and columns count from 0."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("row", "column", "tile", "variant", "source"))
    names: Sequence[str] = tiles.variants
    for (row, column), choice in np.ndenumerate(choices):
        tile, variant = divmod(int(choice), len(names))
        source = tiles.source(tile).encode("utf-8", "backslashreplace").decode("utf-8")
        writer.writerow((row, column, tile, names[variant], source))
    return text.getvalue()


def _codes(colours: NDArray[np.uint8]) -> NDArray[Any]:
    """Write colours, (rows, columns, 3), as hex codes, (rows, columns)."""
    red, green, blue = np.moveaxis(colours.astype(np.int64), -1, 0)
    return np.array([[f"{code:06x}" for code in row] for row in (red << 16 | green << 8 | blue).tolist()])


def _colours(codes: Any, shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Read what `_codes` wrote."""
    numbers = np.array([[int(code, 16) for code in row] for row in codes], np.int64)
    if numbers.shape != shape or numbers.min() < 0 or numbers.max() > 0xFFFFFF:
        raise ValueError(f"colours have shape {numbers.shape}, the grid {shape}")
    return np.stack([numbers >> 16, numbers >> 8 & 255, numbers & 255], axis=-1).astype(np.uint8)


def _json_rows(values: NDArray[Any]) -> str:
    return "[\n    " + ",\n    ".join(json.dumps(row, separators=(",", ":")) for row in values.tolist()) + "\n  ]"
