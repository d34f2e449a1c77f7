"""Measurements of speed, memory and quality: `python -m benchmarks NAME`, and `NAME --help` for its options."""

from __future__ import annotations

import ast
import importlib
import sys
from pathlib import Path

MODULES = {
    "make-cost": "make_cost",
    "write-speed": "write_speed",
    "library-cost": "library_cost",
    "letter-legibility": "letter_legibility",
    "ink-colours": "ink_colours",
    "network-speed": "network_speed",
    "network-windows": "network_windows",
    "network-losses": "network_losses",
    "any-tiles": "any_tiles",
    "solver-weights": "solver_weights",
    "peer-quality": "peers.quality",
    "peer-gallery": "peers.gallery",
    "page": "page",
}
"""Names of benchmarks, and the module whose `main` reads the options from the command line."""


def main() -> None:
    """Run one benchmark, or list all."""
    name, *options = sys.argv[1:] or ["--help"]
    if name in ("-h", "--help"):
        print(f"{__doc__}\n\n{listing()}")
    elif name not in MODULES:
        raise SystemExit(f"there is no benchmark '{name}'; there are:\n\n{listing()}")
    else:
        sys.argv = [f"python -m benchmarks {name}", *options]
        importlib.import_module(f"benchmarks.{MODULES[name]}").main()


def listing() -> str:
    """List the names, each with the first line of its module, which is read without running it."""
    folder = Path(__file__).parent
    lines = []
    for name, module in MODULES.items():
        source = (folder / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8")
        summary = (ast.get_docstring(ast.parse(source)) or "").splitlines()[0]
        lines.append(f"  {name:18} {summary}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
