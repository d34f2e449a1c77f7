"""Settings of a mosaic: their groups, their checks, and their values in Python and in TOML files.

The command line builds its options from the fields in `groups`, so that both always agree.
"""

from perceptual_photomosaic.config.checks import check_options, check_output_options, check_values, without_unfit
from perceptual_photomosaic.config.groups import (
    ANSI_COLOURS,
    COMPRESSIONS,
    CROPS,
    DETAILS,
    FITS,
    INKS,
    METHODS,
    TONES,
    VIEWINGS,
    GridSettings,
    MatchingSettings,
    MosaicOptions,
    PrintSettings,
    TileSettings,
)
from perceptual_photomosaic.config.values import (
    checked_options,
    field_types,
    load_options,
    option_fields,
    save_options,
    with_values,
)

__all__ = [
    "ANSI_COLOURS",
    "COMPRESSIONS",
    "CROPS",
    "DETAILS",
    "FITS",
    "INKS",
    "METHODS",
    "TONES",
    "VIEWINGS",
    "GridSettings",
    "MatchingSettings",
    "MosaicOptions",
    "PrintSettings",
    "TileSettings",
    "check_options",
    "check_output_options",
    "check_values",
    "checked_options",
    "field_types",
    "load_options",
    "option_fields",
    "save_options",
    "with_values",
    "without_unfit",
]
