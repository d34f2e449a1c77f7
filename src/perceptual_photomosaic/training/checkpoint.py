"""Checkpoints of a training run: write, list and read them. A crash cannot leave a damaged checkpoint."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import torch

from perceptual_photomosaic.errors import ModelError
from perceptual_photomosaic.files.replacing import written_aside

__all__ = ["last_checkpoint", "list_checkpoints", "read_checkpoint", "write_checkpoint"]

_NAME = re.compile(r"step-(\d{8})\.pt")


def write_checkpoint(folder: Path, step: int, state: dict[str, Any], keep: int) -> Path:
    """Write one checkpoint and delete old ones, so that `keep` remain.

    The file is written under a temporary name, flushed to the disk and renamed. The entry in the folder is flushed
    too. A crash at any moment leaves the earlier checkpoints intact.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"step-{step:08d}.pt"
    with written_aside(path) as part, open(part, "wb") as file:
        torch.save(state | {"step": step}, file)
        file.flush()
        os.fsync(file.fileno())
    if os.name == "posix":
        entry = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(entry)
        finally:
            os.close(entry)
    for old in list_checkpoints(folder)[:-keep]:
        old.unlink(missing_ok=True)
    return path


def list_checkpoints(folder: Path) -> list[Path]:
    """Return the paths of the checkpoints in a folder, oldest first."""
    return sorted(path for path in folder.glob("step-*.pt") if _NAME.fullmatch(path.name))


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Read one checkpoint. Only tensors and plain values are accepted.

    Raises:
        ModelError: The file is damaged or is no checkpoint.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds of exceptions for a damaged file
        raise ModelError(f"the checkpoint {path} cannot be read: {str(error).splitlines()[0]}") from error
    if not isinstance(state, dict) or "step" not in state:
        raise ModelError(f"{path} is no checkpoint of this program")
    return state


def last_checkpoint(folder: Path) -> tuple[Path, dict[str, Any]] | None:
    """Return the newest checkpoint that can be read, or None if there is no checkpoint.

    Raises:
        ModelError: There are checkpoints, but none can be read.
    """
    failure: ModelError | None = None
    for path in reversed(list_checkpoints(folder)):
        try:
            return path, read_checkpoint(path)
        except ModelError as error:
            failure = error
    if failure:
        raise failure
    return None
