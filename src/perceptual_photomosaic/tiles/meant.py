"""A search for the tile that a misspelt name most likely means."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import SequenceMatcher
from pathlib import Path

__all__ = ["likely_meant"]


def likely_meant(name: str, sources: Iterable[str]) -> str | None:
    """Return the source that a misspelt name most likely means, or None if none is similar.

    File names are compared without folder, suffix, case and leading zeros. They may differ by one typing error (a
    character too many, missing or wrong, or two swapped) in every four characters, but only by one in their digits.
    Of several, the one with the fewest errors is returned, then the nearest number, then the most similar path.
    """
    wanted = _core(name)
    near = []
    for source in sources:
        core = _core(source)
        if _slips(_digits(wanted), _digits(core), 1) is None:
            continue
        slips = _slips(wanted, core, (len(wanted) + 1) // 4)
        if slips is not None:
            near.append((slips, abs(_number(wanted) - _number(core)), source))
    if not near:
        return None
    fewest = min(near)[:2]
    alike = SequenceMatcher(b=name)
    return max((source for *rank, source in near if tuple(rank) == fewest), key=lambda source: _ratio(alike, source))


def _core(name: str) -> str:
    """Return a name without folder, suffix, case, leading zeros, and the kind before a colon."""
    return re.sub(r"(?<!\d)0+(?=\d)", "", Path(name).stem.rpartition(":")[2].casefold())


def _digits(core: str) -> str:
    return re.sub(r"\D", "", core)


def _number(core: str) -> int:
    """Return the last number in a name; 0 if there is none."""
    found = re.findall(r"\d{1,18}", core)
    return int(found[-1]) if found else 0


def _ratio(alike: SequenceMatcher[str], source: str) -> float:
    alike.set_seq1(source)
    return alike.ratio()


def _slips(one: str, other: str, limit: int) -> int | None:
    """Count the typing errors between two words (Damerau's distance, one edit per character); None above the limit."""
    if abs(len(one) - len(other)) > limit:
        return None
    before, row = [0] * (len(other) + 1), list(range(len(other) + 1))
    for i, left in enumerate(one, start=1):
        before, above, row = row, before, [i]
        for j, right in enumerate(other, start=1):
            least = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (left != right))
            if i > 1 and j > 1 and left == other[j - 2] and right == one[i - 2]:
                least = min(least, above[j - 2] + 1)
            row.append(least)
        if min(row) > limit:
            return None
    return row[-1] if row[-1] <= limit else None
