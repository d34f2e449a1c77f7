"""Every picture equals its stored reference, within the tolerance for rounding."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.golden_pictures.cases import CASES, Inputs
from tests.golden_pictures.conftest import FAILURES, REFERENCES, Check, check

ROOT = Path(__file__).parents[2]
OLD_PROCESSOR = {"OPENBLAS_CORETYPE": "Nehalem", "NPY_DISABLE_CPU_FEATURES": "X86_V3"}


@pytest.mark.parametrize("name", CASES)
def test_it_looks_as_it_did(name: str, inputs: Inputs, tmp_path: Path, check_picture: Check) -> None:
    for package in CASES[name].needs:
        pytest.importorskip(package)
    check_picture(name, *CASES[name].picture(inputs, tmp_path))


def test_every_reference_has_its_case_and_all_are_small() -> None:
    stored = list(REFERENCES.iterdir())
    assert {path.name for path in stored} == {f"{name}.png" for name in CASES}
    assert sum(path.stat().st_size for path in stored) < 1_500_000


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="the other processor is an older x86")
def test_the_arithmetic_of_an_older_processor_passes(tmp_path: Path) -> None:
    """Check the sums of a processor of 2008, without fused multiplications and in another order."""
    names = ["glyphs", "photos", "max-uses"]
    pytest.importorskip("skimage")
    command = [sys.executable, "-m", "tests.golden_pictures", str(tmp_path), *names]
    subprocess.run(command, cwd=ROOT, env=os.environ | OLD_PROCESSOR, check=True)
    for name in names:
        with Image.open(tmp_path / f"{name}.png") as picture:
            cell_px = (7, 16) if name == "glyphs" else (12, 12)
            check(name, np.asarray(picture), cell_px, REFERENCES, FAILURES)
