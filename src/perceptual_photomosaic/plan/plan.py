"""A plan: everything needed to draw a mosaic again, at any tile size, without choosing again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from perceptual_photomosaic.config import MosaicOptions, check_values, with_values
from perceptual_photomosaic.features.ink import Ink
from perceptual_photomosaic.features.tone import ToneFit
from perceptual_photomosaic.grid import Grid
from perceptual_photomosaic.progress import SILENT, Reporter
from perceptual_photomosaic.tiles.spec import paths_in

if TYPE_CHECKING:
    from perceptual_photomosaic.plan.opening import OpenedPlan

__all__ = ["Plan"]


@dataclass(frozen=True)
class Plan:
    """A finished assignment with all that its mosaic is drawn from.

    Paths are usable from the working directory; in the file they begin at the file's own folder.

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
        contents: Fingerprints of the files in use: "target", or the number of a tile -> "size:hash"; see `contents`.
        folder: Absolute folder at which the file's paths began when it was written; None where it names no such folder,
            so that it can be given away.
        path: The file it was read from, if any.
        added: Folders among the tile sets in which moved photos were found; their other photos are not tiles of it.
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
    contents: dict[str, str] = field(default_factory=dict)
    folder: str | None = None
    path: Path | None = None
    added: tuple[str, ...] = ()

    @classmethod
    def load(
        cls, path: str | Path, *, relative_to: str | Path | None = None, look_in: Sequence[str | Path] = ()
    ) -> Plan:
        """Read a plan from a file, and find its paths.

        Args:
            path: The file.
            relative_to: Folder at which the plan's paths begin; None tries the plan's folder, then the folder in which
                it was written.
            look_in: More folders to search for photos and targets that were moved.
        Raises:
            PlanError: A missing file, or one that is not a whole plan of a version that can be opened.
        """
        from perceptual_photomosaic.plan.format import read_plan

        return read_plan(Path(path), relative_to, look_in)

    def save(self, path: str | Path, *, relative_to: str | Path | None = None) -> None:
        """Write the plan as JSON.

        Args:
            path: The file.
            relative_to: Folder at which the paths in the file begin; then no absolute path is written. None takes the
                folder of the file, and writes its absolute path, too.
        Raises:
            OutputError: The place cannot be written to.
        """
        from perceptual_photomosaic.plan.format import write_plan

        write_plan(self, Path(path), relative_to)

    def open(
        self,
        options: MosaicOptions | None = None,
        *,
        target_for: str | None = None,
        cache: Path | None = None,
        reporter: Reporter = SILENT,
    ) -> OpenedPlan:
        """Open the tiles and the target of the plan, and renumber its choices for the tiles as opened.

        Args:
            options: Settings in place of the plan's own.
            target_for: Purpose of the target, for the error if it is gone; None does not open it.
            cache: Folder that keeps decoded photos between runs; None keeps nothing.
            reporter: Receives progress, and a note on photos that were moved.
        Raises:
            PlanError: A tile is gone, or the target is needed and is gone or changed.
            TileError: A tile set is gone.
        """
        from perceptual_photomosaic.plan.opening import open_plan_files

        return open_plan_files(self, options or self.options(), target_for=target_for, cache=cache, reporter=reporter)

    def options(self, **changes: Any) -> MosaicOptions:
        """Return the settings, checked, with some of them changed.

        Raises:
            ConfigError: A setting that is unknown or makes no sense.
        """
        name = "the plan" if self.path is None else f"plan '{self.path}'"
        options = with_values(with_values(MosaicOptions(), self.settings, name), changes, "the settings")
        check_values(options)
        return options

    @property
    def inputs(self) -> list[Path]:
        """The files and folders that the plan is drawn from: itself, its target, tiles, masks and profiles."""
        named = [self.path, self.target, *(self.settings.get(key) for key in ("region", "cmyk"))]
        return [*(Path(name) for name in named if name), *paths_in(self.specs)]
