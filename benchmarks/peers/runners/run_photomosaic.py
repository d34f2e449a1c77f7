"""Run danielballan/photomosaic: mean colours in CAM02-UCS over all pixels, nearest tile, target left as it is.

Executed by the Python of its own environment. Its `basic_mosaic` first adapts the target's palette to the tiles', which
moves the mosaic away from the target; that step is left out. Version 0.3.1 slices with floats, which today's
scikit-image refuses; they hold whole numbers and are converted. It draws the target enlarged by a whole number, so the
target gets a power of two pixels a cell, and tiles get the same size as with the other tools.
"""

from __future__ import annotations

import math

import numpy as np
import photomosaic as pm
from job import job_parser
from skimage import img_as_float
from skimage.io import imread, imsave
from skimage.util import crop


def main() -> None:
    args = job_parser().parse_args()

    pm.photomosaic.crop = lambda image, widths: crop(image, [(int(low), int(high)) for low, high in widths])
    pool = pm.make_pool(f"{args.tiles}/*", sample_size=None)
    grid_dims = (args.rows, args.columns)
    target = img_as_float(imread(args.target))
    depth = math.ceil(math.log2(max(1.0, target.shape[0] / args.rows)))
    image = pm.rescale_commensurate(target, grid_dims, depth)
    scale = max(1, round(args.cell_px * args.rows / image.shape[0]))
    perceptual = pm.perceptual(image)
    cells = pm.partition(perceptual, grid_dims=grid_dims)
    match = pm.simple_matcher(pool)
    matches = [match(perceptual[cell].reshape(-1, 3).mean(axis=0)) for cell in cells]
    canvas = np.ones((image.shape[0] * scale, image.shape[1] * scale, 3))
    mosaic = pm.draw_mosaic(canvas, cells, matches, scale=scale)
    imsave(args.out, np.rint(np.clip(mosaic, 0, 1) * 255).astype(np.uint8))


if __name__ == "__main__":
    main()
