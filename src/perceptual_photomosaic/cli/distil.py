"""Teach the embedding of patches again: `python -m perceptual_photomosaic.cli.distil PHOTOS [OUT]`."""

from __future__ import annotations

import argparse
from pathlib import Path

from perceptual_photomosaic.cli.report import reporter_for


def main() -> None:
    from perceptual_photomosaic.features.embedding import WEIGHTS
    from perceptual_photomosaic.training.distil import distil

    parser = argparse.ArgumentParser(description="Teach the embedding of patches from VGG16.")
    parser.add_argument("photos", type=Path)
    parser.add_argument("out", type=Path, nargs="?", default=WEIGHTS)
    options = parser.parse_args()
    left, correlation = distil(options.photos, options.out, reporter=reporter_for(quiet=False))
    print(f"{options.out}: {options.out.stat().st_size / 1e3:.0f} kB, {left:.2%} unexplained, r = {correlation:.4f}")


if __name__ == "__main__":
    main()
