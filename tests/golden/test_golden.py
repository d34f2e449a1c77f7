"""Tests against the numbers of the published program, if their folder exists beside the checkout."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.golden.__main__ import CHECKS, check_folder

FOLDER = Path(__file__).parents[2].parent / "shared" / "golden" / "public"


@pytest.mark.skipif(not FOLDER.is_dir(), reason="no golden numbers beside the checkout")
@pytest.mark.parametrize("family", [name for name in CHECKS if name != "train"])
def test_family_within_tolerance(family: str) -> None:
    missed = [row for row in check_folder(FOLDER, [family]) if not row.passed]
    assert not missed


@pytest.mark.slow
@pytest.mark.skipif(not FOLDER.is_dir(), reason="no golden numbers beside the checkout")
def test_training_within_tolerance() -> None:
    missed = [row for row in check_folder(FOLDER, ["train"]) if not row.passed]
    assert not missed
