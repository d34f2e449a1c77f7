"""Draw the figures of docs/use/models.md: mosaics of the shipped models and of the baselines, and training curves.

    python examples/models.py OUT_DIR [RUN_DIR ...]

The targets come with scikit-image; no model has seen them. RUN_DIRs are run folders of `photomosaic train`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from skimage import data

from perceptual_photomosaic import make_mosaic
from perceptual_photomosaic.compose import hard_mosaic
from perceptual_photomosaic.models.prediction import predict_assignment
from perceptual_photomosaic.models.shipped import available_models
from perceptual_photomosaic.models.store import load_model
from perceptual_photomosaic.models.template_tone import Tone, apply_tone
from perceptual_photomosaic.tiles import TileOptions, open_tiles

CELLS = 48


def square(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the central square at eight pixels a cell."""
    side = min(picture.shape[:2])
    top, left = (picture.shape[0] - side) // 2, (picture.shape[1] - side) // 2
    image = Image.fromarray(picture[top : top + side, left : left + side])
    return np.asarray(image.resize((CELLS * 8, CELLS * 8), Image.Resampling.LANCZOS))


def model_sheets(name: str) -> tuple[Image.Image, Image.Image]:
    """Draw two sheets, near and from afar. Rows: pictures. Columns: target, network, nearest patch, mean colour.

    The baselines get the target with the tones of the network's loss. From afar all mosaics are blurred, shown at half
    the size, and their tones mapped back.
    """
    net, card = load_model(name)
    templates = net.templates.permute(0, 2, 3, 1).byte().numpy()
    tiles = open_tiles(card.tiles, TileOptions(thumbnail_px=(8, 8))).pictures((8, 8))
    near, far = [], []
    for picture in (data.astronaut(), data.cat(), data.coffee()):
        target = square(picture)
        toned = apply_tone(target, card.loss.tone)
        mosaics = [hard_mosaic(templates, predict_assignment(net, target))]
        for method in ("nearest", "mean"):
            made = make_mosaic(toned, tiles, columns=CELLS, rows=CELLS, method=method, tile_size=8)
            mosaics.append(hard_mosaic(tiles, made.choices))
        near.append(np.concatenate([target, *mosaics], axis=1))
        seen = [from_afar(toned, card.loss.tone), *(from_afar(mosaic, card.loss.tone) for mosaic in mosaics)]
        far.append(np.concatenate(seen, axis=1))
    return Image.fromarray(np.concatenate(near)), Image.fromarray(np.concatenate(far))


def from_afar(mosaic: NDArray[np.uint8], tone: Tone) -> NDArray[np.uint8]:
    """Return a mosaic blurred by half a cell, at half the size, with the loss's map of tones undone."""
    image = Image.fromarray(mosaic).filter(ImageFilter.GaussianBlur(4))
    pixels = np.asarray(image.resize((CELLS * 4, CELLS * 4), Image.Resampling.BOX)).astype(np.float32)
    for channel, row in enumerate(tone):
        pixels[..., channel] = (pixels[..., channel] - row[3]) / sum(row[:3])
    seen: NDArray[np.uint8] = np.clip(pixels + 0.5, 0, 255).astype(np.uint8)
    return seen


def curves(runs: list[Path], out: Path) -> None:
    """Plot the validation loss of the hard and soft mosaic over steps, relative to the nearest template."""
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4))
    for run in runs:
        rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
        rows = [row for row in rows if "val/hard" in row]
        steps = [row["step"] for row in rows]
        (line,) = axes.plot(steps, [row["val/hard"] / row["val/nearest"] for row in rows], marker="o", label=run.name)
        soft = [row["val/soft"] / row["val/nearest"] for row in rows]
        axes.plot(steps, soft, linestyle="--", color=line.get_color(), label=f"{run.name}, soft mosaic")
    axes.axhline(1.0, color="grey", linewidth=0.8)
    axes.set(xlabel="step", ylabel="loss / that of the nearest template", ylim=(0, 1.1))
    axes.legend()
    figure.savefig(out, dpi=120, bbox_inches="tight")


def main() -> None:
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    for name in available_models():
        near, far = model_sheets(name)
        near.save(out / f"model-{name}.webp", quality=75, method=6)
        far.save(out / f"model-{name}-afar.webp", quality=80, method=6)
    if len(sys.argv) > 2:
        curves([Path(run) for run in sys.argv[2:]], out / "model-curves.png")


if __name__ == "__main__":
    main()
