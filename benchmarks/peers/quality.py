"""Comparison with other programs: same targets, same tiles, same grid, same measures.

    python -m benchmarks peer-quality                                               # 919 photos, four pictures
    python -m benchmarks peer-quality --tiles emoji=emoji --tiles glyphs=glyphs     # sets of ours, as PNG
    python -m benchmarks peer-quality --tiles characters=characters                 # the 942 characters of our font
    python -m benchmarks peer-quality --targets DIR --limit 4 --tiles mine=FOLDER   # pictures and photos of a folder
    python -m benchmarks peer-quality --only phomo --only ours                      # some entrants
    python -m benchmarks peer-quality --only ours --keep                            # ours again, others kept

Each peer is installed into its own virtual environment under .benchmarks/, and run as a whole process with the settings
that give its best fidelity without tinting tiles or laying the target over them. Tools that place each tile once get a
folder that holds every tile several times. Results: .benchmarks/peers.json and .benchmarks/peers.md.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import subprocess
import tempfile
import unicodedata
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from benchmarks.common import SKIMAGE_TARGETS, WORK, measure_process, our_program, photos_in, starter_photos
from benchmarks.peers.entrants import CELL_PX, ENTRANTS, Entrant, Job, install
from benchmarks.peers.fidelity import TileFiles
from benchmarks.peers.tables import markdown
from perceptual_photomosaic.evaluate import Ruler, assignment_from_picture
from perceptual_photomosaic.evaluate.views import centred_box
from perceptual_photomosaic.tiles.spec import write_spec


@dataclass(frozen=True)
class Cost:
    """The cost of a process: seconds of wall clock and of all cores, and its largest resident set in MB."""

    wall_s: float
    cpu_s: float
    peak_mb: float


def timed(commands: list[list[str]], log: Path, limit_s: float) -> Cost:
    """Run commands one after the other, each as a whole process.

    Raises:
        RuntimeError: A command failed or took longer than `limit_s`; its last line of output is the reason.
    """
    total = Cost(0.0, 0.0, 0.0)
    with log.open("wb") as output, tempfile.TemporaryDirectory() as scratch:
        surroundings = os.environ | {"XDG_CACHE_HOME": scratch}  # no file of an earlier run is found
        for command in commands:
            took = measure_process(command, limit_s, stdout=output, stderr=subprocess.STDOUT, env=surroundings)
            total = Cost(
                round(total.wall_s + took["wall_s"], 2),
                round(total.cpu_s + took["cpu_s"], 2),
                max(total.peak_mb, took["peak_mb"]),
            )
            if took["status"] and took["wall_s"] >= limit_s:
                raise RuntimeError(f"took more than {limit_s:.0f} s")
            if took["status"]:
                lines = log.read_text(errors="replace").strip().splitlines()
                raise RuntimeError(lines[-1] if lines else f"exit status {took['status']}")
    return total


def square_targets(args: argparse.Namespace) -> list[Path]:
    """Crop the targets to the grid's aspect and save them as PNG, so that every entrant gets the same pixels."""
    if args.targets:
        sources = photos_in(args.targets)
        named = [(p.stem, Image.open(p).convert("RGB")) for p in sources[: args.limit]]
    else:
        import skimage.data

        named = [(name, Image.fromarray(getattr(skimage.data, name)())) for name in SKIMAGE_TARGETS[: args.limit]]
    folder = args.work / "targets"
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, picture in named:
        left, top, right, bottom = centred_box(picture.size, args.columns / args.rows)
        x, y = int(left), int(top)  # whole pixels, so that a square stays a square
        paths.append(folder / f"{name}.png")
        picture.crop((x, y, x + round(right - left), y + round(bottom - top))).save(paths[-1])
    return paths


def tile_folder(work: Path, name: str, spec: str) -> Path:
    """Return the folder itself, or a folder with the tiles of a tile set as PNG, so that all tools get the same files.

    They have the size of a cell, because peers shrink sRGB values directly, which makes thin letters darker.
    """
    if Path(spec).is_dir():
        return Path(spec).resolve()
    folder = work / "tiles" / f"{name}-{CELL_PX}"
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        spec = every_character() if spec == "characters" else spec
        size = ["--size", str(CELL_PX)]
        subprocess.run([our_program(), "tiles", spec, "--export", str(folder), *size, "--quiet"], check=True)
    return folder


def every_character() -> str:
    """Return the spec of all letters, digits, signs and blocks of JetBrains Mono, the font of this package."""
    from matplotlib.ft2font import FT2Font

    font = resources.files("fontpkg_jetbrains_mono").joinpath("files", "JetBrainsMono[wght].ttf")
    known = map(chr, sorted(FT2Font(str(font)).get_charmap()))
    drawn = "".join(character for character in known if unicodedata.category(character)[0] in "LNPS")
    return write_spec("glyphs", options={"characters": drawn})


def tile_files(folder: Path) -> TileFiles | None:
    """Return the tiles of a set as their files have them; None for photos, which each tool shrinks in its own way."""
    try:
        return TileFiles(folder, CELL_PX)
    except (ValueError, UnidentifiedImageError):  # a folder of photos may also hold a file of credits
        return None


def ruler_for(target: Path, shape: tuple[int, int], *, judge: bool = True) -> Ruler:
    """Return the ruler of one target on a grid of (rows, columns)."""
    with Image.open(target) as picture:
        return Ruler(np.asarray(picture.convert("RGB")), shape, judge=judge)


