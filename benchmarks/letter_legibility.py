"""Legibility of letters and emoji: ours, and the text art of jp2a and chafa.

    python -m benchmarks letter-legibility --targets DIR   a folder of JPEG and PNG pictures: every tenth, 12 at most
    python -m benchmarks letter-legibility                 four pictures of scikit-image
    python -m benchmarks letter-legibility --keep DIR      also keep the mosaics, as PNG

All draw 128 x 57 characters in cells of 12 x 27 px, black on white and white on black. The peers (`apt-get install jp2a
chafa`) write ASCII, without colour, with the settings for that paper; it is drawn in JetBrains Mono, the font that our
mosaics use. Where a peer is missing, its rows are left out, and a line says so. Results:
.benchmarks/letter-legibility.json, a table.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from benchmarks.common import photos_in, save_figures, skimage_targets, table
from perceptual_photomosaic import make_mosaic
from perceptual_photomosaic.evaluate import legibility
from perceptual_photomosaic.image import load_image

COLUMNS, ROWS = 128, 57
CELL_PX = 12, 27
FONT_PX = 20
"""At this size a character of JetBrains Mono is 12 px wide."""
EMOJI_CELLS, EMOJI_PX = 64, 24

LETTERS = {"black on white": "glyphs", "white on black": "glyphs:foreground=white,background=black"}
"""Our tile sets, by ground."""
INKS = {"black on white": (0, 255), "white on black": (255, 0)}
"""Grey of characters and paper."""
INVERT = {"black on white": ["--invert"], "white on black": []}
"""The option that tells both peers that the paper is light; their default is dark."""

STEP, MOST = 10, 12
FIGURES = ("tones32", "tones64", "tones128", "outlines64", "outlines128", "mean")

Draw = Callable[[Path], NDArray[np.uint8]]
"""Makes a mosaic, sRGB (H, W, 3), of the picture in a file."""
Results = dict[str, dict[str, dict[str, float]]]
"""Figures by entrant and picture."""


def main() -> None:
    """Run all entrants on all pictures and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--targets", type=Path, help="a folder of pictures; default: four of scikit-image's")
    parser.add_argument("--keep", type=Path, help="a folder for the mosaics")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        paths = targets_in(options.targets) if options.targets else skimage_targets(Path(name))
        results = compare(paths, entrants(Path(name)), options.keep)
    save_figures("letter-legibility", results)
    print(markdown(results))


def targets_in(folder: Path) -> list[Path]:
    """Return pictures of a folder, in the order of their names: all up to 12, else every tenth, 12 at most.

    Raises:
        SystemExit: No folder, or no picture in it.
    """
    found = photos_in(folder)
    if not found:
        raise SystemExit(f"'{folder}' is no folder with .jpg or .png pictures. Name one that is with --targets.")
    return found if len(found) <= MOST else found[::STEP][:MOST]


def entrants(cache: Path) -> dict[str, Draw]:
    """Return the entrants: ours always, the peers where they are installed."""
    drawn: dict[str, Draw] = {}
    for ground in INKS:
        drawn[f"ours, {ground}"] = lambda target, ground=ground: _letters(target, LETTERS[ground])
        for peer in PEERS:
            if shutil.which(peer):
                drawn[f"{peer}, {ground}"] = lambda target, peer=peer, ground=ground: _text_art(peer, target, ground)
    drawn[f"ours, emoji, {EMOJI_CELLS} x {EMOJI_CELLS} cells"] = lambda target: _emoji(target, cache)
    return drawn


def compare(paths: list[Path], drawn: dict[str, Draw], keep: Path | None = None) -> Results:
    """Measure the mosaics that all entrants make of all pictures.

    Args:
        paths: Pictures.
        drawn: Entrants by name.
        keep: A folder for the mosaics.
    """
    results: Results = {name: {} for name in drawn}
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
    for path in paths:
        target = load_image(path)
        for name, draw in drawn.items():
            mosaic = draw(path)
            found = legibility(target, mosaic)
            results[name][path.stem] = found.to_dict()
            print(f"{path.stem}: {name} {found.mean:.3f}", file=sys.stderr, flush=True)
            if keep is not None:
                Image.fromarray(mosaic).save(keep / f"{path.stem}-{re.sub('[^a-z0-9]+', '-', name)}.png")
    return results


