"""Reader of the dict of arrays in an object .npy file, which runs no code from the file."""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np

from perceptual_photomosaic.errors import ModelError

__all__ = ["read_object_npy"]


class _StoredArray:
    """A placeholder for numpy's arrays, types and helpers in a pickle: it stores its arguments and calls nothing."""

    def __init__(self, *arguments: Any) -> None:
        self.arguments = arguments
        self.state: tuple[Any, ...] = ()

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.state = state


class _ArrayReader(pickle.Unpickler):
    """A reader of dicts, lists and arrays; any other name in the stream is an error."""

    _ALLOWED = frozenset(
        {
            *((f"numpy.{core}.multiarray", "_reconstruct") for core in ("core", "_core")),
            ("numpy", "ndarray"),
            ("numpy", "dtype"),
        }
    )

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in self._ALLOWED:
            return _StoredArray
        if (module, name) == ("_codecs", "encode"):  # bytes in old pickles
            return lambda text, codec="latin1": str(text).encode("latin1")
        raise pickle.UnpicklingError(f"it refers to {module}.{name}, which weights have no use for")


def read_object_npy(path: Path) -> dict[str, Any]:
    """Read the dict in an object .npy file, without running code from it.

    Raises:
        ModelError: The file does not hold a dict of [filter, bias].
        OSError, UnpicklingError: The file cannot be read, or refers to code.
    """
    raw = path.read_bytes()
    stream = io.BytesIO(raw)
    if np.lib.format.read_magic(stream)[0] == 1:
        shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
    else:
        shape, _, dtype = np.lib.format.read_array_header_2_0(stream)
    if dtype != np.dtype(object) or shape != ():
        raise ModelError(f"{path} is no vgg16.npy: it holds {dtype} of shape {shape}, not one dict of layers")
    try:
        outer = _ArrayReader(stream, encoding="latin1").load()
        (layers,) = outer.state[4]
        return {str(name): [_array(part) for part in pair] for name, pair in layers.items()}
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{path} is no vgg16.npy: it does not hold a dict of [filter, bias]") from error


def _array(stored: _StoredArray) -> np.ndarray[Any, Any]:
    """Rebuild a plain float array from its placeholder."""
    _, shape, kind, fortran, data = stored.state
    if not isinstance(data, bytes):
        data = str(data).encode("latin1")
    letters = str(kind.arguments[0])
    if letters not in ("f2", "f4", "f8"):
        raise ValueError(f"arrays of type {letters}")
    order = ">" if kind.state and kind.state[1] == ">" else "<"
    return np.frombuffer(data, np.dtype(order + letters)).reshape(shape, order="F" if fortran else "C")
