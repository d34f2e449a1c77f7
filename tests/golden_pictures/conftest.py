"""The comparison of a picture with its stored reference, and the inputs of the cases."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.golden_pictures.cases import Inputs
from tests.golden_pictures.comparison import compare, side_by_side

REFERENCES = Path(__file__).parent / "references"
FAILURES = Path(__file__).parents[2] / "build" / "golden-pictures"

Check = Callable[[str, NDArray[np.uint8], tuple[int, int]], None]


@pytest.fixture(scope="session")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Inputs:
    return Inputs.prepare(tmp_path_factory.mktemp("golden"))


@pytest.fixture
def check_picture(request: pytest.FixtureRequest) -> Check:
    """Compare a picture with its reference, or store it as the reference with `--store-golden-pictures`."""
    store = request.config.getoption("--store-golden-pictures")
    return lambda name, picture, cell_px: check(name, picture, cell_px, REFERENCES, FAILURES, store=store)


def check(
    name: str,
    picture: NDArray[np.uint8],
    cell_px: tuple[int, int],
    references: Path,
    failures: Path,
    *,
    store: bool = False,
) -> None:
    """Fail if a picture differs from its reference, and draw both and their difference into `failures`."""
    path = references / f"{name}.png"
    if store:
        Image.fromarray(picture).save(path, optimize=True)
        pytest.skip(f"stored {path.name}")
    if not path.is_file():
        pytest.fail(f"no reference {path}; store it with --store-golden-pictures")
    with Image.open(path) as stored:
        reference = np.asarray(stored.convert("RGB"))
    difference = compare(picture, reference, cell_px)
    shown = failures / f"{name}.png"
    shown.unlink(missing_ok=True)
    if not difference.passed:
        failures.mkdir(parents=True, exist_ok=True)
        side_by_side(picture, reference).save(shown)
        pytest.fail(f"{name}: {difference}; result, reference and difference: {shown}")
