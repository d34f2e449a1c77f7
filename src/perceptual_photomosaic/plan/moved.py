"""Photos and targets of a plan that are no longer where they were, found by their content."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from perceptual_photomosaic.errors import TileError
from perceptual_photomosaic.plan.contents import find_by_content
from perceptual_photomosaic.tiles.spec import join_specs, known_specs, write_spec
from perceptual_photomosaic.tiles.tile_set import TileSet
from perceptual_photomosaic.tiles.walk import find_photos

if TYPE_CHECKING:
    from perceptual_photomosaic.plan.plan import Plan

__all__ = ["find_sources", "find_target", "with_folders"]


def with_folders(plan: Plan, look_in: Sequence[str | Path]) -> Plan:
    """Return the plan with the folders among its tile sets that hold photos which are not where they were.

    The first such folder takes the place of the sets whose folders are gone; the others are added. Their other photos
    are no tiles of the plan: see `Plan.added`. Folders without a photo that is missed are left out.

    Args:
        plan: The plan, its paths resolved.
        look_in: Folders where its photos may be now.
    """
    if not look_in:
        return plan
    own = [spec.argument for spec in known_specs(plan.specs) if spec.name == "photos"]
    photos = {tile: name for tile, name in plan.sources.items() if any(Path(name).is_relative_to(one) for one in own)}
    missing = {tile: name for tile, name in photos.items() if not Path(name).exists()}
    folders = [str(folder) for folder in look_in if missing and _holds_one_of(plan, missing, folder)]
    if not folders:
        return plan
    specs = []
    for text in plan.specs:
        parts = [
            write_spec("photos", folders[0], spec.options)
            if spec.name == "photos" and not Path(spec.argument).is_dir()
            else write_spec(spec.name, spec.argument, spec.options)
            for spec in known_specs([text])
        ]
        specs.append(join_specs(parts) or text)
    known = {Path(spec.argument) for spec in known_specs(specs) if spec.name == "photos"}
    more = [write_spec("photos", folder) for folder in folders if Path(folder) not in known]
    return replace(plan, specs=(*specs, *more), added=tuple(folders))


def _holds_one_of(plan: Plan, missing: Mapping[int, str], folder: str | Path) -> bool:
    """Tell if a folder holds one of some photos, by name or by content."""
    paths = _photos_in(folder)
    names = {Path(path).name for path in paths}
    if any(Path(name).name in names for name in missing.values()):
        return True
    marks = {str(tile): plan.contents[str(tile)] for tile in missing if str(tile) in plan.contents}
    return bool(find_by_content(marks, paths))


def _photos_in(folder: str | Path) -> list[str]:
    """Return the paths of the photos in a folder; none where it cannot be read."""
    try:
        return [photo.path for photo in find_photos(folder).found]
    except TileError:
        return []


def find_target(plan: Plan, look_in: Sequence[str | Path]) -> Plan:
    """Return the plan with its target's path as it is now, where the target was moved.

    Args:
        plan: The plan, its paths resolved.
        look_in: Folders to search, beside the plan's folder and the target's.
    """
    mark = plan.contents.get("target")
    if plan.target is None or mark is None or Path(plan.target).exists():
        return plan
    near = [folder for folder in (Path(plan.target).parent, plan.path and plan.path.parent) if folder is not None]
    names: list[str] = []
    for place in near:
        with suppress(OSError):
            names += [str(file) for file in sorted(place.iterdir()) if file.is_file()]
    for folder in look_in:
        names += _photos_in(folder)
    return replace(plan, target=find_by_content({"target": mark}, names).get("target", plan.target))


def find_sources(plan: Plan, tiles: TileSet) -> dict[int, str]:
    """Find the photos of a plan that have another name now.

    Args:
        plan: The plan.
        tiles: Its tile set, opened.
    Returns:
        Tile number in the plan -> name in the tile set, for those that are found by their content.
    """
    count = len(tiles) // len(tiles.variants)
    here = {tiles.source(tile): None for tile in range(count)}
    wanted = {str(tile): plan.contents.get(str(tile)) for tile, name in plan.sources.items() if name not in here}
    marks = {tile: mark for tile, mark in wanted.items() if mark is not None}
    return {int(tile): name for tile, name in find_by_content(marks, here).items()}
