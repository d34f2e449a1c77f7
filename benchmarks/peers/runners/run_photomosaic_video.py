"""Run photomosaic-video's placement and lay its tiles, mirrored and brightened ones too, without tint and overlay.

Executed by the Python of its own environment. Its recolouring, blending and post-processing cannot be switched off, so
this script lays the chosen tiles itself.
"""

from __future__ import annotations

import cv2
import numpy as np
from job import job_parser
from photomosaic_video import mosaic


def lay_tiles(canvas, cells_bgr, cells_lab, assignment, pool, saliency, columns, cell_px, which=None):  # type: ignore[no-untyped-def]
    """Lay each tile unchanged at its place, instead of `mosaic.paste_cells`."""
    for cell, tile in enumerate(assignment):
        top, left = cell // columns * cell_px, cell % columns * cell_px
        canvas[top : top + cell_px, left : left + cell_px] = pool.tiles[tile]


def main() -> None:
    args = job_parser().parse_args()

    mosaic.paste_cells = lay_tiles
    width, height = args.columns * args.cell_px, args.rows * args.cell_px
    pool = mosaic.load_pool([args.tiles], args.cell_px)
    target = mosaic.fit_to_grid(cv2.imread(args.target), width, height)
    canvas = mosaic.render_frame(target, pool, args.cell_px)[0]
    cv2.imwrite(args.out, np.ascontiguousarray(canvas))


if __name__ == "__main__":
    main()
