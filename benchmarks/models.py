"""How the shipped models compare with the paper's baselines, on the loss each was trained for.

    python benchmarks/models.py PICTURES [--model NAME] [--cells 48] [--sheet FILE.png] [--limit N]

For every picture: the network's mosaic and those of `mean`, `nearest` and `ncc` on the same grid, from the same tile
set (the baselines may use all of it, the network its own tiles). The baselines are also given the target with its tones
fitted to the tiles, where the loss asks for that: the same help that the network has. The sheet shows the target, the
network, and the baselines, each with and without that help.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from perceptual_photomosaic import make_mosaic
from perceptual_photomosaic.compose import hard_mosaic
from perceptual_photomosaic.losses import PerceptualLoss
from perceptual_photomosaic.models.predict import predict_assignment
from perceptual_photomosaic.models.store import available_models, load_model
from perceptual_photomosaic.models.tone import apply_tone
from perceptual_photomosaic.tiles import TileOptions, open_tiles
from perceptual_photomosaic.training.data import central_square, list_pictures, to_tensor

BASELINES = ("mean", "nearest", "ncc")


def mosaics_of(
    picture: NDArray[np.uint8], name: str, cells: int, tiles: NDArray[np.uint8]
) -> tuple[dict[str, NDArray[np.uint8]], PerceptualLoss]:
    """The mosaics to compare, by name, at the cell's size, and the model's loss."""
    net, card = load_model(name)
    found = {"network": hard_mosaic(net.templates.permute(0, 2, 3, 1).byte().numpy(), predict_assignment(net, picture))}
    for method in BASELINES:
        plain = make_mosaic(picture, tiles, columns=cells, rows=cells, method=method, tile_size=8)
        found[method] = hard_mosaic(tiles, plain.choices)
        if card.loss.tone:
            fitted = apply_tone(picture, card.loss.tone)
            toned = make_mosaic(fitted, tiles, columns=cells, rows=cells, method=method, tile_size=8)
            found[f"{method}, tone fitted"] = hard_mosaic(tiles, toned.choices)
    return found, PerceptualLoss(net.encoder, card.loss)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pictures", type=Path)
    parser.add_argument("--model", action="append", help="a model's name; all by default")
    parser.add_argument("--cells", type=int, default=48)
    parser.add_argument("--limit", type=int, default=0, help="so many pictures at most")
    parser.add_argument("--sheet", type=Path, help="write the first pictures' mosaics (one file per model)")
    options = parser.parse_args()
    paths = list_pictures(options.pictures)[: options.limit or None]
    for name in options.model or available_models():
        _, card = load_model(name)
        tiles = open_tiles(card.tiles, TileOptions(thumbnail_px=(8, 8))).pictures((8, 8))
        losses: dict[str, list[float]] = {}
        rows = []
        for path in paths:
            picture = central_square(path, options.cells * 8)
            found, loss = mosaics_of(picture, name, options.cells, tiles)
            with torch.no_grad():
                target = loss.target(to_tensor([picture]))
                for label, mosaic in found.items():
                    losses.setdefault(label, []).append(float(loss(to_tensor([mosaic]), target).total))
            if len(rows) < 4:
                rows.append(np.concatenate([picture, *found.values()], axis=1))
        print(f"\n{name} ({len(card.sources)} tiles of '{card.tiles}'), {len(paths)} pictures")
        ours = np.array(losses["network"])
        for label, values in losses.items():
            wins = float((ours < np.array(values)).mean())
            better = "" if label == "network" else f"   the network is lower in {wins:.0%} of the pictures"
            print(f"  {label:22s} {np.mean(values):.6f}{better}")
        if options.sheet:
            out = options.sheet.with_stem(f"{options.sheet.stem}-{name}")
            Image.fromarray(np.concatenate(rows)).save(out)
            print(f"  columns of {out.name}: target, {', '.join(losses)}")


if __name__ == "__main__":
    main()
