"""MosaicNet: the network, model files, and prediction on pictures of any size. Torch is imported only when needed."""

from __future__ import annotations

from importlib.util import find_spec

from perceptual_photomosaic.errors import MissingExtraError

__all__ = ["require_torch"]


def require_torch(what: str, extra: str = "perceptual") -> None:
    """Raise MissingExtraError if torch or safetensors is not installed. Call it before they are imported."""
    if find_spec("torch") is None or find_spec("safetensors") is None:
        raise MissingExtraError(what, extra)
