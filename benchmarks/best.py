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
from dataclasses import asdict
from pathlib import Path

from peer_entrants import VARIANTS, Job, ours
from peer_tables import Results, mean_at, mean_near, mean_tone, mean_variety, more_repetitive
from peers import ROOT, default_tiles, judge, ruler_for, square_targets, tile_folder, timed

SETS = {"photos": ("", ()), "turned": ("", VARIANTS), "emoji": ("emoji", ()), "glyphs": ("glyphs", ())}
"""The spec of a tile set, "" for the 919 photos, and how `make` is asked for it."""
AFAR_PX = (1.0, 0.5, 0.25)


def compare(args: argparse.Namespace) -> Results:
    """Make every picture from every tile set with the solver and with best."""
    results: Results = []
    for name in args.set:
        spec, asked = SETS[name]
        tiles = tile_folder(args.work, name, spec) if spec else default_tiles()
        for target in square_targets(args):
            ruler = ruler_for(target, (args.rows, args.columns))
            for quality in ("standard", "best"):
                out = args.work / "mosaics" / "best" / name / f"{target.stem}-{quality}.png"
                out.parent.mkdir(parents=True, exist_ok=True)
                job = Job(target, tiles, out, args.columns, args.rows, args.work)
                cost = timed(ours("--quality", quality, *asked)(job), out.with_suffix(".log"), args.limit_s)
                entry = {"set": name, "picture": target.stem, "quality": quality, "cost": asdict(cost)}
                results.append(entry | judge(job, ruler, None, turned=bool(asked)))
                print(f"{name}, {target.stem}, {quality}: {mean_near(results[-1:], 'judge'):.4f}", flush=True)
                (args.work / "best.json").write_text(json.dumps(results, indent=1))
    return results


def table(results: Results) -> str:
    """Markdown: every picture, and the mean of each tile set."""
    heads = ["tiles", "picture", "quality", "judge", "CIEDE2000", "SSIM", "commonest", "effective", "plates", "took"]
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    for name in dict.fromkeys(r["set"] for r in results):
        here = [r for r in results if r["set"] == name]
        groups = {picture: [r for r in here if r["picture"] == picture] for picture in [r["picture"] for r in here]}
        for picture, group in [*groups.items(), ("mean", here)]:
            solved, best = ([r for r in group if r["quality"] == quality] for quality in ("standard", "best"))
            change = f" ({100 * (mean_near(best, 'judge') / mean_near(solved, 'judge') - 1):+.1f}%)"
            change += "*" * (more_repetitive(best, solved) < 0)
            lines += [_row([name, picture, "standard"], solved), _row([name, picture, "best"], best, change)]
    lines += [
        "",
        "64 x 64 cells. Judge: mean at 8, 4, 2 px a cell; CIEDE2000 and SSIM: at 1, 1/2, 1/4. "
        "Commonest: share of the commonest tile; effective: effective number of tiles. "
        "Beside means stand the largest time and memory.",
    ]
    if any("*" in line for line in lines):
        lines.append("* clearly more repetitive than the solver's mosaic: not better at equal variety.")
    return "\n".join(lines)


def _row(head: list[str], done: Results, change: str = "") -> str:
    """Means over mosaics; the longest time and the most memory."""
    colour = " ".join(f"{mean_at(done, 'delta_e_mean', px):.2f}" for px in AFAR_PX)
    structure = " ".join(f"{mean_at(done, 'ssim', px):.4f}" for px in AFAR_PX)
    seconds, mb = (max(r["cost"][figure] for r in done) for figure in ("wall_s", "peak_mb"))
    varied = mean_variety(done)
    cells = [
        *head,
        f"{mean_near(done, 'judge'):.4f}{change}",
        colour,
        structure,
        "-" if varied is None else f"{varied.commonest:.1%}",
        "-" if varied is None else f"{varied.effective:.0f}",
        f"{mean_tone(done, 'plates'):.2f}",
        f"{seconds:.0f} s, {mb / 1000:.2f} GB",
    ]
    return "| " + " | ".join(cells) + " |"


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
