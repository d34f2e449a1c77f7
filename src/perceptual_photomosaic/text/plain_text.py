"""Plain text: one line per row."""

from __future__ import annotations

from perceptual_photomosaic.text.picture import TextPicture

__all__ = ["plain"]


def plain(picture: TextPicture) -> str:
    """Write only the characters; rows are joined by newlines."""
    return "\n".join(picture.lines)
