"""Draw the pictures into a folder: `python -m tests.golden_pictures FOLDER [NAME ...]`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from PIL import Image

from tests.golden_pictures.cases import CASES, Inputs


def main() -> None:
    folder, *names = sys.argv[1:]
    with tempfile.TemporaryDirectory() as work:
        inputs = Inputs.prepare(Path(work))
        for name in names or CASES:
            out = Path(work) / name
            out.mkdir()
            picture, _ = CASES[name].picture(inputs, out)
            Image.fromarray(picture).save(Path(folder) / f"{name}.png")


if __name__ == "__main__":
    main()
