"""The file of a plan: JSON that people may read and edit, described field by field in `schema.json`.

Tiles are found again by name, so a folder may have gained photos since. Paths begin at the folder of the file.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.errors import PlanError
from perceptual_photomosaic.features.ink import Ink
from perceptual_photomosaic.features.tone import ToneFit
from perceptual_photomosaic.files.replacing import check_folder, write_text
from perceptual_photomosaic.grid import Grid
from perceptual_photomosaic.image import printable
from perceptual_photomosaic.plan.contents import fingerprints
from perceptual_photomosaic.plan.moved import find_target, with_folders
from perceptual_photomosaic.plan.paths import resolve_paths, with_paths_from
from perceptual_photomosaic.plan.plan import Plan
from perceptual_photomosaic.render.sizes import as_written
from perceptual_photomosaic.tiles.saved_spec import spec_of_old

__all__ = ["read_plan", "to_json", "write_plan"]

_FORMAT = "perceptual-photomosaic plan"
_VERSION = 2
_MARK = re.compile(r"\d+:[0-9a-f]+")
_VERSIONS = (1, 2)
"""Versions that can be opened. In version 1 paths began at the directory in which the command was run or, where
"relative" was true, at the folder of the plan."""


def write_plan(plan: Plan, path: Path, relative_to: str | Path | None) -> None:
    """Write a plan; see `Plan.save`."""
    check_folder(path)
    names = {str(tile): name for tile, name in plan.sources.items()}
    names |= {"target": plan.target} if plan.target else {}
    contents = {key: mark for key, mark in plan.contents.items() if key in names} | fingerprints(names)
    start = Path(relative_to or path.parent)
    folder = os.path.abspath(start) if relative_to is None else None  # noqa: PTH100 (links stay as they are)
    text = to_json(replace(with_paths_from(plan, start), contents=contents, folder=folder))
    write_text(path, text)


def read_plan(path: Path, relative_to: str | Path | None, look_in: Sequence[str | Path]) -> Plan:
    """Read a plan; see `Plan.load`."""
    shown = printable(path)
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PlanError(f"plan '{shown}' cannot be read: {error.strerror}.") from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise PlanError(f"plan '{shown}' is not JSON: {error}.") from error
    if not isinstance(data, dict) or data.get("format") != _FORMAT:
        raise PlanError(f"'{shown}' is not a plan of photomosaic; make one with --plan.")
    if data.get("version") not in _VERSIONS:
        raise PlanError(f"plan '{shown}' has version {data.get('version')}; versions 1 and 2 can be opened here.")
    try:
        plan = replace(_plan(data), path=path)
        if data["version"] == 1 and not data.get("relative"):
            plan = replace(plan, folder=os.getcwd())  # noqa: PTH109 (links stay as they are)
        found = resolve_paths(plan, _starts(plan, data, relative_to))
    except (AttributeError, KeyError, TypeError, ValueError, IndexError, OverflowError) as error:
        raise PlanError(f"plan '{shown}' is damaged: {type(error).__name__} {error}. Make it again.") from error
    return find_target(with_folders(found, look_in), look_in)


def _starts(plan: Plan, data: dict[str, Any], relative_to: str | Path | None) -> list[str | Path]:
    """Return the folders at which the paths of a plan may begin, the likeliest first."""
    assert plan.path is not None
    if relative_to is not None:
        return [relative_to]
    if data["version"] == 1 and plan.folder:
        return [".", plan.path.parent]
    return [plan.path.parent, *([plan.folder] if plan.folder else [])]


def to_json(plan: Plan) -> str:
    """Return a plan as JSON, with its paths as they are, and one row of cells per line."""
    head = {
        "format": _FORMAT,
        "version": _VERSION,
        **({"folder": plan.folder} if plan.folder is not None else {}),
        "target": plan.target,
        "grid": {
            "rows": plan.grid.rows,
            "columns": plan.grid.columns,
            "cell_aspect": list(plan.grid.cell_aspect),
            "target_box": list(plan.grid.target_box),
        },
        "tiles": list(plan.specs),
        "variants": list(plan.variants),
        "tile_size": plan.tile_size,
        "settings": plan.settings,
        **({"tone": plan.tone.as_dict()} if plan.tone is not None else {}),
        **({"pins": [list(cell) for cell in plan.pins]} if plan.pins else {}),
        **({"bans": list(plan.bans)} if plan.bans else {}),
        "sources": {str(tile): name for tile, name in sorted(plan.sources.items())},
        "contents": plan.contents,
    }
    lines = [f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in head.items()]
    if plan.shifts is not None:
        lines.append(f'  "shifts": {_json_rows(np.round(plan.shifts, 2))}')
    for name, colours in (("ink", plan.ink.colours), ("paper", plan.ink.papers)) if plan.ink is not None else ():
        lines.append(f'  "{name}": {_json_rows(_codes(colours))}')
    pairs = np.stack(np.divmod(plan.choices, len(plan.variants)), axis=-1)
    lines.append(f'  "cells": {_json_rows(pairs)}')
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _plan(data: dict[str, Any]) -> Plan:
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
    return Plan(
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
        contents={key: mark for key, mark in data.get("contents", {}).items() if _MARK.fullmatch(str(mark))},
        folder=data.get("folder"),
    )


def _settings(saved: dict[str, Any]) -> dict[str, Any]:
    """Return the saved settings, with the size as the mosaic has it; see `as_written`."""
    size = saved.get("size")
    return {**saved, **({"size": as_written(size)} if isinstance(size, str) else {})}


def _grid(shape: dict[str, Any]) -> Grid:
    left, top, right, bottom = (float(edge) for edge in shape["target_box"])
    rows, columns = int(shape["rows"]), int(shape["columns"])
    aspect = int(shape["cell_aspect"][0]), int(shape["cell_aspect"][1])
    if min(rows, columns, *aspect) < 1:
        raise ValueError(f"the grid has {rows} rows and {columns} columns of {aspect[0]}:{aspect[1]}")
    return Grid(rows, columns, aspect, (left, top, right, bottom))


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
