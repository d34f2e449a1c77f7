"""Methods of choosing tiles, by name."""

from __future__ import annotations

from difflib import get_close_matches
from functools import partial

from perceptual_photomosaic.assign.base import Matcher
from perceptual_photomosaic.assign.baselines import Correlation, MeanColour, NearestPatch
from perceptual_photomosaic.assign.best import Best, check_quality
from perceptual_photomosaic.assign.learned import Learned
from perceptual_photomosaic.assign.solve import Solve, parse_weights
from perceptual_photomosaic.config import METHODS, MosaicOptions
from perceptual_photomosaic.errors import ConfigError
from perceptual_photomosaic.features.tone import Reach
from perceptual_photomosaic.tiles.spec import parse_colour

__all__ = ["matcher"]


def matcher(options: MosaicOptions, *, far_colour: float | None = None) -> Matcher:
    """The method that the options name.

    Args:
        options: The settings.
        far_colour: By how much the solver's colours from afar count, where the settings leave it to the solver; None
            lets it find out.
    Raises:
        ConfigError: There is no such method (names the nearest one), or none of that quality.
    """
    check_quality(options)
    match options.method:
        case "solve":
            turned, scarce = bool(options.variants), options.max_uses is not None
            weigh = partial(parse_weights, options.viewing, options.weights, turned=turned, scarce=scarce)
            reaches: tuple[Reach, ...] = ("wide", "narrow", "inked", "faint", "fitted")
            by_reach = {reach: weigh(reach=reach) for reach in reaches}
            when_varied = {reach: weigh(reach=reach, varied=True) for reach in reaches}
            asked = options.viewing != "balanced" or options.weights
            solve = Solve(by_reach["wide"], by_reach, when_varied, 1.0 if asked else far_colour)
            return Best.after(solve, options) if options.quality == "best" else solve
        case "mean":
            return MeanColour()
        case "nearest":
            return NearestPatch(options.patch)
        case "ncc":
            return Correlation()
        case "mosaicnet":
            return Learned(options.model, parse_colour(options.background, "background"))
    near = get_close_matches(options.method, METHODS, n=1)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    raise ConfigError(f"there is no method '{options.method}'.{hint} Choose one of {', '.join(METHODS)}.")
