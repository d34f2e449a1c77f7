"""Run benchmarks and put their tables into docs/logbook/benchmarks.md.

    python -m benchmarks                     the main job (about two minutes)
    python -m benchmarks render peers     these sections
    python -m benchmarks peers --skip uses   further options go to the section
    python -m benchmarks letters --targets DIR   legibility of letters and emoji, beside jp2a and chafa
    python -m benchmarks inks --targets DIR   colours of letters, beside chafa
    python -m benchmarks tune --help      find the weights of the solver (benchmarks/tune.py)
    python -m benchmarks all              everything (two hours; the peers are installed in environments of their own)

Sections that are not run keep what they last said, with the machine and the date it was measured on.
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "logbook" / "benchmarks.md"
SECTIONS = {
    "make": ("The main job", ["-m", "benchmarks.make"]),
    "peers": ("Quality against the peers", ["benchmarks/peers.py"]),
    "peers-art": (
        "Emoji and glyphs against the peers",
        ["benchmarks/peers.py", "--tiles=emoji=emoji", "--tiles=glyphs=glyphs", "--json=.benchmarks/peers-art.json"],
    ),
    "peers-characters": (
        "A thousand characters against the peers",
        ["benchmarks/peers.py", "--tiles=characters=characters", "--json=.benchmarks/peers-characters.json"],
    ),
    "letters": ("Do letters and emoji read?", ["-m", "benchmarks.letters"]),
    "inks": ("Do coloured letters have the target's colours?", ["-m", "benchmarks.inks"]),
    "render": ("Writing gigapixels", ["-m", "benchmarks.render"]),
    "library": ("A library", ["-m", "benchmarks.library", "search"]),
    "mosaicnet": ("MosaicNet", ["benchmarks/mosaicnet.py"]),
    "large": ("MosaicNet on large pictures", ["benchmarks/mosaicnet_large.py"]),
}
HEADERS = {
    "render": "| picture | ours | libvips alone | ratio | processor, ours / libvips | memory |\n" + 6 * "|---" + "|",
}


def main() -> None:
    """Run `tune`, or the sections that are asked for, one after the other."""
    if sys.argv[1:2] == ["tune"]:  # finds numbers, and writes no page
        from benchmarks import tune

        sys.argv[:2] = [f"{sys.argv[0]} tune"]
        tune.main()
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sections", nargs="*", default=["make"], choices=[*SECTIONS, "all"], metavar="SECTION")
    options, more = parser.parse_known_args()
    asked = options.sections
    for name in SECTIONS if "all" in asked else asked:
        title, command = SECTIONS[name][0], [*SECTIONS[name][1], *more]
        print(f"running {name}: {' '.join(command)}", file=sys.stderr, flush=True)
        ran = subprocess.run([sys.executable, *command], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        if ran.returncode:  # it has said why
            raise SystemExit(ran.returncode)
        _put(name, f"## {title}\n\n{_when(command)}\n\n{_body(name, ran.stdout)}")
    print(f"wrote {PAGE.relative_to(ROOT)}")


def _when(command: list[str]) -> str:
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True).stdout
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    machine = f"{platform.system()} {platform.machine()}, {cores} cores, load {os.getloadavg()[0]:.1f} at the end"
    day = datetime.date.today().isoformat()
    return f"`python {' '.join(command)}` on {day}, commit {commit.strip() or 'unknown'}, {machine}."


def _body(name: str, said: str) -> str:
    """What a section said, without the lines in which it told of its progress."""
    lines = said.strip().splitlines()
    table = [number for number, line in enumerate(lines) if line.startswith("|")]
    if not table:
        return "```\n" + "\n".join(lines) + "\n```"
    first = next((n for n, line in enumerate(lines[: table[0]]) if line.startswith("#")), table[0])
    kept = "\n".join(lines[first:])
    return f"{HEADERS[name]}\n{kept}" if name in HEADERS else kept


def _put(name: str, text: str) -> None:
    """Replace one section of the page, or add it in order."""
    page = PAGE.read_text(encoding="utf-8") if PAGE.exists() else _HEAD
    block = f"<!-- {name} -->\n{text}\n<!-- end {name} -->\n"
    pattern = re.compile(rf"<!-- {name} -->\n.*?<!-- end {name} -->\n", re.DOTALL)
    page = pattern.sub(lambda _: block, page) if pattern.search(page) else f"{page.rstrip()}\n\n{block}"
    PAGE.write_text(page, encoding="utf-8")


_HEAD = """# Benchmarks

Every figure on this page was written by `python -m benchmarks`, never by hand; each section says when, where and at
which commit. Times depend on the machine, so they stand beside a yardstick that was measured in the same run.
"""


if __name__ == "__main__":
    main()
