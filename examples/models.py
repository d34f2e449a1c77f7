"""Draw the figures of docs/models.md: mosaics of the shipped models beside the baselines, and training curves.

    python examples/models.py OUT_DIR [RUN_DIR ...]

The targets come with scikit-image; no model has seen them. RUN_DIRs are run folders of `photomosaic train`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from skimage import data

from perceptual_photomosaic import make_mosaic
from perceptual_photomosaic.compose import hard_mosaic
from perceptual_photomosaic.models.predict import predict_assignment
from perceptual_photomosaic.models.store import available_models, load_model
from perceptual_photomosaic.tiles import TileOptions, open_tiles

CELLS = 56


def square(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The central square at eight pixels a cell."""
    side = min(picture.shape[:2])
    top, left = (picture.shape[0] - side) // 2, (picture.shape[1] - side) // 2
    image = Image.fromarray(picture[top : top + side, left : left + side])
    return np.asarray(image.resize((CELLS * 8, CELLS * 8), Image.Resampling.LANCZOS))


def model_sheet(name: str) -> Image.Image:
    """Rows: pictures. Columns: target, network, nearest patch, mean colour."""
    net, card = load_model(name)
    templates = net.templates.permute(0, 2, 3, 1).byte().numpy()
    tiles = open_tiles(card.tiles, TileOptions(thumbnail_px=(8, 8))).pictures((8, 8))
    rows = []
    for picture in (data.astronaut(), data.cat(), data.coffee()):
        target = square(picture)
        mosaics = [hard_mosaic(templates, predict_assignment(net, target))]
        for method in ("nearest", "mean"):
            made = make_mosaic(target, tiles, columns=CELLS, rows=CELLS, method=method, tile_size=8)
            mosaics.append(hard_mosaic(tiles, made.choices))
        rows.append(np.concatenate([target, *mosaics], axis=1))
    return Image.fromarray(np.concatenate(rows))


def curves(runs: list[Path], out: Path) -> None:
    """Validation loss of the hard mosaic over steps, relative to the nearest template."""
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4))
    for run in runs:
        rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
        found = [(row["step"], row["val/hard"] / row["val/nearest"]) for row in rows if "val/hard" in row]
        axes.plot(*zip(*found, strict=True), marker="o", label=run.name)
    axes.axhline(1.0, color="grey", linewidth=0.8)
    axes.set(xlabel="step", ylabel="loss of the hard mosaic / nearest template", ylim=(0, 1.1))
    axes.legend()
    figure.savefig(out, dpi=120, bbox_inches="tight")


def main() -> None:
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    for name in available_models():
        model_sheet(name).save(out / f"model-{name}.webp", quality=80)
    if len(sys.argv) > 2:
        curves([Path(run) for run in sys.argv[2:]], out / "model-curves.png")


if __name__ == "__main__":
    main()
