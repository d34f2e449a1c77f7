"""Pictures of mosaics, compared with stored pictures within a tolerance.

`portrait.png` is part of NASA's photo of Eileen Collins, in the public domain. After an intended change of pictures,
store them again and check them by eye: `pytest tests/golden_pictures --store-golden-pictures`.
"""
