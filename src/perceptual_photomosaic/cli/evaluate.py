"""`photomosaic evaluate`: measure how well a mosaic shows its target, from near to far."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from perceptual_photomosaic.cli.setting_options import PlanFolder
from perceptual_photomosaic.errors import ImageError
from perceptual_photomosaic.progress.shown import reporter_for

if TYPE_CHECKING:
    from perceptual_photomosaic.evaluate import Evaluation, Legibility

__all__ = ["evaluate"]

_IN_ITS_TONES = """\
this mosaic has few of its target's tones, so below it is compared with the target in the mosaic's own: lightness mapped
by the monotone map that fits best, cell by cell (--json has the figures without this, too)"""


def evaluate(
    mosaic: Annotated[Path, typer.Argument(help="The mosaic: the whole grid and nothing else.", show_default=False)],
    *,
    target: Annotated[
        Path | None, typer.Option("--target", "-t", help="The picture it shows. Default: the plan's target.")
    ] = None,
    grid: Annotated[str | None, typer.Option(help="Cells as COLUMNSxROWS, like 64x48.")] = None,
    plan: Annotated[Path | None, typer.Option(help="The plan it was made with; names the grid and the tiles.")] = None,
    index: Annotated[
        Path | None, typer.Option(help="Instead of a plan, the index (CSV); names the grid and the tiles.")
    ] = None,
    relative_to: PlanFolder = None,
    no_judge: Annotated[bool, typer.Option("--no-judge", help="Leave out ST-LPIPS and FLIP.")] = False,
    plot: Annotated[Path | None, typer.Option(help="Draw the curves: .png .svg .pdf")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Measure how well MOSAIC shows its target, at seven viewing distances.

    photomosaic evaluate mosaic.png --target portrait.jpg --grid 64x64

    photomosaic evaluate mosaic.png --plan plan.json --plot curves.png

    Colours (CIEDE2000), structure (SSIM) and edges are compared where one cell covers 16 px down to 1/4 px. At 8, 4 and
    2 px a network that was trained on people's judgements (shift-tolerant LPIPS) and NVIDIA FLIP also compare them.
    Then follow the variety of the mosaic, its plates, grain and bias, and its legibility: five figures that do not
    depend on contrast. If a mosaic has few of the target's tones, as letters and emoji have, legibility comes first,
    and the rest is compared in the mosaic's tones. Without a plan or an index, cells that look alike count as one tile.
    """
    from perceptual_photomosaic.evaluate import evaluate as measure
    from perceptual_photomosaic.evaluate.sources import read_grid
    from perceptual_photomosaic.image import load_image

    layout = read_grid(grid, plan=plan, index=index, relative_to=relative_to)
    if target is None:
        if layout.target is None:
            raise ImageError("no target was named. Add --target PICTURE, the one that the mosaic shows.")
        target = Path(layout.target)
    if plot is not None:
        check_figure(plot, [mosaic, target, plan, index])
    picture = load_image(mosaic)
    whole, box = layout.lay_over(load_image(target, background=layout.background))
    reporter = reporter_for(quiet=quiet or as_json)
    result = measure(
        picture,
        whole,
        layout.grid_shape,
        judge=not no_judge,
        assignment=layout.tiles_of(picture),
        box=box,
        reporter=reporter,
    )
    if plot is not None:
        from perceptual_photomosaic.evaluate.plot import curves, save_figure
        from perceptual_photomosaic.files.replacing import replacing

        with replacing(plot) as part:
            save_figure(curves({mosaic.stem: result.shown}), part)
    if as_json:
        facts = {"mosaic": str(mosaic), "target": str(target)}
        print(json.dumps(facts | plain(result, layout.assignment is None)))
        return
    said = _legibility_text(result.legibility)
    if result.mapped:
        print(f"{said}\n{_IN_ITS_TONES}")
    _print_table(result.shown)
    _print_tiles(result.shown, layout.assignment is None)
    if not result.mapped:
        print(said)


