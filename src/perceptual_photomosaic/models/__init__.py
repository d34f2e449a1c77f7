"""MosaicNet: the network, models on disk, and prediction on pictures of any size. Imports torch when used."""

from __future__ import annotations

from importlib.util import find_spec

from perceptual_photomosaic.errors import MissingExtraError

__all__ = ["require_torch"]


def require_torch(what: str, extra: str = "perceptual") -> None:
    """Raise MissingExtraError where torch or safetensors is not installed, before anything imports them."""
    if find_spec("torch") is None or find_spec("safetensors") is None:
        raise MissingExtraError(what, extra)
