"""`photomosaic compare`: several mosaics of one target, side by side and in figures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from perceptual_photomosaic.cli.evaluate import check_figure, figure_text, share
from perceptual_photomosaic.cli.report import reporter_for
from perceptual_photomosaic.errors import ImageError

if TYPE_CHECKING:
    from perceptual_photomosaic.evaluate import Evaluation

__all__ = ["compare"]

_FIGURES = {
    "delta_e_mean": ("ΔE, less is better", 2, min),
    "ssim": ("SSIM, more is better", 3, max),
    "gradient": ("edges, more is better", 3, max),
    "judge": ("judge, less is better", 3, min),
    "flip": ("FLIP, less is better", 3, min),
}


def compare(
    mosaics: Annotated[list[Path], typer.Argument(help="Mosaics on the same grid.", show_default=False)],
    *,
    target: Annotated[Path, typer.Option("--target", "-t", help="The picture they show.", show_default=False)],
    grid: Annotated[str, typer.Option(help="Cells as COLUMNSxROWS, like 64x48.", show_default=False)],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Draw them side by side: .png .svg .pdf")] = None,
    no_judge: Annotated[bool, typer.Option("--no-judge", help="Leave out ST-LPIPS and FLIP.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Tell of no progress.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Compare MOSAICS of one target: figures at seven viewing distances, and a sheet with near, middle and far.

    photomosaic compare mine.png theirs.png --target portrait.jpg --grid 64x64 -o sheet.png
    """
    if out is not None:
        check_figure(out, [*mosaics, target])

    from perceptual_photomosaic.evaluate import Ruler
    from perceptual_photomosaic.evaluate.sources import parse_grid
    from perceptual_photomosaic.image import load_image

    rows, cols = parse_grid(grid)
    names = _names(mosaics)
    pictures = {name: load_image(path) for name, path in zip(names, mosaics, strict=True)}
    aspects = {name: (picture.shape[1] / cols) / (picture.shape[0] / rows) for name, picture in pictures.items()}
    first, aspect = next(iter(aspects.items()))
    for name, other in aspects.items():
        if abs(other / aspect - 1) > 0.02:
            raise ImageError(
                f"cells of '{first}' are {aspect:.2f} times as wide as high, those of '{name}' {other:.2f} times: "
                f"not on one grid. Compare mosaics of one grid."
            )
    reporter = reporter_for(quiet=quiet or as_json)
    ruler = Ruler(load_image(target), (rows, cols), cell_aspect=aspect, judge=not no_judge, reporter=reporter)
    results = {name: ruler.measure(picture) for name, picture in pictures.items()}
    if out is not None:
        from perceptual_photomosaic.evaluate.plot import save_figure, sheet
        from perceptual_photomosaic.render.formats import replacing

        with replacing(out) as part:
            save_figure(sheet(ruler, pictures, results), part)
    if as_json:
        print(json.dumps({name: result.to_dict() for name, result in results.items()}))
    else:
        _print_tables(results)


def _names(paths: list[Path]) -> list[str]:
    """Short names that tell the files apart: their stems, or the folders in which their paths differ.

    Raises:
        ImageError: The same file twice.
    """
    stems = [path.stem for path in paths]
    if len(set(stems)) == len(stems):
        return stems
    parts = [path.absolute().with_suffix("").parts for path in paths]
    if len(set(parts)) < len(parts):
        raise ImageError("a mosaic was named twice; name each once.")
    if len(set(stems)) == 1:
        parts = [folders[:-1] for folders in parts]
    shortest = min(len(folders) for folders in parts)
    common = next((depth for depth in range(shortest) if len({folders[depth] for folders in parts}) > 1), shortest)
    return ["/".join(folders[common:]) or folders[-1] for folders in parts]


def _print_tables(results: dict[str, Evaluation]) -> None:
    """One table: a block of rows for each figure, a column for each mosaic, the best of a row in bold."""
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Table

    table = Table("", "px per cell", *results, box=SIMPLE, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    distances = [view.cell_px for view in next(iter(results.values())).views]
    for figure, (title, digits, best) in _FIGURES.items():
        head = title
        for cell_px in distances:
            values = [getattr(result.at(cell_px), figure) for result in results.values()]
            if None in values:
                continue
            texts = [figure_text(value, digits) for value in values]
            top = figure_text(best(values), digits)
            table.add_row(head, share(cell_px), *(f"[bold]{text}[/bold]" if text == top else text for text in texts))
            head = ""
        table.add_section()
    Console().print(table)
