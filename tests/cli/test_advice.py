"""Advice of the summary where letters lack tones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from tests.cli.conftest import Run


def test_letters_that_lack_dark_are_told_where_it_is(run: Run, desk: Path) -> None:
    dusk = np.tile(np.linspace(0, 80, 96).astype(np.uint8)[None, :, None], (72, 1, 3))
    Image.fromarray(dusk).save(desk / "night.png")
    make = ("make", "night.png", "--columns", 8, "--tile-size", 8, "-o", "out.png")
    on_black, fit = 'dark ones come with --tiles "glyphs:foreground=white,background=black"', "--tone fit shows"
    for more, advised in (
        (("-t", "glyphs", "--tone", "keep"), (on_black, fit)),
        (("-t", "glyphs", "--method", "mean", "--tone", "fit"), ()),
        (("-t", "colours:400"), ()),
    ):
        ran = run(*make, *more)
        assert ran.status == 0, ran.err
        assert [line in ran.out for line in (on_black, fit)] == [line in advised for line in (on_black, fit)], ran.out
