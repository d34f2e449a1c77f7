"""Figures about mosaics: curves over viewing distance and over variety, and sheets that show several side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from perceptual_photomosaic.errors import GridError, MissingExtraError
from perceptual_photomosaic.evaluate.evaluation import Ruler
from perceptual_photomosaic.evaluate.scores import Evaluation

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

__all__ = ["SHEET_CELLS_PX", "curves", "save_figure", "sheet", "variety_curves"]

SHEET_CELLS_PX = {"near": 16.0, "middle": 4.0, "far": 1.0}
"""The three distances of a sheet, as pixels per cell."""

_PANELS = {
    "delta_e_mean": "CIEDE2000, mean\n(lower is better)",
    "ssim": "SSIM\n(higher is better)",
    "gradient": "gradient agreement\n(higher is better)",
    "judge": "judge, ST-LPIPS\n(lower is better)",
    "flip": "FLIP\n(lower is better)",
}
_OVER_VARIETY = (("delta_e_mean", 2.0), ("delta_e_mean", 0.5), ("ssim", 2.0), ("ssim", 0.5))
"""Figures that are drawn over variety, each at a distance in px per cell."""
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")  # safe for colour-blind people
_MARKERS = "osD^vP*"
_PANEL_IN, _NARROW_IN = 2.9, 2.3
_DPI = 120


def curves(evaluations: Mapping[str, Evaluation]) -> Figure:
    """Draw every figure over the viewing distance, one line for each mosaic.

    Args:
        evaluations: The measured figures, by the mosaic's name.
    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    panels = _panels(evaluations)
    figure = _figure(_PANEL_IN * len(panels), 3.4)
    axes = figure.subplots(1, len(panels), squeeze=False)[0]
    _draw_curves(list(axes), panels, evaluations)
    return figure


def sheet(ruler: Ruler, mosaics: Mapping[str, NDArray[np.uint8]], evaluations: Mapping[str, Evaluation]) -> Figure:
    """Draw the target and mosaics side by side, near, middle and far, above their curves.

    The near view shows the third with the most edges. The others show the whole, enlarged to one size on the sheet.

    Args:
        ruler: Holds the target; must measure at `SHEET_CELLS_PX`.
        mosaics: uint8, (H, W, 3), by name.
        evaluations: The measured figures, by the same names.
    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    panels = _panels(evaluations)
    columns = 1 + len(mosaics)
    height, width = ruler.target_view(SHEET_CELLS_PX["far"]).shape[:2]
    tall = _PANEL_IN * height / width
    figure = _figure(max(_PANEL_IN * columns, _NARROW_IN * len(panels)), 3 * (tall + 0.3) + 3.6)
    above, below = figure.subfigures(2, 1, squeeze=False, height_ratios=[3 * (tall + 0.3), 3.6])[:, 0]
    pictures = above.subplots(len(SHEET_CELLS_PX), columns, squeeze=False)
    detail = _detail(ruler.target_view(SHEET_CELLS_PX["near"]))
    for row, (distance, cell_px) in enumerate(SHEET_CELLS_PX.items()):
        seen = [ruler.target_view(cell_px), *(ruler.mosaic_view(mosaic, cell_px) for mosaic in mosaics.values())]
        for axes, name, view in zip(pictures[row], ["target", *mosaics], seen, strict=True):
            shown = view[detail] if distance == "near" else view
            axes.imshow(shown, interpolation="bicubic" if distance == "far" else "antialiased")
            axes.set_xticks([])
            axes.set_yticks([])
            if row == 0:
                axes.set_title(name, fontsize=10)
        pictures[row][0].set_ylabel(f"{distance}: {cell_px:g} px per cell")
    _draw_curves(list(below.subplots(1, len(panels), squeeze=False)[0]), panels, evaluations)
    return figure


def variety_curves(evaluations: Mapping[str, Evaluation]) -> Figure:
    """Draw fidelity over the effective number of tiles, one labelled point for each mosaic.

    A grey line joins the best points: no mosaic of the same or a higher variety has a better figure.

    Args:
        evaluations: The measured figures, by the mosaic's name; all with their variety.
    Raises:
        GridError: The variety of a mosaic is not known.
        MissingExtraError: matplotlib is not installed.
    """
    for name, result in evaluations.items():
        if result.variety is None:
            raise GridError(f"how varied '{name}' is cannot be told from its pixels. Name its --plan or --index.")
    numbers = [result.variety.effective for result in evaluations.values() if result.variety is not None]
    figure = _figure(_PANEL_IN * len(_OVER_VARIETY), 3.4)
    for panel, (name, cell_px) in zip(figure.subplots(1, len(_OVER_VARIETY)), _OVER_VARIETY, strict=True):
        values = [getattr(result.at(cell_px), name) for result in evaluations.values()]
        best = _unbeaten(numbers, values, min if name == "delta_e_mean" else max)
        panel.plot([numbers[k] for k in best], [values[k] for k in best], color="0.75", linewidth=1, zorder=1)
        for k, label in enumerate(evaluations):
            point = numbers[k], values[k]
            panel.plot(*point, _MARKERS[k % len(_MARKERS)], color=_COLOURS[k % len(_COLOURS)], markersize=6)
            panel.annotate(label, point, xytext=(5, 5), textcoords="offset points", fontsize=8)
        panel.margins(0.2)
        panel.set_title(_PANELS[name].replace("\n", f", at {_share(cell_px)} px per cell\n"), fontsize=9)
        panel.set_xlabel("effective number of tiles", fontsize=9)
        panel.tick_params(labelsize=8)
        panel.grid(alpha=0.3)
    return figure


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure in the format that the suffix names."""
    figure.savefig(path, dpi=_DPI, format=path.suffix.lower().removeprefix("."))


