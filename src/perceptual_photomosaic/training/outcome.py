"""The summary of a finished run: the quality of its model, the file to use, and the place of its curves."""

from __future__ import annotations

import json
from pathlib import Path

__all__ = ["outcome"]


def outcome(folder: Path) -> list[str]:
    """Return the summary of a finished run, line by line.

    Args:
        folder: The run folder.
    """
    rows = [json.loads(line) for line in (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    measured = [row for row in rows if "val/hard" in row]
    if measured:
        best = min(measured, key=lambda row: row["val/hard"])
        model = folder / "best.safetensors"
        share = best["val/hard"] / best["val/nearest"] if best["val/nearest"] else 1.0
        quality = (
            f"lowest validation loss {best['val/hard']:.4g}, at step {best['step']} of {rows[-1]['step']}: "
            f"{share:.0%} of that of the nearest tile in every cell"
        )
        if share >= 1:
            quality += ", so it is no better than the nearest tile yet; train longer"
    else:
        model = folder / "model.safetensors"
        quality = "its quality was not measured; train with --val FOLDER, a folder of other pictures, to measure it"
    return [
        f"{model}: {quality}",
        f"use it: photomosaic predict PICTURES --model {model} -o mosaics/",
        f"see its curves: tensorboard --logdir {folder / 'tensorboard'} (after pip install tensorboard)",
    ]
