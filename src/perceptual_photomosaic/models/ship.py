"""Write a trained model for the package: `python -m perceptual_photomosaic.models.ship MODEL NAME [OUT]`.

If the model is larger than 3 MB, its last layer is stored in float16; it still computes in float32. Paths on the
training machine are removed from the model card. Prints the share of cells whose tile stays the same.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from perceptual_photomosaic.models.prediction import predict_assignment
from perceptual_photomosaic.models.store import load_model, save_model

__all__ = ["ship"]

_MOST_BYTES = 3_000_000


def ship(model: Path, name: str, out: Path) -> float:
    """Write a model for the package.

    Args:
        model: A model from a run folder.
        name: The new name of the model.
        out: The file to write.
    Returns:
        The share of cells of a test picture whose tile stays the same.
    """
    net, card = load_model(model)
    training = {key: value for key, value in card.training.items() if key not in ("data", "val")}
    card = replace(card, name=name, training=training)
    save_model(out, net, card)
    if out.stat().st_size >= _MOST_BYTES:
        save_model(out, net, card, half=True)
    picture = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8).repeat(12, 0).repeat(12, 1)
    after, _ = load_model(out, vgg=net.encoder)
    return float((predict_assignment(net, picture) == predict_assignment(after, picture)).mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=ship.__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("name")
    parser.add_argument("out", type=Path, nargs="?")
    options = parser.parse_args()
    out = options.out or Path(__file__).parent / "data" / f"{options.name}.safetensors"
    same = ship(options.model, options.name, out)
    print(f"{out}: {out.stat().st_size / 1e6:.2f} MB, the same tile in {same:.2%} of the cells")


if __name__ == "__main__":
    main()
