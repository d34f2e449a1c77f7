"""The benchmark of letters and emoji: its entrants, its pictures, and its table."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from benchmarks import letter_legibility as letters
from PIL import Image

from perceptual_photomosaic.evaluate import legibility


def ball(side: int = 200) -> np.ndarray:
    """Return a bright ball on black, lit from one side."""
    y, x = np.mgrid[0:side, 0:side] / side - 0.5
    lit = np.where(np.hypot(x, y) < 0.4, 0.55 - x - 0.5 * y, 0.1)
    return np.repeat((255 * lit.clip(0, 1)).astype(np.uint8)[..., None], 3, axis=2)


def test_few_pictures_are_all_taken_and_many_by_tens(tmp_path):
    for number in range(12):
        (tmp_path / f"{number:03}.jpg").touch()
    (tmp_path / "notes.txt").touch()
    assert len(letters.targets_in(tmp_path)) == 12
    for number in range(12, 40):
        (tmp_path / f"{number:03}.PNG").touch()
    assert [p.stem for p in letters.targets_in(tmp_path)] == ["000", "010", "020", "030"]
    for number in range(40, 200):
        (tmp_path / f"{number:03}.png").touch()
    assert [p.stem for p in letters.targets_in(tmp_path)][-1] == "110"
    with pytest.raises(SystemExit, match=r"is no folder with \.jpg or \.png pictures"):
        letters.targets_in(tmp_path / "none")


def test_text_fills_its_cells():
    plain = letters.drawn_text("@ \n @", 0, 255)
    assert plain.shape == (1539, 1536, 3)
    cells = [plain[row : row + 27, column : column + 12].min() for row in (0, 27) for column in (0, 12)]
    assert [cell < 64 for cell in cells] == [True, False, False, True]
    assert np.array_equal(255 - plain, letters.drawn_text("@ \n @", 255, 0))


def test_peers_that_are_missing_are_named_and_left_out(monkeypatch, tmp_path):
    monkeypatch.setattr(shutil, "which", lambda program: None if program == "chafa" else f"/usr/bin/{program}")
    taking_part = letters.entrants(tmp_path)
    assert [name for name in taking_part if "chafa" in name] == []
    assert [name for name in taking_part if "jp2a" in name] == ["jp2a, black on white", "jp2a, white on black"]
    figures = dict.fromkeys(letters.FIGURES, 0.5)
    said = letters.markdown({name: {"ball": figures} for name in taking_part})
    assert "Not installed here, so left out: chafa (`apt-get install chafa`)." in said
    assert "jp2a (`apt-get" not in said


def test_the_best_of_a_ground_is_bold():
    def rows(value: float) -> dict[str, dict[str, float]]:
        return {"one": dict.fromkeys(letters.FIGURES, value), "two": dict.fromkeys(letters.FIGURES, value + 0.2)}

    said = letters.markdown({"ours, a": rows(0.5), "jp2a, a": rows(0.4), "chafa, b": rows(0.1)})
    assert "| ours, a |" + 6 * " **0.600** |" in said
    assert "| jp2a, a |" + 6 * " 0.500 |" in said
    assert "| chafa, b |" + 6 * " 0.200 |" in said
    assert "Means over 2 pictures: one, two." in said


@pytest.mark.parametrize("ground", letters.INKS)
@pytest.mark.parametrize("peer", letters.PEERS)
def test_peers_draw_the_picture_and_not_its_negative(peer: str, ground: str, tmp_path: Path):
    if shutil.which(peer) is None:
        pytest.skip(f"needs {peer}: apt-get install {peer}")
    Image.fromarray(ball()).save(tmp_path / "ball.png")
    mosaic = letters.entrants(tmp_path)[f"{peer}, {ground}"](tmp_path / "ball.png")
    assert legibility(ball(), mosaic).tones32 > 0.6
    paper = letters.INKS[ground][1]
    assert (mosaic == paper).mean() > 0.5


def test_a_picture_that_a_peer_cannot_read_is_named(tmp_path):
    if shutil.which("jp2a") is None:
        pytest.skip("needs jp2a: apt-get install jp2a")
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    with pytest.raises(SystemExit, match=r"jp2a cannot draw '.*broken\.jpg': .+\. Take it out of the folder\.$"):
        letters.entrants(tmp_path)["jp2a, black on white"](tmp_path / "broken.jpg")
