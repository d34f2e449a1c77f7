"""A mosaic: the tile of each cell. Its pixels are composed when it is written or shown."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from perceptual_photomosaic.compose import colour_characters, hard_mosaic
from perceptual_photomosaic.config import MosaicOptions, check_output_options, without_unfit
from perceptual_photomosaic.features.ink import Ink
from perceptual_photomosaic.features.tone import ToneFit
from perceptual_photomosaic.files.protection import refuse_overwriting_inputs
from perceptual_photomosaic.files.replacing import check_folder, replacing, write_text
from perceptual_photomosaic.grid import Grid, tile_size_px
from perceptual_photomosaic.inputs import open_target_again
from perceptual_photomosaic.plan import Plan
from perceptual_photomosaic.plan.index import index_csv
from perceptual_photomosaic.plan.opening import OpenedPlan
from perceptual_photomosaic.preview import notebook_png, side_by_side
from perceptual_photomosaic.progress import SILENT, Reporter
from perceptual_photomosaic.render.formats import check_drawing, check_output
from perceptual_photomosaic.render.output import Output
from perceptual_photomosaic.render.overlay import Overlay
from perceptual_photomosaic.render.stream import write_mosaic
from perceptual_photomosaic.text.picture import TextPicture, text_picture
from perceptual_photomosaic.text.write import check_text, write_text_picture
from perceptual_photomosaic.tiles.kinds import inks_of
from perceptual_photomosaic.tiles.names import TileNames
from perceptual_photomosaic.tiles.spec import parse_colour, paths_in
from perceptual_photomosaic.tiles.tile_set import TileSet

__all__ = ["Mosaic"]

_PREVIEW_PX = 1024
_LONGEST_SPEC = 60
_CHANGES_CONTENT = frozenset({"cmyk", "bleed", "marks", "sheets"})
"""Settings that are refused for a format that cannot hold them; others that do not apply are ignored."""


@dataclass(frozen=True, repr=False)
class Mosaic:
    """A finished assignment with everything needed to draw it.

    Attributes:
        grid: The grid over the target.
        choices: Choice numbers, int64, (rows, columns).
        tiles: The tile set.
        tile_px: (width, height) of each tile.
        target: The target, sRGB, uint8, (H, W, 3); None where a plan's target is not loaded.
        options: The settings it was made with.
        target_path: File of the target, if it was read from one.
        figures: Measured values: energies, diagnosis, seconds per stage.
        shifts: sRGB values added to each cell, (rows, columns, 3), or None.
        ink: The colours of characters, or None where they are as drawn.
        tone: How the target was fitted to the tiles, or None where it was not.
        pins: Cells (row, column) whose tile was set by hand and stays.
        bans: Names of tiles that were ruled out by hand.
        asked: Names of the settings that were asked for when the plan was opened; those of the plan that a format has
            no use for are then left out. None for a mosaic that was not opened from a plan.
    """

    grid: Grid
    choices: NDArray[np.int64]
    tiles: TileSet
    tile_px: tuple[int, int]
    target: NDArray[np.uint8] | None = None
    options: MosaicOptions = field(default_factory=MosaicOptions)
    target_path: str | None = None
    figures: dict[str, Any] = field(default_factory=dict)
    shifts: NDArray[np.float32] | None = None
    ink: Ink | None = None
    tone: ToneFit | None = None
    pins: tuple[tuple[int, int], ...] = ()
    bans: tuple[str, ...] = ()
    asked: frozenset[str] | None = None

    def __repr__(self) -> str:
        columns, rows = self.grid.columns, self.grid.rows
        used, count = len(np.unique(self.tile_numbers)), len(self.tiles) // len(self.tiles.variants)
        width, height = self.tile_px
        spec = self.tiles.spec if len(self.tiles.spec) < _LONGEST_SPEC else f"{self.tiles.spec[:_LONGEST_SPEC]}..."
        return f"<Mosaic: {columns} x {rows} cells of {width} x {height} px, {used} of {count} tiles of {spec}>"

    def _repr_png_(self) -> bytes:
        """Show the mosaic in a notebook, at most 640 px large."""
        return notebook_png(self)

    @classmethod
    def of_plan(
        cls,
        plan: Plan,
        opened: OpenedPlan,
        options: MosaicOptions,
        tile_px: tuple[int, int] | None = None,
        asked: Collection[str] = (),
    ) -> Mosaic:
        """Return the mosaic of a plan.

        Args:
            plan: The plan.
            opened: The result of `plan.open`.
            options: The settings.
            tile_px: (width, height) of each tile; None takes the plan's.
            asked: Names of the settings that are asked for now.
        """
        return cls(
            plan.grid,
            opened.choices,
            opened.tiles,
            tile_px or tile_size_px(plan.tile_size, plan.grid.cell_aspect),
            opened.target,
            options,
            plan.target,
            shifts=plan.shifts,
            ink=plan.ink,
            tone=plan.tone,
            pins=plan.pins,
            bans=plan.bans,
            asked=frozenset(asked),
        )

    @property
    def size_px(self) -> tuple[int, int]:
        """(width, height) of the mosaic in pixels."""
        return self.grid.size_px(self.tile_px)

    @property
    def tile_numbers(self) -> NDArray[np.int64]:
        """Tile numbers, whatever their variants, (rows, columns)."""
        return self.choices // len(self.tiles.variants)

    def to_array(self, tile_px: tuple[int, int] | None = None) -> NDArray[np.uint8]:
        """Compose the mosaic in memory: sRGB, uint8, (rows * h, columns * w, 3)."""
        size = tile_px or self.tile_px
        used, position = np.unique(self.choices, return_inverse=True)
        pictures = self.tiles.pictures(size, used.tolist())
        mosaic = hard_mosaic(pictures, position.reshape(self.choices.shape))
        if self.ink is not None:
            colour_characters(mosaic, self.ink, self.grid.shape, inks_of(self.tiles))
        if self.shifts is not None:
            shifts = self.shifts.repeat(size[1], axis=0).repeat(size[0], axis=1)
            mosaic = np.clip(np.rint(mosaic + shifts), 0, 255).astype(np.uint8)
        overlay = self._overlay(size)
        if overlay is not None:
            overlay.lay(mosaic)
        return mosaic

    def _overlay(self, tile_px: tuple[int, int]) -> Overlay | None:
        """Return the target as it is laid over tiles of a size, if the settings ask for it."""
        if self.options.blend == 0:
            return None
        if self.target is None:
            raise ValueError("this mosaic came without its target, so there is nothing to lay over it")
        behind = parse_colour(self.options.background, "background")
        return Overlay.of(self.target, self.grid, self.grid.size_px(tile_px), self.options.blend, behind)

    def to_image(self, tile_px: tuple[int, int] | None = None) -> Image.Image:
        """Compose the mosaic in memory as a Pillow image."""
        return Image.fromarray(self.to_array(tile_px))

    def to_text(self) -> str:
        """Return a mosaic of letters or emoji as text, rows joined by newlines.

        Beside emoji, which are two columns wide in a terminal, each letter is followed by a space.

        Raises:
            TileError: A tile is no text.
        """
        return "\n".join(self.to_text_picture().lines)

    def to_text_picture(self) -> TextPicture:
        """Return a mosaic of letters or emoji as characters with their colours.

        Raises:
            TileError: A tile is no text.
        """
        return text_picture(self.tiles, self.choices, self.tile_px, ink=self.ink, shifts=self.shifts)

    def write(self, path: str | Path, *, quality: int | None = None, reporter: Reporter = SILENT) -> None:
        """Write the mosaic; the suffix names the format, and memory does not grow with the picture.

        Raises:
            OutputError: Unknown suffix, a picture too large for the format, a place that cannot be written to, a
                file that the mosaic is made of, or a text format for tiles that are no text.
        """
        path = self._checked_path(path)
        file_format = check_output(path, self.size_px)
        asked = _CHANGES_CONTENT if self.asked is None else _CHANGES_CONTENT & self.asked
        check_output_options(self.options, file_format.name, asked)
        options = without_unfit(self.options, (), file_format.name)
        output = Output.from_options(options, self.size_px, self.tile_px, quality)
        if file_format.text:
            check_text(path, file_format, [self.tiles.spec], options)
            output.check(file_format, self.size_px)
            write_text_picture(path, file_format, self.to_text_picture(), options)
            return
        write_mosaic(
            path,
            file_format,
            self.tiles,
            self.choices,
            self.tile_px,
            shifts=self.shifts,
            ink=self.ink,
            overlay=self._overlay(self.tile_px),
            output=output,
            reporter=reporter,
        )

    def plan(self) -> Plan:
        """Return the plan of the mosaic, from which it can be drawn again at any tile size."""
        used: Sequence[int] = np.unique(self.tile_numbers).tolist()
        names = TileNames(self.tiles) if self.options.must_include else None
        included = tuple(self.tiles.source(names.find(name)) for name in self.options.must_include) if names else ()
        return Plan(
            grid=self.grid,
            specs=(self.tiles.spec,),
            sources={tile: self.tiles.source(tile) for tile in used},
            choices=self.choices,
            variants=tuple(self.tiles.variants),
            tile_size=max(self.tile_px),
            target=self.target_path,
            settings={**asdict(self.options), "must_include": included},
            shifts=self.shifts,
            ink=self.ink,
            tone=self.tone,
            pins=self.pins,
            bans=self.bans,
        )

    def save_plan(self, path: str | Path, *, relative_to: str | Path | None = None) -> None:
        """Write the plan as JSON.

        Args:
            path: The file.
            relative_to: Folder at which its paths begin; then no absolute path is written. None takes the plan's own
                folder, and writes its absolute path, too.
        Raises:
            OutputError: The place cannot be written to.
        """
        self.plan().save(self._checked_path(path), relative_to=relative_to)

    def save_index(self, path: str | Path) -> None:
        """Write the index, which tile is in which cell, as CSV.

        Raises:
            OutputError: The place cannot be written to.
        """
        path = self._checked_path(path)
        check_folder(path)
        write_text(path, index_csv(self.choices, self.tiles))

    def open_target(self, purpose: str) -> NDArray[np.uint8]:
        """Return the target, read again from its file where a plan did not load it: sRGB, uint8, (H, W, 3).

        Args:
            purpose: Purpose of the target, for the error if it is gone.
        Raises:
            PlanError: It is gone or changed, or came from no file.
        """
        if self.target is not None:
            return self.target
        return open_target_again(self.target_path, self.grid, self.options, purpose)

    def preview(self, longest_px: int = _PREVIEW_PX) -> Image.Image:
        """Draw target and mosaic side by side, each at most `longest_px` wide and high.

        Raises:
            PlanError: The target of a plan is gone, or came from no file.
        """
        return side_by_side(self, longest_px)

    def save_preview(self, path: str | Path) -> None:
        """Write the preview.

        Raises:
            OutputError: The place cannot be written to, or the suffix is unknown.
        """
        path = self._checked_path(path)
        check_drawing(path)
        with replacing(path) as part:
            self.preview().save(part)

    def _checked_path(self, path: str | Path) -> Path:
        """Return the path, after a check that it is none of the files that the mosaic is made of."""
        path = Path(path)
        read = [self.target_path, self.options.region, *paths_in([self.tiles.spec])]
        refuse_overwriting_inputs(path, read)
        return path
