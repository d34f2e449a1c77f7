"""`--quality best`: after the solver, coefficients over the best tiles of each cell are annealed on a perceptual loss.

Tesfaldet et al., "Convolutional photomosaic generation via multi-scale perceptual losses", ECCV Workshops 2018, train
a network to choose; here their idea, a soft mosaic whose temperature rises, serves one picture. `docs/best.md` tells
what is minimised and why. torch is imported when `assign` is called, and not before.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from perceptual_photomosaic.assign.base import Assignment, Problem
from perceptual_photomosaic.assign.solve import Solve
from perceptual_photomosaic.config import LOSSES, QUALITIES, MosaicOptions
from perceptual_photomosaic.errors import ConfigError, MissingExtraError
from perceptual_photomosaic.progress import SILENT, Reporter
from perceptual_photomosaic.render.formats import check_folder

__all__ = ["Best", "check_quality"]


@dataclass(frozen=True)
class Best:
    """The solver, and then a perceptual loss on all cells at once.

    Attributes:
        solve: The solver to start from.
        steps: Steps of the optimiser.
        time_limit: Stop after so many seconds of optimising; None goes all the way.
        loss: "lpips", or "paper".
        candidates: Choices of a cell that have coefficients.
        device: "auto", "cpu", "cuda" or "mps".
        watch: PNG that shows the best mosaic so far, rewritten every few seconds.
    """

    solve: Solve = field(default_factory=Solve)
    steps: int = 200
    time_limit: float | None = None
    loss: str = "lpips"
    candidates: int = 16
    device: str = "auto"
    watch: Path | None = field(default=None, repr=False)

    @classmethod
    def after(cls, solve: Solve, options: MosaicOptions) -> Best:
        """As the options say, after a solver."""
        return cls(
            solve,
            steps=options.steps,
            time_limit=options.time_limit,
            loss=options.loss,
            device=options.device,
            watch=None if options.watch is None else Path(options.watch),
        )

    def assign(self, problem: Problem, *, reporter: Reporter = SILENT) -> Assignment:
        """Solve, then anneal; never ends worse than the solver by the objective.

        Returns:
            The assignment; its figures hold the solver's, and under "best" the objective at the start and at the end,
            steps and seconds. Interrupted from the keyboard while it anneals, the best so far, with a note.
        Raises:
            ConstraintError: The limits cannot be met.
            ConfigError: There is no such device.
            MissingExtraError: torch or the weights of the network are not installed.
        """
        try:
            from perceptual_photomosaic.assign.best.search import improve, prepare
        except ImportError as error:
            raise MissingExtraError("--quality best", "perceptual") from error
        vgg = prepare(self.device)  # says what is missing before any work
        if self.watch is not None:
            check_folder(self.watch)
        weights, start = self.solve.settle(problem, reporter=reporter)
        return improve(self, problem, weights, start, vgg, reporter)


def check_quality(options: MosaicOptions) -> None:
    """Refuse settings of quality that make no sense.

    Raises:
        ConfigError: An unknown word, no step, no time, or a method that is not the solver.
    """
    for name, known in (("quality", QUALITIES), ("loss", LOSSES)):
        value = getattr(options, name)
        if value not in known:
            raise ConfigError(f"{name} '{value}' is unknown; choose one of {', '.join(known)}.")
    if options.quality == "best" and options.method != "solve":
        raise ConfigError(f"quality 'best' goes on from method 'solve', not '{options.method}'; leave --method out.")
    if options.steps < 1:
        raise ConfigError(f"steps is {options.steps}; it must be at least 1.")
    if options.time_limit is not None and not options.time_limit > 0:
        raise ConfigError(f"time limit is {options.time_limit:g} s; it must be more than 0.")
    if options.watch is not None and Path(options.watch).suffix.lower() != ".png":
        raise ConfigError(f"watch is '{options.watch}'; it must be a .png file.")
