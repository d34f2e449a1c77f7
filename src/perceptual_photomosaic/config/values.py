"""Values of settings by name: from Python, from TOML files, and as TOML."""

from __future__ import annotations

import json
import types
from collections.abc import Mapping
from dataclasses import Field, fields, replace
from difflib import get_close_matches
from numbers import Integral, Real
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

from perceptual_photomosaic.config.checks import check_options
from perceptual_photomosaic.config.groups import MosaicOptions
from perceptual_photomosaic.errors import ConfigError

__all__ = ["checked_options", "field_types", "load_options", "option_fields", "save_options", "with_values"]

_GONE = {
    "quality": "standard",
    "steps": 200,
    "time_limit": None,
    "watch": None,
    "loss": "lpips",
    "device": "auto",
}
"""Settings of `--quality best`, which was removed, and the values with which old files may still name them."""


def option_fields() -> tuple[Field[Any], ...]:
    """Return the fields of `MosaicOptions` in the order of the help."""
    return fields(MosaicOptions)


def field_types() -> dict[str, Any]:
    """Return the types of the fields by name."""
    return get_type_hints(MosaicOptions)


def with_values(options: MosaicOptions, values: Mapping[str, Any], where: str) -> MosaicOptions:
    """Replace settings by name.

    Args:
        options: The settings to start from.
        values: New values by name; hyphens read as underscores.
        where: Named in errors: a file, or "make_mosaic()".
    Raises:
        ConfigError: An unknown name (with the nearest known one) or a value of the wrong type.
    """
    kinds = field_types()
    clean: dict[str, Any] = {}
    for key, value in values.items():
        name = key.replace("-", "_")
        if name in _GONE:
            if value == _GONE[name]:
                continue
            raise ConfigError(f"{where}: {key} no longer exists, as quality 'best' was removed; leave it out.")
        if name not in kinds:
            near = get_close_matches(name, kinds, n=1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            raise ConfigError(f"{where}: there is no setting '{key}'.{hint}")
        if not _fits(value, kinds[name]):
            raise ConfigError(f"{where}: {key} is {value!r}, but {_words(kinds[name])} is expected.")
        clean[name] = tuple(value) if isinstance(value, list) else _plain(value)
    return replace(options, **clean)


def checked_options(options: MosaicOptions | None, changes: Mapping[str, Any], where: str) -> MosaicOptions:
    """Return settings with some of them changed, checked.

    Args:
        options: The settings to start from; None takes the defaults.
        changes: New values by name.
        where: Named in errors: "make_mosaic()".
    Raises:
        ConfigError: An unknown name or word, a value that makes no sense, or a setting without effect.
    """
    options = with_values(options or MosaicOptions(), changes, where)
    check_options(options)
    return options


def load_options(path: Path, options: MosaicOptions | None = None) -> MosaicOptions:
    """Read settings from a TOML file; settings that it does not name stay as they are.

    Raises:
        ConfigError: A missing file, bad TOML, an unknown setting or a value of the wrong type.
    """
    import tomllib

    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"settings file '{path}' cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"settings file '{path}' is not TOML: {error}.") from error
    return with_values(options or MosaicOptions(), values, f"settings file '{path}'")


def save_options(options: MosaicOptions) -> str:
    """Return the settings as TOML, each with its help; unset ones are comments."""
    lines = []
    for item in option_fields():
        value = getattr(options, item.name)
        key = item.name.replace("_", "-")
        lines.append(f"# {item.metadata['help']}")
        lines.append(f"# {key} =" if value is None else f"{key} = {_toml(value)}")
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")  # TOML takes JSON's escapes
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return repr(value)


def _fits(value: Any, kind: Any) -> bool:
    if get_origin(kind) in (Union, types.UnionType):
        return any(_fits(value, part) for part in get_args(kind))
    if get_origin(kind) is tuple:
        return isinstance(value, list | tuple) and all(isinstance(item, str) for item in value)
    if kind is float:
        return isinstance(value, Real) and not isinstance(value, bool)
    if kind is int:
        return isinstance(value, Integral) and not isinstance(value, bool)
    return isinstance(value, kind)


def _plain(value: Any) -> Any:
    """Return a number of numpy as one of Python; other values stay as they are."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return value
    return int(value) if isinstance(value, Integral) else float(value)


def _words(kind: Any) -> str:
    names = {int: "a whole number", float: "a number", str: "a text", bool: "true or false", types.NoneType: "nothing"}
    if get_origin(kind) in (Union, types.UnionType):
        return " or ".join(_words(part) for part in get_args(kind) if part is not types.NoneType)
    return names.get(kind, "a list of texts")
