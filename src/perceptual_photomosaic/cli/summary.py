"""Files that a command writes beside the mosaic, and the summary that it prints."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from perceptual_photomosaic.cli.variety_lines import variety_facts, variety_lines
from perceptual_photomosaic.errors import OutputError

if TYPE_CHECKING:
    from perceptual_photomosaic.config import MosaicOptions
    from perceptual_photomosaic.mosaic import Mosaic

__all__ = ["Extras", "facts_of", "print_skipped", "print_summary"]

_LISTED = 5
_LIGHT = 3 * 128  # sum of sRGB values: a lighter paper has no dark tiles, whatever is drawn on it
_DARK = {"emoji": "emoji:background=black", "glyphs": "glyphs:foreground=white,background=black"}


@dataclass(frozen=True)
class Extras:
    """Files beside the mosaic, each only on request."""

    plan: Path | None = None
    index: Path | None = None
    preview: Path | None = None
    settings: Path | None = None
    relative_to: Path | None = None

    def check(self, out: Path, read: Iterable[str | Path | None]) -> None:
        """Check, before any work, that every file can be written, and that none replaces what the command reads.

        Args:
            out: File of the mosaic.
            read: Files and folders that the command reads.
        Raises:
            OutputError: A place that cannot be written to, a name given twice, or a file that the command reads.
        """
        from perceptual_photomosaic.files.protection import refuse_overwriting_inputs
        from perceptual_photomosaic.files.replacing import check_folder
        from perceptual_photomosaic.render.formats import check_drawing, check_output

        check_output(out)
        read, seen = list(read), set()
        for path in (out, self.plan, self.index, self.preview, self.settings):
            if path is None:
                continue
            check_folder(path)
            refuse_overwriting_inputs(path, read)
            if path.absolute() in seen:
                raise OutputError(f"'{path}' is named for two outputs; give each its own name.")
            seen.add(path.absolute())
        if self.preview is not None:
            check_drawing(self.preview)

    def write(self, mosaic: Mosaic, options: MosaicOptions | None = None) -> None:
        """Write the files that were asked for.

        Args:
            mosaic: The mosaic.
            options: The settings as they were given; None takes those of the mosaic, with sizes filled in.
        """
        if self.plan is not None:
            mosaic.save_plan(self.plan, relative_to=self.relative_to)
        if self.index is not None:
            mosaic.save_index(self.index)
        if self.preview is not None:
            mosaic.save_preview(self.preview)
        if self.settings is not None:
            from perceptual_photomosaic.config import save_options
            from perceptual_photomosaic.files.replacing import write_text

            write_text(self.settings, save_options(options or mosaic.options))


def print_summary(mosaic: Mosaic, out: Path, *, quiet: bool, verbose: bool, as_json: bool) -> None:
    """Print a summary of a mosaic: one JSON object, or a few lines for people."""
    from perceptual_photomosaic.image import printable

    facts = facts_of(mosaic, out)
    if as_json:
        print(json.dumps(facts))
        return
    if quiet:
        return
    tiles, grid = facts["tiles"], facts["grid"]
    width, height = facts["size_px"]
    cell_width, cell_height = mosaic.tile_px
    cells = f"{grid['columns']} x {grid['rows']} cells of {cell_width} x {cell_height} px"
    if facts["crop"]:
        print(facts["crop"])
    if out.suffix.lower() in (".txt", ".ans"):
        print(f"{printable(out)}: {grid['rows']} lines of {grid['columns']} characters")
    else:
        print(f"{printable(out)}: {width} x {height} px, {cells}")
    if out.suffix.lower() == ".dzi":
        print(
            "to see it: `photomosaic view PLAN` makes a page of the plan; OpenSeadragon shows the .dzi in your own page"
        )
    for line in variety_lines(mosaic, tiles, facts["variety"]):
        print(line)
    advice = _advice(facts["lacking"], mosaic)
    if facts["lacking"] and (facts["lacking"]["growing"] or advice):
        print(facts["diagnosis"])
    for line in advice:
        print(line)
    for line in _liberties(mosaic):
        print(line)
    print_skipped(tiles["skipped"], everything=verbose)
    if verbose and facts["seconds"]:
        print("  ".join(f"{stage} {seconds:.2f} s" for stage, seconds in facts["seconds"].items()))


def _advice(lacking: dict[str, Any] | None, mosaic: Mosaic) -> list[str]:
    """Return advice where letters or emoji lack tones: add the same on black, or fit the target's tones."""
    from perceptual_photomosaic.tiles.spec import parse_colour, parse_specs

    if lacking is None:
        return []
    papers: dict[str, list[tuple[int, ...]]] = {name: [] for name in _DARK}
    for spec in parse_specs(mosaic.tiles.spec):
        if spec.name in papers:
            papers[spec.name].append(parse_colour(spec.options.get("background", "white"), spec.name))
    lines = [
        f'dark ones come with --tiles "{_DARK[name]}", beside these or alone'
        for name, colours in papers.items()
        if lacking["colours"].startswith("dark") and colours and min(sum(colour) for colour in colours) > _LIGHT
    ]
    if any(papers.values()) and mosaic.figures.get("tone") == "kept":
        lines.append("--tone fit shows all of the target in the tones that these tiles have")
    return lines


