"""The ruler for mosaics: colour, structure and perceptual distance at several viewing distances."""

from __future__ import annotations

from perceptual_photomosaic.evaluate.evaluation import Evaluation, Ruler, ViewScores, evaluate
from perceptual_photomosaic.evaluate.tile_stats import TileStats, assignment_from_picture, nearest_repeat, tile_stats

__all__ = [
    "Evaluation",
    "Ruler",
    "TileStats",
    "ViewScores",
    "assignment_from_picture",
    "evaluate",
    "nearest_repeat",
    "tile_stats",
]
