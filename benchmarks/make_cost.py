"""Time and memory of `photomosaic make` as a whole process, compared with metapixel, which is written in C.

    python -m benchmarks make-cost   919 photos, the astronaut, 64 x 64 and 256 x 256 cells of 32 px

Every run is its own process, from the start of the interpreter to the file on disk, with an empty cache or a full one.
metapixel (`apt install metapixel`) prepares the same photos and makes the same mosaic; where it is missing, its rows
are left out, and the table says so. Figures are medians over the repeats.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.common import measure_process, our_program, save_figures, skimage_targets, starter_photos, table

Cost = dict[str, float]


def main() -> None:
    """Run all cases and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    repeats = parser.parse_args().repeats
    with tempfile.TemporaryDirectory() as name:
        costs = _run_all(Path(name), repeats)
    save_figures("make-cost", costs)
    cold = costs["64 x 64 cells, cold cache"]["wall_s"]
    rows = []
    for case, cost in costs.items():
        times = f"{cost['wall_s']:.2f} s", f"{cost['cpu_s']:.2f} s"
        rows.append([case, *times, f"{cost['peak_mb']:.0f} MB", f"{cost['wall_s'] / cold:.2f}"])
    print(table(["case", "wall", "processor", "peak memory", "ratio"], rows))
    print("\nRatios are to the first row.")
    if shutil.which("metapixel") is None:
        print("metapixel is not installed here (`apt install metapixel`), so its rows are missing.")


def _run_all(folder: Path, repeats: int) -> dict[str, Cost]:
    photos = starter_photos()
    target = skimage_targets(folder)[0]
    cache = folder / "cache"

    def make(*more: str) -> list[str]:
        base = [our_program(), "make", str(target), "--tiles", str(photos), "-q", "-o", str(folder / "out.png")]
        return [*base, "--tile-size", "32", "--cache", str(cache), *more]

    def forget() -> None:
        shutil.rmtree(cache, ignore_errors=True)

    small, large = ("--columns", "64"), ("--columns", "256")
    costs = {
        "64 x 64 cells, cold cache": _median(make(*small), repeats, before=forget),
        "64 x 64 cells, warm cache": _median(make(*small), repeats),
        "64 x 64 cells, `--max-uses 5`": _median(make(*small, "--max-uses", "5"), repeats, before=forget),
        "64 x 64 cells, `--variants rotate,flip`": _median(
            make(*small, "--variants", "rotate,flip"), repeats, before=forget
        ),
        "64 x 64 cells, `--method nearest`": _median(make(*small, "--method", "nearest"), repeats, before=forget),
        "256 x 256 cells, cold cache": _median(make(*large), repeats, before=forget),
        "256 x 256 cells, `--method nearest`": _median(make(*large, "--method", "nearest"), repeats, before=forget),
        "`photomosaic --help`": _median([our_program(), "--help"], repeats),
    }
    if shutil.which("metapixel"):
        costs |= _metapixel(folder, photos, target, repeats)
    return costs


def _metapixel(folder: Path, photos: Path, target: Path, repeats: int) -> dict[str, Cost]:
    library = folder / "metapixel"

    def forget() -> None:
        shutil.rmtree(library, ignore_errors=True)
        library.mkdir()

    prepare = ["metapixel-prepare", "--width=32", "--height=32", str(photos), str(library)]
    mosaic = ["metapixel", "--metapixel", str(target), str(folder / "peer.png"), "--library", str(library)]
    prepared = _median(prepare, repeats, before=forget)
    drawn = _median([*mosaic, "--scale", "4", "-w", "32", "-h", "32"], repeats)
    both = {key: prepared[key] + drawn[key] for key in ("wall_s", "cpu_s")}
    both["peak_mb"] = max(prepared["peak_mb"], drawn["peak_mb"])
    return {"metapixel: prepare and 64 x 64 cells": both, "metapixel: 64 x 64 cells, prepared": drawn}


def _median(command: list[str], repeats: int, before: Callable[[], None] | None = None) -> Cost:
    runs = []
    for _ in range(repeats):
        if before is not None:
            before()
        took = measure_process(command, 600, capture_output=True)
        if took["status"] != 0:
            raise SystemExit(f"'{' '.join(command)}' ended with status {took['status']}")
        runs.append(took)
    return {key: statistics.median(run[key] for run in runs) for key in ("wall_s", "cpu_s", "peak_mb")}
