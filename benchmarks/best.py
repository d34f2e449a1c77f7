"""What `--quality best` adds to the solver: the same pictures made with both, measured by the ruler and its judge.

    python -m benchmarks best                                       # four pictures, photos as they are and turned
    python -m benchmarks best --set emoji --set glyphs --limit 2
    python benchmarks/best.py --targets DIR --set turned            # pictures of a folder

Every mosaic is a whole process of its own, decoding of the tiles included. The judge is shift-tolerant LPIPS AlexNet,
mean over 8, 4 and 2 px a cell; `best` asks VGG16 only. Results: .benchmarks/best.json.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from peer_entrants import VARIANTS, Job, ours
from peers import ROOT, default_tiles, square_targets, tile_folder, timed
from PIL import Image

from perceptual_photomosaic.evaluate import Ruler

SETS = {"photos": (), "turned": VARIANTS, "emoji": (), "glyphs": ()}
"""Tile sets, and how `make` is asked for them."""
JUDGED, AFAR = (8, 4, 2), (1, 0.5, 0.25)


def measured(mosaic: Path, ruler: Ruler) -> dict[str, Any]:
    """The judge's distance, and CIEDE2000 and SSIM from 1 px a cell on."""
    with Image.open(mosaic) as picture:
        views = {view["cell_px"]: view for view in ruler.measure(np.asarray(picture.convert("RGB"))).to_dict()["views"]}
    return {
        "judge": float(np.mean([views[px]["judge"] for px in JUDGED])),
        "delta_e": [views[px]["delta_e_mean"] for px in AFAR],
        "ssim": [views[px]["ssim"] for px in AFAR],
    }


def compare(args: argparse.Namespace) -> list[dict[str, Any]]:
    """Make every picture from every tile set with the solver and with best."""
    results = []
    for name in args.set:
        tiles = default_tiles() if name in ("photos", "turned") else tile_folder(args.work, name, name)
        for target in square_targets(args):
            with Image.open(target) as picture:
                ruler = Ruler(np.asarray(picture.convert("RGB")), (args.rows, args.columns))
            for quality in ("standard", "best"):
                out = args.work / "mosaics" / "best" / name / f"{target.stem}-{quality}.png"
                out.parent.mkdir(parents=True, exist_ok=True)
                job = Job(target, tiles, out, args.columns, args.rows, args.work)
                cost = timed(ours("--quality", quality, *SETS[name])(job), out.with_suffix(".log"), args.limit_s)
                found = measured(out, ruler) | {"set": name, "picture": target.stem, "quality": quality}
                results.append(found | {"wall_s": cost.wall_s, "peak_mb": cost.peak_mb})
                print(f"{name}, {target.stem}, {quality}: judge {found['judge']:.4f}, {cost.wall_s:.1f} s", flush=True)
                (args.work / "best.json").write_text(json.dumps(results, indent=1))
    return results


def row(head: list[str], found: dict[str, Any], before: dict[str, Any] | None) -> str:
    """One mosaic; with `before` the change of the judge's distance."""
    change = f" ({100 * (found['judge'] / before['judge'] - 1):+.1f}%)" if before else ""
    colour, structure = " ".join(f"{x:.2f}" for x in found["delta_e"]), " ".join(f"{x:.4f}" for x in found["ssim"])
    took = f"{found['wall_s']:.0f} s, {found['peak_mb'] / 1000:.2f} GB"
    return "| " + " | ".join([*head, f"{found['judge']:.4f}{change}", colour, structure, took]) + " |"


def mean(results: list[dict[str, Any]]) -> dict[str, Any]:
    """Means over pictures; the longest time and the most memory."""
    values = {key: np.mean([found[key] for found in results], axis=0) for key in ("judge", "delta_e", "ssim")}
    return values | {key: max(found[key] for found in results) for key in ("wall_s", "peak_mb")}


def table(results: list[dict[str, Any]]) -> str:
    """Markdown: pictures, and the mean of each tile set."""
    lines = ["| tiles | picture | quality | judge | CIEDE2000 | SSIM | took |", "|---|---|---|---|---|---|---|"]
    for name in dict.fromkeys(found["set"] for found in results):
        here = [found for found in results if found["set"] == name]
        pairs = {
            picture: [found for found in here if found["picture"] == picture]
            for picture in dict.fromkeys(found["picture"] for found in here)
        }
        both = [[found for found in here if found["quality"] == quality] for quality in ("standard", "best")]
        pairs["mean"] = [mean(part) for part in both]
        for picture, (solved, best) in pairs.items():
            lines += [row([name, picture, "standard"], solved, None), row([name, picture, "best"], best, solved)]
    lines += [
        "",
        "64 x 64 cells. Judge: mean at 8, 4, 2 px a cell; CIEDE2000 and SSIM: at 1, 1/2, 1/4. "
        "Beside means stand the largest time and memory.",
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, default=ROOT / ".benchmarks", help="tile sets and results")
    parser.add_argument("--targets", type=Path, help="a folder of pictures; default: four of scikit-image's")
    parser.add_argument("--limit", type=int, help="only the first so many pictures")
    parser.add_argument("--set", action="append", choices=SETS, help="default: photos and turned")
    parser.add_argument("--limit-s", type=float, default=900.0, help="seconds that one process may take")
    args = parser.parse_args()
    args.work, args.columns, args.rows = args.work.resolve(), 64, 64
    args.set = args.set or ["photos", "turned"]
    print(table(compare(args)))


if __name__ == "__main__":
    main()
