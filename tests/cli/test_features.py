"""`photomosaic features`: its sheet and its output."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from perceptual_photomosaic.features import vgg_weights as weights
from tests.cli.conftest import Run
from tests.narrow import narrow_weights


def test_the_sheet_is_named(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    monkeypatch.setattr(weights, "load_vgg_weights", lambda source: narrow_weights())
    Image.linear_gradient("L").resize((64, 64)).save(tmp_path / "picture.png")
    ran = run("features", tmp_path / "picture.png", "-o", tmp_path / "layers.png", "--width", "16")
    with Image.open(tmp_path / "layers.png") as sheet:
        size = f"{sheet.width} x {sheet.height} px"
    assert (ran.status, ran.out) == (0, f"{tmp_path / 'layers.png'}: 13 layers of VGG16 at 3 scales, {size}\n")
