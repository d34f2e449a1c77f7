"""Measurements of speed, memory and quality; `python -m benchmarks` writes docs/logbook/benchmarks.md."""
