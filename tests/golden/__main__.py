"""Check a folder of golden numbers: `python -m tests.golden DIR [--missed] [FAMILY ...]`.

Prints one row per array (family, key, error, tolerance) and ends with status 1 if any is missed.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

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
    """All rows of some families of a golden folder."""
    config = json.loads((folder / "config.json").read_text())
    network = families.paper_vgg(config["vgg_seed"])
    rows: list[Row] = []
    for name in names:
        golden = Golden(name, folder)
        CHECKS[name](golden, config, network)
        rows.extend(golden.finish())
    return rows


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
    rows = check_folder(options.folder, options.families or tuple(CHECKS))
    return 1 if show(rows, options.missed) else 0


if __name__ == "__main__":
    sys.exit(main())
