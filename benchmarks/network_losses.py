"""Losses of the shipped models compared with simple methods, on the loss that each was trained for.

    python -m benchmarks network-losses [FOLDER ...] [--scikit-image] [--model NAME|FILE] [--sheet FILE.png]

Pictures are those of the folders, and with --scikit-image eight photographs that come with scikit-image.

For every picture it compares the network's mosaic with those of `mean`, `nearest`, `ncc` and `net`, the network for any
tiles, on the same grid, from the same tile set (they may use all of it, the network its own tiles). Where the loss fits
the target's tones to the tiles, they get the fitted target too. "its start" is the goal of the network's least-squares
start, the nearest of its own blurred tiles: the difference shows what training added. The sheet shows the target and
all mosaics.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps
from skimage import data

from perceptual_photomosaic import make_mosaic
from perceptual_photomosaic.compose import hard_mosaic
from perceptual_photomosaic.losses import PerceptualLoss
from perceptual_photomosaic.models.mosaicnet import MosaicNet
from perceptual_photomosaic.models.prediction import predict_assignment
from perceptual_photomosaic.models.shipped import available_models
from perceptual_photomosaic.models.store import load_model
from perceptual_photomosaic.models.template_tone import apply_tone
from perceptual_photomosaic.tiles import TileOptions, open_tiles
from perceptual_photomosaic.training.cover import from_afar, nearest_template
from perceptual_photomosaic.training.data import central_square, list_pictures, to_tensor

BASELINES = ("mean", "nearest", "ncc", "net")
SCIKIT_IMAGE = ("astronaut", "camera", "chelsea", "coffee", "coins", "hubble_deep_field", "moon", "rocket")


def mosaics_of(
    picture: NDArray[np.uint8], net: MosaicNet, loss: PerceptualLoss, cells: int, tiles: NDArray[np.uint8]
) -> tuple[dict[str, NDArray[np.uint8]], NDArray[np.int64]]:
    """Return the mosaics to compare, by name, at the cell's size; and the network's uses of each of its tiles."""
    assignment = predict_assignment(net, picture)
    own = net.templates.permute(0, 2, 3, 1).byte().numpy()
    far = from_afar(net.templates, max(loss.settings.blur_sigmas))
    start = nearest_template(loss.toned(to_tensor([picture])), far, net.config.cell)[0].numpy()
    found = {"network": hard_mosaic(own, assignment), "its start": hard_mosaic(own, start)}
    for method in BASELINES:
        plain = make_mosaic(picture, tiles, columns=cells, rows=cells, method=method, tile_size=8, variety=0.0)
        found[method] = hard_mosaic(tiles, plain.choices)
        if loss.settings.tone:
            fitted = apply_tone(picture, loss.settings.tone)
            toned = make_mosaic(fitted, tiles, columns=cells, rows=cells, method=method, tile_size=8, variety=0.0)
            found[f"{method}, tone fitted"] = hard_mosaic(tiles, toned.choices)
    return found, np.bincount(assignment.ravel(), minlength=len(net.templates))


def find_pictures(folders: Sequence[Path], scikit_image: bool, side: int) -> list[NDArray[np.uint8]]:
    """Return the central squares of all pictures."""
    found = [central_square(path, side) for folder in folders for path in list_pictures(folder)]
    for name in SCIKIT_IMAGE if scikit_image else ():
        picture = Image.fromarray(getattr(data, name)()).convert("RGB")
        found.append(np.asarray(ImageOps.fit(picture, (side, side), Image.Resampling.LANCZOS)))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="*")
    parser.add_argument("--scikit-image", action="store_true", help="also photographs that come with scikit-image")
    parser.add_argument("--model", action="append", help="a model's name or file; all of the package by default")
    parser.add_argument("--cells", type=int, default=48)
    parser.add_argument("--limit", type=int, default=0, help="so many pictures at most")
    parser.add_argument("--sheet", type=Path, help="write the first pictures' mosaics (one file per model)")
    options = parser.parse_args()
    pictures = find_pictures(options.folders, options.scikit_image, options.cells * 8)[: options.limit or None]
    if not pictures:
        parser.error("name a folder of pictures, or give --scikit-image")
    for name in options.model or available_models():
        net, card = load_model(name)
        loss = PerceptualLoss(net.encoder, card.loss)
        uses = np.zeros(len(net.templates), np.int64)
        tiles = open_tiles(card.tiles, TileOptions(thumbnail_px=(8, 8))).pictures((8, 8))
        losses: dict[str, list[float]] = {}
        rows: list[NDArray[np.uint8]] = []
        for picture in pictures:
            found, used = mosaics_of(picture, net, loss, options.cells, tiles)
            uses += used
            with torch.no_grad():
                target = loss.target(to_tensor([picture]))
                for label, mosaic in found.items():
                    losses.setdefault(label, []).append(float(loss(to_tensor([mosaic]), target).total))
            if len(rows) < 4:
                rows.append(np.concatenate([picture, *found.values()], axis=1))
        print(f"\n{name} ({len(card.sources)} tiles of '{card.tiles}'), {len(pictures)} pictures")
        share = np.sort(uses)[::-1].cumsum() / uses.sum()
        half, most = (int(np.searchsorted(share, part)) + 1 for part in (0.5, 0.99))
        print(f"  the network uses {np.count_nonzero(uses)} tiles; {half} make half of the cells, {most} make 99%")
        ours = np.array(losses["network"])
        for label, values in losses.items():
            wins = float((ours < np.array(values)).mean())
            better = "" if label == "network" else f"   the network is lower in {wins:.0%} of the pictures"
            print(f"  {label:22s} {np.mean(values):.6f}{better}")
        if options.sheet:
            out = options.sheet.with_stem(f"{options.sheet.stem}-{name}")
            Image.fromarray(np.concatenate(rows)).save(out)
            print(f"  columns of {out.name}: target, {', '.join(losses)}")
