"""Measures of how well a mosaic shows its target, at several viewing distances.

At each distance both pictures become a *view* (see `views`), and the views are compared: colours, structure and edges
at all distances; the judge and FLIP, which predict what people see, at the three distances that are most usual.
`Ruler` keeps all that depends on the target, to measure many mosaics of one target.

Letters and emoji reach few of the target's tones. Legibility says whether such a mosaic can be read as its target. The
other figures are then also measured against the target in the tones of the mosaic (see `tone_map`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from perceptual_photomosaic.errors import GridError
from perceptual_photomosaic.evaluate.colour_difference import ciede2000, lab_from_light
from perceptual_photomosaic.evaluate.flip import flip_error
from perceptual_photomosaic.evaluate.judge import JUDGE_CELLS_PX, MIN_SIDE_PX, load_judge
from perceptual_photomosaic.evaluate.legibility import compare_traits, traits_of
from perceptual_photomosaic.evaluate.picture_views import PictureView, picture_views
from perceptual_photomosaic.evaluate.plates import ToneViews, compare_tones
from perceptual_photomosaic.evaluate.scores import Evaluation, ViewScores
from perceptual_photomosaic.evaluate.ssim import gradient_agreement, ssim
from perceptual_photomosaic.evaluate.tile_stats import tile_stats
from perceptual_photomosaic.evaluate.tone_map import ToneMap, has_few_tones
from perceptual_photomosaic.evaluate.variety_figures import variety
from perceptual_photomosaic.evaluate.views import (
    VIEW_CELLS_PX,
    area_average,
    centred_box,
    check_picture,
    encode_srgb,
    view_shape,
)
from perceptual_photomosaic.progress import SILENT, Reporter, Stage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from perceptual_photomosaic.evaluate.views import Box

__all__ = ["Ruler", "evaluate"]


class Ruler:
    """A measuring tool for mosaics of one target on one grid.

    Args:
        target: uint8, (H, W, 3), of any size; cropped evenly to the mosaic's aspect, as `make` does by default.
        grid_shape: (rows, cols).
        cell_aspect: Width to height of a cell.
        box: The part of the target that the grid covers, (left, top, right, bottom) in its pixels, where that is not
            its largest centred part with the mosaic's aspect.
        cells_px: Viewing distances, as pixels that one cell covers.
        judge: Also compute the perceptual judge and FLIP, at 8, 4 and 2 px per cell.
        reporter: Receives progress.
    Raises:
        ImageError: `target` is no uint8 picture.
        GridError: No cells, or distances that are not positive.
        MissingExtraError: A package that `judge` needs is not installed.
    """

    def __init__(
        self,
        target: NDArray[np.uint8],
        grid_shape: tuple[int, int],
        *,
        cell_aspect: float = 1.0,
        box: Box | None = None,
        cells_px: Sequence[float] = VIEW_CELLS_PX,
        judge: bool = True,
        reporter: Reporter = SILENT,
    ) -> None:
        check_picture(target, "target")
        self.grid_shape, self.reporter = grid_shape, reporter
        self.cell_aspect = cell_aspect
        self.cells_px = tuple(sorted({float(d) for d in cells_px}, reverse=True))
        self.judge = judge
        if judge:
            load_judge()  # raises before any work if a package is missing
        rows, cols = grid_shape
        shapes = {d: view_shape(grid_shape, d, cell_aspect) for d in self.cells_px}
        box = box or centred_box((target.shape[1], target.shape[0]), cols * cell_aspect / rows)
        with reporter.stage("looking at the target", len(shapes), "distances") as stage:
            self._targets = picture_views(target, shapes, box, stage)
            self._tones = self._tone_views(target, self._targets, box)
            self._traits = traits_of(target, box)

    def target_view(self, cell_px: float) -> NDArray[np.uint8]:
        """Return the view of the target where one cell covers `cell_px` pixels, one of `cells_px`: (H, W, 3) sRGB."""
        return _to_bytes(self._targets[cell_px].srgb)

    def mosaic_view(self, mosaic: NDArray[np.uint8], cell_px: float) -> NDArray[np.uint8]:
        """Return the view of a mosaic at the same distance and of the same size, (H, W, 3) sRGB."""
        height, width = self._targets[cell_px].light.shape[:2]
        return _to_bytes(encode_srgb(area_average(mosaic, (height, width))))

    def has_few_tones(self, mosaic: NDArray[np.uint8]) -> bool:
        """Tell whether a mosaic, (H, W, 3) uint8, has too few tones to be compared as it is; see `tone_map`."""
        return has_few_tones(self._tones.cells, lab_from_light(area_average(mosaic, self.grid_shape)))

    def measure(
        self, mosaic: NDArray[np.uint8], assignment: NDArray[np.integer] | None = None, *, mapped: bool | None = None
    ) -> Evaluation:
        """Measure one mosaic.

        Args:
            mosaic: uint8, (H, W, 3), the whole grid and nothing else, with any number of pixels per cell.
            assignment: Tile number of each cell, (rows, cols), for tiles and variety.
            mapped: Also compare it with the target in the mosaic's tones; None: only where the mosaic has few tones.
        Raises:
            ImageError: `mosaic` is no uint8 picture.
            GridError: The assignment belongs to another grid.
        """
        check_picture(mosaic, "mosaic")
        if assignment is not None and assignment.shape != self.grid_shape:
            raise GridError(f"the grid is {self.grid_shape} (rows, cols), the assignment {assignment.shape}")
        shapes = {d: (view.light.shape[0], view.light.shape[1]) for d, view in self._targets.items()}
        box = (0.0, 0.0, float(mosaic.shape[1]), float(mosaic.shape[0]))
        with self.reporter.stage("measuring", 2 * len(shapes), "views") as stage:
            views = picture_views(mosaic, shapes, box, stage)
            tones = self._tone_views(mosaic, views, box)
            result = Evaluation(
                self.grid_shape,
                tuple(self._compare(d, self._targets[d], views[d], stage) for d in self.cells_px),
                compare_tones(self._tones, tones),
                compare_traits(self._traits, traits_of(mosaic)),
                None if assignment is None else tile_stats(assignment),
                None if assignment is None else variety(assignment),
            )
        if has_few_tones(self._tones.cells, tones.cells) if mapped is None else mapped:
            fitted = ToneMap.fit(self._tones.cells[..., 0], tones.cells[..., 0])
            with self.reporter.stage("measuring in the mosaic's tones", len(shapes), "views") as stage:
                scores = [self._compare(d, self._targets[d].in_tones(fitted), views[d], stage) for d in self.cells_px]
            in_tones = replace(result, views=tuple(scores), tone=compare_tones(self._tones.in_tones(fitted), tones))
            return replace(result, mapped=in_tones)
        return result

    def _tone_views(self, picture: NDArray[np.uint8], looks: dict[float, PictureView], box: Box) -> ToneViews:
        """Return the views for tones, from the nearest view where its pixels divide evenly: the same result, faster."""
        light = looks[self.cells_px[0]].light
        if light.shape[0] % self.grid_shape[0] == 0 and light.shape[1] % self.grid_shape[1] == 0:
            return ToneViews.of(light, self.grid_shape)
        return ToneViews.of(picture, self.grid_shape, box)

    def _compare(self, cell_px: float, target: PictureView, mosaic: PictureView, stage: Stage) -> ViewScores:
        height, width = target.light.shape[:2]
        delta_e = ciede2000(target.lab, mosaic.lab)
        judged = self.judge and cell_px in JUDGE_CELLS_PX and min(height, width) >= MIN_SIDE_PX
        scores = ViewScores(
            cell_px=cell_px,
            size_px=(width, height),
            delta_e_mean=float(delta_e.mean()),
            delta_e_p95=float(np.percentile(delta_e, 95)),
            ssim=ssim(target.luma, mosaic.luma),
            gradient=gradient_agreement(target.lab[..., 0], mosaic.lab[..., 0]),
            judge=load_judge().distance(target.features, mosaic.features) if judged else None,
            flip=flip_error(target.srgb, mosaic.srgb) if judged else None,
        )
        stage.advance()
        return scores


def _to_bytes(srgb: NDArray[np.floating]) -> NDArray[np.uint8]:
    return np.asarray(np.rint(srgb * 255), np.uint8)


def evaluate(
    mosaic: NDArray[np.uint8],
    target: NDArray[np.uint8],
    grid_shape: tuple[int, int],
    *,
    judge: bool = True,
    assignment: NDArray[np.integer] | None = None,
    box: Box | None = None,
    cells_px: Sequence[float] = VIEW_CELLS_PX,
    reporter: Reporter = SILENT,
) -> Evaluation:
    """Measure how well a mosaic shows its target.

    Args:
        mosaic: uint8, (H, W, 3), the whole grid and nothing else, with any number of pixels per cell.
        target: uint8, (H, W, 3), of any size; cropped evenly to the mosaic's aspect, as `make` does by default.
        grid_shape: (rows, cols).
        judge: Also compute the perceptual judge and FLIP, at 8, 4 and 2 px per cell.
        assignment: Tile number of each cell, (rows, cols), for tiles and variety.
        box: The part of the target that the grid covers, where that is not its largest centred part, as for `Ruler`.
        cells_px: Viewing distances, as pixels that one cell covers.
        reporter: Receives progress.
    Raises:
        ImageError: Not two uint8 pictures.
        GridError: Grid, distances or assignment that make no sense.
        MissingExtraError: A package that `judge` needs is not installed.
    """
    check_picture(mosaic, "mosaic")
    rows, cols = grid_shape
    if rows < 1 or cols < 1:
        raise GridError(f"a grid needs at least one row and one column, got {rows} rows x {cols} columns")
    if mosaic.shape[1] < cols or mosaic.shape[0] < rows:
        raise GridError(
            f"the mosaic has {mosaic.shape[1]} x {mosaic.shape[0]} px, too few for a grid of {cols} x {rows} cells."
        )
    cell_aspect = (mosaic.shape[1] / cols) / (mosaic.shape[0] / rows)
    ruler = Ruler(
        target, grid_shape, cell_aspect=cell_aspect, box=box, cells_px=cells_px, judge=judge, reporter=reporter
    )
    return ruler.measure(mosaic, assignment)
