"""The page of all commands and options, made from the command line itself.

python -m perceptual_photomosaic.cli.reference > docs/use/commands.md
"""

from __future__ import annotations

from typing import Any

import typer

from perceptual_photomosaic.cli.app import app

__all__ = ["commands_page"]

_HEAD = """# Commands

All commands with all their options, the same as `photomosaic COMMAND --help` prints them.

`python -m perceptual_photomosaic.cli.reference > docs/use/commands.md` writes this page.
"""


def commands_page() -> str:
    """Return all commands with their options and help, as Markdown."""
    return _HEAD + "".join(_section(name, command) for name, command in _commands(typer.main.get_command(app), ""))


def _commands(group: Any, prefix: str) -> list[tuple[str, Any]]:
    """Return the commands with their full names; the commands of a group follow each other."""
    found: list[tuple[str, Any]] = []
    for name, command in group.commands.items():
        whole = f"{prefix}{name}"
        found += _commands(command, f"{whole} ") if hasattr(command, "commands") else [(whole, command)]
    return found


def _section(name: str, command: Any) -> str:
    arguments = [item for item in command.params if item.param_type_name == "argument"]
    options = [item for item in command.params if item.param_type_name == "option" and item.name != "help"]
    usage = " ".join(["photomosaic", name, *(item.name.upper() for item in arguments), "[OPTIONS]"])
    text = " ".join((command.help or "").split("\n\n")[0].split())
    rows = [f"| `{item.name.upper()}` | {_cell(item.help)} |" for item in arguments]
    rows += [f"| {_spelling(item)} | {_cell(item.help)} |" for item in options]
    table = "\n".join(["| option | meaning |", "|---|---|", *rows])
    return f"\n## {name}\n\n```\n{usage}\n```\n\n{text}\n\n{table}\n"


def _spelling(option: Any) -> str:
    return ", ".join(f"`{text}`" for text in [*option.opts, *option.secondary_opts])


def _cell(text: str | None) -> str:
    return " ".join((text or "").split()).replace("|", "\\|")


if __name__ == "__main__":
    print(commands_page(), end="")
