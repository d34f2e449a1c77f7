"""Methods of choosing tiles, by name."""

from __future__ import annotations

from perceptual_photomosaic.assign.baselines import Correlation, MeanColour, NearestPatch
from perceptual_photomosaic.assign.inked import InkMatcher
from perceptual_photomosaic.assign.learned import Learned
from perceptual_photomosaic.assign.net import Net
from perceptual_photomosaic.assign.problem import Matcher
from perceptual_photomosaic.assign.solve import Solve, parse_weights
from perceptual_photomosaic.config import MosaicOptions
from perceptual_photomosaic.errors import ConfigError
from perceptual_photomosaic.tiles.spec import parse_colour

__all__ = ["matcher"]


def matcher(options: MosaicOptions) -> Matcher:
    """Return the method that the options name.

    Raises:
        ConfigError: The method does not exist, or a value of the options is invalid.
    """
    match options.method:
        case "solve" if options.ink != "none":
            return InkMatcher(options.ink)
        case "solve":
            return Solve(parse_weights(options.viewing, options.weights, limited=options.max_uses is not None))
        case "net":
            return Net()
        case "mean":
            return MeanColour()
        case "nearest":
            return NearestPatch(options.patch)
        case "ncc":
            return Correlation()
        case "mosaicnet":
            return Learned(options.model, parse_colour(options.background, "background"))
    raise ConfigError(f"there is no method '{options.method}'.")
