"""The page of commands, which must match the command line."""

from __future__ import annotations

from pathlib import Path

from perceptual_photomosaic.cli.reference import commands_page

PAGE = Path(__file__).parents[2] / "docs" / "use" / "commands.md"


def test_the_page_is_up_to_date() -> None:
    written = PAGE.read_text(encoding="utf-8")
    assert written == commands_page(), "run: python -m perceptual_photomosaic.cli.reference > docs/use/commands.md"
