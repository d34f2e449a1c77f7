"""The same portrait from emoji on white and on black. OpenMoji's licence, CC BY-SA 4.0, binds the picture."""

from __future__ import annotations

from pictures import sample, show

from perceptual_photomosaic import make_mosaic

mosaic = make_mosaic(sample("astronaut.png"), ["emoji", "emoji:background=black"], columns=100)
show(mosaic.to_image((10, 10)), "portrait-emoji")
