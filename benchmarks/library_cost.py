"""Cost of a library: building it, killing its builder, finding candidates among a million tiles.

    python -m benchmarks library-cost build --photos FOLDER   10,000 photos made of those in FOLDER, against a bare loop
    python -m benchmarks library-cost kill --photos FOLDER    a builder is killed 20 times at random, then it finishes
    python -m benchmarks library-cost search                  16,384 cells among 1,000,000 tiles, recall at 10

Each prints a row for docs/logbook/benchmarks.md and writes .benchmarks/library-NAME.json. The yardstick of `build` only
decodes the same files to 96 px thumbnails, on all cores, by Pillow and by libvips; the faster one counts. It runs right
before the build. All files are read once before, so that neither waits for the disk.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import signal
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.common import peak_mib, save_figures

SIDE = 96
LARGE_PX = (4000, 3000)


def main() -> None:
    """Run one benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("build", "kill", "search"))
    parser.add_argument("--photos", type=Path, help="folder of photos to make others from")
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--large", type=float, default=0.05, help="share of photos of 12 megapixels")
    parser.add_argument("--work", type=Path, default=None, help="where to put them")
    parser.add_argument("--tiles", type=int, default=1_000_000)
    parser.add_argument("--cells", type=int, default=16_384)
    parser.add_argument("--kills", type=int, default=20)
    options = parser.parse_args()
    if options.what != "search" and options.photos is None:
        parser.error("--photos FOLDER is needed")
    with tempfile.TemporaryDirectory(dir=options.work) as folder:
        run = {"build": bench_build, "kill": bench_kill, "search": bench_search}[options.what]
        result = run(options, Path(folder))
    save_figures(f"library-{options.what}", result)


def make_photos(sources: Path, folder: Path, count: int, large: float) -> None:
    """Write crops and re-encodings of real photos, some of them at 12 megapixels."""
    paths = sorted(path for path in sources.rglob("*.jpg"))
    folder.mkdir()

    def make(number: int) -> None:
        rng = random.Random(number)
        with Image.open(paths[number % len(paths)]) as picture:
            picture = picture.convert("RGB")
            width, height = picture.size
            share = rng.uniform(0.6, 1.0)
            left, top = rng.uniform(0, width * (1 - share)), rng.uniform(0, height * (1 - share))
            box = (int(left), int(top), int(left + width * share), int(top + height * share))
            picture = picture.crop(box)
            if rng.random() < large:
                picture = picture.resize(LARGE_PX)
            picture.save(folder / f"{number}.jpg", quality=rng.randint(75, 95))

    _in_threads(make, range(count))


