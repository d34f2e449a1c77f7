"""Plans whose paths begin at a folder instead of at the root of one person's disk."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from perceptual_photomosaic.plan import Plan
from perceptual_photomosaic.tiles.spec import WITH_PATHS, join_specs, parse_specs, paths_in, write_spec

__all__ = ["load_resolved", "paths_of_plan", "relative_plan", "resolved_plan"]


def relative_plan(plan: Plan, folder: Path) -> Plan:
    """Write all paths of a plan from a folder on."""
    start = os.path.abspath(folder)  # noqa: PTH100 (links stay as they are)
    return replace(_with_paths(plan, lambda path: os.path.relpath(path, start)), relative=True)


def resolved_plan(plan: Plan, folder: Path) -> Plan:
    """Find the paths of a plan that was written relative to a folder, which may be elsewhere by now."""
    start = os.path.abspath(folder)  # noqa: PTH100
    return replace(_with_paths(plan, lambda path: os.path.normpath(os.path.join(start, path))), relative=False)  # noqa: PTH118


def load_resolved(path: Path, relative_to: str | Path | None = None) -> Plan:
    """Read a plan, its paths found.

    Args:
        path: The plan.
        relative_to: Where the paths of a plan with relative ones begin; None takes the plan's own folder.
    Raises:
        PlanError: A damaged plan.
    """
    plan = Plan.load(path)
    return resolved_plan(plan, Path(relative_to or path.parent)) if plan.relative else plan


def paths_of_plan(path: Path, relative_to: Path | None = None) -> list[Path]:
    """What a plan is drawn from: its target, and the files and folders of its tiles.

    Args:
        path: The plan.
        relative_to: Where the paths of a plan with relative ones begin; None takes the plan's own folder.
    Raises:
        PlanError: A damaged plan.
    """
    plan = load_resolved(path, relative_to)
    tiles = paths_in(plan.specs)
    return tiles if plan.target is None else [Path(plan.target), *tiles]


def _with_paths(plan: Plan, change: Callable[[str], str]) -> Plan:
    sets = {spec.name for text in plan.specs for spec in parse_specs(text)}
    in_files = not sets.isdisjoint({"photos", "library"})
    return replace(
        plan,
        specs=tuple(_changed_spec(text, change) for text in plan.specs),
        sources={tile: _changed_source(name, change, in_files) for tile, name in plan.sources.items()},
        bans=tuple(_changed_source(name, change, in_files) for name in plan.bans),
        target=None if plan.target is None else change(plan.target),
    )


def _changed_spec(text: str, change: Callable[[str], str]) -> str:
    return join_specs(
        write_spec(spec.name, change(spec.argument) if spec.name in WITH_PATHS else spec.argument, spec.options)
        for spec in parse_specs(text)
    )


def _changed_source(name: str, change: Callable[[str], str], in_files: bool) -> str:
    kind, _, rest = name.partition(":")
    if kind == "slices" and "#" in rest:
        path, _, number = rest.rpartition("#")
        return f"slices:{change(path)}#{number}"
    built_in = kind in ("emoji", "glyph", "colour") and rest
    return name if built_in or not in_files else change(name)
