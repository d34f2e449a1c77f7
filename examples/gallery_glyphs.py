"""The same portrait from letters and digits in nine inks on six papers."""

from __future__ import annotations

from demo import glyphs
from pictures import show

show(glyphs().to_image((9, 15)), "portrait-glyphs")
