"""The published program's numbers, where a folder of them is beside the checkout.

Training and the loss take minutes: `python -m tests.golden DIR` checks all families, and CI runs it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.golden.__main__ import CHECKS, check_folder

FOLDER = Path(__file__).parents[2].parent / "shared" / "golden" / "public"
MINUTES = ("train", "ploss")


@pytest.mark.skipif(not FOLDER.is_dir(), reason="no golden numbers beside the checkout")
@pytest.mark.parametrize("family", [name for name in CHECKS if name not in MINUTES])
def test_family_within_tolerance(family: str) -> None:
    missed = [row for row in check_folder(FOLDER, [family]) if not row.passed]
    assert not missed
