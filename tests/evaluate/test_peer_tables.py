"""The tables of `peer-quality`: entrants that are better by repetition are named."""

from __future__ import annotations

from typing import Any

from benchmarks.peers import tables

ENTRANTS = [
    {"name": "ours", "peer": "ours", "uses": "free", "tiles": "as is"},
    {"name": "ours, varied", "peer": "ours", "uses": "free", "tiles": "as is"},
    {"name": "theirs", "peer": "theirs", "uses": "free", "tiles": "as is"},
]


def result(entrant: str, off: float, effective: float, commonest: float) -> dict[str, Any]:
    """Return the result for one mosaic, as `quality.py` writes it."""
    figures = {"delta_e_mean": off, "ssim": 1 / off, "judge": off, "flip": off}
    shares = {"commonest": commonest, "ten_commonest": 0.5, "equal_neighbours": 0.25, "within_3": 0.75}
    return {
        "tiles_set": "photos",
        "target": "portrait",
        "entrant": entrant,
        "cost": {"wall_s": 1.0, "cpu_s": 1.0, "peak_mb": 100.0},
        "views": [{"cell_px": px, **figures} for px in (8.0, 4.0, 2.0, 1.0, 0.5, 0.25)],
        "variety": {**shares, "effective": effective, "largest_area": 12},
        "tone": {"plates": off, "grain": off, "bias": off},
    }


def page(results: list[dict[str, Any]]) -> list[str]:
    head = {"date": "today", "machine": "this", "grid": {"rows": 8, "columns": 8}, "versions": {}}
    lines: list[str] = tables.markdown({**head, "entrants": ENTRANTS, "results": results}).splitlines()
    return lines


def test_who_repeats_more_is_said():
    results = [
        result("ours", 4.0, 60, 0.2),
        result("ours, varied", 5.0, 150, 0.03),
        result("theirs", 6.0, 160, 0.03),
    ]
    lines = page(results)
    assert "| ours | as is | free | 20.0% | 50.0% | 60 | 12 | 25.0% | 75.0% | 4.00 | 4.00 | 4.00 |" in lines
    assert "| theirs | ours: all (ours is the more repetitive) | ours, varied: all |" in lines
    assert any(line.startswith("A setting is the more repetitive of two") for line in lines)
    results[2]["variety"] |= {"effective": 20, "commonest": 0.5}
    assert any("ours: all (theirs is the more repetitive)" in line for line in page(results))


def test_nothing_is_said_between_equals_or_of_older_runs():
    results = [result("ours", 4.0, 150, 0.03), result("theirs", 6.0, 160, 0.03)]
    assert "| theirs | ours: all |  |" in page(results)
    for each in results:
        del each["variety"], each["tone"]
    lines = page(results)
    assert "| theirs | ours: all |  |" in lines
    assert not any("repetitive" in line or "varied" in line for line in lines)
