"""`photomosaic compare`: several mosaics of one target, side by side and in figures."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from perceptual_photomosaic.cli.evaluate import check_figure, figure_text, plain, share
from perceptual_photomosaic.cli.setting_options import PlanFolder
from perceptual_photomosaic.errors import ImageError, OutputError
from perceptual_photomosaic.progress.shown import reporter_for

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from perceptual_photomosaic.evaluate import Evaluation, Ruler
    from perceptual_photomosaic.evaluate.sources import KnownGrid

__all__ = ["compare"]

_FIGURES = {
    "delta_e_mean": ("ΔE, less is better", 2, min),
    "ssim": ("SSIM, more is better", 3, max),
    "gradient": ("edges, more is better", 3, max),
    "judge": ("judge, less is better", 3, min),
    "flip": ("FLIP, less is better", 3, min),
}
_LEGIBILITY = {
    "mean": "legibility, more is better",
    "tones32": "- tones, 32 samples",
    "tones64": "- tones, 64 samples",
    "tones128": "- tones, 128 samples",
    "outlines64": "- outlines, 64 samples",
    "outlines128": "- outlines, 128 samples",
}
_TONE = {"plates": 0.25, "grain": 1.0, "bias": 0.125}  # with the pixels that one cell covers
_VARIETY = {
    "commonest": ("commonest tile", ".1%"),
    "ten_commonest": ("ten commonest tiles", ".1%"),
    "effective": ("effective number of tiles", ".0f"),
    "largest_area": ("largest area, cells", ".0f"),
    "equal_neighbours": ("same tile beside", ".1%"),
    "within_3": ("same tile within 3 cells", ".1%"),
}
_LEGEND = """\
* the best, but it repeats its tiles clearly more than a mosaic it beats (effective number under 0.8 of the other's, or
  commonest tile with over 1.5 times the share): compare it with a mosaic of the same variety"""

_IN_THEIR_TONES = """\
few of the target's tones: {}
so ΔE and what follows compare each mosaic with the target in the mosaic's own tones: lightness mapped by the monotone
map that fits best, cell by cell (--json has the figures without this, too)"""


def compare(
    mosaics: Annotated[list[Path], typer.Argument(help="Mosaics on the same grid.", show_default=False)],
    *,
    target: Annotated[
        Path | None, typer.Option("--target", "-t", help="The picture they show. Default: the plan's target.")
    ] = None,
    grid: Annotated[
        str | None, typer.Option(help="Cells as COLUMNSxROWS, like 64x48. Default: the plan's grid.")
    ] = None,
    plan: Annotated[
        list[Path] | None, typer.Option(help="The plan of each mosaic, in the same order; - for a mosaic without one.")
    ] = None,
    index: Annotated[
        list[Path] | None,
        typer.Option(help="Instead of plans, the index (CSV) of each mosaic; - for a mosaic without one."),
    ] = None,
    relative_to: PlanFolder = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Draw them side by side: .png .svg .pdf")] = None,
    curve: Annotated[Path | None, typer.Option(help="Draw fidelity over variety: .png .svg .pdf")] = None,
    no_judge: Annotated[bool, typer.Option("--no-judge", help="Leave out ST-LPIPS and FLIP.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Compare MOSAICS of one target: figures at seven viewing distances, and the variety of each mosaic.

    photomosaic compare mine.png theirs.png --target portrait.jpg --grid 64x64 -o sheet.png

    photomosaic compare mine.png theirs.png --plan mine.json --plan - --curve curve.png

    A mosaic that repeats a few tiles can be closer to its target than a varied one; a star marks a figure that is best
    for this reason. If a mosaic has few of the target's tones, as letters and emoji have, legibility comes first, and
    the other figures compare each mosaic with the target in the mosaic's own tones. Without a plan or an index, cells
    that look alike count as one tile.
    """
    plans, indexes = plan or [], index or []
    for figure in (out, curve):
        if figure is not None:
            check_figure(figure, [*mosaics, target, *plans, *indexes])
    if out is not None and curve is not None and out.absolute() == curve.absolute():
        raise OutputError(f"'{out}' is named by --out and by --curve. Name two files.")

    from perceptual_photomosaic.evaluate import Ruler
    from perceptual_photomosaic.evaluate.sources import read_grids
    from perceptual_photomosaic.image import load_image

    names = _names(mosaics)
    found = read_grids(len(mosaics), grid, plans=plans, indexes=indexes, relative_to=relative_to)
    layouts = dict(zip(names, found, strict=True))
    over = next((layout for layout in layouts.values() if layout.box is not None), layouts[names[0]])
    if target is None:
        if over.target is None:
            raise ImageError("no target was named. Add --target PICTURE, the one that the mosaics show.")
        target = Path(over.target)
    pictures = {name: load_image(path) for name, path in zip(names, mosaics, strict=True)}
    whole, box = over.lay_over(load_image(target, background=over.background))
    reporter = reporter_for(quiet=quiet or as_json)
    aspect = _aspect(pictures, over.grid_shape)
    ruler = Ruler(whole, over.grid_shape, cell_aspect=aspect, box=box, judge=not no_judge, reporter=reporter)
    few = [name for name, picture in pictures.items() if ruler.has_few_tones(picture)]
    results = {
        name: ruler.measure(picture, layouts[name].tiles_of(picture), mapped=bool(few))
        for name, picture in pictures.items()
    }
    shown = {name: result.shown for name, result in results.items()}
    _draw(ruler, pictures, shown, out, curve)
    if as_json:
        print(json.dumps(_plain(results, layouts)))
    else:
        if few:
            print(_IN_THEIR_TONES.format(", ".join(few)))
        _print_tables(shown, legibility_first=bool(few))
        if guessed := [name for name, layout in layouts.items() if layout.assignment is None]:
            print(f"tiles of {', '.join(guessed)}: cells that look alike count as one")


