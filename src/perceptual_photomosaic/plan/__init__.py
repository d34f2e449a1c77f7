"""Plans: the file format, its paths, and how a plan is opened and edited."""

from perceptual_photomosaic.plan.plan import Plan

__all__ = ["Plan"]
