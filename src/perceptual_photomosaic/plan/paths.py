"""The paths in a plan: written relative to the plan's folder, and resolved where the plan is opened."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from perceptual_photomosaic.tiles.spec import WITH_PATHS, Spec, join_specs, known_specs, write_spec

if TYPE_CHECKING:
    from perceptual_photomosaic.plan.plan import Plan

__all__ = ["map_paths", "resolve_paths", "with_paths_from"]

_SETTINGS = ("region", "cmyk", "model")
"""Settings that name files."""
_NAMES = ("emoji", "glyph", "colour")
"""Sources that are no files: `emoji:1F600`."""

Change = Callable[[str], str]


def with_paths_from(plan: Plan, folder: Path) -> Plan:
    """Return the plan with all paths relative to a folder; paths on another drive of Windows stay absolute."""
    start = os.path.abspath(folder)  # noqa: PTH100 (links stay as they are)

    def relative(path: str) -> str:
        try:
            return os.path.relpath(path, start)
        except ValueError:
            return os.path.abspath(path)  # noqa: PTH100

    return map_paths(plan, relative)


def resolve_paths(plan: Plan, folders: Sequence[str | Path]) -> Plan:
    """Return the plan with each path joined to the first of several folders in which it exists.

    Args:
        plan: A plan as it was read.
        folders: Where its paths may begin, the likeliest first; paths that exist in none are joined to the first.
    """
    places = [os.fspath(folder) for folder in folders]

    def join(folder: str, path: str) -> str:
        return os.path.normpath(os.path.join(folder, path))  # noqa: PTH118

    def found(path: str) -> str:
        joined = [join(folder, path) for folder in places]
        return next((one for one in joined if os.path.lexists(one)), joined[0])

    return map_paths(plan, found)


def map_paths(plan: Plan, change: Change) -> Plan:
    """Return the plan with every path in it changed: target, tile sets, sources, bans, and settings that name files."""
    specs = [(text, known_specs([text])) for text in plan.specs]
    in_files = not {spec.name for _, some in specs for spec in some}.isdisjoint({"photos", "library"})
    sources = {tile: _changed_source(name, change, in_files) for tile, name in plan.sources.items()}
    return replace(
        plan,
        specs=tuple(join_specs(_changed_spec(spec, change) for spec in some) or text for text, some in specs),
        sources=sources,
        bans=tuple(_changed_source(name, change, in_files) for name in plan.bans),
        target=None if plan.target is None else change(plan.target),
        settings=_changed_settings(plan.settings, change, in_files),
    )


def _changed_spec(spec: Spec, change: Change) -> str:
    argument = change(spec.argument) if spec.name in WITH_PATHS else spec.argument
    options = dict(spec.options)
    if _is_path(options.get("font", "")):
        options["font"] = change(options["font"])
    return write_spec(spec.name, argument, options)


def _changed_source(name: str, change: Change, in_files: bool) -> str:
    kind, _, rest = name.partition(":")
    if kind == "slices" and "#" in rest:
        path, _, number = rest.rpartition("#")
        return f"slices:{change(path)}#{number}"
    built_in = kind in _NAMES and rest
    return name if built_in or not in_files else change(name)


def _changed_settings(settings: Mapping[str, Any], change: Change, in_files: bool) -> dict[str, Any]:
    changed = dict(settings)
    for key in _SETTINGS:
        if isinstance(changed.get(key), str) and (key != "model" or _is_path(changed[key])):
            changed[key] = change(changed[key]) if changed[key] else ""
    if changed.get("must_include"):
        changed["must_include"] = [_changed_source(name, change, in_files) for name in changed["must_include"]]
    return changed


def _is_path(name: str) -> bool:
    """Tell whether a name is a file, not a font family or a shipped model."""
    return os.sep in name or "/" in name or bool(Path(name).suffix)
