"""Command-line options made from the fields of `MosaicOptions`, which hold their names, types, defaults and help."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Iterable
from dataclasses import Field
from pathlib import Path
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

import typer

from perceptual_photomosaic.config import (
    MosaicOptions,
    field_types,
    load_options,
    option_fields,
    with_values,
    without_unfit,
)

__all__ = ["LookIn", "PlanFolder", "chosen_options", "said", "with_mosaic_options", "with_print_options"]

PlanFolder = Annotated[
    Path | None,
    typer.Option(help="Folder at which the plan's paths begin. Default: the plan's own folder, which is usual."),
]
"""The option --relative-to of commands that read a plan."""

LookIn = Annotated[
    list[Path] | None,
    typer.Option(help="Folder to search for photos and targets that were moved. Repeat for more."),
]
"""The option --look-in of commands that open a plan."""

Command = TypeVar("Command", bound=Callable[..., None])


def with_mosaic_options(command: Command) -> Command:
    """Give a command one option for every setting of a mosaic.

    The command takes them as `**settings`; an option that was not given is None.
    """
    return _with_options(command, option_fields())


def with_print_options(command: Command) -> Command:
    """Give a command the options of print and text only, also as `**settings`."""
    return _with_options(command, [item for item in option_fields() if item.metadata["group"] in ("Print", "Text")])


def _with_options(command: Command, chosen: Iterable[Field[Any]]) -> Command:
    signature = inspect.signature(command)
    hints = get_type_hints(command, include_extras=True)
    own = [
        parameter.replace(annotation=hints[parameter.name])
        for parameter in signature.parameters.values()
        if parameter.kind is not inspect.Parameter.VAR_KEYWORD
    ]
    kinds = field_types()
    added = [
        inspect.Parameter(
            item.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[
                _optional(kinds[item.name]),
                typer.Option(
                    _flag(item.name, kinds[item.name]),
                    help=item.metadata["help"] + _default(item.default),
                    rich_help_panel=item.metadata["group"],
                    show_default=False,
                ),
            ],
        )
        for item in chosen
    ]
    command.__signature__ = signature.replace(parameters=[*own, *added])  # type: ignore[attr-defined]
    command.__annotations__ = {p.name: p.annotation for p in [*own, *added]}
    return command


def chosen_options(settings: dict[str, Any], config: Path | None, suffix: str) -> MosaicOptions:
    """Return the settings of a file, overridden by those of the command line.

    Settings of the file that have no use for the method or the output chosen now are left out.

    Args:
        settings: Settings of the command line by name; None where one was not given.
        config: The file, if any.
        suffix: Suffix of the output.
    Raises:
        ConfigError: A bad settings file or value.
    """
    given = said(settings)
    options = with_values(load_options(config) if config else MosaicOptions(), given, "command line")
    if config is None:
        return options
    from perceptual_photomosaic.render.formats import FORMATS

    known = FORMATS.get(suffix.lower())
    return without_unfit(options, given, None if known is None else known.name)


def said(settings: dict[str, Any]) -> dict[str, Any]:
    """Return the settings that were given on the command line."""
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in settings.items()}
    return {name: value for name, value in values.items() if value not in (None, ())}


def _optional(kind: Any) -> Any:
    if get_origin(kind) in (Union, types.UnionType):
        kind = next(part for part in get_args(kind) if part is not types.NoneType)
    if get_origin(kind) is tuple:
        kind = list[str]
    return kind | None


def _flag(name: str, kind: Any) -> str:
    flag = "--" + name.replace("_", "-")
    return f"{flag}/--no-{flag[2:]}" if kind is bool else flag


def _default(value: Any) -> str:
    return "" if value is None or value is False or value in ("", ()) else f" Default: {value}."
