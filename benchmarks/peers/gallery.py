"""Mosaics of `peer-quality` side by side: the whole, and an enlarged part.

    python -m benchmarks peer-gallery astronaut 20,14 --tiles photos919   # target, first row and column of the part

Draws docs/images/peers-TILES-TARGET.webp from the mosaics of `peer-quality` in .benchmarks/mosaics.
"""

from __future__ import annotations

import argparse

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from benchmarks.common import ROOT, WORK
from perceptual_photomosaic.evaluate.views import area_average
from perceptual_photomosaic.features.colour import from_linear

SHOWN = {
    "ours": "ours",
    "ours-variants": "ours, turned and mirrored",
    "mosaicraft": "mosaicraft",
    "mosaicraft-changed-tiles": "mosaicraft, brightened",
    "phomo": "phomo",
    "metapixel": "metapixel",
    "photomosaic": "photomosaic",
}
CELLS, PART, EDGE, HEAD = 64, 16, 240, 24


def averaged(picture: Image.Image, px: int) -> Image.Image:
    """Return a square picture at `px`, averaged in linear light as an eye does from afar."""
    return Image.fromarray(from_linear(area_average(np.asarray(picture.convert("RGB")), (px, px))))


def sheet(tiles: str, target: str, row: int, column: int) -> Image.Image:
    """Draw one column per entrant: the whole, and PART x PART cells from (row, column) on."""
    kept = WORK / "mosaics" / tiles
    shown = [(WORK / "targets" / f"{target}.png", "target")]
    shown += [(kept / slug / f"{target}.png", label) for slug, label in SHOWN.items()]
    shown = [(path, label) for path, label in shown if path.is_file()]
    canvas = Image.new("RGB", (len(shown) * (EDGE + 8) - 8, HEAD + 2 * EDGE + 8), "white")
    draw, font = ImageDraw.Draw(canvas), ImageFont.load_default(size=15)
    for place, (path, label) in enumerate(shown):
        left = place * (EDGE + 8)
        with Image.open(path) as picture:
            cell = picture.width / CELLS
            left_px, top, right, bottom = (round(cell * x) for x in (column, row, column + PART, row + PART))
            draw.text((left, 2), label, fill="black", font=font)
            canvas.paste(averaged(picture, EDGE), (left, HEAD))
            canvas.paste(averaged(picture.crop((left_px, top, right, bottom)), EDGE), (left, HEAD + EDGE + 8))
    return canvas


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", help="the name of a target")
    parser.add_argument("part", metavar="ROW,COLUMN", help="the first cell of the part that is seen up close")
    parser.add_argument("--tiles", default="photos919", help="the name of a tile set")
    options = parser.parse_args()
    row, column = (int(part) for part in options.part.split(","))
    out = ROOT / "docs" / "images" / f"peers-{options.tiles}-{options.target}.webp"
    sheet(options.tiles, options.target, row, column).save(out, quality=82, method=6)
    print(f"{out.relative_to(ROOT)}: {out.stat().st_size / 1000:.0f} kB")
