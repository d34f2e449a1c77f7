"""The settings as keyword arguments, typed for editors and type checkers; a test compares them with `groups`."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypedDict, TypeVar

__all__ = ["MosaicKeywords", "with_settings"]

Function = TypeVar("Function", bound=Callable[..., Any])


class MosaicKeywords(TypedDict, total=False):
    """All settings of a mosaic, each of which may be left out."""

    columns: int | None
    rows: int | None
    cells: int | None
    cell_aspect: str
    fit: str
    tile_size: int
    crop: str
    background: str
    accept_damaged: bool
    variants: str
    method: str
    model: str
    tone: str
    contrast: float
    viewing: str
    weights: str
    region: str | None
    detail: str
    variety: float | None
    patch: int
    max_uses: int | None
    min_distance: int | None
    use_all: bool
    must_include: tuple[str, ...]
    adjust: float
    ink: str
    seed: int
    blend: float
    size: str | None
    dpi: float | None
    compression: str
    cmyk: str | None
    bleed: str
    marks: bool
    sheets: str | None
    overlap: str
    ansi_colours: str
    outlines: bool


def with_settings(function: Function) -> Function:
    """Put the settings into the signature and the docstring of a function that takes them as `**changes`."""
    from perceptual_photomosaic.config.values import field_types, option_fields

    signature = inspect.signature(function)
    own = [item for item in signature.parameters.values() if item.kind is not inspect.Parameter.VAR_KEYWORD]
    kinds = field_types()
    added = [
        inspect.Parameter(item.name, inspect.Parameter.KEYWORD_ONLY, default=item.default, annotation=kinds[item.name])
        for item in option_fields()
    ]
    function.__signature__ = signature.replace(parameters=[*own, *added])  # type: ignore[attr-defined]
    listed = "\n".join(f"        {item.name}: {item.metadata['help']}" for item in option_fields())
    function.__doc__ = f"{(function.__doc__ or '').rstrip()}\n\n    Settings:\n{listed}\n    "
    return function
