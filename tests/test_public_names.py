"""The public names: all can be imported, and the import is cheap."""

from __future__ import annotations

import subprocess
import sys

import pytest
import typer

import perceptual_photomosaic as package
from perceptual_photomosaic.cli.app import app

HEAVY = ("torch", "numpy", "PIL", "pyvips", "ortools", "rich", "skimage", "scipy")


def test_every_public_name_is_there() -> None:
    for name in package.__all__:
        assert getattr(package, name).__name__ == name
    assert package._HOMES.keys() == set(package.__all__)
    assert list(package.__all__) == sorted(package.__all__)


def test_unknown_names_are_unknown() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'make_mosiac'"):
        _ = package.make_mosiac


def test_every_error_is_a_mosaic_error() -> None:
    from perceptual_photomosaic import errors

    for name in errors.__all__:
        assert issubclass(getattr(errors, name), errors.MosaicError)
        assert f" {name} " in (errors.__doc__ or ""), f"{name} is missing from the tree in the docstring"


def _imported_by(code: str) -> set[str]:
    tail = f"\nimport sys; print(*[name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code + tail], capture_output=True, text=True, check=True)
    return set(done.stdout.split("\n")[-2].split())


def test_importing_the_package_imports_nothing_heavy() -> None:
    assert _imported_by("import perceptual_photomosaic") == set()


@pytest.mark.parametrize("name", ["make_mosaic", "open_plan", "open_tiles", "Mosaic", "Limits", "Grid", "TileSet"])
def test_no_public_name_imports_torch(name: str) -> None:
    assert not {"torch", "skimage", "scipy", "ortools"} & _imported_by(f"from perceptual_photomosaic import {name}")


def test_a_baseline_mosaic_imports_no_torch() -> None:
    code = """
import numpy as np
from perceptual_photomosaic import make_mosaic
make_mosaic(np.zeros((16, 16, 3), np.uint8), "colours:8", columns=4, tile_size=4, method="nearest").to_array()
"""
    assert "torch" not in _imported_by(code)


COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]


@pytest.mark.parametrize("command", [[], ["-h"], ["--help"], *([name, "--help"] for name in COMMANDS)], ids=" ".join)
def test_help_imports_nothing_heavy(command: list[str]) -> None:
    code = f"""
import sys
from perceptual_photomosaic.cli.main import main
sys.argv = ["photomosaic", *{command}]
try:
    main()
except SystemExit as end:
    assert end.code == 0, end.code
"""
    assert _imported_by(code) <= {"rich"}  # rich draws the help
