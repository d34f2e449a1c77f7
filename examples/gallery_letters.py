"""The same portrait from letters: white on black, and in the colours of their cells."""

from __future__ import annotations

from pictures import sample, show

from perceptual_photomosaic import make_mosaic

portrait = sample("astronaut.png")
white = "glyphs:foreground=white,background=black"
show(make_mosaic(portrait, white).to_image((10, 22)), "portrait-letters")
show(make_mosaic(portrait, "glyphs", ink="duo").to_image((10, 22)), "portrait-ink")
