"""Plain text: one line a row."""

from __future__ import annotations

from perceptual_photomosaic.text.picture import TextPicture

__all__ = ["plain"]


def plain(picture: TextPicture) -> str:
    """Write the characters alone, rows joined by newlines."""
    return "\n".join(picture.lines)