def bench_build(options: argparse.Namespace, work: Path) -> dict[str, Any]:
    """Measure the photos per second of a build, as a share of a bare thumbnail loop."""
    from perceptual_photomosaic.library.build import update_library

    photos = work / "photos"
    make_photos(options.photos, photos, options.count, options.large)
    paths = sorted(str(path) for path in photos.iterdir())
    _in_threads(lambda path: len(Path(path).read_bytes()), paths)
    loops = {"Pillow": _seconds(lambda: _in_threads(_by_pillow, paths))}
    loops["libvips"] = _seconds(lambda: _in_threads(_by_vips, paths[:: max(1, len(paths) // 1000)]))
    loops["libvips"] *= len(paths) / len(paths[:: max(1, len(paths) // 1000)])
    build = _seconds(lambda: update_library(work / "lib", [str(photos)], create=True))
    again = _seconds(lambda: update_library(work / "lib"))
    opened = _seconds(lambda: _open(work / "lib"))
    result = {
        "photos": len(paths),
        "large_share": options.large,
        "cores": len(os.sched_getaffinity(0)),
        "loop_seconds": {name: round(value, 2) for name, value in loops.items()},
        "build_seconds": round(build, 2),
        "photos_per_second": round(len(paths) / build),
        "ratio": round(min(loops.values()) / build, 2),
        "update_seconds": round(again, 2),
        "open_seconds": round(opened, 2),
        "resident_mb": int(peak_mib()),
    }
    bare = len(paths) / min(loops.values())
    print(
        f"| build from {len(paths):,} photos, {options.large:.0%} of 12 MP | {result['photos_per_second']} photos/s "
        f"| {bare:.0f} photos/s | {result['ratio']} | update {again:.1f} s, open {opened:.1f} s |"
    )
    return result


def _open(library: Path) -> int:
    from perceptual_photomosaic.library.library_tiles import LibraryTiles

    return len(LibraryTiles(library))


def _by_pillow(path: str) -> Any:
    with Image.open(path) as picture:
        picture.draft("RGB", (SIDE, SIDE))
        return np.asarray(picture.convert("RGB").resize((SIDE, SIDE), Image.Resampling.LANCZOS, reducing_gap=2.0))


def _by_vips(path: str) -> Any:
    import pyvips

    return pyvips.Image.thumbnail(path, SIDE, height=SIDE, size="force").numpy()


def bench_kill(options: argparse.Namespace, work: Path) -> dict[str, Any]:
    """Kill a builder at random moments, check the library each time, and compare the result with a whole build."""
    from perceptual_photomosaic.library.build import update_library
    from perceptual_photomosaic.library.care import verify_library
    from perceptual_photomosaic.library.library_tiles import LibraryTiles

    photos = work / "photos"
    make_photos(options.photos, photos, min(options.count, 3000), 0.0)
    context = multiprocessing.get_context("spawn")
    rng = random.Random(0)
    kept: list[int] = []
    wrong = 0
    started = work / "started"
    for _ in range(options.kills):
        process = context.Process(target=_builder, args=(str(work / "lib"), str(photos), str(started)))
        process.start()
        while not started.exists():
            time.sleep(0.002)
        time.sleep(rng.uniform(0.0, 2.0))
        os.kill(process.pid or 0, signal.SIGKILL)
        process.join()
        started.unlink()
        if (work / "lib" / "library.sqlite").exists():
            wrong += len(verify_library(work / "lib"))
            kept.append(_files(work / "lib"))
    update_library(work / "lib", [str(photos)], create=True)
    update_library(work / "unbroken", [str(photos)], create=True)
    one, two = LibraryTiles(work / "lib"), LibraryTiles(work / "unbroken")
    same = one.identity() == two.identity() and bool((one.pictures((32, 32)) == two.pictures((32, 32))).all())
    result = {"kills": options.kills, "kept_after_each": kept, "things_wrong": wrong, "same_as_unbroken": same}
    print(
        f"| builder killed {options.kills} times | {wrong} things wrong | kept {kept[0]} ... {kept[-1]} of "
        f"{_files(work / 'unbroken')} photos | {'same library as unbroken' if same else 'ANOTHER LIBRARY'} |"
    )
    return result


def _builder(library: str, photos: str, started: str) -> None:
    from perceptual_photomosaic.library.build import update_library

    Path(started).touch()
    update_library(Path(library), [photos], create=True)
    time.sleep(60)  # it is to be killed, even if it was done before


def _files(library: Path) -> int:
    from perceptual_photomosaic.library.manifest import Manifest

    manifest = Manifest(library)
    try:
        return len(manifest.files())
    finally:
        manifest.close()


def bench_search(options: argparse.Namespace, work: Path) -> dict[str, Any]:
    """Measure recall at 10 and time of the clustered search, on random clusters of 192 numbers in place of photos."""
    from perceptual_photomosaic.library.search import nearest

    rng = np.random.default_rng(0)
    among = np.lib.format.open_memmap(work / "features.npy", "w+", np.float32, (options.tiles, 192))
    basis = rng.normal(size=(192, 192)).astype(np.float32) * (np.arange(1, 193, dtype=np.float32) ** -0.9)[:, None]
    for start in range(0, options.tiles, 50_000):
        drawn = rng.normal(size=(min(50_000, options.tiles - start), 192)).astype(np.float32)
        among[start : start + 50_000] = drawn @ basis
    cells = rng.normal(size=(options.cells, 192)).astype(np.float32) @ basis
    before = int(peak_mib())
    start_s = time.perf_counter()
    found, _ = nearest(cells, among, 10, exact=False)
    seconds = time.perf_counter() - start_s
    peak = int(peak_mib())
    sample = rng.choice(options.cells, min(500, options.cells), replace=False)
    start_s = time.perf_counter()
    exact, _ = nearest(cells[sample], among, 10, exact=True)
    all_seconds = (time.perf_counter() - start_s) * options.cells / len(sample)
    recall = float(
        np.mean([len(set(a) & set(b)) / 10 for a, b in zip(exact.tolist(), found[sample].tolist(), strict=True)])
    )
    result = {
        "tiles": options.tiles,
        "cells": options.cells,
        "seconds": round(seconds, 1),
        "exact_seconds_estimated": round(all_seconds, 1),
        "recall_at_10": round(recall, 4),
        "resident_mb_before": before,
        "resident_mb": peak,
    }
    print(
        f"| {options.cells:,} cells among {options.tiles:,} tiles, 10 each | {seconds:.1f} s by clusters "
        f"| {all_seconds:.0f} s exact (from {len(sample)} cells) | recall {recall:.3f} | {peak} MB |"
    )
    return result


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _in_threads(work: Callable[[Any], Any], items: Any) -> None:
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        for _ in pool.map(work, items):
            pass
