"""`--quality best` on a small grid: within limits, never worse than the solver, the same again, and stoppable."""

from __future__ import annotations

import builtins
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from perceptual_photomosaic.assign.base import Assignment, Problem
from perceptual_photomosaic.assign.best import Best, check_quality
from perceptual_photomosaic.assign.limits import Limits
from perceptual_photomosaic.assign.solve import Solve
from perceptual_photomosaic.config import MosaicOptions
from perceptual_photomosaic.errors import ConfigError, MissingExtraError
from perceptual_photomosaic.evaluate import Ruler
from perceptual_photomosaic.features.colour import from_linear
from perceptual_photomosaic.progress import Silent
from perceptual_photomosaic.threads import fixed_torch_threads
from tests.assign.problems import problem_of

torch = pytest.importorskip("torch")
pytest.importorskip("stlpips_pytorch", reason="the weights of the network")

pytestmark = pytest.mark.usefixtures("one_thread")

ROWS, COLUMNS, TILES = 9, 12, 40


def problem(limits: Limits | None = None) -> Problem:
    """A disc before a slope, and tiles of random colours with a slope each."""
    random = np.random.default_rng(3)
    y, x = np.mgrid[0 : ROWS * 8, 0 : COLUMNS * 8] / 96
    disc = np.hypot(x - 0.5, y - 0.4) < 0.25
    picture = np.where(disc[..., None], (0.7, 0.2, 0.1), np.stack([x, y, 0.5 * (1 - x)], axis=-1))
    cells = picture.reshape(ROWS, 8, COLUMNS, 8, 3).swapaxes(1, 2).reshape(-1, 8, 8, 3)
    slope = random.uniform(-0.3, 0.3, (TILES, 3, 1, 1)) * np.linspace(-1, 1, 8)
    slope = np.where(random.integers(0, 2, (TILES, 1, 1, 1)), slope, slope.swapaxes(2, 3)).transpose(0, 2, 3, 1)
    choices = np.clip(random.uniform(0, 1, (TILES, 1, 1, 3)) ** 2 + slope, 0, 1)
    return problem_of(cells, choices, (ROWS, COLUMNS), limits)


class Heard(Silent):
    """Keeps notes; may press Ctrl-C at a step."""

    def __init__(self, stop_at: int | None = None) -> None:
        self.notes: list[str] = []
        self.steps: list[dict[str, Any]] = []
        self._stop_at, self._counting = stop_at, False

    def stage(self, title: str, total: int | None = None, unit: str = "") -> Any:
        self._counting = title == "choosing by perceptual loss"
        return self

    def __enter__(self) -> Heard:
        return self

    def __exit__(self, *details: object) -> None:
        self._counting = False

    def advance(self, done: int = 1, **figures: Any) -> None:
        if self._counting:
            self.steps.append(figures)
            if len(self.steps) == self._stop_at:
                raise KeyboardInterrupt

    def note(self, text: str) -> None:
        self.notes.append(text)


def put_together(problem: Problem, choices: NDArray[np.int64]) -> NDArray[np.float32]:
    """The mosaic of 8 x 8 samples a cell, linear light, (rows * 8, columns * 8, 3)."""
    rows, columns = problem.grid.shape
    laid = problem.choices[choices.ravel()].reshape(rows, columns, 8, 8, 3)
    return laid.swapaxes(1, 2).reshape(rows * 8, columns * 8, 3)


def values(problem: Problem, assignment: Assignment, start: NDArray[np.int64]) -> tuple[float, float]:
    """The objective, set up anew, of the start and of what came back."""
    from perceptual_photomosaic.assign.best.objective import Balance, Objective
    from perceptual_photomosaic.assign.best.search import prepare

    everything = replace(problem, choices=problem.cells)
    target, first, last = (
        torch.from_numpy(light).movedim(-1, 0)[None].contiguous()
        for light in (
            put_together(everything, np.arange(problem.grid.num_cells)),
            put_together(problem, start),
            put_together(problem, assignment.choices),
        )
    )
    objective = Objective(target, first, prepare("cpu"), Balance(), assignment.figures["best"]["loss"])
    return objective.value(first).total, objective.value(last).total


@pytest.mark.parametrize("loss", ["lpips", "paper"])
def test_never_worse_than_the_solver_and_the_same_again(loss: str) -> None:
    one = Best(steps=3, loss=loss, candidates=6).assign(problem())
    two = Best(steps=3, loss=loss, candidates=6).assign(problem())
    np.testing.assert_array_equal(one.choices, two.choices)
    figures = one.figures["best"]
    start, end = values(problem(), one, Solve().assign(problem()).choices)
    assert end <= start
    assert (figures["start"], figures["end"]) == pytest.approx((start, end), rel=1e-3)
    assert figures["steps"] == 3
    assert figures["loss"] == loss
    assert "energy" in one.figures


