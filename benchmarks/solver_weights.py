"""Search for the weights of the solver's energy, and measure the value of each of its terms.

    python -m benchmarks solver-weights --targets ../shared/data/photos/train   the loss without each term
    python -m benchmarks solver-weights --targets DIR --rounds 3 --write        search, and write weights.toml
    python -m benchmarks solver-weights --targets DIR --try structure8=2 --try colour1=6,halftone1=1.2

Figures are CIEDE2000 and SSIM from 8 to 1/4 px a cell, and plates; where copies have a price, also the loss of the
effective number of tiles. The score to minimise is the mean of their relative changes for the worse, in per cent, plus
a tenth of the mean square of the worse ones, so that no figure is improved at the cost of another. The judge is not
among them; it stays independent. Changes are relative to a reference: the present weights, or `--reference`.
The search tries each weight larger and smaller by a factor, keeps improvements, and continues with a smaller factor.
"""

from __future__ import annotations

import argparse
import datetime
import json
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import ROOT, starter_photos

CELLS_PX = (8, 4, 2, 1, 0.5, 0.25)
CASES: Mapping[str, Mapping[str, Any]] = {
    "varied": {},
    "free": {"variety": 0.0, "detail": "none"},
    "turned": {"variety": 0.0, "detail": "none", "variants": "rotate,flip"},
    "limited": {"variety": 0.0, "detail": "none", "max_uses": 5},
}
WEIGHTS = ROOT / "src/perceptual_photomosaic/assign/solve/weights.toml"
Figures = dict[str, float]
Job = tuple[str, str, str, int, str]
"""Target, tiles, case, columns, and weights as `--weights` takes them."""


