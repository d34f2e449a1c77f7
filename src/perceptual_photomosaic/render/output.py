"""Options of the output file: quality, compression, resolution, bleed, marks and sheets."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from perceptual_photomosaic.config import PrintSettings
from perceptual_photomosaic.errors import OutputError
from perceptual_photomosaic.render.formats import Format
from perceptual_photomosaic.render.physical import px_per_mm
from perceptual_photomosaic.render.sizes import parse_length, parse_paper

__all__ = ["PDF_PX_PER_MM", "Output"]

PDF_PX_PER_MM = (300 / 25.4, 300 / 25.4)
"""Resolution of a PDF if none is given."""


@dataclass(frozen=True)
class Output:
    """Options of the output file.

    Attributes:
        quality: 1 to 100 for lossy formats; None takes the format's default.
        compression: Compression of a TIFF, one of `config.COMPRESSIONS`.
        px_per_mm: Horizontal and vertical resolution; None if none is given: a PDF then takes 300 dpi, all others
            72 dpi, like pictures for the screen.
        cmyk: ICC profile of a press; colours are converted to it.
        bleed_mm: Width by which a PDF's picture extends beyond the trim, on every side.
        marks: Whether a PDF shows crop marks.
        sheets: Paper of the sheets of a PDF ("A3", "297x420mm"); None makes one page.
        overlap_mm: Width of the picture that neighbouring sheets share.
    """

    quality: int | None = None
    compression: str = "deflate"
    px_per_mm: tuple[float, float] | None = None
    cmyk: Path | None = None
    bleed_mm: float = 0.0
    marks: bool = False
    sheets: str | None = None
    overlap_mm: float = 5.0

    @classmethod
    def from_options(
        cls, options: PrintSettings, size_px: tuple[int, int], tile_px: tuple[int, int], quality: int | None = None
    ) -> Output:
        """Return the output options in the settings of a mosaic of `size_px` with tiles of `tile_px`.

        Raises:
            ConfigError: A size or length is invalid.
        """
        return cls(
            quality=quality,
            compression=options.compression,
            px_per_mm=px_per_mm(options.size, options.dpi, size_px, tile_px),
            cmyk=None if options.cmyk is None else Path(options.cmyk),
            bleed_mm=parse_length(options.bleed, "bleed"),
            marks=options.marks,
            sheets=options.sheets,
            overlap_mm=parse_length(options.overlap, "overlap"),
        )

    def check(self, file_format: Format, size_px: tuple[int, int]) -> None:
        """Check before any work that a format supports these options for a mosaic of `size_px`.

        Raises:
            OutputError: It does not; the message names formats that do.
            ConfigError: The paper of the sheets is unknown.
        """
        if self.quality is not None and not 1 <= self.quality <= 100:
            raise OutputError(f"quality is {self.quality}; it must be from 1 to 100.")
        if (
            self.quality is not None
            and "Q" not in file_format.options
            and (file_format.name, self.compression) != ("TIFF", "jpeg")
        ):
            raise OutputError(f"{file_format.name} loses nothing, so jpeg quality would do nothing; leave it out.")
        if self.cmyk is not None and not self.cmyk.is_file():
            raise OutputError(f"there is no ICC profile '{self.cmyk}'.")
        if self.bleed_mm < 0 or self.overlap_mm < 0:
            raise OutputError("bleed and overlap must be 0 or more.")
        across, down = self.px_per_mm or PDF_PX_PER_MM
        if self.bleed_mm > min(size_px[0] / across, size_px[1] / down):
            raise OutputError(
                f"a bleed of {self.bleed_mm:g} mm is larger than the mosaic that it mirrors. "
                f"Printers ask for 3 mm or so."
            )
        if self.sheets:
            parse_paper(self.sheets)
        if not self.sheets and self.overlap_mm != Output.overlap_mm:
            raise OutputError("overlap is what neighbouring sheets share; ask for sheets, or leave overlap out.")
        if self.sheets and (self.bleed_mm or self.marks):
            raise OutputError("sheets are cut by hand along their overlap; ask for sheets, or for bleed and marks.")
