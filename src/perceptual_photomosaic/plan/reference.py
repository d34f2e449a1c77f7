"""The page of the plan's format, from its schema: `python -m perceptual_photomosaic.plan.reference`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

__all__ = ["page", "schema"]

_HEAD = """\
# The format of a plan

A plan is a JSON file, UTF-8, that people may read and edit. `make --plan` writes it; `render`, `edit`, `view`,
`evaluate` and `open_plan` read it. The JSON Schema is
`perceptual_photomosaic/plan/schema.json`; this page is made from it.

Paths begin at the folder of the plan. Where they are not found there, `folder` is tried, and files that were moved are
found by `contents`, in the tile sets and in the folders of `--look-in`.

| field | type | needed | meaning |
|---|---|---|---|
"""


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a plan."""
    text = files("perceptual_photomosaic.plan").joinpath("schema.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def page() -> str:
    """Return the page as Markdown."""
    return _HEAD + "\n".join(_rows(schema())) + "\n"


def _rows(described: Mapping[str, Any], prefix: str = "") -> list[str]:
    rows = []
    for name, field in described["properties"].items():
        needed = "yes" if name in described["required"] else ""
        rows.append(f"| `{prefix}{name}` | {_type(field)} | {needed} | {field['description']} |")
        if "properties" in field:
            rows += _rows(field, f"{prefix}{name}.")
    return rows


def _type(field: Mapping[str, Any]) -> str:
    if "const" in field:
        return f"`{json.dumps(field['const'])}`"
    if "$ref" in field:
        return "list of rows"
    kind = field["type"]
    return " or ".join(kind) if isinstance(kind, list) else str(kind)


if __name__ == "__main__":
    print(page(), end="")