def _aspect(pictures: dict[str, NDArray[np.uint8]], grid_shape: tuple[int, int]) -> float:
    """Return the width of a cell divided by its height.

    Raises:
        ImageError: The ratio differs between the mosaics.
    """
    rows, cols = grid_shape
    aspects = {
        name: float(picture.shape[1] / cols) / float(picture.shape[0] / rows) for name, picture in pictures.items()
    }
    first, aspect = next(iter(aspects.items()))
    for name, other in aspects.items():
        if abs(other / aspect - 1) > 0.02:
            raise ImageError(
                f"cells of '{first}' are {aspect:.2f} times as wide as high, those of '{name}' {other:.2f} times: "
                f"not on one grid. Compare mosaics of one grid."
            )
    return aspect


def _draw(
    ruler: Ruler,
    pictures: dict[str, NDArray[np.uint8]],
    results: dict[str, Evaluation],
    out: Path | None,
    curve: Path | None,
) -> None:
    """Draw the figures that were asked for: a sheet, and fidelity over variety."""
    if out is None and curve is None:
        return
    from perceptual_photomosaic.evaluate.plot import save_figure, sheet, variety_curves
    from perceptual_photomosaic.files.replacing import replacing

    if out is not None:
        with replacing(out) as part:
            save_figure(sheet(ruler, pictures, results), part)
    if curve is not None:
        with replacing(curve) as part:
            save_figure(variety_curves(results), part)


def _names(paths: list[Path]) -> list[str]:
    """Return a different short name for each file: its stem, or the folders in which the paths differ.

    Raises:
        ImageError: A file is named twice.
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


def _rivals(results: dict[str, Evaluation]) -> dict[str, list[str]]:
    """Return for each mosaic the names of the clearly more varied ones."""
    from perceptual_photomosaic.evaluate import more_varied

    return more_varied({name: result.variety for name, result in results.items()})


def _plain(results: dict[str, Evaluation], layouts: dict[str, KnownGrid]) -> dict[str, object]:
    """Return all figures as plain values, and for each mosaic the names of the clearly more varied ones."""
    rivals = _rivals(results)
    return {
        name: plain(result, layouts[name].assignment is None) | {"repeats_more_than": rivals[name]}
        for name, result in results.items()
    }


Pick = Callable[[list[float]], float]


def _blocks(
    results: dict[str, Evaluation], *, legibility_first: bool
) -> list[list[tuple[str, str, list[float], int, Pick]]]:
    """Return the rows in blocks: title, pixels per cell, values, digits, and the function that picks the best value."""
    views = next(iter(results.values())).views
    blocks = [
        [
            (title, share(v.cell_px), [getattr(r.at(v.cell_px), figure) for r in results.values()], digits, best)
            for v in views
        ]
        for figure, (title, digits, best) in _FIGURES.items()
    ]
    tones = [
        (f"{figure}, less is better", share(cell_px), [getattr(r.tone, figure) for r in results.values()], 2, min)
        for figure, cell_px in _TONE.items()
    ]
    legible = [
        (title, "", [getattr(r.legibility, figure) for r in results.values()], 3, max)
        for figure, title in _LEGIBILITY.items()
    ]
    ordered = [legible, *blocks, tones] if legibility_first else [*blocks, tones, legible]
    return [[row for row in block if None not in row[2]] for block in ordered]


def _print_tables(results: dict[str, Evaluation], *, legibility_first: bool) -> None:
    """Print one table: a block of rows for each figure, a column for each mosaic, the best of a row in bold."""
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Table

    table = Table("", "px per cell", *results, box=SIMPLE, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    rivals, starred = _rivals(results), False
    for block in _blocks(results, legibility_first=legibility_first):
        before = ""
        for title, cell_px, values, digits, best in block:
            texts = {name: figure_text(value, digits) for name, value in zip(results, values, strict=True)}
            top = figure_text(best(values), digits)
            shown = []
            for name, text in texts.items():
                star = text == top and any(texts[rival] != top for rival in rivals[name])
                starred = starred or star
                shown.append(f"[bold]{text}[/bold]{'*' if star else ' '}" if text == top else f"{text} ")
            table.add_row("" if title == before else title, cell_px, *shown)
            before = title
        table.add_section()
    for figure, (title, style) in _VARIETY.items():
        varied = [result.variety for result in results.values()]
        table.add_row(title, "", *("- " if v is None else f"{getattr(v, figure):{style}} " for v in varied))
    Console().print(table)
    if starred:
        print(_LEGEND)