def check_figure(path: Path, read: Iterable[Path | None]) -> None:
    """Check, before any work, that a figure can be written to `path`.

    Args:
        path: File of the figure.
        read: Files that the command reads.
    Raises:
        OutputError: An unknown suffix, a place that cannot be written to, or a file that the command reads.
    """
    from perceptual_photomosaic.errors import OutputError
    from perceptual_photomosaic.files.protection import refuse_overwriting_inputs
    from perceptual_photomosaic.files.replacing import check_folder

    if path.suffix.lower() not in (".png", ".svg", ".pdf"):
        raise OutputError(f"'{path}': figures are drawn as .png, .svg or .pdf. Choose one of these.")
    check_folder(path)
    refuse_overwriting_inputs(path, read)


def share(cell_px: float) -> str:
    """Write 0.25 as 1/4, and 8.0 as 8."""
    return f"1/{1 / cell_px:g}" if cell_px < 1 else f"{cell_px:g}"


def figure_text(value: float | None, digits: int = 3) -> str:
    """Write a figure, or a dash where there is none."""
    return "-" if value is None else f"{value:.{digits}f}"


def _legibility_text(found: Legibility) -> str:
    """Write the five figures of legibility and their mean."""
    tones = " ".join(figure_text(value) for value in (found.tones32, found.tones64, found.tones128))
    outlines = " ".join(figure_text(value) for value in (found.outlines64, found.outlines128))
    mean = figure_text(found.mean)
    return f"legibility {mean}: tones {tones} (32, 64, 128 samples), outlines {outlines} (64, 128): higher is better"


def _print_table(result: Evaluation) -> None:
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Table

    judged = any(view.judge is not None for view in result.views)
    heads = ["px per cell", "view in px", "ΔE", "ΔE 95%", "SSIM", "edges"]
    table = Table(box=SIMPLE, pad_edge=False)
    for head in [*heads, *(["judge", "FLIP"] if judged else [])]:
        table.add_column(head, justify="right", no_wrap=True)
    for view in result.views:
        cells = [share(view.cell_px), f"{view.size_px[0]} x {view.size_px[1]}"]
        cells += [figure_text(view.delta_e_mean, 2), figure_text(view.delta_e_p95, 2)]
        cells += [figure_text(view.ssim), figure_text(view.gradient)]
        table.add_row(*cells, *([figure_text(view.judge), figure_text(view.flip)] if judged else []))
    Console().print(table)
    print(f"ΔE (CIEDE2000){', judge and FLIP' if judged else ''}: lower is better; SSIM and edges: higher is better")


def plain(result: Evaluation, guessed: bool) -> dict[str, Any]:
    """Return all figures as plain values, and the source of the tile counts: an assignment or pixels."""
    figures = result.to_dict()
    if figures["tiles"] is not None:
        figures["tiles"] |= {"counted_from": "pixels" if guessed else "assignment"}
    return figures


def _print_tiles(result: Evaluation, guessed: bool) -> None:
    tone, tiles, variety = result.tone, result.tiles, result.variety
    plates, grain, bias = (figure_text(value, 2) for value in (tone.plates, tone.grain, tone.bias))
    print(f"plates {plates}, grain {grain}, bias {bias}: lower is better")
    if tiles is None or variety is None:
        return
    where = " (cells that look alike count as one tile)" if guessed else ""
    apart = tiles.nearest_repeat
    near = "no tile comes twice" if apart is None else f"nearest repeat {apart} cell{'s' * (apart > 1)} away"
    print(f"{tiles.cells} cells, {tiles.distinct} different tiles, the commonest in {tiles.most_used}, {near}{where}")
    print(
        f"the commonest tile fills {variety.commonest:.1%} of the cells, the ten commonest "
        f"{variety.ten_commonest:.1%}; as varied as {variety.effective:.0f} tiles used equally often"
    )
    area = f"{variety.largest_area} cell{'s' * (variety.largest_area > 1)}"
    print(
        f"largest area of one tile: {area}; the same tile is beside {variety.equal_neighbours:.1%} of the cells, "
        f"within 3 cells of {variety.within_3:.1%}"
    )
