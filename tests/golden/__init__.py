"""Checks against numbers that the published 2018 program printed: `python -m tests.golden DIR`."""