def judge(job: Job, ruler: Ruler, files: TileFiles | None, *, turned: bool) -> dict[str, Any]:
    """Return all figures of one mosaic as plain values; cells that look alike, `turned` or not, count as one tile."""
    with Image.open(job.out) as picture:
        mosaic = np.asarray(picture.convert("RGB"))
    figures = ruler.measure(mosaic, assignment_from_picture(mosaic, ruler.grid_shape, turned=turned)).to_dict()
    figures["tiles_off"] = files.off_by(mosaic, (job.rows, job.columns)) if files else None
    return figures


def compare(args: argparse.Namespace) -> dict[str, Any]:
    versions = install(args.work)
    results = kept(args, versions)
    for tiles_name, folder in args.tiles.items():
        files = tile_files(folder)
        for target in square_targets(args):
            ruler = ruler_for(target, (args.rows, args.columns), judge=not args.no_judge)
            for entrant in ENTRANTS:
                if args.only and not any(word in entrant.name for word in args.only):
                    continue
                if any(word in entrant.name for word in args.skip):
                    continue
                slug = entrant.name.replace(", ", "-").replace(" ", "-")
                out = args.mosaics / tiles_name / slug / f"{target.stem}.png"
                out.parent.mkdir(parents=True, exist_ok=True)
                job = Job(target, folder, out, args.columns, args.rows, args.work)
                entry = {"tiles_set": tiles_name, "target": target.stem, "entrant": entrant.name}
                results = [r for r in results if any(r[key] != value for key, value in entry.items())]
                results.append(entry | run_one(entrant, job, (ruler, files), versions, args.limit_s))
                args.json.write_text(json.dumps(report(args, versions, results), indent=1))
    return report(args, versions, results)


def kept(args: argparse.Namespace, versions: dict[str, str]) -> list[dict[str, Any]]:
    """Return the results of an earlier run, with --keep.

    Raises:
        SystemExit: The earlier run had other versions of the peers, or other cells.
    """
    if not (args.keep and args.json.is_file()):
        return []
    before, now = json.loads(args.json.read_text()), report(args, versions, [])
    for key in ("versions", "grid"):
        if before[key] != now[key]:
            raise SystemExit(
                f"{args.json} has {key} {before[key]}, now they are {now[key]}: run all again, without --keep"
            )
    results: list[dict[str, Any]] = before["results"]
    return results


def run_one(
    entrant: Entrant,
    job: Job,
    rulers: tuple[Ruler, TileFiles | None],
    versions: dict[str, str],
    limit_s: float,
) -> dict[str, Any]:
    """Make and measure one mosaic; return its figures, or the reason why that is not possible."""
    version = versions[entrant.peer]
    print(f"{job.target.stem}: {entrant.name} ... ", end="", flush=True)
    if version.startswith("skipped"):
        print(version)
        return {"skipped": version}
    try:
        cost = timed(entrant.commands(job), job.out.with_suffix(".log"), limit_s)
    except RuntimeError as error:
        print(f"failed: {error}")
        return {"skipped": str(error)}
    figures = judge(job, *rulers, turned=not entrant.tiles.startswith("as is"))
    view = next(view for view in figures["views"] if view["cell_px"] == 8)
    print(f"{cost.wall_s:.1f} s, {view['delta_e_mean']:.2f} / {view['ssim']:.3f} at 8 px per cell")
    return {"cost": asdict(cost), **figures}


def report(args: argparse.Namespace, versions: dict[str, str], results: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "date": datetime.date.today().isoformat(),
        "machine": machine(),
        "grid": {"rows": args.rows, "columns": args.columns, "cell_px": CELL_PX},
        "versions": {peer or "ours": version for peer, version in versions.items()},
        "entrants": [
            {"name": e.name, "peer": e.peer or "ours", "uses": e.uses, "tiles": e.tiles, "settings": e.settings}
            for e in ENTRANTS
        ],
        "results": results,
    }


def machine() -> str:
    """Return system, processor and cores in words."""
    models = [line for line in _lines(Path("/proc/cpuinfo")) if line.startswith("model name")]
    model = models[0].split(":", 1)[1].strip() if models else platform.machine()
    return f"{platform.system()}, {model}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.is_file() else []


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, default=WORK, help="environments and results")
    parser.add_argument("--targets", type=Path, help="a folder of pictures; default: four of scikit-image's")
    parser.add_argument("--limit", type=int, help="only the first so many targets")
    parser.add_argument(
        "--tiles", action="append", metavar="NAME=SPEC", help="a folder, or a spec; default: the 919 photos"
    )
    parser.add_argument("--only", action="append", metavar="WORD", help="only entrants whose name holds this")
    parser.add_argument("--skip", action="append", default=[], metavar="WORD", help="not those whose name holds this")
    parser.add_argument("--keep", action="store_true", help="keep what an earlier run found of the others")
    parser.add_argument("--columns", type=int, default=64)
    parser.add_argument("--rows", type=int, default=64)
    parser.add_argument("--limit-s", type=float, default=900.0, help="seconds that one process may take")
    parser.add_argument("--no-judge", action="store_true", help="leave out LPIPS and FLIP")
    parser.add_argument("--mosaics", type=Path, help="where to keep the mosaics; default: .benchmarks/mosaics")
    parser.add_argument("--json", type=Path, help="default: .benchmarks/peers.json; the table goes beside it, as .md")
    args = parser.parse_args(argv)
    args.work = args.work.resolve()
    args.mosaics = (args.mosaics or args.work / "mosaics").resolve()
    args.json = args.json or args.work / "peers.json"
    named = dict(text.split("=", 1) for text in args.tiles or [])
    args.work.mkdir(parents=True, exist_ok=True)
    args.tiles = {name: tile_folder(args.work, name, spec) for name, spec in named.items()}
    args.tiles = args.tiles or {"photos919": starter_photos()}
    return args


def main() -> None:
    args = parse()
    table = markdown(compare(args))
    args.json.with_suffix(".md").write_text(table)
    print(table)
