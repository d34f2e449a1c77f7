"""Colours of coloured letters compared with the target's: ours with `--ink`, and chafa's, ASCII only.

    python -m benchmarks ink-colours --targets DIR   a folder of JPEG and PNG pictures: every tenth, 12 at most
    python -m benchmarks ink-colours                 four pictures of scikit-image

128 x 57 characters in cells of 12 x 27 px. "target" colours the characters on white or on black, "duo" their paper too.
chafa (`apt-get install chafa`) does the same: 24-bit colour, its foreground alone or both. Figures are CIEDE2000 (lower
is better) and SSIM (higher is better) where a pixel covers 1, 2 x 2 and 4 x 4 cells. Results: a table.
"""

from __future__ import annotations

import argparse
import io
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from benchmarks.common import skimage_targets, table
from benchmarks.letter_legibility import CELL_PX, COLUMNS, FONT_PX, LETTERS, ROWS, targets_in
from perceptual_photomosaic import make_mosaic
from perceptual_photomosaic.evaluate import Ruler
from perceptual_photomosaic.image import load_image
from perceptual_photomosaic.tiles.fonts import font_data

VIEWS = (1.0, 0.5, 0.25)
GROUNDS = {"black on white": ("#000000", "#ffffff"), "white on black": ("#ffffff", "#000000")}
Draw = Callable[[Path], NDArray[np.uint8]]


def main() -> None:
    """Run all entrants on all pictures and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--targets", type=Path, help="a folder of pictures; default: four of scikit-image's")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        paths = targets_in(options.targets) if options.targets else skimage_targets(Path(name))
        print(markdown({entrant: [_figures(path, draw) for path in paths] for entrant, draw in entrants().items()}))


def entrants() -> dict[str, Draw]:
    """Return the entrants: ours always, chafa where it is installed."""
    drawn: dict[str, Draw] = {}
    for ground in GROUNDS:
        drawn[f"ours, target, {ground}"] = lambda path, ground=ground: _ours(path, LETTERS[ground], "target")
        if shutil.which("chafa"):
            drawn[f"chafa, target, {ground}"] = lambda path, ground=ground: _chafa(path, ground, ["--fg-only"])
    drawn["ours, duo"] = lambda path: _ours(path, LETTERS["black on white"], "duo")
    if shutil.which("chafa"):
        drawn["chafa, duo"] = lambda path: _chafa(path, "black on white", [])
    return drawn


def markdown(found: dict[str, list[list[float]]]) -> str:
    """Return a table of means over the pictures, and a line for each missing entrant."""
    heads = [f"{figure} {view:g}" for figure in ("CIEDE2000", "SSIM") for view in VIEWS]
    rows = []
    for name, figures in found.items():
        means = np.mean(figures, axis=0)
        cells = [f"{value:.2f}" for value in means[: len(VIEWS)]] + [f"{value:.3f}" for value in means[len(VIEWS) :]]
        rows.append([name, *cells])
    lines = [table(["entrant", *heads], rows), ""]
    lines.append(f"Means over {len(next(iter(found.values())))} pictures; columns are pixels a cell.")
    if not any(name.startswith("chafa") for name in found):
        lines.append("Not installed here, so left out: chafa (`apt-get install chafa`).")
    return "\n".join(lines)


def _figures(path: Path, draw: Draw) -> list[float]:
    target, aspect = load_image(path), CELL_PX[0] / CELL_PX[1]
    box = (0.0, 0.0, float(target.shape[1]), float(target.shape[0]))
    ruler = Ruler(target, (ROWS, COLUMNS), cell_aspect=aspect, box=box, cells_px=VIEWS, judge=False)
    seen = ruler.measure(draw(path))
    print(f"{path.stem}: {seen.at(1).delta_e_mean:.2f}", file=sys.stderr, flush=True)
    return [seen.at(view).delta_e_mean for view in VIEWS] + [seen.at(view).ssim for view in VIEWS]


def _ours(path: Path, tiles: str, ink: str) -> NDArray[np.uint8]:
    grid = {"columns": COLUMNS, "rows": ROWS, "cell_aspect": f"{CELL_PX[0]}:{CELL_PX[1]}", "tile_size": max(CELL_PX)}
    return make_mosaic(path, tiles, fit="stretch", ink=ink, **grid).to_array()


def _chafa(path: Path, ground: str, more: list[str]) -> NDArray[np.uint8]:
    ink, paper = GROUNDS[ground]
    size = ["--size", f"{COLUMNS}x{ROWS}", "--stretch", "--font-ratio", str(CELL_PX[0] / CELL_PX[1])]
    colours = ["-c", "full", "--fg", ink, "--bg", paper, *more]
    command = ["chafa", "-f", "symbols", "--symbols", "ascii", *colours, *size, str(path)]
    ran = subprocess.run(command, capture_output=True, text=True)
    if ran.returncode:
        raise SystemExit(f"chafa cannot draw '{path}': {ran.stderr.strip()}. Take it out of the folder.")
    return _drawn(ran.stdout, _rgb(ink), _rgb(paper))


def _rgb(code: str) -> tuple[int, int, int]:
    return int(code[1:3], 16), int(code[3:5], 16), int(code[5:7], 16)


def _drawn(text: str, ink: tuple[int, int, int], paper: tuple[int, int, int]) -> NDArray[np.uint8]:
    """Draw text with ANSI colours in JetBrains Mono, sRGB, (1539, 1536, 3)."""
    width, height = CELL_PX
    font = ImageFont.truetype(io.BytesIO(font_data(None)), FONT_PX)
    canvas = Image.new("RGB", (COLUMNS * width, ROWS * height), paper)
    draw = ImageDraw.Draw(canvas)
    front, back, turned, row, column = ink, paper, False, 0, 0
    for code, character in re.findall(r"\x1b\[([0-9;?]*)[A-Za-z]|(.|\n)", text):
        if character == "\n":
            row, column = row + 1, 0
        elif character and row < ROWS and column < COLUMNS:
            over, under = (back, front) if turned else (front, back)
            left, top = column * width, row * height
            draw.rectangle((left, top, left + width - 1, top + height - 1), fill=under)
            draw.text((left, top), character, font=font, fill=over)
            column += 1
        elif not character and "?" not in code:
            numbers = [int(part or 0) for part in code.split(";")]
            while numbers:
                first = numbers.pop(0)
                if first == 0:
                    front, back, turned = ink, paper, False
                elif first == 7:
                    turned = True
                elif first in (38, 48) and numbers[:1] == [2]:
                    colour = (numbers[1], numbers[2], numbers[3])
                    front, back = (colour, back) if first == 38 else (front, colour)
                    del numbers[:4]
    return np.asarray(canvas)