@pytest.mark.parametrize("window", [72, 6])
def test_finds_what_the_solver_did_not(window: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the objective, in one piece and in windows; and by the ruler nothing is worse from 1 px a cell on."""
    monkeypatch.setattr("perceptual_photomosaic.assign.best.objective._WINDOW_CELLS", window)
    posed, solve = problem(), Solve(sweeps=0)
    found = Best(solve, steps=60).assign(posed)
    first = solve.assign(posed).choices
    start, end = values(posed, found, first)
    assert end < start
    assert found.figures["best"]["end"] == pytest.approx(end, rel=1e-3)
    target = put_together(replace(posed, choices=posed.cells), np.arange(ROWS * COLUMNS))
    ruler = Ruler(from_linear(target), (ROWS, COLUMNS), judge=False)
    before, after = (
        ruler.measure(from_linear(put_together(posed, choices))).views[-3] for choices in (first, found.choices)
    )
    assert before.cell_px == 1
    assert after.delta_e_mean <= before.delta_e_mean + 0.02  # of 8-bit colours
    assert after.ssim >= before.ssim - 0.002


@pytest.mark.parametrize("loss", ["lpips", "paper"])
def test_windows_give_about_what_one_piece_gives(loss: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from perceptual_photomosaic.assign.best.objective import Balance, Objective
    from perceptual_photomosaic.assign.best.search import prepare

    random, vgg = torch.Generator().manual_seed(0), prepare("cpu")
    target, start, other = (torch.rand(1, 3, 20 * 8, 60 * 8, generator=random) ** power for power in (1, 2, 3))
    whole = Objective(target, start, vgg, Balance(), loss).value(other).perceptual
    monkeypatch.setattr("perceptual_photomosaic.assign.best.objective._WINDOW_CELLS", 30)
    parts = Objective(target, start, vgg, Balance(), loss).value(other).perceptual
    assert parts != whole
    assert parts == pytest.approx(whole, rel=0.05)


@pytest.mark.parametrize(
    "limits",
    [
        Limits(max_uses=4),
        Limits(min_distance=3, banned=frozenset({1, 5})),
        Limits(max_uses=6, min_distance=2, use_all=True, pinned={7: 3, 50: 9}),
    ],
)
def test_limits_hold(limits: Limits) -> None:
    choices = Best(steps=3, candidates=8).assign(problem(limits)).choices
    uses = np.bincount(choices.ravel(), minlength=TILES)
    assert limits.max_uses is None or uses.max() <= limits.max_uses
    assert not uses[list(limits.banned)].any()
    assert not limits.use_all or uses.min() >= 1
    assert all(choices.ravel()[cell] == choice for cell, choice in limits.pinned.items())
    assert _nearest_copies(choices) >= limits.min_distance


def _nearest_copies(tiles: NDArray[np.int64]) -> int:
    """The smallest distance between two copies of one tile, by looking at all pairs."""
    nearest = 10**6
    for tile in np.unique(tiles):
        places = np.argwhere(tiles == tile)
        for i, one in enumerate(places):
            for other in places[i + 1 :]:
                nearest = min(nearest, int(np.abs(one - other).max()))
    return nearest


def test_ctrl_c_gives_the_best_so_far() -> None:
    heard = Heard(stop_at=2)
    assignment = Best(steps=50).assign(problem(), reporter=heard)
    assert assignment.figures["interrupted"]
    assert assignment.figures["best"]["steps"] == 2
    start, end = values(problem(), assignment, Solve().assign(problem()).choices)
    assert end <= start
    assert assignment.figures["best"]["end"] == pytest.approx(end, rel=1e-3)
    assert heard.notes == ["stopped after 2 of 50 steps; going on with the best mosaic so far."]


def test_time_limit_ends_it_and_the_temperature_rises_to_the_end() -> None:
    heard = Heard()
    figures = Best(steps=10_000, time_limit=0.5).assign(problem(), reporter=heard).figures["best"]
    assert figures["steps"] < 10_000
    temperatures = [step["temperature"] for step in heard.steps]
    assert temperatures == sorted(temperatures)
    assert temperatures[-1] == pytest.approx(100)


def test_preview_shows_the_mosaic(tmp_path: Path) -> None:
    path = tmp_path / "preview.png"
    Best(steps=1, watch=path).assign(problem())
    with Image.open(path) as preview:
        assert preview.size == (COLUMNS * 8, ROWS * 8)
    assert [file.name for file in tmp_path.iterdir()] == ["preview.png"]


@pytest.mark.parametrize("cells", [(1, 1), (72, 73), (200, 31)])
def test_windows_are_whole_cells_and_cover_all_once(cells: tuple[int, int]) -> None:
    from perceptual_photomosaic.assign.best.objective import _windows

    count = torch.zeros(1, 3, cells[0] * 8, cells[1] * 8)
    for window in _windows(*count.shape[2:]):
        count[window] += 1
        assert all(side % 8 == 0 and side <= 72 * 8 for side in count[window].shape[2:])
    assert bool((count == 1).all())


@pytest.mark.parametrize("samples", [1, 2, 4])
@pytest.mark.parametrize("size", [(8, 8), (16, 40), (72, 96)])
def test_a_glance_shows_the_same_part_of_both(size: tuple[int, int], samples: int) -> None:
    from perceptual_photomosaic.assign.best.objective import _glance

    random = np.random.default_rng(0)
    numbers = torch.arange(size[0] * size[1] * 3.0).view(1, 3, *size)
    corners = set()
    for _ in range(40):
        one, two = _glance((numbers, -numbers), samples, random)
        assert torch.equal(one, -two)
        assert all(side % samples == 0 and side >= samples for side in one.shape[2:])
        assert one.numel() >= numbers.numel() / 4
        corners.add(float(one[0, 0, 0, 0]))
    assert len(corners) > 4, "glances differ"


@pytest.mark.parametrize(
    ("cells", "seen"), [((4, 20), [2]), ((9, 12), [2, 4]), ((15, 40), [2, 4]), ((16, 80), [2, 4, 8])]
)
def test_the_network_has_no_view_too_small_for_it(cells: tuple[int, int], seen: list[int]) -> None:
    from perceptual_photomosaic.assign.best.objective import Balance, Objective
    from perceptual_photomosaic.assign.best.search import prepare

    random = torch.Generator().manual_seed(0)
    target, start = (torch.rand(1, 3, cells[0] * 8, cells[1] * 8, generator=random) for _ in range(2))
    objective = Objective(target, start, prepare("cpu"), Balance())
    assert [samples for samples, _ in objective._views] == seen
    value, slope = objective.value_and_gradient(start, np.random.default_rng(0))
    assert 0 < value.perceptual < value.total
    assert bool(slope.isfinite().all())


@pytest.mark.parametrize("shape", [(1, 1), (1, 3), (2, 2)])
def test_the_smallest_grids(shape: tuple[int, int]) -> None:
    whole = problem()
    cells = np.arange(shape[0])[:, None] * COLUMNS + np.arange(shape[1])
    small = problem_of(whole.cells[cells.ravel()], whole.choices, shape)
    found = Best(steps=3).assign(small)
    start, end = values(small, found, Solve().assign(small).choices)
    assert end <= start
    assert found.figures["best"]["end"] == pytest.approx(end, rel=1e-3)


def test_gradients_are_the_same_with_any_number_of_threads() -> None:
    """At 64 x 64 cells; without the rule of `threads` those of one thread and of two are not."""
    from perceptual_photomosaic.assign.best.objective import Balance, Objective
    from perceptual_photomosaic.assign.best.search import prepare

    random, vgg = torch.Generator().manual_seed(0), prepare("cpu")
    target, start = (torch.rand(1, 3, 64 * 8, 64 * 8, generator=random) ** power for power in (1, 2))
    found = []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        with fixed_torch_threads():
            objective = Objective(target, start, vgg, Balance())
            found.append(objective.value_and_gradient(start, np.random.default_rng(0)))
        assert torch.get_num_threads() == threads
    assert found[0][0] == found[1][0]
    assert torch.equal(found[0][1], found[1][1])


def test_missing_torch_is_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *details: Any, **more: Any) -> Any:
        if name.endswith("assign.best.search"):
            raise ImportError(name)
        return real(name, *details, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtraError, match="'perceptual' extra"):
        Best().assign(problem())


@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA device")
def test_on_cuda_it_finds_something_too() -> None:
    assignment = Best(steps=4, device="cuda").assign(problem())
    figures = assignment.figures["best"]
    assert figures["steps"] == 4
    assert figures["end"] <= figures["start"]


def test_unknown_device() -> None:
    with pytest.raises(ConfigError, match="device 'tpu' is not there; choose auto or one of cpu"):
        Best(device="tpu").assign(problem())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (MosaicOptions(quality="bst"), "quality 'bst' is unknown; choose one of standard, best."),
        (MosaicOptions(quality="best", loss="mse"), "loss 'mse' is unknown; choose one of lpips, paper."),
        (MosaicOptions(quality="best", method="mean"), "quality 'best' goes on from method 'solve', not 'mean'"),
        (MosaicOptions(quality="best", steps=0), "steps is 0"),
        (MosaicOptions(quality="best", time_limit=0.0), "time limit is 0 s"),
        (MosaicOptions(quality="best", watch="a.jpg"), "watch is 'a.jpg'"),
    ],
)
def test_settings_that_make_no_sense(options: MosaicOptions, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        check_quality(options)


def test_settings_reach_it() -> None:
    best = Best.after(Best().solve, MosaicOptions(quality="best", steps=7, time_limit=2.0, watch="a.png", loss="paper"))
    assert (best.steps, best.time_limit, best.watch, best.loss) == (7, 2.0, Path("a.png"), "paper")
