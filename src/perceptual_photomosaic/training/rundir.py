"""The run folder: settings, notes, environment, figures per step, TensorBoard log, validation sheets, model.

settings.json  notes.txt  environment.json  metrics.jsonl  tensorboard/  checkpoints/  validation/
model.safetensors (last)  best.safetensors (lowest validation loss of the hard mosaic)
"""

from __future__ import annotations

import json
import os
import platform
import secrets
import sys
import time
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from perceptual_photomosaic.errors import MissingExtraError, OutputError
from perceptual_photomosaic.files.replacing import written_aside
from perceptual_photomosaic.threads import usable_cores

__all__ = ["RunFolder", "write_json"]

_PACKAGES = ("perceptual-photomosaic", "torch", "numpy", "pillow", "lightning-fabric", "tensorboardX", "safetensors")


def write_json(path: Path, value: Any) -> None:
    """Write JSON under a temporary name, then rename."""
    with written_aside(path) as part:
        part.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


class RunFolder:
    """The folder with the files of one run.

    Args:
        path: The folder, which is created if it does not exist.
        resumed_at: The step from which a run is resumed; later rows of the log are removed. 0 for a new run.
    Raises:
        OutputError: The folder cannot be created.
        MissingExtraError: The 'train' extra is not installed.
    """

    def __init__(self, path: Path, resumed_at: int = 0) -> None:
        self.path = path
        try:
            for part in ("checkpoints", "validation"):
                (path / part).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"cannot make the run folder {path}: {error.strerror}") from error
        try:
            from tensorboardX import SummaryWriter
        except ImportError:
            raise MissingExtraError("training", "train") from None
        own_name = f".{secrets.token_hex(4)}"  # otherwise two runs that start in the same second share a file
        self.board = SummaryWriter(str(path / "tensorboard"), purge_step=resumed_at + 1, filename_suffix=own_name)
        self._metrics = path / "metrics.jsonl"
        self._trim(resumed_at)

    @property
    def checkpoints(self) -> Path:
        """The folder of the checkpoints."""
        return self.path / "checkpoints"

    def describe(self, settings: Mapping[str, Any], notes: str) -> None:
        """Write settings, notes and environment before the first step."""
        write_json(self.path / "settings.json", dict(settings))
        if notes:
            (self.path / "notes.txt").write_text(notes + "\n", encoding="utf-8")
        versions = {}
        for name in _PACKAGES:
            try:
                versions[name] = metadata.version(name)
            except metadata.PackageNotFoundError:
                versions[name] = "missing"
        write_json(
            self.path / "environment.json",
            {
                "command": sys.argv,
                "python": platform.python_version(),
                "system": platform.platform(),
                "processors": usable_cores(),
                "threads": os.environ.get("OMP_NUM_THREADS", "default"),
                "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
                "packages": versions,
            },
        )

    def log(self, step: int, figures: Mapping[str, float]) -> None:
        """Append one row of figures to the log and to TensorBoard."""
        with open(self._metrics, "a", encoding="utf-8") as file:
            file.write(json.dumps({"step": step, **figures}) + "\n")
        for name, value in figures.items():
            self.board.add_scalar(name, value, step)

    def images(self, step: int, pictures: Mapping[str, NDArray[np.uint8]]) -> None:
        """Add batches of pictures, (B, H, W, 3), to TensorBoard, at most 6 of each."""
        for name, batch in pictures.items():
            self.board.add_images(name, batch[:6], step, dataformats="NHWC")

    def sheet(self, step: int, columns: list[NDArray[np.uint8]]) -> Path:
        """Write a validation sheet: one row per picture, and one column per batch (N, H, W, 3)."""
        rows = [np.concatenate([batch[i] for batch in columns], axis=1) for i in range(len(columns[0]))]
        path = self.path / "validation" / f"step-{step:08d}.png"
        with written_aside(path) as part:
            Image.fromarray(np.concatenate(rows, axis=0)).save(part, "PNG")
        return path

    def close(self) -> None:
        """Flush and close the TensorBoard log."""
        self.board.close()

    def _trim(self, last: int) -> None:
        """Remove the rows after step `last`, and an incomplete row that a crash left."""
        if not self._metrics.is_file():
            return
        kept = []
        for line in self._metrics.read_text(encoding="utf-8").splitlines():
            try:
                if json.loads(line)["step"] <= last:
                    kept.append(line)
            except (ValueError, KeyError):
                break
        with written_aside(self._metrics) as part:
            part.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")
