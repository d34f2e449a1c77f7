"""The command line of every runner, which `benchmarks/peers/entrants.py` writes."""

from __future__ import annotations

import argparse


def job_parser() -> argparse.ArgumentParser:
    """Return a parser for the target, the folder of tiles, the mosaic to write, and its grid."""
    parser = argparse.ArgumentParser()
    parser.add_argument("target")
    parser.add_argument("tiles")
    parser.add_argument("out")
    parser.add_argument("--columns", type=int, required=True)
    parser.add_argument("--rows", type=int, required=True)
    parser.add_argument("--cell-px", type=int, required=True)
    return parser
