"""The mosaics of the peers' benchmark side by side: seen whole, and a part up close.

    python -m benchmarks.gallery astronaut 20,14 photos919      # target, the part's first row and column, tile set

Draws docs/images/peers-TILES-TARGET.webp from what `benchmarks/peers.py` has kept in .benchmarks/mosaics.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from perceptual_photomosaic.evaluate.views import area_average
from perceptual_photomosaic.features.colour import from_linear

ROOT = Path(__file__).resolve().parent.parent
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
    """A square picture at `px`, averaged in linear light as the eye does from afar."""
    return Image.fromarray(from_linear(area_average(np.asarray(picture.convert("RGB")), (px, px))))


def sheet(tiles: str, target: str, row: int, column: int) -> Image.Image:
    """One column an entrant: whole, and PART x PART cells from (row, column) on."""
    kept = ROOT / ".benchmarks" / "mosaics" / tiles
    shown = [(ROOT / ".benchmarks" / "targets" / f"{target}.png", "target")]
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
    target, place, *more = sys.argv[1:]
    tiles = more[0] if more else "photos919"
    row, column = (int(part) for part in place.split(","))
    out = ROOT / "docs" / "images" / f"peers-{tiles}-{target}.webp"
    sheet(tiles, target, row, column).save(out, quality=82, method=6)
    print(f"{out.relative_to(ROOT)}: {out.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
