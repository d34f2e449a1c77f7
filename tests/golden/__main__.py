"""Check a folder of golden numbers: `python -m tests.golden DIR [--missed] [FAMILY ...]`.

Prints one row per array (family, key, error, tolerance). The exit status is 1 if any array is missed.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from perceptual_photomosaic.features import pyramid
from perceptual_photomosaic.features.vgg import VGG16
from tests.golden import families, runs
from tests.golden.report import Golden, Row, show

Check = Callable[[Golden, dict[str, Any], VGG16], None]
CHECKS: dict[str, Check] = {
    "vgg": families.vgg,
    "gauss": families.gauss,
    "layers": families.layers,
    "decoder": families.decoder,
    "shapes": families.shapes,
    "ploss": families.ploss,
    "schedule": runs.schedule,
    "train": runs.train,
    "io": runs.io,
}


def check_folder(folder: Path, names: Sequence[str] = tuple(CHECKS)) -> list[Row]:
    """Return all rows of some families of a golden folder.

    At a ReLU or a maximum, rounding can decide between two nearly equal values. It depends on the order of summation,
    and it can change gradients and trained weights by more than the tolerances. So arrays that are missed by a finite
    amount are measured again with PyTorch's plain kernels, and the row says so.
    """
    config = json.loads((folder / "config.json").read_text())
    network = families.paper_vgg(config["vgg_seed"])
    rows: list[Row] = []
    for name in names:
        found = check_family(name, folder, config, network)
        if any(not row.passed and math.isfinite(row.error) and row.tolerance for row in found):
            with plain_kernels():
                again = {row.key: row for row in check_family(name, folder, config, network)}
            found = [row if row.passed or not again[row.key].passed else plain(again[row.key]) for row in found]
        rows.extend(found)
    return rows


def check_family(name: str, folder: Path, config: dict[str, Any], network: VGG16) -> list[Row]:
    """Return all rows of one family."""
    golden = Golden(name, folder)
    if golden.arrays:
        with golden.part(f"all of {name}"):
            CHECKS[name](golden, config, network)
    return list(golden.finish())


@contextmanager
def plain_kernels() -> Iterator[None]:
    """Use PyTorch's own convolution, without oneDNN, for convolutions and blurs."""
    before = torch.backends.mkldnn.enabled, pyramid._MOST_BY_MATRIX
    torch.backends.mkldnn.enabled, pyramid._MOST_BY_MATRIX = False, 0
    try:
        yield
    finally:
        torch.backends.mkldnn.enabled, pyramid._MOST_BY_MATRIX = before


def plain(row: Row) -> Row:
    """Return a row that says that it was measured with plain kernels."""
    return replace(row, measure=f"{row.measure}, with plain kernels")


def unknown_files(folder: Path) -> list[Row]:
    """Return a failing row for each file of an unknown family."""
    names = sorted(path.stem for path in folder.glob("*.npz"))
    return [Row(name, f"{name}.npz", "unknown family", math.inf, 0.0) for name in names if name not in CHECKS]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.golden", description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="holds config.json and one .npz per family")
    parser.add_argument("families", nargs="*", help=f"any of {', '.join(CHECKS)}; all if none is named")
    parser.add_argument("--missed", action="store_true", help="print only the rows that are missed")
    options = parser.parse_intermixed_args()
    unknown = [name for name in options.families if name not in CHECKS]
    if unknown or not (options.folder / "config.json").is_file():
        parser.error(f"unknown family {unknown[0]}" if unknown else f"no config.json in {options.folder}")
    torch.backends.cuda.matmul.allow_tf32 = False
    rows = check_folder(options.folder, options.families or tuple(CHECKS)) + unknown_files(options.folder)
    return 1 if show(rows, options.missed) else 0


if __name__ == "__main__":
    sys.exit(main())