def _draw_curves(axes: list[Axes], panels: list[str], evaluations: Mapping[str, Evaluation]) -> None:
    distances = sorted({view.cell_px for result in evaluations.values() for view in result.views})
    for panel, name in zip(axes, panels, strict=True):
        for number, (label, result) in enumerate(evaluations.items()):
            points = [(view.cell_px, getattr(view, name)) for view in result.views]
            known = [(cell_px, value) for cell_px, value in points if value is not None]
            (line,) = panel.plot(*zip(*known, strict=True), label=label, markersize=4, linewidth=1.4)
            line.set_color(_COLOURS[number % len(_COLOURS)])
            line.set_marker(_MARKERS[number % len(_MARKERS)])
        panel.set_xscale("log", base=2)
        panel.set_xlim(distances[-1] * 1.2, distances[0] / 1.2)  # from near to far
        panel.set_xticks(distances, [_share(cell_px) for cell_px in distances])
        panel.minorticks_off()
        panel.set_title(_PANELS[name], fontsize=9)
        panel.set_xlabel("px per cell", fontsize=9)
        panel.tick_params(labelsize=8)
        heights = [height for line in panel.get_lines() for height in np.asarray(line.get_ydata())]
        panel.set_ylim(min(0.0, 1.1 * min(heights)), 1.1 * max(heights) or 1.0)
        panel.grid(alpha=0.3)
    if len(evaluations) > 1:
        axes[0].legend(fontsize=8)


def _unbeaten(numbers: list[float], values: list[float], pick: Callable[[float, float], float]) -> list[int]:
    """Return the points that no point of the same or a higher variety beats, the most varied first."""
    kept: list[int] = []
    for k in sorted(range(len(numbers)), key=lambda k: -numbers[k]):
        if not kept or pick(values[k], values[kept[-1]]) != values[kept[-1]]:
            kept.append(k)
    return kept


def _panels(evaluations: Mapping[str, Evaluation]) -> list[str]:
    """Return the names of the figures that were measured."""
    views = [view for result in evaluations.values() for view in result.views]
    return [name for name in _PANELS if any(getattr(view, name) is not None for view in views)]


def _share(cell_px: float) -> str:
    return f"1/{1 / cell_px:g}" if cell_px < 1 else f"{cell_px:g}"


def _detail(view: NDArray[np.uint8]) -> tuple[slice, slice]:
    """Return the third (along both sides) of a picture with the most edges, which is mostly its subject."""
    lightness = view.astype(np.float64).mean(axis=2)
    edges = np.abs(np.diff(lightness, axis=0, append=lightness[-1:])) + np.abs(
        np.diff(lightness, axis=1, append=lightness[:, -1:])
    )
    height, width = (max(1, side // 3) for side in edges.shape)
    tops = range(0, edges.shape[0] - height + 1, max(1, height // 4))
    lefts = range(0, edges.shape[1] - width + 1, max(1, width // 4))
    top, left = max(
        ((top, left) for top in tops for left in lefts),
        key=lambda corner: edges[corner[0] : corner[0] + height, corner[1] : corner[1] + width].sum(),
    )
    return slice(top, top + height), slice(left, left + width)


def _figure(width_in: float, height_in: float) -> Figure:
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError("drawing curves", "eval") from error
    return Figure(figsize=(width_in, height_in), layout="constrained")
