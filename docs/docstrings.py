"""Prepare docstrings for the page of the Python reference: an extension of griffe, which reads them from the source."""

from __future__ import annotations

import re
from typing import Any

import griffe

from perceptual_photomosaic.config import option_fields

_SECTION = re.compile(r"\n(?=(?:Args|Attributes|Returns|Raises|Examples):\n)")


class HouseStyle(griffe.Extension):
    """Set sections apart by empty lines, and give the fields of the settings their help and default."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Set the sections of a docstring apart; griffe takes only such for sections."""
        if obj.docstring is not None:
            text = obj.docstring.value.replace("\nExample:\n", "\nExamples:\n")
            obj.docstring.value = _SECTION.sub("\n\n", text)

    def on_class(self, *, cls: griffe.Class, **_: Any) -> None:
        """List the settings with their help and default, from where the command line takes them."""
        if cls.name == "MosaicOptions" and cls.docstring is not None:
            cls.docstring.value += "\n\nAttributes:"
            for item in option_fields():
                cls.docstring.value += f"\n    {item.name}: {item.metadata['help']} Default: `{item.default!r}`."