def main() -> None:
    """Search, or try some weights, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--targets", type=Path, required=True, help="a folder of photos that no table is made from")
    parser.add_argument("--tiles", default=None, help="default: the 919 photos of the benchmarks")
    parser.add_argument("--photos", type=int, default=8, help="so many of the targets")
    parser.add_argument("--columns", type=int, default=48)
    parser.add_argument("--cases", default="varied,free", help=f"some of {','.join(CASES)}")
    parser.add_argument("--reference", type=Path, help="figures to compare with; written if the file is not there")
    parser.add_argument("--try", dest="trials", action="append", default=[], metavar="NAME=NUMBER,...")
    parser.add_argument("--rounds", type=int, default=0, help="search in so many rounds")
    parser.add_argument("--factor", type=float, default=1.5, help="by which weights change in the first round")
    parser.add_argument("--write", action="store_true", help="write what is found into weights.toml, after each round")
    options = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    with ProcessPoolExecutor(os.cpu_count(), mp_context=multiprocessing.get_context("spawn")) as pool:
        tuning = Tuning(pool, options)
        if options.rounds:
            tuning.search(options.rounds, options.factor, write=options.write)
            return
        print(_HEAD)
        for trial in options.trials or [f"{name}=0" for name in tuning.weights if name != "repeat"]:
            tuning.show(trial, {**tuning.weights, **_parsed(trial)})


class Tuning:
    """Weights, and the figures that they are compared with."""

    def __init__(self, pool: ProcessPoolExecutor, options: argparse.Namespace) -> None:
        from perceptual_photomosaic.assign.solve import weights_for

        targets = sorted(path for path in options.targets.iterdir() if path.suffix in (".jpg", ".jpeg", ".png"))
        step = max(1, len(targets) // options.photos)
        self._targets = [str(path) for path in targets[step // 2 :: step][: options.photos]]
        self._tiles = options.tiles or str(starter_photos())
        self._pool, self._columns, self._cases = pool, options.columns, options.cases.split(",")
        self.weights = weights_for()
        path = options.reference
        if path is not None and path.is_file():
            self._reference = json.loads(path.read_text())
        else:
            self._reference = self.measure(self.weights)
            if path is not None:
                path.write_text(json.dumps(self._reference, indent=1) + "\n")

    def measure(self, weights: Mapping[str, float]) -> dict[str, Figures]:
        """Return the mean figures of every case."""
        text = ",".join(f"{name}={weight!r}" for name, weight in weights.items())
        jobs = [(target, self._tiles, case, self._columns, text) for case in self._cases for target in self._targets]
        found = list(self._pool.map(_figures, jobs))
        count = len(self._targets)
        means = {}
        for place, case in enumerate(self._cases):
            some = found[place * count : (place + 1) * count]
            means[case] = {name: float(np.mean([figures[name] for figures in some])) for name in some[0]}
        return means

    def changes(self, figures: Mapping[str, Figures]) -> dict[str, Figures]:
        """Return the change of each figure for the worse against the reference, in per cent."""
        changes: dict[str, Figures] = {}
        for case in self._cases:
            ratios = {name: 100 * (value / self._reference[case][name] - 1) for name, value in figures[case].items()}
            changes[case] = {name: ratios[name] for name in (*(f"c{px:g}" for px in CELLS_PX), "plates")}
            changes[case] |= {name: -ratios[name] for name in (f"s{px:g}" for px in CELLS_PX)}
            if case == "varied":  # no gain for more: the price of copies was chosen by eye
                changes[case]["effective"] = max(0.0, -ratios["effective"])
        return changes

    def score(self, weights: Mapping[str, float]) -> float:
        """Return the score that is minimised."""
        return self._score(self.changes(self.measure(weights)))

    @staticmethod
    def _score(changes: Mapping[str, Figures]) -> float:
        worse = np.array([change for case in changes.values() for change in case.values()])
        return float(worse.mean() + 0.1 * np.square(np.maximum(worse, 0)).mean())

    def show(self, label: str, weights: Mapping[str, float]) -> float:
        """Measure some weights and print a row for every case."""
        figures = self.measure(weights)
        changes = self.changes(figures)
        score = self._score(changes)
        for case, change in changes.items():
            twelve = [change[f"{kind}{px:g}"] for kind in "cs" for px in CELLS_PX]
            cells = [label, case, f"{np.mean(twelve):+.2f}", *(f"{one:+.1f}" for one in twelve)]
            cells += [f"{change['plates']:+.1f}", f"{figures[case]['grain']:.2f}", f"{figures[case]['effective']:.0f}"]
            cells += [f"{figures[case]['commonest']:.1%}", f"{figures[case]['cpu']:.2f}", f"{score:.3f}"]
            print("| " + " | ".join(cells) + " |", flush=True)
        return score

    def search(self, rounds: int, factor: float, *, write: bool) -> None:
        """Change one weight at a time, and keep improvements."""
        print(_HEAD)
        best = self.show("start", self.weights)
        for _ in range(rounds):
            for name in list(self.weights):
                for times in (factor, 1 / factor):
                    tried = {**self.weights, name: self.weights[name] * times}
                    score = self.score(tried)
                    print(f"{name} {tried[name]:.4g}: {score:.3f}", file=sys.stderr, flush=True)
                    if score < best - 0.01:
                        best, self.weights = score, tried
                        break
            self.show(f"factor {factor:.3g}", self.weights)
            if write:
                _write(self.weights, f"{len(self._targets)} photos, {self._columns} columns, {', '.join(self._cases)}")
            factor **= 0.6


_HEAD = (
    "| weights | case | mean | "
    + " | ".join(f"{word} {px:g}" for word in ("CIEDE2000", "SSIM") for px in CELLS_PX)
    + " | plates | grain | effective | commonest | CPU s | score |\n"
    + "|---" * (3 + 2 * len(CELLS_PX) + 6)
    + "|"
)


def _parsed(text: str) -> dict[str, float]:
    return {name: float(number) for name, number in (part.split("=") for part in text.split(","))}


def _write(weights: Mapping[str, float], tuned_on: str) -> None:
    """Write weights into weights.toml; its other tables stay as they are."""
    rest = WEIGHTS.read_text().partition("\n[viewing]")
    lines = [
        "# Weights of the solver's energy, found by `python -m benchmarks solver-weights --rounds 3 --write`.",
        f'tuned_on = "{tuned_on}"',
        f"date = {datetime.date.today().isoformat()}",
        "",
        "[weights]",
        *(f"{name} = {weight:.4g}" for name, weight in weights.items()),
    ]
    WEIGHTS.write_text("\n".join(lines) + "\n" + rest[1] + rest[2])


@cache
def _opened(tiles: str, variants: str) -> Any:
    from perceptual_photomosaic.config import MosaicOptions, with_values
    from perceptual_photomosaic.inputs import open_tile_set, tile_options_for
    from perceptual_photomosaic.progress import SILENT

    options = with_values(MosaicOptions(), {"variants": variants, "tile_size": 32}, "tune")
    folder = Path(tempfile.gettempdir()) / "photomosaic-tune"
    return open_tile_set(tiles, tile_options_for(options, folder), SILENT)


def _figures(job: Job) -> Figures:
    """Make one mosaic and measure it."""
    import time

    from perceptual_photomosaic.assign.methods import matcher
    from perceptual_photomosaic.build_problem import build_problem
    from perceptual_photomosaic.compose import hard_mosaic
    from perceptual_photomosaic.config import MosaicOptions, with_values
    from perceptual_photomosaic.evaluate import tone, variety
    from perceptual_photomosaic.features.colour import from_linear
    from perceptual_photomosaic.grid import Grid
    from perceptual_photomosaic.image import load_image
    from perceptual_photomosaic.threads import one_blas_thread

    target, tiles, case, columns, weights = job
    values = {**CASES[case], "columns": columns, "rows": columns, "weights": weights}
    options = with_values(MosaicOptions(), values, "tune")
    picture = load_image(Path(target))
    grid = Grid.fit((picture.shape[1], picture.shape[0]), columns=columns, rows=columns)
    problem = build_problem(picture, grid, _opened(tiles, options.variants), options)
    started = time.process_time()
    with one_blas_thread():
        choices = matcher(options).assign(problem).choices
    seconds = time.process_time() - started
    made = hard_mosaic(from_linear(problem.choices), choices)
    wanted = hard_mosaic(from_linear(problem.cells), np.arange(choices.size).reshape(choices.shape))
    evaluation = _ruler(target, columns).measure(made)
    figures = {f"c{px:g}": evaluation.at(px).delta_e_mean for px in CELLS_PX}
    figures |= {f"s{px:g}": evaluation.at(px).ssim for px in CELLS_PX}
    how_varied = variety(choices // problem.variants)
    seen = tone(wanted, made, grid.shape)
    figures |= {"plates": float(seen.plates or 0.0), "grain": float(seen.grain or 0.0), "cpu": seconds}
    return figures | {"effective": how_varied.effective, "commonest": how_varied.commonest}


@cache
def _ruler(target: str, columns: int) -> Any:
    from perceptual_photomosaic.evaluate import Ruler
    from perceptual_photomosaic.image import load_image

    return Ruler(load_image(Path(target)), (columns, columns), cells_px=CELLS_PX, judge=False)