def markdown(results: Results) -> str:
    """Return a table of means over the pictures, the best of a paper in bold, and a line for each missing entrant."""
    pictures = list(next(iter(results.values())))
    means = {
        name: {figure: float(np.mean([found[figure] for found in rows.values()])) for figure in FIGURES}
        for name, rows in results.items()
    }
    rows = []
    for name, figures in means.items():
        rivals = [other for other in means if other.partition(", ")[2] == name.partition(", ")[2]]
        cells = []
        for figure, value in figures.items():
            best = len(rivals) > 1 and value == max(means[rival][figure] for rival in rivals)
            cells.append(f"**{value:.3f}**" if best else f"{value:.3f}")
        rows.append([name, *cells])
    lines = [table(["entrant", *FIGURES], rows), ""]
    lines.append(f"Means over {len(pictures)} pictures: {', '.join(pictures)}. Higher is better.")
    missing = [peer for peer in PEERS if not any(name.startswith(f"{peer},") for name in results)]
    if missing:
        lines.append(f"Not installed here, so left out: {', '.join(missing)} (`apt-get install {' '.join(missing)}`).")
    return "\n".join(lines)


def _letters(target: Path, tiles: str) -> NDArray[np.uint8]:
    grid = {"columns": COLUMNS, "rows": ROWS, "cell_aspect": f"{CELL_PX[0]}:{CELL_PX[1]}", "tile_size": max(CELL_PX)}
    return make_mosaic(target, tiles, fit="stretch", **grid).to_array()


def _emoji(target: Path, cache: Path) -> NDArray[np.uint8]:
    grid = {"columns": EMOJI_CELLS, "rows": EMOJI_CELLS, "tile_size": EMOJI_PX}
    return make_mosaic(target, "emoji", fit="stretch", cache=cache, **grid).to_array()


def _jp2a(target: Path, ground: str) -> list[str]:
    return ["jp2a", *INVERT[ground], f"--size={COLUMNS}x{ROWS}", str(target)]


def _chafa(target: Path, ground: str) -> list[str]:
    size = ["--size", f"{COLUMNS}x{ROWS}", "--stretch", "--font-ratio", str(CELL_PX[0] / CELL_PX[1])]
    plain = ["-f", "symbols", "-c", "none", "--symbols", "ascii"]
    return ["chafa", *plain, *INVERT[ground], *size, str(target)]


PEERS = {"jp2a": _jp2a, "chafa": _chafa}
"""The peers: program -> its command line for a picture on a paper."""


def _text_art(peer: str, target: Path, ground: str) -> NDArray[np.uint8]:
    ran = subprocess.run(PEERS[peer](target, ground), capture_output=True, text=True)
    if ran.returncode:
        reason = (ran.stderr.strip().splitlines() or [f"exit status {ran.returncode}"])[-1].rstrip(".")
        raise SystemExit(f"{peer} cannot draw '{target}': {reason}. Take it out of the folder.")
    return drawn_text(re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", ran.stdout), *INKS[ground])


def drawn_text(text: str, ink: int, paper: int) -> NDArray[np.uint8]:
    """Draw 128 x 57 characters in JetBrains Mono.

    Args:
        text: Lines; text beyond the grid is cut off, missing characters stay paper.
        ink: Grey of the characters, 0 to 255.
        paper: Grey behind them.
    Returns:
        sRGB, uint8, (1539, 1536, 3).
    """
    file = resources.files("fontpkg_jetbrains_mono").joinpath("files", "JetBrainsMono[wght].ttf")
    font = ImageFont.truetype(str(file), FONT_PX)
    canvas = Image.new("L", (COLUMNS * CELL_PX[0], ROWS * CELL_PX[1]), paper)
    draw = ImageDraw.Draw(canvas)
    for row, line in enumerate(text.split("\n")[:ROWS]):
        for column, character in enumerate(line[:COLUMNS]):
            draw.text((column * CELL_PX[0], row * CELL_PX[1]), character, font=font, fill=ink)
    return np.asarray(canvas.convert("RGB"))
