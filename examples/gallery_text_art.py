"""A portrait and a cat in letters, beside those of chafa and jp2a (`apt-get install chafa jp2a`), and in emoji."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from pictures import sample, show
from PIL import Image, ImageDraw, ImageFont

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks.letter_legibility import entrants

SIDE, TITLE, GAP = 420, 26, 8
NAMES = {
    "ours, white on black": "photomosaic",
    "chafa, white on black": "chafa",
    "jp2a, white on black": "jp2a",
    "ours, emoji, 64 x 64 cells": "photomosaic, emoji",
}

targets = [sample("astronaut.png"), sample("chelsea.png")]
sheet = Image.new("RGB", (4 * SIDE + 3 * GAP, TITLE + 2 * (SIDE + GAP) - GAP), "white")
pen = ImageDraw.Draw(sheet)
with tempfile.TemporaryDirectory() as cache:
    drawn = entrants(Path(cache))
    for column, (name, title) in enumerate(NAMES.items()):
        left = column * (SIDE + GAP)
        pen.text((left + 4, 3), title, fill="black", font=ImageFont.load_default(16))
        for row, target in enumerate(targets):
            picture = Image.fromarray(drawn[name](target)).resize((SIDE, SIDE), Image.Resampling.LANCZOS)
            sheet.paste(picture, (left, TITLE + row * (SIDE + GAP)))
show(sheet, "text-art")
