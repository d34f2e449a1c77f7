"""Measures of mosaics: colour, structure, tone and variety at several viewing distances, and legibility."""

from __future__ import annotations

from perceptual_photomosaic.evaluate.evaluation import Ruler, evaluate
from perceptual_photomosaic.evaluate.legibility import Legibility, legibility
from perceptual_photomosaic.evaluate.matching import assignment_from_picture
from perceptual_photomosaic.evaluate.plates import Tone, tone
from perceptual_photomosaic.evaluate.scores import Evaluation, ViewScores
from perceptual_photomosaic.evaluate.tile_stats import TileStats, nearest_repeat, tile_stats
from perceptual_photomosaic.evaluate.variety_figures import VarietyFigures, clearly_less_varied, more_varied, variety

__all__ = [
    "Evaluation",
    "Legibility",
    "Ruler",
    "TileStats",
    "Tone",
    "VarietyFigures",
    "ViewScores",
    "assignment_from_picture",
    "clearly_less_varied",
    "evaluate",
    "legibility",
    "more_varied",
    "nearest_repeat",
    "tile_stats",
    "tone",
    "variety",
]
