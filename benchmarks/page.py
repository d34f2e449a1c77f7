"""Run benchmarks and put their tables into docs/logbook/benchmarks.md.

    python -m benchmarks page make-cost                    the main job (about two minutes)
    python -m benchmarks page write-speed peer-quality     these sections
    python -m benchmarks page peer-quality --skip uses     more options go to the benchmark
    python -m benchmarks page all                          everything (two hours; each peer gets its own environment)

Sections that are not run stay as they are, with the machine and the date of their measurement.
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import re
import subprocess
import sys

from benchmarks.common import ROOT

PAGE = ROOT / "docs" / "logbook" / "benchmarks.md"
SECTIONS = {
    "make-cost": ("The main job", ["make-cost"]),
    "peer-quality": ("Quality against the peers", ["peer-quality"]),
    "peer-quality-art": (
        "Emoji and glyphs against the peers",
        ["peer-quality", "--tiles=emoji=emoji", "--tiles=glyphs=glyphs", "--json=.benchmarks/peers-art.json"],
    ),
    "peer-quality-characters": (
        "A thousand characters against the peers",
        ["peer-quality", "--tiles=characters=characters", "--json=.benchmarks/peers-characters.json"],
    ),
    "letter-legibility": ("Do letters and emoji read?", ["letter-legibility"]),
    "ink-colours": ("Do coloured letters have the target's colours?", ["ink-colours"]),
    "write-speed": ("Writing gigapixels", ["write-speed"]),
    "library-cost": ("A library", ["library-cost", "search"]),
    "network-speed": ("MosaicNet", ["network-speed"]),
    "network-windows": ("MosaicNet on large pictures", ["network-windows"]),
}


def main() -> None:
    """Run the sections that are asked for, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "sections", nargs="+", choices=[*SECTIONS, "all"], metavar="SECTION", help=", ".join([*SECTIONS, "all"])
    )
    options, more = parser.parse_known_args()
    for name in SECTIONS if "all" in options.sections else options.sections:
        title, words = SECTIONS[name]
        command = ["-m", "benchmarks", *words, *more]
        print(f"running {name}: python {' '.join(command)}", file=sys.stderr, flush=True)
        ran = subprocess.run([sys.executable, *command], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        if ran.returncode:  # the benchmark has printed why
            raise SystemExit(ran.returncode)
        _put(name, f"## {title}\n\n{_when(command)}\n\n{_body(ran.stdout)}")
    print(f"wrote {PAGE.relative_to(ROOT)}")


def _when(command: list[str]) -> str:
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True).stdout
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    machine = f"{platform.system()} {platform.machine()}, {cores} cores, load {os.getloadavg()[0]:.1f} at the end"
    day = datetime.date.today().isoformat()
    return f"`python {' '.join(command)}` on {day}, commit {commit.strip() or 'unknown'}, {machine}."


def _body(printed: str) -> str:
    """Return the output of a benchmark, from its first table or heading on."""
    lines = printed.strip().splitlines()
    tables = [number for number, line in enumerate(lines) if line.startswith("|")]
    if not tables:
        return "```\n" + "\n".join(lines) + "\n```"
    first = next((n for n, line in enumerate(lines[: tables[0]]) if line.startswith("#")), tables[0])
    return "\n".join(lines[first:])


def _put(name: str, text: str) -> None:
    """Replace one section of the page, or add it at the end."""
    page = PAGE.read_text(encoding="utf-8")
    block = f"<!-- {name} -->\n{text}\n<!-- end {name} -->\n"
    pattern = re.compile(rf"<!-- {name} -->\n.*?<!-- end {name} -->\n", re.DOTALL)
    page = pattern.sub(lambda _: block, page) if pattern.search(page) else f"{page.rstrip()}\n\n{block}"
    PAGE.write_text(page, encoding="utf-8")
