"""One run of `make_mosaic`: its stages and their seconds, its notes, and the checks of its output."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from perceptual_photomosaic.config import check_output_options
from perceptual_photomosaic.layout import Layout
from perceptual_photomosaic.mosaic import Mosaic
from perceptual_photomosaic.progress import Reporter, Stages
from perceptual_photomosaic.render.formats import check_output
from perceptual_photomosaic.render.originals import soft_originals_note
from perceptual_photomosaic.render.output import Output
from perceptual_photomosaic.text.write import check_text

__all__ = ["Run"]


class Run(Stages):
    """The stages of a run, with the checks and notes between them.

    Args:
        reporter: Receives the stages and notes.
        out: File of the mosaic, if it is written.
        jpeg_quality: 1 to 100 for JPEG and WebP.
    """

    def __init__(self, reporter: Reporter, out: str | Path | None, jpeg_quality: int | None) -> None:
        super().__init__(reporter)
        self.reporter = reporter
        self._out = None if out is None else Path(out)
        self._jpeg_quality = jpeg_quality

    def check(self, layout: Layout, specs: Sequence[str]) -> None:
        """Check that place, format and settings of the output suit a mosaic, and pass on the notes of its layout.

        Args:
            layout: The layout of the mosaic.
            specs: Specs of its tiles; none for pictures in memory.
        Raises:
            OutputError: The output cannot hold such a mosaic.
            ConfigError: A setting without effect in the format.
        """
        if self._out is not None:
            file_format = check_output(self._out, layout.size_px)
            check_output_options(layout.options, file_format.name)
            check_text(self._out, file_format, specs, layout.options)
            output = Output.from_options(layout.options, layout.size_px, layout.tile_px, self._jpeg_quality)
            output.check(file_format, layout.size_px)
        self.note(layout.crop, *layout.words)

    def write(self, mosaic: Mosaic) -> Mosaic:
        """Write the mosaic, if an output was named, and return it."""
        if mosaic.options.size is not None:
            used = np.unique(mosaic.tile_numbers).tolist()
            self.note(soft_originals_note(mosaic.tiles, used, mosaic.tile_px, mosaic.options.crop))
        if self._out is not None:
            with self("write", "writing the mosaic"):
                mosaic.write(self._out, quality=self._jpeg_quality, reporter=self.reporter)
        return mosaic
