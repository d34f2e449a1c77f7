"""Build hook: puts OpenSeadragon, the viewer's script, into the wheel.

It is fetched by `npm ci`, which accepts exactly what frontend/package-lock.json names. Without Node the wheel is built
without it, and `photomosaic view` says what it lacks; PHOTOMOSAIC_REQUIRE_VIEWER=1, set where releases are built, makes
that an error. Editable installs fetch nothing: `make web` does it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SCRIPT = Path("src/perceptual_photomosaic/view/vendor/openseadragon/openseadragon.min.js")


class ViewerHook(BuildHookInterface):  # type: ignore[type-arg]
    """Fetches OpenSeadragon unless it is there."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before each wheel or sdist is put together."""
        root = Path(self.root)
        if version == "editable" or (root / SCRIPT).is_file():
            return
        why = fetch(root / "frontend")
        if not why:
            return
        if os.environ.get("PHOTOMOSAIC_REQUIRE_VIEWER"):
            raise RuntimeError(f"the wheel would lack the viewer: {why}")
        self.app.display_warning(f"built without the viewer (`photomosaic view`): {why}")


def fetch(frontend: Path) -> str:
    """Run npm; say why it did not work, or nothing."""
    npm = shutil.which("npm")
    if npm is None:
        return "npm is not installed"
    for command in (["ci", "--no-audit", "--no-fund"], ["run", "build"]):
        done = subprocess.run([npm, *command], cwd=frontend, capture_output=True, text=True, check=False)
        if done.returncode:
            lines = done.stderr.strip().splitlines() or ["it said nothing"]
            return f"npm {command[0]} failed: {lines[-1]}"
    return ""
