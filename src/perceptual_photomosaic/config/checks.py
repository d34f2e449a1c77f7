"""Checks of the settings: unknown words, numbers out of range, and settings without effect."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import Field, fields, replace
from difflib import get_close_matches
from typing import Any

from perceptual_photomosaic.config.groups import MosaicOptions
from perceptual_photomosaic.errors import ConfigError

__all__ = ["check_options", "check_output_options", "check_values", "without_unfit"]

_SHARES = ("adjust", "blend", "contrast")


def check_options(options: MosaicOptions) -> None:
    """Check settings that a caller asks for.

    Raises:
        ConfigError: An unknown word (names the nearest one), a number out of range, or a setting without effect.
    """
    check_values(options)
    for item in _changed(options):
        for other, values in item.metadata["only"].items():
            if other != "format" and getattr(options, other) not in values:
                name = _shown(item.name)
                raise ConfigError(f"{name} is for {other} {_listed(values)} only; ask for that, or leave {name} out.")
    if options.ink != "none" and options.adjust > 0:
        raise ConfigError(
            "ink gives letters the colours of their cells, so there is nothing left for adjust; drop one."
        )


def check_values(options: MosaicOptions) -> None:
    """Check each setting by itself, as for a saved plan.

    Raises:
        ConfigError: An unknown word (names the nearest one), or a number out of range.
    """
    for item in fields(options):
        _check_word(item.name, getattr(options, item.name), item.metadata["words"])
    if options.seed < 0:
        raise ConfigError(f"seed is {options.seed}; it must be at least 0.")
    for name in _SHARES:
        share = getattr(options, name)
        if not 0 <= share <= 1:
            raise ConfigError(f"{name} is {share:g}; it must be from 0 (off) to 1 (all of it).")


def check_output_options(options: MosaicOptions, format_name: str, names: Collection[str] | None = None) -> None:
    """Check settings against the format of the output.

    Args:
        options: The settings.
        format_name: Name of the format: "PNG".
        names: The settings to check; None checks all.
    Raises:
        ConfigError: A setting without effect.
    """
    for item in _changed(options):
        formats = item.metadata["only"].get("format", (format_name,))
        if format_name not in formats and (names is None or item.name in names):
            name = _shown(item.name)
            known = _listed(formats, quote="")
            raise ConfigError(f"{name} is for {known}, not for {format_name}; write such a file, or leave {name} out.")


def without_unfit(options: MosaicOptions, asked: Collection[str], format_name: str | None = None) -> MosaicOptions:
    """Return settings in which those that would do nothing, and that nobody asks for now, have their defaults.

    Settings in a file or a plan were made for another method or output than they may meet now.

    Args:
        options: The settings.
        asked: Names of settings that are asked for now; they stay as they are.
        format_name: Name of the output's format; None where it is not known.
    """
    now = {"format": format_name}
    unfit: dict[str, Any] = {}
    for item in _changed(options):
        for other, values in item.metadata["only"].items():
            value = now[other] if other in now else getattr(options, other)
            if item.name not in asked and value is not None and value not in values:
                unfit[item.name] = item.default
    return replace(options, **unfit)


def _check_word(name: str, word: Any, words: Collection[str]) -> None:
    if words and word not in words:
        near = get_close_matches(word.lower(), words, n=1)
        hint = f"did you mean '{near[0]}'? Choose" if near else "choose"
        raise ConfigError(f"{_shown(name)} '{word}' is unknown; {hint} one of {', '.join(words)}.")


def _changed(options: MosaicOptions) -> list[Field[Any]]:
    """Return the settings that differ from their defaults."""
    return [item for item in fields(options) if getattr(options, item.name) != item.default]


def _listed(words: Collection[str], quote: str = "'") -> str:
    shown = [f"{quote}{word}{quote}" for word in words]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} or {shown[-1]}"


def _shown(name: str) -> str:
    return name.replace("_", " ")
