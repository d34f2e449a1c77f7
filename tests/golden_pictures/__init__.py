"""Mosaics as people see them, compared with stored pictures within a tolerance.

`portrait.png` is part of NASA's photo of Eileen Collins, in the public domain. After a change that is meant to be seen,
store the pictures again and look at them: `pytest tests/golden_pictures --store-golden-pictures`.
"""