def facts_of(mosaic: Mosaic, out: Path) -> dict[str, Any]:
    """Return all facts about a mosaic as plain values, as `--json` prints them."""
    import numpy as np

    uses = np.bincount(mosaic.tile_numbers.ravel())
    figures = dict(mosaic.figures)
    figures.pop("variety", None)
    return {
        "target": mosaic.target_path,
        "out": str(out),
        "size_px": list(mosaic.size_px),
        "tile_px": list(mosaic.tile_px),
        "grid": {"rows": mosaic.grid.rows, "columns": mosaic.grid.columns},
        "tiles": {
            "spec": mosaic.tiles.spec,
            "count": len(mosaic.tiles) // len(mosaic.tiles.variants),
            "variants": list(mosaic.tiles.variants),
            "used": int((uses > 0).sum()),
            "most_used": int(uses.max()),
            "skipped": [{"path": item.path, "reason": item.reason} for item in mosaic.tiles.skipped],
        },
        "method": mosaic.options.method,
        "adjust": mosaic.options.adjust,
        "blend": mosaic.options.blend,
        "seed": mosaic.options.seed,
        "variety": variety_facts(mosaic),
        "crop": figures.pop("crop", ""),
        "cropped": max(mosaic.grid.cropped),
        "diagnosis": figures.pop("diagnosis", None),
        "lacking": figures.pop("lacking", None),
        "seconds": figures.pop("seconds", {}),
        "figures": figures,
    }


def _liberties(mosaic: Mosaic) -> list[str]:
    """Return a line for each change to the target's tones or to the tiles, and for the target laid over them."""
    lines = []
    if mosaic.figures.get("tone") == "fitted":
        lines.append("the target's tones were fitted to those that the tiles can show; --tone keep leaves them")
    if mosaic.ink is not None:
        both = " and their paper" if mosaic.options.ink == "duo" else ""
        lines.append(f"letters{both} have the colours of their cells")
    if mosaic.options.adjust > 0:
        lines.append(f"the colours of the tiles were shifted {mosaic.options.adjust:.0%} towards those of their cells")
    if mosaic.options.blend > 0:
        lines.append(f"the target lies over the tiles, {mosaic.options.blend:.0%} opaque")
    return lines


def print_skipped(skipped: list[dict[str, str]], *, everything: bool) -> None:
    """Print the number and the names of the skipped files: the first few, or all."""
    from perceptual_photomosaic.image import printable

    if not skipped:
        return
    shown = skipped if everything else skipped[:_LISTED]
    noun = "file was" if len(skipped) == 1 else "files were"
    print(f"{len(skipped)} {noun} skipped:")
    for item in shown:
        print(f"  {printable(item['path'])}: {item['reason']}")
    if len(skipped) > len(shown):
        print(f"  and {len(skipped) - len(shown)} more; -v lists all")
