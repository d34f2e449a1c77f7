"""The viewer's folder: complete, offline, with notes on missing parts, and working in a real browser."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from perceptual_photomosaic.api import open_plan
from perceptual_photomosaic.cli.view import view
from perceptual_photomosaic.errors import OutputError, PlanError
from perceptual_photomosaic.view import folder as folder_module
from perceptual_photomosaic.view.folder import check_viewer, write_viewer

needs_viewer = pytest.mark.skipif(
    not (folder_module._VENDOR / "openseadragon.min.js").is_file(), reason="OpenSeadragon is not here: make web"
)
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


def data_of(folder: Path) -> Any:
    text = (folder / "data.js").read_text(encoding="utf-8")
    assert text.isascii()
    return json.loads(text.removeprefix("const MOSAIC = ").removesuffix(";\n"))


@needs_viewer
def test_the_folder_is_complete_and_names_nothing_outside(plan: Path, tmp_path: Path) -> None:
    out = tmp_path / "a view"
    mosaic = open_plan(plan)
    write_viewer(mosaic, out, title="Grandma")
    assert [entry.name for entry in tmp_path.iterdir()] == ["a view"]
    data = data_of(out)
    assert (data["columns"], data["rows"], data["width"], data["height"]) == (8, 6, 128, 96)
    assert data["cells"] == mosaic.tile_numbers.ravel().tolist()
    for tile, facts in data["tiles"].items():
        assert "/" not in facts["path"]  # it begins at the folder of the tiles
        assert mosaic.tiles.source(int(tile)).endswith(facts["name"]) or "\\u2028" in facts["name"]
        with Image.open(out / facts["picture"]) as picture:
            assert picture.size == (320, 320)
        assert re.fullmatch(r"20\d\d-07-31 18:05:00", facts["date"])
        assert facts["caption"].startswith("caption ")
    assert (out / "openseadragon" / "LICENSE.txt").is_file()
    with Image.open(out / data["target"]) as target:
        assert target.size == (128, 96)
    for name in ("index.html", "viewer.js", "viewer.css"):
        found = re.findall(r"https?://[^\"'\s]+", (out / name).read_text(encoding="utf-8"))
        assert set(found) <= {"http://schemas.microsoft.com/deepzoom/2008"}


@needs_viewer
def test_an_older_viewer_is_replaced_and_nothing_else_is(plan: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    view(plan, out=out, quiet=True, no_cache=True)
    (out / "stale").write_text("")
    view(plan, out=out, quiet=True, no_cache=True, relative_to=plan.parent)
    assert not (out / "stale").exists()
    assert all(facts["path"].startswith("photos/") for facts in data_of(out)["tiles"].values())
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "letter.txt").write_text("dear")
    with pytest.raises(OutputError, match="is not a viewer"):
        view(plan, out=mine)
    assert (mine / "letter.txt").read_text() == "dear"


@needs_viewer
def test_without_its_target_the_page_has_no_slider(plan: Path, tmp_path: Path) -> None:
    saved = json.loads(plan.read_text())
    saved["target"] = "/nowhere/at/all.png"
    other = tmp_path / "plan.json"
    other.write_text(json.dumps(saved))
    write_viewer(open_plan(other), tmp_path / "out")
    assert data_of(tmp_path / "out")["target"] is None


def test_what_is_missing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_module, "_VENDOR", tmp_path / "nothing")
    with pytest.raises(OutputError, match="make web"):
        check_viewer(tmp_path / "out")


def test_a_plan_that_is_not_there_is_said_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_module, "_VENDOR", tmp_path / "nothing")
    with pytest.raises(PlanError, match=r"gone\.json"):
        view(tmp_path / "gone.json")


def test_paths_begin_at_the_folder_that_holds_the_photo(tmp_path: Path) -> None:
    folders = [tmp_path / "a", tmp_path / "b"]
    assert folder_module._shown_path(str(tmp_path / "b" / "in" / "1.jpg"), folders) == "in/1.jpg"
    assert folder_module._shown_path(str(tmp_path / "2.jpg"), folders) == "../2.jpg"
    assert folder_module._shown_path("2.jpg", []) == "2.jpg"


@needs_viewer
def test_a_failure_leaves_nothing(plan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(folder_module, "_write_target", fail)
    with pytest.raises(KeyboardInterrupt):
        write_viewer(open_plan(plan), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


PROBE = """
<script>
const found = {};
const click = (x, y) => {
  const mouse = { pointerId: 1, pointerType: "mouse", isPrimary: true };
  const where = { bubbles: true, cancelable: true, clientX: x, clientY: y, ...mouse };
  const canvas = document.querySelector(".openseadragon-canvas");
  canvas.dispatchEvent(new PointerEvent("pointerover", where));
  canvas.dispatchEvent(new PointerEvent("pointerenter", where));
  canvas.dispatchEvent(new PointerEvent("pointerdown", { ...where, button: 0, buttons: 1 }));
  canvas.dispatchEvent(new PointerEvent("pointerup", { ...where, button: 0, buttons: 0 }));
};
setTimeout(() => {
  const at = viewer.viewport.pixelFromPoint(new OpenSeadragon.Point(2.5 / 8, 1.5 / 8), true);
  click(at.x, at.y);
  found.name = byId("name").textContent;
  found.here = byId("facts").textContent;
  found.count = byId("count").textContent;
  found.hash = location.hash;
  byId("next").click();
  found.next = byId("count").textContent;
  const slider = byId("slider");
  slider.value = 60;
  slider.dispatchEvent(new Event("input"));
  found.opacity = viewer.world.getItemAt(1).getOpacity();
  found.drawn = viewer.world.getItemAt(0).getFullyLoaded();
  byId("close").click();
  found.closed = byId("card").hidden;
  document.body.dataset.found = JSON.stringify(found);
}, 4000);
</script>
"""


@needs_viewer
@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
def test_a_browser_shows_tiles_uses_and_the_target_from_disk(plan: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    mosaic = open_plan(plan)
    write_viewer(mosaic, out)
    page = out / "index.html"
    page.write_text(page.read_text(encoding="utf-8").replace("</body>", f"{PROBE}</body>"), encoding="utf-8")
    command = [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    command += [f"--user-data-dir={tmp_path / 'profile'}", "--window-size=1000,800", "--virtual-time-budget=9000"]
    done = subprocess.run(
        [*command, "--dump-dom", page.as_uri()], capture_output=True, text=True, timeout=100, check=True
    )
    text = re.search(r'data-found="([^"]*)"', done.stdout)
    assert text is not None, done.stdout[-2000:]
    import html

    found = json.loads(html.unescape(text[1]))
    tile = int(mosaic.tile_numbers[1, 2])
    uses = int((mosaic.tile_numbers == tile).sum())
    assert found["name"] == data_of(out)["tiles"][str(tile)]["name"]
    assert "row 2, column 3" in found["here"]
    assert "caption" in found["here"]
    assert found["hash"] == "#2,3"
    if uses > 1:
        assert f"of {uses}" in found["count"]
        assert found["next"] != found["count"]
    assert found["opacity"] == 0.6
    assert found["drawn"]
    assert found["closed"]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("npm") is None, reason="Node is not installed")
def test_the_wheel_carries_the_viewer_and_its_licence(tmp_path: Path) -> None:
    pytest.importorskip("hatchling")
    root = Path(__file__).parents[2]
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=root, check=True, capture_output=True)
    import zipfile

    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    inside = "perceptual_photomosaic/view/vendor/openseadragon"
    assert {f"{inside}/openseadragon.min.js", f"{inside}/LICENSE.txt", f"{inside}/images/home_rest.png"} <= set(names)
    assert "perceptual_photomosaic/view/static/viewer.js" in names
