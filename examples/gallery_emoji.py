"""The same portrait from emoji. OpenMoji's licence, CC BY-SA 4.0, binds the picture."""

from __future__ import annotations

from pictures import sample, show

from perceptual_photomosaic import make_mosaic

mosaic = make_mosaic(sample("astronaut.png"), "emoji", columns=80)
show(mosaic.to_image((14, 14)), "portrait-emoji")
