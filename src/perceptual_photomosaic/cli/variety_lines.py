"""Lines for people on the variety of a mosaic, and on ways to raise it."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from perceptual_photomosaic.mosaic import Mosaic

__all__ = ["variety_facts", "variety_lines"]

_MUCH = 0.1  # share of the cells: one photo in more of them looks like a pattern
_MANY = 5  # cells: one photo in fewer of them is no pattern, however small the mosaic
_BESIDE = 0.1  # share of the cells: if more of them have the same photo beside them, areas of one photo are visible
_CROWDED = 20  # cells for each photo
_SINGULAR = {"photos": "photo", "letters": "letter", "pieces": "piece", "colours": "colour", "tiles": "tile"}


def variety_facts(mosaic: Mosaic) -> dict[str, Any]:
    """Measure how varied a mosaic is; shares are parts of its cells, 0 to 1.

    Returns:
        Plain values by name: what `evaluate.variety` measures (commonest, effective, ...), nearest_repeat in cells, or
        None where no tile comes twice, and setting: the value of --variety, or None where it is not known.
    """
    from perceptual_photomosaic.evaluate.tile_stats import nearest_repeat
    from perceptual_photomosaic.evaluate.variety_figures import variety

    tiles = mosaic.tile_numbers
    setting = mosaic.figures.get("variety")
    return {**asdict(variety(tiles)), "nearest_repeat": nearest_repeat(tiles), "setting": setting}


def variety_lines(mosaic: Mosaic, tiles: dict[str, Any], facts: dict[str, Any]) -> list[str]:
    """Return lines on the variety of a mosaic, on the variety that was chosen, and on ways to repeat photos less.

    Args:
        mosaic: The mosaic.
        tiles: Numbers of tiles: count, used, most_used.
        facts: As `variety_facts` returns them.
    Returns:
        One line or more, without a full stop.
    """
    from perceptual_photomosaic.tiles.kinds import can_grow, noun_of

    noun = noun_of(mosaic.tiles.spec)
    one = _SINGULAR.get(noun, noun)
    growing = can_grow(mosaic.tiles.spec)
    lines = [_how_varied(noun, tiles, facts, near=growing)]
    setting = facts["setting"]
    if setting is not None and (setting["note"] or not setting["chosen"]):
        chosen = " (chosen)" if setting["chosen"] else ""
        distance = setting["distance"]
        apart = f"at least {distance} cells apart" if distance > 1 else "may lie beside itself"
        note = f"; {setting['note']}" if setting["note"] else ""
        lines.append(f"variety {setting['variety']:g}{chosen}: the same {one} {apart}{note}")
    cells = mosaic.grid.num_cells
    crowded = cells > _CROWDED * tiles["count"]
    stamped = facts["commonest"] > _MUCH and tiles["most_used"] >= _MANY
    if growing and (crowded or stamped or (facts["equal_neighbours"] > _BESIDE and tiles["most_used"] >= _MANY)):
        helps = _what_helps(mosaic, tiles["count"], noun, setting, crowded=crowded)
        reason = f"{tiles['count']:,} {noun} for {cells:,} cells" if crowded else f"the {noun}"
        if helps:
            lines.append(f"{reason} repeat much; what helps: {', '.join(helps)}")
    return lines


def _how_varied(noun: str, tiles: dict[str, Any], facts: dict[str, Any], *, near: bool) -> str:
    used = f"{tiles['used']:,} of {tiles['count']:,} {noun} used"
    if tiles["most_used"] == 1:
        return f"{used}, each once"
    common = f"{used}; the commonest fills {facts['commonest']:.1%} of the cells"
    nearest, beside = facts["nearest_repeat"], facts["equal_neighbours"]
    if not near:
        return common
    if beside > 0:
        return f"{common}; {_per_cent(beside)} of the cells have the same {_SINGULAR[noun]} beside them"
    return f"{common}, never beside itself" if nearest == 2 else f"{common}, at least {nearest} cells from itself"


def _per_cent(share: float) -> str:
    return f"{share:.0%}" if share >= 0.01 else f"{max(share, 0.001):.1%}"


def _what_helps(mosaic: Mosaic, count: int, noun: str, setting: dict[str, Any] | None, *, crowded: bool) -> list[str]:
    """Return ways to make the mosaic more varied, the best first."""
    from perceptual_photomosaic.layout import LEAST_CELLS, USES

    helps = []
    now = mosaic.options.variety if setting is None else setting["variety"]
    if now is None or now < 1:
        helps.append("a higher --variety" + ("" if now is None else f" than {now:g}"))
    if crowded:
        helps.insert(0 if now else len(helps), f"more {noun}")
        cells = mosaic.grid.num_cells
        fewer = max(LEAST_CELLS, USES * count)
        if fewer < 0.9 * cells:
            helps.append(f"fewer cells ({_flag(mosaic, fewer / cells)})")
    return helps


def _flag(mosaic: Mosaic, share: float) -> str:
    """Return the option for that share of the cells: --columns or --rows where the settings have them, else --cells."""
    for name in ("columns", "rows"):
        asked = getattr(mosaic.options, name)
        if asked is not None:
            return f"--{name} {max(1, round(asked * math.sqrt(share)))}"
    return f"--cells {round(mosaic.grid.num_cells * share)}"
