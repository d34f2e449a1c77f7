"""The option `characters=` of glyphs: the characters themselves, or a text file that holds them."""

from __future__ import annotations

from pathlib import Path

from perceptual_photomosaic.errors import TileError
from perceptual_photomosaic.image import printable

__all__ = ["characters_of", "is_character_file", "write_characters"]


def characters_of(text: str) -> str:
    """Return the characters of a `characters=` value: the text itself, or the content of @FILE.

    Raises:
        TileError: The file cannot be read, is not UTF-8 text, or is empty.
    """
    if not is_character_file(text):
        return text
    path = Path(text[1:])
    where = f"glyphs: characters: the file '{printable(path)}'"
    try:
        if path.exists() and not path.is_file():
            raise TileError(f"{where} is no regular file; name a text file")
        characters = "".join(path.read_text(encoding="utf-8-sig").splitlines())
    except UnicodeDecodeError:
        raise TileError(f"{where} is not UTF-8 text; save it as UTF-8") from None
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise TileError(
            f"{where} cannot be read: {reason.lower()}; for the sign @ itself write it twice, as in characters=@@ab"
        ) from None
    if not characters:
        raise TileError(f"{where} holds no characters; write some into it")
    return characters


def write_characters(characters: str) -> str:
    """Write characters so that `characters_of` returns them unchanged, and never reads a file."""
    return f"@{characters}" if is_character_file(characters) else characters


def is_character_file(text: str) -> bool:
    """Tell @FILE from characters that begin with @, such as a ramp from dark to light, and from text after @@."""
    return text.startswith("@") and not text.startswith("@@") and any(sign.isalnum() for sign in text)
